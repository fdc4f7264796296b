/** Files of a new problem, by name: a small one that runs with Python alone, to be changed into one's own. */
export function problemTemplate(title: string): ReadonlyMap<string, string> {
  return new Map([
    ['problem.discover', problemFile(title)],
    ['initial.py', initialProgram],
    ['evaluate.py', evaluator],
  ]);
}

function problemFile(title: string): string {
  return `---
title: ${JSON.stringify(title)}
candidate: initial.py
evaluate: python3 evaluate.py
metric: { name: error, goal: minimize }
environment: { python: ">=3.9" }
limits: { time: 10s, memory: 512MiB }
references:
  - { label: best possible, value: 0 }
session: { method: ttt-discover, policy: tunables, steps: 20, groups: 4, groupSize: 8 }
---
# ${title}

Say here what is asked, as you would to a colleague: what the program gets, what it has to return, and what makes one
answer better than another.

This example asks for a polynomial of degree 3 that follows the sine on [0, π] as closely as it can. \`initial.py\`
defines \`coefficients()\`, and \`evaluate.py\` measures the largest error.
`;
}

const initialProgram = `"""Coefficients of a polynomial that follows the sine on [0, pi], lowest power first."""

C0 = 0.0  # @tune [-0.2, 0.2]
C1 = 1.0  # @tune [0.5, 1.5]
C2 = -0.2  # @tune [-1.0, 0.5]
C3 = -0.05  # @tune [-0.3, 0.3]


def coefficients():
    return [C0, C1, C2, C3]
`;

const evaluator = `"""Scores a candidate: the largest distance between its polynomial and the sine on [0, pi].

Nothing that the candidate says about itself is trusted: it runs in a process of its own, without the path of the
result, and its answer is checked and measured here.
"""

import json
import math
import os
import subprocess
import sys

RUN_CANDIDATE = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['coefficients']()))"


def failure(feedback):
    return {"valid": False, "metrics": {}, "feedback": feedback}


def answer_of(candidate):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DISCOVER_")}
    run = subprocess.run(
        [sys.executable, "-c", RUN_CANDIDATE, candidate], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(run.stdout.strip().splitlines()[-1])


def measure(coefficients):
    if not isinstance(coefficients, list) or len(coefficients) != 4:
        return failure("coefficients() has to return a list of four numbers.")
    if not all(type(c) in (int, float) and math.isfinite(c) for c in coefficients):
        return failure("coefficients() has to return finite numbers.")
    points = [math.pi * i / 1000 for i in range(1001)]
    error = max(abs(sum(c * x**k for k, c in enumerate(coefficients)) - math.sin(x)) for x in points)
    return {"valid": True, "metrics": {"error": error}, "feedback": f"The largest error is {error:.6f}."}


try:
    result = measure(answer_of(os.environ["DISCOVER_CANDIDATE"]))
except (subprocess.CalledProcessError, ValueError, IndexError) as error:
    result = failure(f"The program gave no answer: {error}")
with open(os.environ["DISCOVER_RESULT"], "w") as file:
    json.dump(result, file)
`;
