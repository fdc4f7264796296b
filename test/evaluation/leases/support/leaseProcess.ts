// Takes GPUs as a session does, in a process of its own: node leaseProcess.mjs seat|turn JSON. Says on standard output what it has, and gives it back when
// a line comes in, then asks again.
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { leaseGpus } from '../../../../src/evaluation/leases/gpuSeats';
import { takeGpusAlone } from '../../../../src/evaluation/leases/gpuTurn';

const wantedSchema = z.object({
  among: z.array(z.string()),
  count: z.number(),
  mostSharing: z.number(),
});
const [what, text = ''] = process.argv.slice(2);
const wanted = wantedSchema.parse(JSON.parse(text));
const never = new AbortController().signal;

async function take(): Promise<() => Promise<void>> {
  if (what === 'turn') {
    const turn = await takeGpusAlone(wanted.among, never);
    process.stdout.write(`${wanted.among.join(',')}\n`);
    return () => turn.giveBack();
  }
  const lease = await leaseGpus(wanted, never);
  process.stdout.write(`${lease.gpus.join(',')}\n`);
  return () => lease.giveBack();
}

let giveBack = await take();
for await (const line of createInterface(process.stdin)) {
  await giveBack();
  if (line === 'end') break;
  giveBack = await take();
}
process.exit(0);
