import { whole, type KeySpec } from './keySpec';
import { foreignFormats, gpuModes, taskDevices } from './problem';

export const evaluatorKeys = [
  {
    name: 'format',
    required: true,
    value: { kind: 'choice', choices: foreignFormats },
    doc: 'The tool that the folder was made for.',
    example: 'gpu-mode',
  },
  {
    name: 'folder',
    required: true,
    value: { kind: 'folder' },
    doc: 'The folder as that tool knows it, relative to this file, or absolute. Nothing in it is ever changed.',
    example: '../reference-kernels/problems/bioml/trimul',
  },
  {
    name: 'mode',
    value: { kind: 'choice', choices: gpuModes },
    doc: 'For `gpu-mode`: how much of its protocol one evaluation runs.',
    example: 'leaderboard',
    whenAbsent: 'leaderboard',
  },
  {
    name: 'device',
    value: { kind: 'choice', choices: taskDevices },
    doc: 'For `gpu-mode`: `cpu` tries the small cases on the processor, where there is no GPU. Its times say nothing about a GPU.',
    example: 'cpu',
    whenAbsent: 'gpu',
  },
  {
    name: 'cases',
    value: whole(1, 10_000),
    doc: 'For `atcoder`: how many seeds one evaluation runs.',
    example: '150',
    whenAbsent: '150',
  },
  {
    name: 'caseTime',
    value: { kind: 'time', minMs: 10, maxMs: 3_600_000, rangeText: 'from 10ms to 1h' },
    doc: 'For `atcoder`: the time limit of one seed, as the contest has it.',
    example: '2s',
    whenAbsent: 'what the folder says, or 2s',
  },
  {
    name: 'stopEarly',
    value: { kind: 'boolean' },
    doc: 'For `atcoder`: a candidate that is clearly worse than its parent on the seeds so far is stopped, and its value estimated. The parent of each group is run once with the seeds of the step.',
    example: 'true',
    whenAbsent: 'every seed is run',
  },
] as const satisfies readonly KeySpec[];
