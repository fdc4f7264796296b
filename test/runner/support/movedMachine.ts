import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** What a runner takes for the machine that it runs on, for tests of reboots and of homes that several machines share. */
export class MovedMachine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ttt-machine-'));

  constructor() {
    this.reboot();
    this.rename('node1');
  }

  /** From now on it is another boot. */
  reboot(): void {
    writeFileSync(join(this.#folder, 'boot_id'), `${crypto.randomUUID()}\n`);
  }

  /** From now on commands run on a machine of this name. */
  rename(hostName: string): void {
    writeFileSync(join(this.#folder, 'hostname'), `${hostName}\n`);
  }

  /** For a bundle that asks this in place of the kernel. */
  get plugin(): Plugin {
    const folder = this.#folder;
    return {
      name: 'moved-machine',
      setup(build) {
        build.onLoad({ filter: /src\/runner\/host\/(processIdentity|machine)\.ts$/ }, ({ path }) => {
          const source = readFileSync(path, 'utf8');
          const contents = source
            .replace("'/proc/sys/kernel/random/boot_id'", JSON.stringify(join(folder, 'boot_id')))
            .replace('hostName: hostname()', `hostName: readFileSync('${folder}/hostname', 'utf8').trim()`);
          if (contents === source)
            throw new Error(`${path} asks for the machine in another way than before.`);
          return { loader: 'ts', contents };
        });
      },
    };
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
