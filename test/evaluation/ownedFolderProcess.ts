// A process with folders of its own, as a runner has them: node ownedFolderProcess.mjs make|clear. Says a line when it is done; who made one stays.
import { rm } from 'node:fs/promises';
import { makeOwnedFolder, removeOwnerless } from '../../src/evaluation/ownedFolders';

if (process.argv[2] === 'make') {
  process.stdout.write(`${makeOwnedFolder('kind')}\n`);
  process.stdin.resume();
} else {
  await removeOwnerless('kind', (folder) => rm(folder, { recursive: true }));
  process.stdout.write('cleared\n');
}
