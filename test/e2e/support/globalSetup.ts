import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildVsix } from '../../../scripts/lib/vsix.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** The package that people install: what is tested is what is shipped. */
    vsix: string;
  }
}

export default async function packExtension(project: TestProject): Promise<void> {
  const given = process.env['TTT_DISCOVER_VSIX'];
  const vsix = given ?? join(project.config.root, '.build/ttt-discover-e2e.vsix');
  if (given === undefined) await buildVsix(vsix);
  project.provide('vsix', vsix);
}
