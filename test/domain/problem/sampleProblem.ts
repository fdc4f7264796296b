/** A problem file that says everything that one can say. */
export const completeProblem = `---
title: Erdős minimum overlap
candidate: initial.py             # the file that evolves
evaluate: python3 evaluate.py     # the trusted evaluator
metric: { name: c5, goal: minimize, unit: "1" }
reward: 1 / c5
environment: { python: ">=3.11", packages: [numpy, "scipy>=1.10,<2"] }
limits: { time: 1.5min, memory: 2GiB, cpus: 2, gpus: 1, gpuMemory: 20GiB, output: 100KB, processes: 16 }
references:
  - { label: Haugland 2016, value: 0.380927 }
  - { label: TTT-Discover, value: 0.380876, url: "https://arxiv.org/abs/2601.16175" }
session:
  method: ttt-discover
  policy: tunables
  steps: 20
  groups: 4
  groupSize: 8
  maxTime: 3min
---
# The overlap of two halves

Find a step function h on [0, 2] with values in [0, 1].

\`\`\`python
# not a heading
\`\`\`
`;

/** The least that is a problem. */
export const smallProblem = `---
candidate: initial.cpp
evaluate: ./evaluate.sh
metric: { name: score, goal: maximize }
---
# Pack the boxes
Put boxes into a bin.
`;

/** A problem file that says everything that one can say about its model and its session. */
export const modelProblem = `---
candidate: initial.py
evaluate: python3 evaluate.py
metric: { name: c5, goal: minimize }
session:
  method: ttt-discover
  policy: tinker
  steps: 50
  maxEvaluations: 5000
  maxTokens: 50000000
  maxCost: 20.5
  patience: 10
  concurrency: 4
  seed: 0
  visits: expansions
  advantage: entropic
  entropicBeta: 2
  maxStepsOffPolicy: 1
policy:
  server: skyrl
  model: openai/gpt-oss-120b
  answer: edits
  temperature: 1
  maxTokens: 16384
  requestConcurrency: 16
  requestTimeout: 30min
  maxPromptCharacters: 100000
  maxFeedbackCharacters: 0
  prices: { prompt: 0.33, sample: 0.84, train: 0.737 }
  contextTokens: 32768
  firstPhaseTokens: 26000
  chatFormat: harmony
  reasoning: high
  thinking: false
  tokenizer: /models/gpt-oss-120b
  samplesPerRequest: 8
  loraRank: 32
  learningRate: 4e-5
  klCoefficient: 0.1
  checkpointEvery: 5
  wire: proto
  backend: fsdp
  gpus: 8
  backendConfig:
    trainer.placement.policy_num_nodes: 2
    generator: { engines: [1, 2.5, null, true, "text"] }
  keepWarm: true
---
# The overlap of two halves
Find it.
`;
