import { connect } from 'node:net';
import { typeOfBlob } from './keyRing';

const requestIdentities = 11;
const identitiesAnswer = 12;
const timeoutMs = 3_000;
const maxAnswerBytes = 256 * 1024;

/**
 * Types of the keys in an agent, certificates and hardware keys included, which ssh2 leaves out (draft-miller-ssh-agent,
 * 4.4). Empty where no agent answers: a login tells of that in its own words.
 */
export async function agentKeyTypes(socketPath: string | undefined): Promise<readonly string[]> {
  if (socketPath === undefined) return [];
  const answer = await ask(socketPath);
  return answer === undefined ? [] : typesIn(answer);
}

function ask(socketPath: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let received = Buffer.alloc(0);
    const finish = (answer: Buffer | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > maxAnswerBytes) finish(undefined);
      const length = received.length < 4 ? Infinity : received.readUInt32BE(0);
      if (received.length >= 4 + length) finish(received.subarray(4, 4 + length));
    });
    socket.write(Buffer.from([0, 0, 0, 1, requestIdentities]));
  });
}

function typesIn(answer: Buffer): string[] {
  const types: string[] = [];
  if (answer[0] !== identitiesAnswer || answer.length < 5) return types;
  const count = answer.readUInt32BE(1);
  let at = 5;
  const next = (): Buffer | undefined => {
    if (at + 4 > answer.length) return undefined;
    const end = at + 4 + answer.readUInt32BE(at);
    if (end > answer.length) return undefined;
    const field = answer.subarray(at + 4, end);
    at = end;
    return field;
  };
  for (let index = 0; index < count; index++) {
    const key = next();
    const comment = next();
    if (key === undefined || comment === undefined) break;
    types.push(typeOfBlob(key));
  }
  return types;
}
