// `npm run l10n`: collects the texts for people into l10n/ and package.nls.json. `--check` changes nothing, and says what is stale.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleOf, jsonText, textsOfProduct, withTextsApart } from './lib/l10n.mjs';
import { repositoryFolder } from './lib/paths.mjs';

const at = (...parts) => join(repositoryFolder, ...parts);
const readOr = (path, otherwise) => readFile(path, 'utf8').catch(() => otherwise);

const isCheck = process.argv.includes('--check');
const { texts, faults } = await textsOfProduct(repositoryFolder);
const packageText = await readFile(at('package.json'), 'utf8');
const nlsText = await readOr(at('package.nls.json'), '{}\n');
const { manifest, nls, moved } = withTextsApart(JSON.parse(packageText), JSON.parse(nlsText));

const wanted = new Map([
  [at('l10n/bundle.l10n.json'), bundleOf(texts)],
  [at('package.nls.json'), jsonText(nls)],
  // Prettier's form of the manifest is kept where nothing is to be moved.
  [at('package.json'), moved.length === 0 ? packageText : jsonText(manifest)],
]);
for (const fault of faults) console.error(fault);
for (const [path, text] of wanted) {
  if ((await readOr(path, '')) === text) continue;
  if (isCheck) {
    console.error(`${path} is stale: run \`npm run l10n\`.`);
    process.exitCode = 1;
    continue;
  }
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  console.log(path);
}
if (faults.length > 0) process.exitCode = 1;
