import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCancelled, stackOf } from '../../../../src/extension/base/failures';
import { ConnectionLog } from '../../../../src/extension/hosts/log/connectionLog';
import { diagnosticsText } from '../../../../src/extension/hosts/log/diagnostics';
import { HostLogs } from '../../../../src/extension/hosts/log/hostLogs';
import { RemoteError, type HostPrompts, type HostTarget } from '../../../../src/remote/hostClient';
import { Secret } from '../../../../src/remote/login/secret';

const farm: HostTarget = { kind: 'ssh', alias: 'farm' };

/** A log, all that was written to it, and questions that are answered with the same. */
function connection(answer: string | undefined) {
  const written: string[] = [];
  const write = (message: string): void => void written.push(message);
  const sink = { trace: write, debug: write, info: write, warn: write, error: write };
  const logs = new HostLogs(sink, () => new Date(0));
  let nowMs = 0;
  const log = new ConnectionLog(logs, farm, () => (nowMs += 700));
  const secret = answer === undefined ? undefined : new Secret(answer);
  const inner: HostPrompts = {
    trustHostKey: () => Promise.resolve(true),
    passphrase: () => Promise.resolve(secret),
    password: () => Promise.resolve(secret),
    newPassword: () => Promise.resolve(secret),
    answers: () => Promise.resolve(secret === undefined ? undefined : [secret, secret]),
  };
  return { log, prompts: log.watch(inner), written, lines: () => logs.linesOf(farm) };
}

const account = 'ada@gpu';
const round = {
  account,
  name: '',
  instructions: '',
  prompts: [{ text: 'Code: ', isSecret: true }],
  attempt: 1,
};
const questions: ((prompts: HostPrompts) => Promise<unknown>)[] = [
  (prompts) => prompts.passphrase({ keyPath: '/k', attempt: 1 }),
  (prompts) => prompts.password({ account, attempt: 1 }),
  (prompts) => prompts.newPassword({ account, text: 'Expired' }),
  (prompts) => prompts.answers(round),
];

/** Longer than what stands in every log anyway, and not made of its words. */
const secretText = fc
  .string({ minLength: 6, unit: 'grapheme' })
  .filter((text) => text.trim() === text && !/^[\w .:[\]-]*$/.test(text));

describe('the log of a connection', () => {
  it('tells what is done, how long it took, and what was asked', async () => {
    const { log, prompts, written } = connection('sesame');
    log.progress('Connecting to farm');
    log.progress('Uploading the runner');
    log.progress('Uploading the runner');
    await prompts.password({ account, attempt: 2 });
    await prompts.trustHostKey({
      name: 'farm',
      alias: 'farm',
      keyType: 'ssh-ed25519',
      fingerprint: 'SHA256:x',
      alsoKnownAs: [],
    });
    log.connected('ada@gpu:22, Node 22');
    log.closed(undefined);
    expect(written).toEqual([
      '[farm] Connecting to farm',
      '[farm] Uploading the runner',
      '[farm] Password of ada@gpu, attempt 2: asked',
      '[farm] Password of ada@gpu, attempt 2: answered',
      '[farm] Whether to trust ssh-ed25519 SHA256:x of farm: asked',
      '[farm] Whether to trust ssh-ed25519 SHA256:x of farm: yes',
      '[farm] Connected in 700 ms: ada@gpu:22, Node 22',
      '[farm] Closed after 1.4 s',
    ]);
  });

  it('tells a failure with its advice and cause, and a cancel as none', async () => {
    const { log, prompts, written } = connection(undefined);
    expect(await prompts.answers(round)).toBeUndefined();
    const error = new RemoteError('unreachable', 'No route', 'Check the VPN.', {
      cause: new Error('ETIMEDOUT'),
    });
    expect(log.failed(error)).toBe(error);
    const cancel = new RemoteError('cancelled', 'Cancelled', '');
    expect(isCancelled(log.failed(cancel))).toBe(true);
    expect(written).toEqual([
      '[farm] A question of ada@gpu, attempt 1: asked',
      '[farm] A question of ada@gpu, attempt 1: cancelled',
      '[farm] Failed after 700 ms (unreachable): No route',
      '[farm]   Check the VPN.',
      '[farm]   Because: ETIMEDOUT',
      '[farm] Given up after 1.4 s',
    ]);
  });

  it('never shows what was typed, also where a server or a program repeats it in whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(
        secretText,
        fc.subarray(questions, { minLength: 1 }),
        fc.string(),
        fc.string(),
        async (secret, asked, before, after) => {
          const { log, prompts, written, lines } = connection(secret);
          const answers = [];
          for (const ask of asked) answers.push(await ask(prompts));
          const echo = `${before}${secret}${after}`;
          log.write('info', `the server says: ${echo}`);
          log.write('trace', `Debug output from server: ${JSON.stringify(echo)}`);
          log.write('trace', JSON.stringify(answers));
          log.write('debug', inspect(answers, { depth: 9, showHidden: true }));
          log.write('debug', String(answers));
          const cause = new Error(echo);
          const shown = log.failed(
            new RemoteError('authentication-failed', `Refused: ${echo}`, echo, { cause }),
          );
          const facts = { versions: [], host: [], settings: [], logLines: lines() };
          const everything = [
            written.join('\n'),
            diagnosticsText(facts),
            stackOf(shown),
            inspect(shown),
          ].join('\n');
          expect(everything).not.toContain(secret);
          expect(everything).not.toContain(JSON.stringify(secret).slice(1, -1));
          expect(shown).toBeInstanceOf(RemoteError);
          expect(shown).toMatchObject({ code: 'authentication-failed' });
        },
      ),
    );
  });

  it('leaves an error as it is where no answer stands in it', async () => {
    const { log, prompts } = connection('open sesame');
    await prompts.password({ account, attempt: 1 });
    const error = new RemoteError('lost', 'Contact was lost', '', { cause: new Error('EPIPE') });
    expect(log.failed(error)).toBe(error);
  });

  it('does not keep what was typed when the connection stands', async () => {
    const { log, prompts, written } = connection('open sesame');
    await prompts.password({ account, attempt: 1 });
    log.connected('farm');
    log.write('info', 'the host says: open sesame');
    expect(written.at(-1)).toBe('[farm] the host says: open sesame');
  });
});
