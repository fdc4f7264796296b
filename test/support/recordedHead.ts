import type { SessionEvent } from '../../src/domain/session/events';

export interface RecordedSessionOptions {
  readonly seed: number;
  readonly steps: number;
  readonly groups: number;
  readonly groupSize: number;
  readonly sessionId: string;
  readonly concurrency: number;
  /** Unix milliseconds of the first entry. */
  readonly createdAtMs: number;
}

/** Problem and options of a recorded session. */
export function recordedHead(
  options: RecordedSessionOptions,
): Pick<Extract<SessionEvent, { type: 'session.created' }>, 'problem' | 'options'> {
  const { seed, steps, groups, groupSize, concurrency } = options;
  return {
    problem: {
      title: 'Erdős minimum overlap',
      path: 'problems/erdos-min-overlap/erdos-min-overlap.discover',
      candidate: 'initial.py',
      metric: { name: 'c5', goal: 'minimize' },
      reward: '1 / c5',
      references: [
        { label: 'Haugland 2016', value: 0.380927, url: 'https://arxiv.org/abs/1609.08000' },
        { label: 'AlphaEvolve', value: 0.380924, url: 'https://arxiv.org/abs/2506.13131' },
        { label: 'TTT-Discover', value: 0.380876, url: 'https://arxiv.org/abs/2601.16175' },
      ],
    },
    options: {
      method: 'ttt-discover',
      policy: 'tinker',
      seed,
      steps,
      groups,
      groupSize,
      concurrency,
      maxCostUsd: 2000,
      visits: 'rollouts',
      model: { server: 'tinker', model: 'openai/gpt-oss-120b', loraRank: 32, learningRate: 4e-5 },
    },
  };
}
