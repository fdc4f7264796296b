import { describe, expect, it } from 'vitest';
import type { DiagnosticCode, ProblemDiagnostic } from '../../../src/domain/problem/diagnostic';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { Lines } from '../../../src/domain/text/lines';
import { smallProblem } from './sampleProblem';

type Mistake = readonly [yaml: string, code: DiagnosticCode, underlined: string, message: string];

/** Each added to a problem that is otherwise right. */
// prettier-ignore
const addedLines: readonly Mistake[] = [
  ['metrics: 3', 'unknown-key', 'metrics', 'Unknown key "metrics". Did you mean "metric"?'],
  ['colour: red', 'unknown-key', 'colour', 'Unknown key "colour". Known here: title, candidate, evaluate, evaluator, stopEarly, raceParent, metric, reward, environment, limits, executor, slurm, references, session, policy.'],
  ['limit: { time: 60s }', 'unknown-key', 'limit', 'Unknown key "limit". Did you mean "limits"?'],
  ['limits: { tiem: 60s }', 'unknown-key', 'tiem', 'Unknown key "tiem" in "limits". Did you mean "time"?'],
  ['session: { groupsize: 8 }', 'unknown-key', 'groupsize', 'Unknown key "groupsize" in "session". Did you mean "groupSize"?'],
  ['references: [{ label: A, value: 1, link: x }]', 'unknown-key', 'link', 'Unknown key "link" in reference 1. Known here: label, value, url.'],
  ['executor: pbs', 'bad-choice', 'pbs', '"executor" cannot be "pbs". Write local or slurm.'],
  ['executor: slurm\nslurm: { queue: gpu }', 'unknown-key', 'queue', 'Unknown key "queue" in "slurm". Known here: partition, account, qos, reservation, constraint, gpuType, extraTime, tries.'],
  ['executor: slurm\nslurm: { partition: "--wrap=rm" }', 'bad-name', '"--wrap=rm"', '"slurm.partition" must be a name as the cluster has it, without spaces: write partition: gpu.'],
  ['executor: slurm\nslurm: { account: "a b" }', 'bad-name', '"a b"', '"slurm.account" must be a name as the cluster has it, without spaces: write account: my-project.'],
  ['executor: slurm\nslurm: { extraTime: 1s }', 'out-of-range', '1s', '"slurm.extraTime" must be from 1min to 24h: write extraTime: 5min.'],
  ['limits: { time: 60 }', 'bad-unit', '60', 'Time needs a unit: write 60s, 500ms, 2min or 1h.'],
  ['limits: { time: 5m }', 'bad-unit', '5m', 'Unknown unit "m". Did you mean 5min?'],
  ['limits: { time: 2 hours }', 'bad-unit', '2 hours', 'Unknown unit "hours". Did you mean 2h?'],
  ['limits: { time: -5s }', 'out-of-range', '-5s', '"limits.time" must be from 1ms to 24h: write time: 60s.'],
  ['limits: { time: 30h }', 'out-of-range', '30h', '"limits.time" must be from 1ms to 24h: write time: 60s.'],
  ['limits: { time: soon }', 'bad-unit', 'soon', 'Time needs a unit: write 60s, 500ms, 2min or 1h.'],
  ['limits: { time: [1, 2] }', 'wrong-type', '[1, 2]', '"limits.time" must be an amount with a unit: write time: 60s.'],
  ['limits: { memory: 2 }', 'bad-unit', '2', 'Size needs a unit: write 2GiB, 512MiB, 64KiB or 100MB.'],
  ['limits: { memory: 2G }', 'bad-unit', '2G', 'Unknown unit "G". Did you mean 2GiB?'],
  ['limits: { memory: 2gib }', 'bad-unit', '2gib', 'Unknown unit "gib". Did you mean 2GiB?'],
  ['limits: { memory: 12B }', 'out-of-range', '12B', '"limits.memory" must be at least 1MiB: write memory: 2GiB.'],
  ['limits: { output: 3 parsecs }', 'bad-unit', '3 parsecs', 'Unknown unit "parsecs". Use one of B, KB, MB, GB, KiB, MiB, GiB.'],
  ['limits: { memory: 99999999999999GiB }', 'out-of-range', '99999999999999GiB', '99999999999999GiB is too large: write a smaller amount.'],
  ['limits: { cpus: 0 }', 'out-of-range', '0', '"limits.cpus" must be at least 1: write 1 or more.'],
  ['limits: { cpus: 1.5 }', 'out-of-range', '1.5', '"limits.cpus" must be a whole number: write 2.'],
  ['limits: { cpus: "2" }', 'wrong-type', '"2"', '"limits.cpus" must be a number: remove the quotes.'],
  ['limits: { gpus: .nan }', 'out-of-range', '.nan', '"limits.gpus" must be a finite number: write gpus: 1.'],
  ['limits: { gpus: 1, gpuMemory: 20 }', 'bad-unit', '20', 'Size needs a unit: write 2GiB, 512MiB, 64KiB or 100MB.'],
  ['limits: { gpus: 1, gpuMemory: 0B }', 'out-of-range', '0B', '"limits.gpuMemory" must be at least 1MiB: write gpuMemory: 20GiB.'],
  ['limits: { gpus: 1, gpuMemory: [20GiB] }', 'wrong-type', '[20GiB]', '"limits.gpuMemory" must be an amount with a unit: write gpuMemory: 20GiB.'],
  ['limits: { gpuMemory: 20GiB }', 'unused-key', 'gpuMemory', '"limits.gpuMemory" is for evaluations that use a GPU: add gpus: 1, or remove it.'],
  ['limits: { gpus: 0, gpuMemory: 20GiB }', 'unused-key', 'gpuMemory', '"limits.gpuMemory" is for evaluations that use a GPU: write gpus: 1, or remove it.'],
  ['limits: { gpus: one, gpuMemory: 20GiB }', 'wrong-type', 'one', '"limits.gpus" must be a whole number: write gpus: 1.'],
  ['limits: { processes: many }', 'wrong-type', 'many', '"limits.processes" must be a whole number: write processes: 64.'],
  ['limits: fast', 'wrong-type', 'fast', '"limits" needs keys of its own: write limits: { time: 60s, memory: 2GiB }.'],
  ['limits:', 'missing-value', 'limits', '"limits" has no value: write limits: { time: 60s, memory: 2GiB }.'],
  ['session: { groupSize: 2 }', 'out-of-range', '2', '"session.groupSize" must be at least 3, because each candidate is judged against the others of its group: write 3 or more.'],
  ['session: { steps: .inf }', 'out-of-range', '.inf', '"session.steps" must be a finite number: write steps: 50.'],
  ['session: { steps: 99999999 }', 'out-of-range', '99999999', '"session.steps" must be at most 1000000: write 1000000 or less.'],
  ['session: { method: ttt }', 'bad-choice', 'ttt', '"session.method" cannot be "ttt". Did you mean "ttt-discover"?'],
  ['session: { method: random }', 'bad-choice', 'random', '"session.method" cannot be "random". Write ttt-discover, puct or best-of-n.'],
  ['session: { policy: random }', 'bad-choice', 'random', '"session.policy" cannot be "random". Write tunables, openai or tinker.'],
  ['session: { maxTime: 10ms }', 'out-of-range', '10ms', '"session.maxTime" must be from 1s to 480h: write maxTime: 3min.'],
  ['references: { label: A, value: 1 }', 'wrong-type', '{ label: A, value: 1 }', '"references" must be a list: write references: [{ label: Best known, value: 1.0 }].'],
  ['references: [Haugland]', 'wrong-type', 'Haugland', 'A reference needs a label and a value: write { label: Best known, value: 1.0 }.'],
  ['references: [{ label: A }]', 'missing-key', '{ label: A }', 'reference 1 needs "value": add value: 1.0.'],
  ['references: [{ value: 1 }]', 'missing-key', '{ value: 1 }', 'reference 1 needs "label": add label: Best known.'],
  ['references: [{ label: A, value: 1 }, { label: A, value: 2 }]', 'duplicate-reference', 'A', 'Two references are called "A": give each a label of its own.'],
  ['references: [{ label: A, value: .inf }]', 'out-of-range', '.inf', '"value" of reference 1 must be a finite number: write value: 1.0.'],
  ['references: [{ label: A, value: "0.38" }]', 'wrong-type', '"0.38"', '"value" of reference 1 must be a number: remove the quotes.'],
  ['references: [{ label: A, value: 1, url: arxiv.org/abs/1 }]', 'bad-url', 'arxiv.org/abs/1', '"url" of reference 1 must be a web address without spaces: write "https://arxiv.org/abs/1".'],
  ['references: [{ label: A, value: 1, url: "javascript:alert(1)" }]', 'bad-url', '"javascript:alert(1)"', '"url" of reference 1 must be a web address without spaces: write "https://example.org/paper".'],
  ['environment: { python: new }', 'bad-python-version', 'new', '"new" is not a Python version: write ">=3.11" or "3.12".'],
  ['environment: { python: >=3.11 }', 'yaml-syntax', '>', 'A value cannot begin with this character: put quotes around the value.'],
  ['environment: { packages: numpy }', 'wrong-type', 'numpy', '"environment.packages" must be a list: write packages: [numpy, scipy].'],
  ['environment: { packages: [3] }', 'wrong-type', '3', 'A package must be text: write [numpy, "scipy>=1.10"].'],
  ['environment: { packages: ["--index-url=http://x"] }', 'bad-package', '"--index-url=http://x"', '"--index-url=http://x" is an option of pip, not a package: write names only, such as numpy.'],
  ['environment: { packages: ["num py"] }', 'bad-package', '"num py"', '"num py" is not a package: write a name with an optional version, such as "numpy>=1.26".'],
  ['environment: { preload: [numpy-linalg] }', 'bad-module', 'numpy-linalg', 'A module must be its name as after `import`: write [numpy, scipy.optimize].'],
  ['title: A\ntitle: B', 'duplicate-key', 'title', '"title" is given twice: remove one of the two.'],
  ['title: ""', 'missing-value', '""', '"title" is empty: write title: My problem.'],
  ['title: [a, b]', 'wrong-type', '[a, b]', '"title" must be text: write title: My problem.'],
  ['title: *t', 'wrong-type', '*t', 'Aliases cannot be used here: write the value itself.'],
  ['title: !secret A', 'yaml-syntax', '!secret', 'Unresolved tag: !secret. Problem files use no tags: put quotes around the value, or remove the word after "!".'],
  ['title: Boxes: a story', 'yaml-syntax', 'Boxes: a story', 'A value with ": " in it needs quotes around it; a further key needs a line of its own.'],
  ['title: "Boxes', 'yaml-syntax', '"Boxes', 'The quotes are not closed: add the closing quote.'],
  ['title: @boxes', 'yaml-syntax', '@', 'A value cannot begin with this character: put quotes around the value.'],
  ['title: `boxes`', 'yaml-syntax', '`', 'A value cannot begin with this character: put quotes around the value.'],
  ['\tunits: 3', 'yaml-syntax', '\t', 'A tab cannot indent here: use spaces.'],
  [' title: x', 'yaml-syntax', './evaluate.sh', 'A value with ": " in it needs quotes around it; a further key needs a line of its own.'],
  ['title', 'yaml-syntax', 'title', 'A key must stand on one line, followed by a colon and a value.'],
  ['[a]: 3', 'unknown-key', '[a]', 'A key must be a word. Known here: title, candidate, evaluate, evaluator, stopEarly, raceParent, metric, reward, environment, limits, executor, slurm, references, session, policy.'],
  ['? { a: b }\n: 3', 'unknown-key', '{ a: b }', 'A key must be a word. Known here: title, candidate, evaluate, evaluator, stopEarly, raceParent, metric, reward, environment, limits, executor, slurm, references, session, policy.'],
  ['reward: 1 / scoer(2)', 'bad-reward', 'scoer', 'Unknown function "scoer". Use min, max, abs, sqrt, log, log2, exp, pow.'],
  ['reward: 2 * score)', 'bad-reward', ')', '")" does not fit here: an operator such as + - * / ^ is expected.'],
  ['reward: (score', 'bad-reward', '(score', 'A parenthesis is not closed: add ")".'],
  ['reward: score.length', 'bad-reward', '.', '"." cannot be used in a reward. Only numbers, metric names, + - * / ^, parentheses and min, max, abs, sqrt, log, log2, exp, pow can.'],
  ['reward: score ** 2', 'bad-reward', '**', 'Write ^ for "to the power of", not **.'],
  ['reward: "sqr(score) + 1"', 'bad-reward', 'sqr', 'Unknown function "sqr". Did you mean sqrt?'],
  ['reward: pow(score)', 'bad-reward', 'pow(score)', 'pow takes 2 values, not 1.'],
  ['reward: 1 +', 'bad-reward', '+', 'The expression ends too early: a number, a metric name or "(" is missing.'],
  ['reward: score; exit()', 'bad-reward', ';', '";" cannot be used in a reward. Only numbers, metric names, + - * / ^, parentheses and min, max, abs, sqrt, log, log2, exp, pow can.'],
  ['reward: ""', 'missing-value', '""', '"reward" is empty: write reward: 1 / score.'],
  ['reward: { a: 1 }', 'wrong-type', '{ a: 1 }', '"reward" must be text: write reward: 1 / score.'],
  ['reward: 1 / time', 'reward-ignores-metric', '1 / time', 'The reward does not depend on the metric: use "score" in it, or remove the line "reward".'],
  ['reward: 1 / score', 'reward-contradicts-goal', '1 / score', 'The reward falls as "score" gets better (higher), and the reward is always maximised: turn its sign, or correct metric.goal.'],
  ['reward: -score', 'reward-contradicts-goal', '-score', 'The reward falls as "score" gets better (higher), and the reward is always maximised: turn its sign, or correct metric.goal.'],
];

const noKeyHere =
  'store the key with the command "TTT-Discover: Set Model Server Key…" (on the command line: in TTT_DISCOVER_KEY), never in the file.';
const skyrl = 'server: skyrl, model: m';
const chat = 'policy: { server: "http://127.0.0.1:8000/v1", model: m';

/** Of the choice of a model, each added to a problem that is otherwise right. */
// prettier-ignore
const modelLines: readonly Mistake[] = [
  [`policy: { ${skyrl}, learnRate: 1 }`, 'unknown-key', 'learnRate', 'Unknown key "learnRate" in "policy". Did you mean "learningRate"?'],
  [`policy: { ${skyrl}, apiKey: sk-1 }`, 'secret-in-file', 'apiKey', `A key of the model server does not belong here: remove the line and ${noKeyHere}`],
  [`policy: { ${skyrl}, key: sk-1 }`, 'secret-in-file', 'key', `A key of the model server does not belong here: remove the line and ${noKeyHere}`],
  ['policy: { server: skryl, model: m }', 'bad-server', 'skryl', '"policy.server" cannot be "skryl". Did you mean "skyrl"?'],
  ['policy: { server: VS Code, model: m }', 'bad-server', 'VS Code', '"policy.server" cannot be "VS Code". Did you mean "vscode"?'],
  ['policy: { server: localhost:8000/v1, model: m }', 'bad-server', 'localhost:8000/v1', '"policy.server" must be skyrl, tinker, vscode or an address: write server: "http://localhost:8000/v1".'],
  ['policy: { server: "ftp://a.example/", model: m }', 'bad-server', '"ftp://a.example/"', '"policy.server" must be skyrl, tinker, vscode or an address: write server: "http://127.0.0.1:8000/v1".'],
  ['policy: { server: "http://a b/v1", model: m }', 'bad-server', '"http://a b/v1"', '"policy.server" must be skyrl, tinker, vscode or an address: write server: "http://127.0.0.1:8000/v1".'],
  ['policy: { server: "http://ü.example/v1", model: m }', 'bad-server', '"http://ü.example/v1"', '"policy.server" has a host that cannot be: write an address such as "http://127.0.0.1:8000/v1".'],
  ['policy: { server: "https://me:sk-1@a.example/v1", model: m }', 'secret-in-file', '"https://me:sk-1@a.example/v1"', `"policy.server" must be an address without a key in it: remove the user and password and ${noKeyHere}`],
  ['policy: { server: "https://a.example/v1?key=sk-1", model: m }', 'secret-in-file', '"https://a.example/v1?key=sk-1"', `"policy.server" must be an address without a key in it: remove what follows the ? or # and ${noKeyHere}`],
  ['policy: { server: [skyrl], model: m }', 'wrong-type', '[skyrl]', '"policy.server" must be text: write server: skyrl.'],
  ['policy: { server: sk-0123456789abcdef0123456789, model: m }', 'bad-server', 'sk-0123456789abcdef0123456789', '"policy.server" must be skyrl, tinker, vscode or an address: write server: "http://127.0.0.1:8000/v1".'],
  [`${chat} }`, 'policy-unclear', '"http://127.0.0.1:8000/v1"', 'An address can be of two kinds of servers: add session.policy: openai for a chat endpoint, or session.policy: tinker for a server that trains.'],
  ['policy: { model: m }', 'policy-unclear', 'policy', 'It is not clear what proposes candidates: add server: skyrl, tinker or vscode here, or session.policy: openai or tinker.'],
  ['policy: {}', 'policy-unclear', 'policy', 'It is not clear what proposes candidates: add server: skyrl, tinker or vscode here, or session.policy: openai or tinker.'],
  ['policy: skyrl', 'wrong-type', 'skyrl', '"policy" needs keys of its own: write policy: { server: skyrl, model: openai/gpt-oss-20b }.'],
  ['session: { policy: openai }', 'missing-model', 'openai', 'The policy openai needs policy.server and policy.model: write policy: { server: "http://127.0.0.1:8000/v1", model: openai/gpt-oss-20b }, or choose at the start.'],
  ['policy: { server: tinker }', 'missing-model', 'policy', 'The policy tinker needs policy.model: write policy: { model: openai/gpt-oss-20b }, or choose at the start.'],
  [`session: { policy: tunables }\npolicy: { ${skyrl} }`, 'unused-key', 'policy', 'The policy tunables uses no model, so "policy" does nothing: remove it, or set session.policy to openai or tinker.'],
  [`session: { policy: openai }\npolicy: { ${skyrl} }`, 'contradiction', 'openai', 'The policy openai asks a chat endpoint, and skyrl is a server that trains: write session.policy: tinker, or the address of a chat endpoint.'],
  ['session: { policy: tinker }\npolicy: { server: vscode, model: m }', 'contradiction', 'tinker', 'A language model of the editor cannot be trained: write session.policy: openai, or another server.'],
  ['session: { method: ttt-discover }\npolicy: { server: vscode, model: m }', 'contradiction', 'ttt-discover', 'A model of the editor cannot be trained: write method: puct or method: best-of-n, or take the policy tinker.'],
  [`session: { policy: openai, method: ttt-discover }\n${chat} }`, 'contradiction', 'ttt-discover', 'A model behind a chat endpoint cannot be trained: write method: puct or method: best-of-n, or take the policy tinker.'],
  [`session: { policy: openai }\n${chat}, loraRank: 32 }`, 'unused-key', 'loraRank', '"policy.loraRank" does nothing with the policy openai: remove it.'],
  [`policy: { ${skyrl}, sendSeed: true }`, 'unused-key', 'sendSeed', '"policy.sendSeed" does nothing with the policy tinker: remove it.'],
  ['policy: { server: tinker, model: m, gpus: 8 }', 'unused-key', 'gpus', '"policy.gpus" is for a SkyRL server that is started on the host: remove it, or write server: skyrl.'],
  [`policy: { ${skyrl}, requestTimeout: 30 }`, 'bad-unit', '30', 'Time needs a unit: write 60s, 500ms, 2min or 1h.'],
  [`policy: { ${skyrl}, requestTimeout: 30m }`, 'bad-unit', '30m', 'Unknown unit "m". Did you mean 30min?'],
  [`policy: { ${skyrl}, temperature: hot }`, 'wrong-type', 'hot', '"policy.temperature" must be a number: write temperature: 1.'],
  [`policy: { ${skyrl}, temperature: 0.7 }`, 'contradiction', '0.7', 'Training is exact at temperature 1 alone, because servers give the probabilities of that: leave the line out.'],
  [`policy: { ${skyrl}, temperature: 0 }`, 'contradiction', '0', 'At temperature 0 all answers to a prompt are the same: leave the line out.'],
  [`session: { policy: openai }\n${chat}, temperature: 0 }`, 'contradiction', '0', 'At temperature 0 all answers to a prompt are the same: leave the line out.'],
  ['policy: { server: tinker, model: /models/m }', 'contradiction', '/models/m', 'Hosted Tinker knows models by their names, not by a folder: write model: openai/gpt-oss-20b.'],
  [`policy: { ${skyrl}, maxTokens: 4096, contextTokens: 4096 }`, 'contradiction', '4096', '"policy.maxTokens" must leave room for the prompt: write less than contextTokens, 4096.'],
  [`policy: { ${skyrl}, thinking: yes }`, 'wrong-type', 'yes', '"policy.thinking" must be true or false: write thinking: true.'],
  ['session: { policy: openai }\npolicy: { server: "http://farm:8000/v1", model: m, reachedFrom: editr }', 'bad-choice', 'editr', '"policy.reachedFrom" cannot be "editr". Did you mean "editor"?'],
  ['session: { policy: openai }\npolicy: { server: "http://farm:8000/v1", model: m, reachedFrom: true }', 'bad-choice', 'true', '"policy.reachedFrom" cannot be "true". Write host or editor.'],
  [`policy: { ${skyrl}, reachedFrom: editor }`, 'contradiction', 'editor', "A SkyRL server that is started on the session's host is reached from there: leave the line out, or write the address of a server of yours."],
  ['policy: { server: tinker, model: m, reachedFrom: editor }', 'contradiction', 'editor', 'Hosted Tinker is reached from the host alone: leave the line out.'],
  ['policy: { server: vscode, model: m, reachedFrom: editor }', 'unused-key', 'reachedFrom', 'A language model of the editor is reached from there in any case: leave the line out.'],
  [`policy: { ${skyrl}, backend: torch }`, 'bad-choice', 'torch', '"policy.backend" cannot be "torch". Write jax, fsdp or megatron.'],
  [`policy: { ${skyrl}, backendConfig: [1] }`, 'wrong-type', '[1]', '"policy.backendConfig" needs keys of its own: write backendConfig: { trainer.micro_train_batch_size_per_gpu: 1 }.'],
  [`policy: { ${skyrl}, backendConfig: { a: { b: .nan } } }`, 'wrong-type', '.nan', '"policy.backendConfig" must have finite numbers, text, true, false and null alone.'],
  [`policy: { ${skyrl}, backendConfig: { a: 1, a: 2 } }`, 'wrong-type', 'a', '"policy.backendConfig" has "a" twice: remove one of the two.'],
  [`policy: { ${skyrl}, backendConfig: { a: *b } }`, 'wrong-type', '*b', '"policy.backendConfig" cannot have aliases: write the value itself.'],
  [`policy: { ${skyrl}, firstPhaseTokens: 32768, contextTokens: 32768 }`, 'contradiction', '32768', '"policy.firstPhaseTokens" must leave room for the final answer: write less than contextTokens, 32768.'],
  [`session: { groupSize: 4 }\npolicy: { ${skyrl}, samplesPerRequest: 8 }`, 'contradiction', '8', 'A group has 4 candidates (session.groupSize), so no request has more: write samplesPerRequest: 4 or less.'],
  [`policy: { ${skyrl}, prices: { sample: 1 } }`, 'missing-key', 'prices', '"policy.prices" needs "prompt": add prompt: 0.33.'],
  [`policy: { ${skyrl}, prices: { prompt: 1, sample: -1 } }`, 'out-of-range', '-1', '"policy.prices.sample" must be at least 0: write 0 or more.'],
  [`policy: { ${skyrl}, prices: { prompt: 1, sample: 1 } }`, 'no-price', 'prices', 'Training counts as free: add train to policy.prices.'],
  [`session: { maxCost: 20 }\npolicy: { ${skyrl} }`, 'no-price', '20', 'No prices of m at this server are known, so "session.maxCost" could never end the session: add policy.prices, for example { prompt: 0.33, sample: 0.84, train: 0.737 }, or use session.maxTokens.'],
  ['session: { maxCost: 20 }', 'unused-key', 'maxCost', '"session.maxCost" does nothing with the policy tunables: remove it.'],
  ['session: { maxCost: $20 }', 'wrong-type', '$20', '"session.maxCost" must be a number: write maxCost: 20.'],
  ['session: { patience: 0 }', 'out-of-range', '0', '"session.patience" must be at least 1: write 1 or more.'],
  ['session: { advantage: entropy }', 'bad-choice', 'entropy', '"session.advantage" cannot be "entropy". Did you mean "entropic"?'],
  ['session: { advantage: entropic }', 'contradiction', 'entropic', '"advantage: entropic" needs its β: add entropicBeta: 2.'],
  ['session: { entropicBeta: 2 }', 'unused-key', 'entropicBeta', '"session.entropicBeta" is for advantage: entropic alone: remove it, or add that line.'],
  ['session: { maxStepsOffPolicy: 1 }', 'unused-key', 'maxStepsOffPolicy', '"session.maxStepsOffPolicy" does nothing with the policy tunables: remove it.'],
  [`session: { maxStepsOffPolicy: 1 }\npolicy: { ${skyrl}, backend: jax }`, 'contradiction', '1', "SkyRL's jax backend samples with the weights that it trains, so no step can be sampled with older ones: write maxStepsOffPolicy: 0."],
];

const metricNeeded = 'add metric: { name: score, goal: maximize }.';

/** Each in place of the line `metric: …`. */
// prettier-ignore
const metricLines: readonly Mistake[] = [
  ['', 'missing-key', '---', `The front matter needs "metric": ${metricNeeded}`],
  ['metric: score', 'wrong-type', 'score', `"metric" needs keys of its own: ${metricNeeded.replace('add', 'write')}`],
  ['metric: { name: score }', 'missing-key', 'metric', 'metric needs a direction: add goal: minimize or goal: maximize.'],
  ['metric: { goal: minimize }', 'missing-key', 'metric', '"metric" needs "name": add name: score.'],
  ['metric: { name: score, goal: min }', 'bad-choice', 'min', '"metric.goal" cannot be "min". Did you mean "minimize"?'],
  ['metric: { name: score, goal: up }', 'bad-choice', 'up', '"metric.goal" cannot be "up". Write minimize or maximize.'],
  ['metric: { name: "top-1 %", goal: maximize }', 'bad-name', '"top-1 %"', '"metric.name" must be letters, digits and _, not beginning with a digit: write name: top_1.'],
  ['metric: { name: 2nd, goal: maximize }', 'bad-name', '2nd', '"metric.name" must be letters, digits and _, not beginning with a digit: write name: m2nd.'],
];

/** Each in place of `candidate: initial.cpp`. */
// prettier-ignore
const candidateLines: readonly Mistake[] = [
  ['', 'missing-key', '---', 'The front matter needs "candidate": add candidate: initial.py, the program that evolves.'],
  ['candidate: /tmp/a.py', 'bad-path', '/tmp/a.py', `"candidate" must be relative to this file, because only this file's folder is copied to a host: remove the part up to the folder.`],
  ['candidate: C:/a.py', 'bad-path', 'C:/a.py', `"candidate" must be relative to this file, because only this file's folder is copied to a host: remove the part up to the folder.`],
  ['candidate: ../a.py', 'bad-path', '../a.py', '"candidate" must not leave the folder of this file (".."), because only that folder is copied to a host: move the program in here.'],
  ['candidate: src\\a.py', 'bad-path', 'src\\a.py', '"candidate" must use forward slashes: write / instead of \\.'],
  ['candidate: src/', 'bad-path', 'src/', '"candidate" names a folder: add the name of the program.'],
  ['candidate: src//a.py', 'bad-path', 'src//a.py', '"candidate" has two slashes in a row: remove one.'],
];

const notAtTheTop =
  'A problem file begins with a line --- followed by its keys and another line ---: put them at the very top.';

// prettier-ignore
const wholeFiles: readonly Mistake[] = [
  ['', 'front-matter-missing', '', notAtTheTop],
  ['# Pack\ntext', 'front-matter-missing', '# Pack', notAtTheTop],
  ['\n' + smallProblem, 'front-matter-missing', '', notAtTheTop],
  ['----\na: 1\n---\n', 'front-matter-missing', '----', notAtTheTop],
  [smallProblem.replace('\n---\n', '\n'), 'front-matter-unclosed', '---', 'The keys that begin here have no end: add a line with --- alone after the last key.'],
  ['---\n- a\n- b\n---\n# T\nx', 'wrong-type', '- a\n- b', 'The front matter must be keys with values: write lines such as candidate: initial.py.'],
  [smallProblem.replace('# Pack the boxes', ''), 'missing-key', '---', 'The problem needs a name: add title: …, or a heading "# …" to the statement.'],
  [smallProblem.replace(/# Pack[^]*/, '').replace('metric', 'title: T\nmetric'), 'empty-statement', '---', 'The problem has no statement: describe it in Markdown below the second ---. People and models read it.'],
];

/** A diagnostic as code, underlined text and message. */
function shortForm(text: string, { code, range, message }: ProblemDiagnostic): Mistake {
  const lines = new Lines(text);
  return ['', code, text.slice(lines.offsetAt(range.start), lines.offsetAt(range.end)), message];
}

function expectOnly(text: string, [, code, underlined, message]: Mistake): void {
  const found = parseProblem(text).diagnostics.map((diagnostic) => shortForm(text, diagnostic));
  expect(found).toEqual([['', code, underlined, message]]);
}

describe('a mistake is underlined and its mending is said', () => {
  it.each(addedLines)('%j is %s at %j', (...mistake) => {
    expectOnly(smallProblem.replace('metric:', mistake[0] + '\nmetric:'), mistake);
  });

  it.each(modelLines)('%j is %s at %j', (...mistake) => {
    expectOnly(smallProblem.replace('metric:', mistake[0] + '\nmetric:'), mistake);
  });

  it('never repeats an address that has a key in it', () => {
    for (const server of [
      'https://me:s3cret@a.example/v1',
      'https://a.example/?k=s3cret',
      's3cret@a.example',
    ]) {
      const text = smallProblem.replace('metric:', `policy: { server: "${server}", model: m }\nmetric:`);
      const { diagnostics } = parseProblem(text);
      expect(diagnostics).toHaveLength(1);
      expect(diagnostics[0]?.message).not.toContain('s3cret');
    }
  });

  it.each(metricLines)('%j is %s at %j', (...mistake) => {
    expectOnly(smallProblem.replace(/metric:.*\n/, mistake[0] === '' ? '' : mistake[0] + '\n'), mistake);
  });

  it.each(candidateLines)('%j is %s at %j', (...mistake) => {
    expectOnly(smallProblem.replace(/candidate:.*\n/, mistake[0] === '' ? '' : mistake[0] + '\n'), mistake);
  });

  it.each(wholeFiles)('%j is %s at %j', (...mistake) => expectOnly(mistake[0], mistake));
});

describe('severity', () => {
  it('lets a problem with warnings run, and one with errors not', () => {
    const warned = parseProblem(smallProblem.replace('metric:', 'reward: 1 / score\nmetric:'));
    expect(warned.diagnostics.map((diagnostic) => diagnostic.severity)).toEqual(['warning']);
    expect(warned.problem?.reward).toBe('1 / score');
    expect(parseProblem(smallProblem.replace('metric:', 'colour: red\nmetric:')).problem).toBeUndefined();
  });

  it('lists several mistakes in the order of the file', () => {
    const text = smallProblem.replace('metric:', 'limits: { time: 5, cpus: 0 }\ncolour: red\nmetric:');
    expect(parseProblem(text).diagnostics.map((diagnostic) => diagnostic.code)).toEqual([
      'bad-unit',
      'out-of-range',
      'unknown-key',
    ]);
  });
});
