/** A problem file that says everything that one can say. */
export const completeProblem = `---
title: Erdős minimum overlap
candidate: initial.py             # the file that evolves
evaluate: python3 evaluate.py     # the trusted evaluator
metric: { name: c5, goal: minimize, unit: "1" }
reward: 1 / c5
environment: { python: ">=3.11", packages: [numpy, "scipy>=1.10,<2"] }
limits: { time: 1.5min, memory: 2GiB, cpus: 2, gpus: 1, output: 100KB, processes: 16 }
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
