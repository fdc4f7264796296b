import { keyedRandom } from '../../src/domain/keyedRandom';

const smoothings = ['savgol', 'gaussian', 'median', 'none'];
const moves = ['swap', 'shift', 'scale', 'blend', 'mirror'];

/**
 * The program of a candidate of a recorded session: some forty lines of Python that differ from candidate to candidate in a few places.
 * `id` -1 is the initial program.
 */
export function recordedProgram(seed: number, id: number): string {
  const random = keyedRandom(seed, 'program', id);
  const pick = (from: readonly string[]): string => from[random.integer(from.length)] ?? '';
  const isInitial = id < 0;
  const extra = isInitial ? 0 : random.integer(6);
  const lines = [
    '"""Minimum overlap: a step function by local search."""',
    'import json',
    'import sys',
    '',
    'import numpy as np',
    '',
    `PIECES = ${isInitial ? 100 : 50 + 10 * random.integer(60)}`,
    `ROUNDS = ${isInitial ? 1000 : 500 * (1 + random.integer(40))}`,
    `TEMPERATURE = ${isInitial ? 0.01 : Number((10 ** (-4 + 3 * random.uniform())).toPrecision(3))}`,
    `SMOOTHING = '${isInitial ? 'none' : pick(smoothings)}'`,
    '',
    '',
    'def overlap(h):',
    '    other = 1 - h',
    "    full = np.correlate(h, other, mode='full')",
    '    return full.max() * 2 / len(h)',
    '',
    '',
    'def normalized(h):',
    '    h = np.clip(h, 0, 1)',
    '    return np.clip(h + 0.5 - h.mean(), 0, 1)',
    '',
    '',
    'def moved(h, rng, scale):',
    ...Array.from({ length: extra }, () => {
      const amount = Number(random.uniform().toPrecision(4));
      return `    h = ${pick(moves)}(h, rng, ${amount} * scale)  # ${pick(['wide', 'narrow', 'at the edge'])}`;
    }),
    '    step = rng.normal(scale=scale, size=len(h))',
    '    return normalized(h + step)',
    '',
    '',
    'def main():',
    '    given = json.load(open(sys.argv[1]))',
    "    rng = np.random.default_rng(given['seed'])",
    "    best = normalized(np.array(given['h']))",
    '    for round in range(ROUNDS):',
    '        tried = moved(best, rng, TEMPERATURE * (1 - round / ROUNDS))',
    '        if overlap(tried) < overlap(best):',
    '            best = tried',
    "    json.dump({'h': best.tolist()}, open(sys.argv[2], 'w'))",
    '',
    '',
    'main()',
  ];
  return `${lines.join('\n')}\n`;
}
