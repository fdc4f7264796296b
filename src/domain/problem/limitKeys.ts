import { whole, type KeySpec } from './keySpec';
import { defaultLimits } from './problem';

export const limitKeys = [
  {
    name: 'time',
    value: { kind: 'time', minMs: 1, maxMs: 24 * 3_600_000, rangeText: 'from 1ms to 24h' },
    doc: 'Wall time of one evaluation, in `ms`, `s`, `min` or `h`. A run that takes longer is killed and counts as failed.',
    example: '60s',
    whenAbsent: `${defaultLimits.timeMs / 1000}s`,
  },
  {
    name: 'memory',
    value: { kind: 'bytes', minBytes: 1024 ** 2, maxBytes: 65_536 * 1024 ** 3, rangeText: 'at least 1MiB' },
    doc: 'Memory of one evaluation, in `B`, `KB`, `MB`, `GB` (powers of 1000) or `KiB`, `MiB`, `GiB` (powers of 1024).',
    example: '2GiB',
    whenAbsent: `${defaultLimits.memoryBytes / 1024 ** 3}GiB`,
  },
  {
    name: 'cpus',
    value: whole(1, 4096),
    doc: 'CPU cores that one evaluation uses.',
    example: '1',
    whenAbsent: String(defaultLimits.cpus),
  },
  {
    name: 'gpus',
    value: whole(0, 64),
    doc: 'GPUs that one evaluation uses.',
    example: '1',
    whenAbsent: String(defaultLimits.gpus),
  },
  {
    name: 'gpuMemory',
    value: { kind: 'bytes', minBytes: 1024 ** 2, maxBytes: 65_536 * 1024 ** 3, rangeText: 'at least 1MiB' },
    doc: "The most that one evaluation takes of each of its GPUs' memory. Where it is stated, as many evaluations share a GPU as have room there. Only for evaluators that take turns when they take times; nobody ends an evaluation that takes more.",
    example: '20GiB',
    whenAbsent: 'one evaluation of a session at a time on a GPU',
  },
  {
    name: 'output',
    value: { kind: 'bytes', minBytes: 1, maxBytes: 1024 ** 3, rangeText: 'from 1B to 1GiB' },
    doc: 'Most bytes that one evaluation may print, standard output and error together.',
    example: '1MiB',
    whenAbsent: `${defaultLimits.outputBytes / 1024 ** 2}MiB`,
  },
  {
    name: 'processes',
    value: whole(1, 32_768),
    doc: 'Most processes and threads that one evaluation may have alive at once.',
    example: '64',
    whenAbsent: String(defaultLimits.processes),
  },
] as const satisfies readonly KeySpec[];
