import * as esbuild from 'esbuild';

/** A TypeScript file and what it imports as one program for Node, at `outfile`. */
export async function bundleProgram(source: string, outfile: string): Promise<void> {
  await esbuild.build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
}
