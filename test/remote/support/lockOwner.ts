import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Number of a process that there cannot be. */
export const noProcess = 2 ** 22 + 1;

/** Makes the lock folder with the record of an owner as the shell on the host writes it. */
export async function lockOwnedBy(
  lock: string,
  pid: number,
  changes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const machine = (await readFile('/etc/machine-id', 'utf8').catch(() => '')).trim();
  const fields = {
    nonce: 'other',
    host: `${machine === '' ? hostname() : machine}:${await readlink('/proc/self/ns/pid')}`,
    boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    pid: String(pid),
    ticks:
      (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).split(') ').at(-1)!.split(' ')[19] ?? '1',
    stage: join(lock, '..', 'stage'),
    ...changes,
  };
  await mkdir(lock, { recursive: true });
  const text = Object.entries(fields).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(lock, 'owner'), text.join(''));
}
