import { languageOf } from '../../../domain/problem/language';
import type { FilePlace } from '../../../domain/problem/diagnostic';
import type { ParsedProblem } from '../../../domain/problem/parseProblem';
import type { Range } from '../../../domain/text/position';
import { sameRange } from './textEdits';

/** A file that a problem names, and what it is for. */
export interface NamedFile extends FilePlace {
  readonly role: 'candidate' | 'script';
}

/** The file that is named at a place; folders of other tools are none of ours to make. */
export function fileNamedAt({ places }: ParsedProblem, range: Range): NamedFile | undefined {
  const { candidate, scripts } = places;
  if (candidate !== undefined && sameRange(candidate.range, range))
    return { ...candidate, role: 'candidate' };
  const script = scripts.find((place) => sameRange(place.range, range));
  return script && { ...script, role: 'script' };
}

/** What a new file begins as: a program that says what is to be written, or for Python an evaluator that runs. */
export function newFileText({ path, role }: Pick<NamedFile, 'path' | 'role'>, parsed: ParsedProblem): string {
  const language = languageOf(path);
  const comment = (line: string): string => `${language.lineComment ?? '//'} ${line}\n`;
  const metric = parsed.places.keys.get('metric.name')?.text ?? 'score';
  if (role === 'candidate') {
    return comment(
      'The initial program: what it computes, as simply as it works. Candidates begin as this text.',
    );
  }
  return language.id === 'python'
    ? pythonEvaluator(/^\w+$/.test(metric) ? metric : 'score')
    : comment(
        `Scores the program at $DISCOVER_CANDIDATE: writes a verdict with the metric ${metric} to $DISCOVER_RESULT.`,
      );
}

/** Says that nothing is measured yet, instead of a number that means nothing. */
function pythonEvaluator(metric: string): string {
  return `"""Scores the program at $DISCOVER_CANDIDATE. Nothing that it says about itself is trusted: measure what it computes."""

import json
import os
import subprocess
import sys


def evaluate(program):
    ran = subprocess.run([sys.executable, program], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ran.returncode != 0:
        return {"valid": False, "metrics": {}, "feedback": ran.stderr[-2000:]}
    ${metric} = None  # Measure here what the program computed.
    if ${metric} is None:
        return {"valid": False, "metrics": {}, "feedback": "evaluate.py does not measure ${metric} yet."}
    return {"valid": True, "metrics": {"${metric}": ${metric}}, "feedback": ran.stdout[-2000:]}


if __name__ == "__main__":
    verdict = evaluate(os.environ["DISCOVER_CANDIDATE"])
    with open(os.environ["DISCOVER_RESULT"], "w") as file:
        json.dump(verdict, file)
`;
}

/** Files that may be meant by a path that leads nowhere: of the same ending, the most alike first, at most three. */
export function meantFiles(path: string, existing: readonly string[]): readonly string[] {
  const ending = /\.\w+$/.exec(path)?.[0] ?? '';
  const distance = (other: string): number => differences(nameOf(path), nameOf(other));
  return existing
    .filter((other) => other !== path && ending !== '' && other.endsWith(ending))
    .map((other) => ({ other, far: distance(other) }))
    .sort((a, b) => a.far - b.far || (a.other < b.other ? -1 : 1))
    .slice(0, 3)
    .map(({ other }) => other);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase();
}

/** Letters that one name has and the other lacks, in order: 0 for the same name. */
function differences(a: string, b: string): number {
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    last = row;
  }
  return last[b.length] ?? 0;
}
