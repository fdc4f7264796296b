// code-server lets every extension use proposed API; the VS Code that people have refuses it, so something that works here could
// fail there. This puts the refusal back.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `isProposedApiEnabled`, which code-server turned into `return true`, followed by the check that calls it. */
const openGate = /function ([\w$]+)\((\w),(\w)\)\{return!0\}(?=function [\w$]+\(\w,\w\)\{if\(!\1\()/g;
const enabledForAll = /_envEnablesProposedApiForAll=!0/g;

const patches = [
  { file: 'out/vs/code/browser/workbench/workbench.js', alsoForAll: true },
  { file: 'out/vs/workbench/api/node/extensionHostProcess.js', alsoForAll: false },
  { file: 'out/server-main.js', alsoForAll: false },
];

/**
 * @param {string} vscode the folder `lib/vscode` of a code-server
 * @throws {Error} when a file does not hold exactly one place to patch: another version of code-server
 */
export async function restoreProposedApiGate(vscode) {
  for (const { file, alsoForAll } of patches) {
    const path = join(vscode, file);
    let text = await readFile(path, 'utf8');
    text = replaceOnce(
      text,
      openGate,
      'function $1($2,$3){return!!$2.enabledApiProposals&&$2.enabledApiProposals.includes($3)}',
      file,
    );
    if (alsoForAll) text = replaceOnce(text, enabledForAll, '_envEnablesProposedApiForAll=!1', file);
    await writeFile(path, text);
  }
}

function replaceOnce(text, pattern, replacement, file) {
  const count = text.match(pattern)?.length ?? 0;
  if (count !== 1)
    throw new Error(`${file}: ${count} places match ${pattern}, expected 1. Adapt codeServerPatch.mjs.`);
  return text.replace(pattern, replacement);
}
