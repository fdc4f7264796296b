import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigWatcher } from '../../../src/extension/hosts/configWatcher';
import { readAliases } from '../../../src/remote/config/sshAliases';

let home: string;
let sshFolder: string;
let config: string;
let aliases: readonly string[];
let watcher: ConfigWatcher;

/** As the view does: reads the list, and what it was read from is watched. */
async function read(): Promise<void> {
  const found = await readAliases({ sshConfigPath: undefined, sshFolder });
  aliases = found.aliases;
  watcher.watch(found.places);
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ttt-watch-'));
  sshFolder = join(home, '.ssh');
  config = join(sshFolder, 'config');
  watcher = new ConfigWatcher(
    () => void read(),
    (folder, error) => {
      throw new Error(folder, { cause: error });
    },
  );
});
afterEach(async () => {
  watcher.dispose();
  await rm(home, { recursive: true });
});

const untilAliases = (...names: string[]) => expect.poll(() => aliases, { timeout: 10_000 }).toEqual(names);

describe('the list of SSH hosts follows its files', () => {
  it('from no folder at all to a first host', async () => {
    await read();
    expect(aliases).toEqual([]);
    await mkdir(sshFolder);
    await writeFile(config, 'Host gpu-1\n');
    await untilAliases('gpu-1');
  });

  it('when one is written, replaced, and deleted', async () => {
    await mkdir(sshFolder);
    await writeFile(config, 'Host gpu-1\n');
    await read();
    await writeFile(config, 'Host gpu-1 gpu-2\n');
    await untilAliases('gpu-1', 'gpu-2');
    await writeFile(`${config}.new`, 'Host gpu-3\n');
    await rename(`${config}.new`, config);
    await untilAliases('gpu-3');
    await rm(config);
    await untilAliases();
  });

  it('into what it includes, by name and by pattern, and where a link leads', async () => {
    await mkdir(join(sshFolder, 'conf.d'), { recursive: true });
    await writeFile(config, 'Include conf.d/*.conf\nInclude elsewhere/work\nInclude linked\nHost last\n');
    await mkdir(join(home, 'dotfiles'));
    await writeFile(join(home, 'dotfiles', 'linked'), 'Host linked-1\n');
    await symlink(join(home, 'dotfiles', 'linked'), join(sshFolder, 'linked'));
    await read();
    await untilAliases('linked-1', 'last');
    await writeFile(join(sshFolder, 'conf.d', 'a.conf'), 'Host a\n');
    await untilAliases('a', 'linked-1', 'last');
    await mkdir(join(sshFolder, 'elsewhere'));
    await writeFile(join(sshFolder, 'elsewhere', 'work'), 'Host work\n');
    await untilAliases('a', 'work', 'linked-1', 'last');
    await writeFile(join(home, 'dotfiles', 'linked'), 'Host linked-2\n');
    await untilAliases('a', 'work', 'linked-2', 'last');
  });

  it('after its folder was made anew', async () => {
    await mkdir(sshFolder);
    await writeFile(config, 'Host gpu-1\n');
    await read();
    await rm(sshFolder, { recursive: true });
    await untilAliases();
    await mkdir(sshFolder);
    await writeFile(config, 'Host gpu-2\n');
    await untilAliases('gpu-2');
  });
});
