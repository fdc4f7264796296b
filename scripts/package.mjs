// `npm run package`: the .vsix that people install, checked, with its sizes.
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { printFailure } from './lib/progress.mjs';
import { buildVsix } from './lib/vsix.mjs';

try {
  await ensureNodeModules();
  const { path, bytes, files } = await buildVsix();
  const largest = [...files].sort((a, b) => b.bytes - a.bytes).slice(0, 5);
  for (const file of largest) console.log(`  ${kilobytes(file.bytes).padStart(10)}  ${file.name}`);
  console.log(`${path}: ${kilobytes(bytes)} packed, ${files.length} files`);
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
