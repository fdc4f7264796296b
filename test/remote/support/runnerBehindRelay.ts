import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { connectHost } from '../../../src/remote/connectHost';
import type { HostClient, HostTarget } from '../../../src/remote/hostClient';
import { BuiltRunner } from '../../runner/support/builtRunner';
import { startSshd, type Sshd } from '../../support/sshd';
import type { TcpProxy } from '../../support/tcpProxy';
import { environmentFor, never } from '../hostFixture';
import { relayTo } from '../linkFixture';

/** The runner as it is shipped, this machine, and a host behind a relay that tests can cut. */
export interface RunnerBehindRelay {
  readonly built: BuiltRunner;
  readonly sshd: Sshd;
  readonly proxy: TcpProxy;
  /** Where the runner keeps what it has. */
  rootOn(target: HostTarget): string;
  connect(target: HostTarget): Promise<HostClient>;
}

export const relayedHost: HostTarget = { kind: 'ssh', alias: 'loopback' };

/** From the file's first test to its last; call it once in a file of tests. */
export function runnerBehindRelay(): RunnerBehindRelay {
  let started: Pick<RunnerBehindRelay, 'built' | 'sshd' | 'proxy'> | undefined;
  const here = (): Pick<RunnerBehindRelay, 'built' | 'sshd' | 'proxy'> => {
    if (started === undefined) throw new Error('The host is there while tests run.');
    return started;
  };
  beforeAll(async () => {
    const built = await BuiltRunner.build();
    const sshd = await startSshd();
    started = { built, sshd, proxy: await relayTo(sshd) };
  });
  afterAll(async () => {
    const { proxy, sshd, built } = here();
    await proxy.close();
    await sshd.stop();
    await built.dispose();
  });
  const rootOn = ({ kind }: HostTarget): string =>
    kind === 'ssh' ? join(here().sshd.home, '.ttt-discover') : here().built.root;
  return {
    get built() {
      return here().built;
    },
    get sshd() {
      return here().sshd;
    },
    get proxy() {
      return here().proxy;
    },
    rootOn,
    connect: (target) => {
      const places = { runnerBundlePath: here().built.bundlePath, root: rootOn(target) };
      return connectHost(target, environmentFor(here().sshd, places), never);
    },
  };
}
