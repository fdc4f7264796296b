import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from '../journal/diskFullError';
import { bootId } from './processIdentity';

/** What tells one machine, one boot of it and one container on it from others that see the same files. */
export interface Machine {
  readonly bootId: string;
  readonly hostName: string;
  /** `/etc/machine-id` (machine-id(5)); absent in many containers. */
  readonly machineId?: string | undefined;
  /** `pid:[4026531836]`: in which numbering of processes the ids are valid. */
  readonly pidNamespace?: string | undefined;
}

/** Where this code runs. */
export function thisMachine(): Machine {
  const machineId = whereThere(() => readFileSync('/etc/machine-id', 'utf8').trim());
  const pidNamespace = whereThere(() => readlinkSync('/proc/self/ns/pid'));
  return {
    bootId: bootId(),
    hostName: hostname(),
    ...(machineId === undefined || machineId === '' ? {} : { machineId }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
  };
}

function whereThere(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
