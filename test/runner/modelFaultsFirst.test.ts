import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exitCodes } from '../../src/protocol/hostCommands';
import { answer } from '../support/fakeTinker/faults';
import { FakeTinkerServer } from '../support/fakeTinker/fakeTinkerServer';
import { tokenizerJson } from '../policy/tinker/policy/bench';
import { BuiltRunner } from './support/builtRunner';
import { expectWhole, hurriedClock, hurriedWallMs, makeLetters, trialOf } from './support/faultTrial';

// Minutes of the runner's clock are seconds of ours, and more of them where others use the machine.
vi.setConfig({ testTimeout: 180_000 });

let runner: BuiltRunner;
let server: FakeTinkerServer;

beforeAll(async () => {
  runner = await BuiltRunner.build({ plugins: [hurriedClock] });
}, 60_000);
beforeEach(async () => {
  server = await FakeTinkerServer.start({ mode: 'both', vocabulary: 11, nowMs: hurriedWallMs });
});
afterEach(() => server.close());
afterAll(() => runner.dispose());

function sessions(): readonly string[] {
  const folder = join(runner.root, 'sessions');
  return existsSync(folder) ? readdirSync(folder) : [];
}

describe('what is known before a session begins', () => {
  it.each<{ what: string; statement?: string; flags: readonly string[]; code: number; says: RegExp }>([
    {
      what: 'an empty statement',
      statement: '\n',
      flags: [],
      code: exitCodes.problem,
      says: /^ttt-discover: The problem has no statement, so a language model would not know what to do\.\nSay in Markdown below the second --- of the problem file what a good program does\.\n$/,
    },
    {
      what: 'no name of a model',
      flags: ['--model', ''],
      code: exitCodes.usage,
      says: /model/,
    },
    {
      what: 'a key that the service wants',
      flags: ['--server', 'tinker'],
      code: exitCodes.usage,
      says: /^ttt-discover: https:\/\/tinker\.thinkingmachines\.dev answers nobody without a key, and none was given\.\nGive Tinker's key in the environment variable TTT_DISCOVER_KEY or TINKER_API_KEY, or with --secrets - on standard input\.\n$/,
    },
    {
      what: 'an answer longer than the context',
      flags: ['--set', 'policy.contextTokens=100', '--max-tokens-per-answer', '100'],
      code: exitCodes.usage,
      says: /^ttt-discover: "policy.maxTokens" must leave room for the prompt: write less than contextTokens, 100\.\n/,
    },
  ])('$what: run says it at once and begins none', async ({ statement, flags, code, says }) => {
    const before = sessions();
    const { folder } = makeLetters(runner, {
      policy: 'tinker',
      server: server.url,
      ...(statement !== undefined && { statement }),
    });
    const result = await runner.command(['run', folder, ...flags]);
    expect(result.stderr).toMatch(says);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    expect(sessions()).toEqual(before);
    expect(server.seen).toEqual([]);
  });
});

interface FirstContact {
  readonly what: string;
  readonly flags?: readonly string[];
  /** Makes the fault; gives what removes it. */
  readonly cause: () => () => void;
  readonly says: string;
}

const cases: readonly FirstContact[] = [
  {
    what: 'a model that the server does not offer',
    cause: () => {
      server.faults.rule = ({ path }) =>
        path === '/get_server_capabilities'
          ? answer(200, { supported_models: [{ model_name: 'toy/trigram' }, { model_name: 'toy/other' }] })
          : undefined;
      return () => (server.faults.rule = undefined);
    },
    says:
      'The Tinker server does not offer the model "toy/bigram". Start the server with that model, then resume; or start a new session ' +
      'with one of: toy/trigram, toy/other.',
  },
  {
    what: 'a rank that the server refuses',
    cause: () => {
      server.faults.rule = ({ path, headers }) =>
        path === '/retrieve_future' && headers['x-tinker-request-type'] === 'CreateModel'
          ? answer(400, { detail: 'LoRA rank 8 must be between 1 and 4' })
          : undefined;
      return () => (server.faults.rule = undefined);
    },
    says:
      'CreateModel failed on the Tinker server: LoRA rank 8 must be between 1 and 4. Start a new session with a loraRank that the server ' +
      'allows, or start the server with a larger max_lora_rank, then resume.',
  },
  {
    what: 'a server that is none of these',
    cause: () => {
      server.faults.rule = () => answer(404, '<html>Not found</html>', { 'content-type': 'text/html' });
      return () => (server.faults.rule = undefined);
    },
    says:
      'The Tinker server answered /get_server_capabilities with status 404: an answer of type text/html. If the address is not a Tinker ' +
      "server's, start a new session with the right one. Else look at the server's log, then resume.",
  },
  {
    what: 'a server that is not there',
    cause: () => {
      server.faults.rule = () => ({ kind: 'reset' });
      return () => (server.faults.rule = undefined);
    },
    says:
      'The Tinker server did not answer /client/config for SECONDS s (last: UND_ERR_SOCKET). Check the address and that the server runs, ' +
      'then resume.',
  },
  {
    what: 'a tokenizer that is not there',
    flags: ['--set', 'policy.tokenizer=FOLDER/missing'],
    cause: () => () => {
      const folder = join(dirname(runner.root), 'missing');
      mkdirSync(folder);
      writeFileSync(join(folder, 'tokenizer.json'), tokenizerJson());
    },
    says:
      "There is no tokenizer.json in FOLDER/missing. Put the model's tokenizer.json there, then resume; or start a new session with " +
      "tokenizer as another folder on the session's host, or a name at Hugging Face.",
  },
  {
    what: 'a chat template that gives an empty prompt',
    flags: ['--set', 'policy.tokenizer=FOLDER/silent', '--set', 'policy.chatFormat=template'],
    cause: () => {
      const folder = join(dirname(runner.root), 'silent');
      mkdirSync(folder);
      writeFileSync(join(folder, 'tokenizer.json'), tokenizerJson());
      const template = (text: string): void => writeFileSync(join(folder, 'chat_template.jinja'), text);
      template("{{ '' }}");
      return () => {
        template(
          "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>{% endif %}",
        );
      };
    },
    says:
      "The model's chat template cannot be used: it leaves out the user message. Mend the template, then resume; or start a new session " +
      "with the chatFormat of the model's family.",
  },
];

describe('what is found out at the first contact', () => {
  it.each(cases)(
    '$what: run leaves a paused session that goes on when it is mended',
    async ({ cause, flags = [], says }) => {
      const { folder, runsPath } = makeLetters(runner, { policy: 'tinker', server: server.url });
      const remove = cause();
      const before = new Set(sessions());
      const named = flags.map((flag) => flag.replace('FOLDER', dirname(runner.root)));
      const { code, stdout, stderr } = await runner.command(['run', folder, '--isolation', 'none', ...named]);
      expect(code).toBe(exitCodes.environment);
      const [sessionId = ''] = sessions().filter((id) => !before.has(id));
      const where = says.replaceAll('FOLDER', dirname(runner.root));
      const [, said] =
        new RegExp(`Session ${sessionId} is paused\\. \\d evaluated, 0 steps done\\.\\n(.*)\\n`).exec(
          stdout,
        ) ?? [];
      expect(said?.replace(/\d+ s \(/, 'SECONDS s (')).toBe(where);
      expect(stdout).toMatch(new RegExp(`Go on with: ttt-discover resume ${sessionId}\\n$`));
      expect(stderr, 'no stack of a failure that is known').not.toMatch(/\n\s+at /);

      remove();
      const trial = trialOf(runner, sessionId, runsPath);
      const paused = await trial.untilHalt();
      await trial.resume();
      expectWhole(await trial.untilHalt(paused.entries.length), trial);
    },
  );
});
