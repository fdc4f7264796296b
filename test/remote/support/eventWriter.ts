// Stands for a session's runner: owns the session and writes its journal with the real writer, and has no engine.
// Arguments: ROOT SESSION TOTAL SEED. Each line on standard input is the number of the last entry that it may write.
import { createInterface } from 'node:readline';
import type { SessionEvent } from '../../../src/domain/session/events';
import { systemClock } from '../../../src/runner/clock';
import { ControlServer } from '../../../src/runner/host/controlServer';
import { claimSession } from '../../../src/runner/host/ownership';
import { sessionFolder } from '../../../src/runner/host/sessionFolder';
import { recordEnd } from '../../../src/runner/host/sessionListing';
import { JournalWriter } from '../../../src/runner/journal/journalWriter';
import { seededRandom } from './seededRandom';

const [root = '', sessionId = '', total = '', seed = ''] = process.argv.slice(2);
const last = Number(total);
const random = seededRandom(Number(seed));
const folder = sessionFolder(root, sessionId);
const segmentBytes = 700_000;
const alphabet = ['plain ', 'ümläut ', '日本語 ', '👩‍🚀 ', '"quoted" \\ ', '\u2028\n\t', '\u0000'];

/** From a few bytes to some kilobytes; now and then one that is longer than a read of the reader. */
function nextEvent(): SessionEvent {
  const words = random() < 0.001 ? 60_000 : Math.floor(random() ** 3 * 400);
  const word = alphabet[Math.floor(random() * alphabet.length)] ?? '';
  return { type: 'environment.progress', message: word.repeat(words) };
}

async function main(): Promise<void> {
  const { run } = claimSession(folder, { runnerVersion: '0.0.0', bundlePath: '' });
  const { writer } = await JournalWriter.open({
    folder: folder.journalPath,
    run,
    clock: systemClock,
    segmentBytes,
  });
  const control = await ControlServer.open(folder.socketPath, () => undefined);
  let allowed = 0;
  let wake: () => void = () => undefined;
  createInterface({ input: process.stdin }).on('line', (line) => {
    allowed = Number(line);
    wake();
  });
  process.stdout.write('ready\n');
  while (writer.lastSeq < last - 1) {
    while (writer.lastSeq >= allowed) await new Promise<void>((resolve) => (wake = resolve));
    const burst = Math.ceil(random() * 40);
    for (let count = 0; count < burst && writer.lastSeq < Math.min(allowed, last - 1); count += 1) {
      control.tell(writer.append(nextEvent()).seq);
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const end = { type: 'session.finished', reason: 'steps' } as const;
  recordEnd(folder, end, systemClock.wallMs());
  control.tell(writer.append(end).seq);
  await writer.close();
  await control.close();
}

void main().then(() => process.exit(0));
