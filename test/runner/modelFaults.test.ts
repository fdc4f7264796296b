import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { answer, lostAnswer, reset, type Fault, type SeenRequest } from '../support/fakeTinker/faults';
import { FakeTinkerServer } from '../support/fakeTinker/fakeTinkerServer';
import type { FakeTinkerOptions } from '../support/fakeTinker/state';
import { BuiltRunner, untilGone } from './support/builtRunner';
import {
  begin,
  candidatesOf,
  expectWhole,
  hasTrained,
  hurriedClock,
  hurriedWallMs,
  pauseOf,
  samplesAgain,
  learnedOf,
  type Halted,
  type Learned,
  type Trial,
} from './support/faultTrial';

const plain = { mode: 'both', vocabulary: 11, nowMs: hurriedWallMs } as const;

// Minutes of the runner's clock are seconds of ours, and more of them where others use the machine.
vi.setConfig({ testTimeout: 180_000 });

let runner: BuiltRunner;
const servers: FakeTinkerServer[] = [];
/** What comes of a session to which nothing happens. */
let undisturbed: { readonly candidates: readonly string[]; readonly learned: Learned };

/** `options` is taken as it is: what its getters give may change. */
async function serve(options: FakeTinkerOptions = plain): Promise<FakeTinkerServer> {
  const server = await FakeTinkerServer.start(options);
  servers.push(server);
  return server;
}

const train = (server: FakeTinkerServer): Promise<Trial> =>
  begin(runner, { policy: 'tinker', server: server.url });

/** Went to the end as if nothing had been. */
function expectUnharmed(end: Halted, trial: Trial, server: FakeTinkerServer): void {
  expectWhole(end, trial);
  expect(learnedOf(end, server)).toEqual(undisturbed.learned);
  expect(candidatesOf(end)).toEqual(undisturbed.candidates);
}

beforeAll(async () => {
  runner = await BuiltRunner.build({ plugins: [hurriedClock] });
  const server = await serve();
  const trial = await train(server);
  const end = await trial.untilHalt();
  undisturbed = { candidates: candidatesOf(end), learned: learnedOf(end, server) };
  expectWhole(end, trial);
  expect(undisturbed.learned.updates).toBe(3);
}, 120_000);
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => runner.dispose());

const page = answer(200, '<html>Welcome</html>', { 'content-type': 'text/html' });
const ofOperation = (request: SeenRequest, operation: string): boolean =>
  request.path === '/retrieve_future' && request.headers['x-tinker-request-type'] === operation;

interface FaultCase {
  readonly what: string;
  /** From the first update on. */
  readonly rule: (request: SeenRequest, server: FakeTinkerServer) => Fault | undefined;
  readonly says: string | RegExp;
}

/** As a server that was started anew: what was on it is gone. */
const forgets = ({ path }: SeenRequest): Fault | undefined =>
  path === '/asample' ? answer(404, { detail: 'Sampling session not found' }) : undefined;

function breakNumbers({ state }: FakeTinkerServer): undefined {
  for (const row of state.base) row.fill(NaN);
}

const notTinker =
  "Check that the address is a Tinker server's, that its version is supported, and that nothing between changes its answers, then resume.";
const diverged =
  'Diverged weights do this, and tokens outside the vocabulary. Resume to repeat it from the last checkpoint; if it comes again, start a ' +
  "new session with a lower learningRate, and check that the tokenizer is the model's.";

const cases: readonly FaultCase[] = [
  {
    what: 'an answer that is a web page',
    rule: ({ path }) => (path === '/asample' ? page : undefined),
    says: `The Tinker server's answer to /asample cannot be used: it is not JSON (text/html, 20 bytes). ${notTinker}`,
  },
  {
    what: 'a result of training without its numbers',
    rule: (request) =>
      ofOperation(request, 'ForwardBackward')
        ? answer(200, { loss_fn_output_type: 'scalar', loss_fn_outputs: [], metrics: {} })
        : undefined,
    says: `The Tinker server's answer to /retrieve_future (ForwardBackward) cannot be used: it has 0 outputs for 8 datums. ${notTinker}`,
  },
  {
    what: 'a checkpoint without a path',
    rule: (request) =>
      ofOperation(request, 'SaveWeights') ? answer(200, { type: 'save_weights' }) : undefined,
    says: `The Tinker server's answer to /retrieve_future (SaveWeights) cannot be used: path: it is missing. ${notTinker}`,
  },
  {
    what: 'NaN in the log-probabilities of answers',
    rule: ({ path }, server) => (path === '/asample' ? breakNumbers(server) : undefined),
    says: `Sampling gave a log-probability that is not a finite number (all answers of a group). ${diverged}`,
  },
  {
    what: 'NaN in the log-probabilities of training',
    rule: ({ path }, server) =>
      path === '/forward_backward' && samplesAgain(server) ? breakNumbers(server) : undefined,
    says: `ForwardBackward gave a log-probability that is not a finite number (datum 0, position POSITION). ${diverged}`,
  },
  {
    what: 'a server that fails each request',
    rule: ({ path }) => (path === '/asample' ? answer(500, { detail: 'out of memory' }) : undefined),
    says: "The Tinker server answered /asample with status 500: out of memory. Look at the server's log and load, then resume.",
  },
  {
    what: 'a server that asks for fewer requests while it is to train, without an end',
    rule: ({ path }) =>
      path === '/forward_backward' ? answer(429, { detail: 'Too many requests' }) : undefined,
    says: "The Tinker server answered /forward_backward with status 429: Too many requests. Look at the server's log and load, then resume.",
  },
  {
    what: 'a server that refuses all samples as too many, without an end',
    rule: ({ path }) => (path === '/asample' ? answer(429, { detail: 'Too many requests' }) : undefined),
    says: /^The Tinker server has refused every request for 15 min as too many: Too many requests\. Wait until it has less to do, then resume; or start a new session with a lower policy\.requestConcurrency\.$/,
  },
  {
    what: 'a server that does not answer any more',
    rule: () => reset,
    says: /^The Tinker server did not answer \/\w+ for \d+ s \(last: [A-Z_]+\)\. Check the address and that the server runs, then resume\.$/,
  },
  {
    what: 'a server that was started anew with another model',
    rule: (request) =>
      request.path === '/get_server_capabilities'
        ? answer(200, { supported_models: [{ model_name: 'toy/trigram' }] })
        : forgets(request),
    says:
      'The Tinker server does not offer the model "toy/bigram". Start the server with that model, then resume; or start a new session ' +
      'with one of: toy/trigram.',
  },
  {
    what: 'a server that was started anew and refuses the rank',
    rule: (request) =>
      ofOperation(request, 'CreateModel')
        ? answer(400, { detail: 'LoRA rank 8 must be between 1 and 4' })
        : forgets(request),
    says:
      'CreateModel failed on the Tinker server: LoRA rank 8 must be between 1 and 4. Start a new session with a loraRank that the server ' +
      'allows, or start the server with a larger max_lora_rank, then resume.',
  },
];

describe('in the middle of a training session', () => {
  it.each(cases)('$what: it pauses, and goes on when the server is mended', async ({ rule, says }) => {
    const server = await serve();
    const base = server.state.base.map((row) => row.slice());
    server.faults.rule = (request) => (hasTrained(server) ? rule(request, server) : undefined);
    const trial = await train(server);
    const paused = await trial.untilHalt();
    const said = pauseOf(paused).replace(/position \d+\)/, 'position POSITION)');
    if (typeof says === 'string') expect(said).toBe(says);
    else expect(said).toMatch(says);
    server.faults.rule = undefined;
    server.state.base.forEach((row, at) => row.set(base[at] ?? []));
    await trial.resume();
    expectUnharmed(await trial.untilHalt(paused.entries.length), trial, server);
  });

  it('a fault that is still there: it pauses again, and nothing is lost by trying', async () => {
    const server = await serve();
    server.faults.rule = ({ path }) => (hasTrained(server) && path === '/asample' ? page : undefined);
    const trial = await train(server);
    let paused = await trial.untilHalt();
    for (let tries = 0; tries < 3; tries += 1) {
      await trial.resume();
      const again = await trial.untilHalt(paused.entries.length);
      expect(pauseOf(again)).toBe(pauseOf(paused));
      expect(candidatesOf(again)).toEqual(candidatesOf(paused));
      paused = again;
    }
    server.faults.rule = undefined;
    await trial.resume();
    expectUnharmed(await trial.untilHalt(paused.entries.length), trial, server);
  });

  it('a process that ended in the pause: resume starts another', async () => {
    const server = await serve();
    server.faults.rule = ({ path }) => (hasTrained(server) && path === '/asample' ? page : undefined);
    const trial = await train(server);
    const paused = await trial.untilHalt();
    const pid = await runner.livePid(trial.sessionId);
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    server.faults.rule = undefined;
    await trial.resume();
    expectUnharmed(await trial.untilHalt(paused.entries.length), trial, server);
  });
});

describe('a storm of 429', () => {
  it('is ridden out, and said while it lasts', async () => {
    const server = await serve();
    let left = 10;
    server.faults.rule = ({ path }) => {
      if (!hasTrained(server) || (path !== '/asample' && path !== '/retrieve_future') || left === 0)
        return undefined;
      left -= 1;
      return answer(429, { detail: 'Too many requests' });
    };
    const trial = await train(server);
    const end = await trial.untilHalt();
    expect(left).toBe(0);
    expectUnharmed(end, trial, server);
    expect(
      end.entries.flatMap(({ event }) => (event.type === 'policy.progress' ? [event.message] : [])),
    ).toContain('The model server asks for fewer requests (Too many requests); requests are repeated.');
  });

  it('that has no end can be paused by its user, who goes on later', async () => {
    const server = await serve();
    server.faults.rule = ({ path }) =>
      samplesAgain(server) && path === '/asample' ? answer(429, { detail: 'Too many requests' }) : undefined;
    const trial = await train(server);
    await runner.until(
      trial.sessionId,
      ({ event }) => event.type === 'policy.progress' && event.message.includes('fewer requests'),
    );
    expect(await runner.reply(['pause', trial.sessionId])).toMatchObject({ kind: 'status' });
    const paused = await trial.untilHalt();
    expect(paused.event).toMatchObject({ type: 'session.paused', reason: 'user' });
    server.faults.rule = undefined;
    await trial.resume();
    expectUnharmed(await trial.untilHalt(paused.entries.length), trial, server);
  });

  it('and outages of a minute are ridden out together', async () => {
    const server = await serve();
    let requests = 0;
    // Each third request, of any kind: no answer, a gateway in trouble, too many requests.
    server.faults.rule = () => {
      if (!hasTrained(server)) return undefined;
      requests += 1;
      const kinds = [lostAnswer, answer(502, '<html>Bad gateway</html>'), answer(429), reset];
      return requests % 3 === 0 && requests < 90 ? kinds[(requests / 3) % kinds.length] : undefined;
    };
    const trial = await train(server);
    expectUnharmed(await trial.untilHalt(), trial, server);
    expect(requests).toBeGreaterThan(30);
  });
});

describe('a key that expires', () => {
  it('pauses the session until a valid one is handed in, whichever was tried before', async () => {
    let valid = 'tml-the-first';
    const options: FakeTinkerOptions = {
      ...plain,
      mode: 'hosted',
      get key() {
        return valid;
      },
    };
    const server = await serve(options);
    const before = await begin(runner, {
      policy: 'tinker',
      server: server.url,
      secrets: { key: valid },
    }).then((trial) => trial.untilHalt());
    const undisturbedCandidates = candidatesOf(before);

    const other = await serve(options);
    const trial = await begin(runner, { policy: 'tinker', server: other.url, secrets: { key: valid } });
    other.faults.rule = ({ path }) => {
      if (path !== '/asample' || valid !== 'tml-the-first' || !hasTrained(other)) return undefined;
      valid = 'tml-the-second';
      other.access.revokeAll();
      return undefined;
    };
    let paused = await trial.untilHalt();
    const expected =
      /^The Tinker server answered \/[\w/]+ with status 401: Invalid key \S+\. Give a valid key: Set Model Server Key… in the editor, or ttt-discover resume SESSION --secrets - with \{"key": …\} on standard input\.$/;
    expect(pauseOf(paused)).toMatch(expected);
    expect(paused.event).toMatchObject({ code: 'needs-key' });
    for (const secrets of [undefined, { key: 'tml-a-wrong-one' }]) {
      await trial.resume(secrets);
      paused = await trial.untilHalt(paused.entries.length);
      expect(pauseOf(paused)).toMatch(expected);
    }
    expect(JSON.stringify(paused.entries)).not.toMatch(/tml-the|tml-a-wrong/);
    await trial.resume({ key: valid });
    const end = await trial.untilHalt(paused.entries.length);
    expectWhole(end, trial);
    expect(candidatesOf(end)).toEqual(undisturbedCandidates);
    expect(learnedOf(end, other)).toEqual(learnedOf(before, server));
  });
});
