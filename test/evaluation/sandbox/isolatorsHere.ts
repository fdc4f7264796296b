import { findIsolator } from '../../../src/evaluation/sandbox/findIsolator';
import { isolatorKinds } from '../../../src/evaluation/sandbox/isolation';
import type { IsolatorKind } from '../../../src/evaluation/sandbox/isolation';

/** Those that everything is tested with. Runtimes of containers may lack here what they need; then that is printed, and nothing is tested with them. */
export async function isolatorsHere(): Promise<readonly IsolatorKind[]> {
  const here: IsolatorKind[] = [];
  for (const kind of isolatorKinds) {
    const search = await findIsolator([kind]);
    if (search.kind === 'works') here.push(kind);
    else if (kind === 'bubblewrap' || kind === 'unshare') throw new Error(search.why);
    else process.stderr.write(`Not tested here is isolation by ${search.why}\n`);
  }
  return here;
}
