import { describe, expect, it } from 'vitest';
import { syscallFilter } from '../../../src/evaluation/sandbox/syscallFilter';

const [x64, arm64] = [0xc000003e, 0xc00000b7];
const [allowed, refused, unknown] = [0x7fff0000, 0x00050001, 0x00050026];

/** Runs the filter as the kernel does (the few instructions that it has). */
function verdictOf(filter: Buffer | undefined, processor: number, number: number): number {
  if (filter === undefined) throw new Error('There is no filter.');
  let loaded = 0;
  for (let place = 0; ; place += 1) {
    const code = filter.readUInt16LE(place * 8);
    const constant = filter.readUInt32LE(place * 8 + 4);
    if (code === 0x06) return constant;
    if (code === 0x20) loaded = constant === 0 ? number : processor;
    else {
      const isTrue = code === 0x15 ? loaded === constant : loaded >= constant;
      place += filter.readUInt8(place * 8 + (isTrue ? 2 : 3));
    }
  }
}

describe('the filter of system calls', () => {
  it.each([
    ['x64', x64, { read: 0, ptrace: 101, keyctl: 250, pidfd_getfd: 438, last: 427 }],
    ['arm64', arm64, { read: 63, ptrace: 117, keyctl: 219, pidfd_getfd: 438, last: 427 }],
  ] as const)('refuses what looks into others, on %s', (architecture, processor, numbers) => {
    const filter = syscallFilter({ hasGpus: false, architecture });
    const verdict = (number: number): number => verdictOf(filter, processor, number);
    expect(verdict(numbers.read)).toBe(allowed);
    for (const number of [numbers.ptrace, numbers.keyctl, numbers.pidfd_getfd, numbers.last]) {
      expect(verdict(number)).toBe(refused);
      expect(verdict(number + 0x40000000)).toBe(unknown);
    }
    expect(verdict(9999)).toBe(allowed);
  });

  it('refuses the calls of another processor, 32 bits among them', () => {
    const filter = syscallFilter({ hasGpus: false, architecture: 'x64' });
    for (const processor of [arm64, 0x40000003]) expect(verdictOf(filter, processor, 0)).toBe(unknown);
  });

  it('lets CUDA pass memory on where there are GPUs', () => {
    const filter = syscallFilter({ hasGpus: true, architecture: 'x64' });
    expect(verdictOf(filter, x64, 438)).toBe(allowed);
    expect(verdictOf(filter, x64, 101)).toBe(refused);
  });

  it('is not there for a processor that we do not know', () => {
    expect(syscallFilter({ hasGpus: false, architecture: 'riscv64' })).toBeUndefined();
  });
});
