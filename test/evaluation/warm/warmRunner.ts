// Evaluates as a runner does, in a process of its own, until it is killed: node warmRunner.mjs waiting|running. Says a line when all is there.
import { createRuns } from './warmRuns';

const runs = createRuns('warm');
const { output, isWarm } = await runs.run({ 'evaluate.py': 'print("fine")' });
if (output !== 'fine\n' || isWarm !== true) throw new Error(`${output}${runs.said.join('\n')}`);
if (process.argv[2] === 'running') {
  void runs.run({ 'evaluate.py': 'import time\ntime.sleep(1000)' }, { limits: { timeMs: 1_000_000 } });
}
process.stdout.write('ready\n');
process.stdin.resume();
