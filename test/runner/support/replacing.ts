import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/** Builds a bundle in which a text of one source file is another, such as a time limit that a test cannot wait out. */
export function replacing(file: RegExp, text: string, by: string): Plugin {
  return {
    name: 'replacing',
    setup(build) {
      build.onLoad({ filter: file }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes(text)) throw new Error(`${path} has no ${text} any more.`);
        return { loader: 'ts', contents: source.replace(text, by) };
      });
    },
  };
}
