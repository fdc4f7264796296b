import { endianness } from 'node:os';

/** System calls that give a process the inside of another one, or of the kernel: on x86-64, on 64-bit ARM. */
const refused: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // Keyrings belong to the user, not to a namespace: Kerberos tickets lie there.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
};
/** CUDA passes memory between processes so. */
const allowedWithGpus = ['pidfd_getfd'];

/** <linux/audit.h> */
const processors: Readonly<Record<string, { readonly code: number; readonly place: 0 | 1 }>> = {
  x64: { code: 0xc000003e, place: 0 },
  arm64: { code: 0xc00000b7, place: 1 },
};
// <linux/bpf_common.h>, <linux/seccomp.h>, <asm-generic/errno.h>
const [load, equal, atLeast, giveBack] = [0x20, 0x15, 0x35, 0x06];
const [allow, refuse] = [0x7fff0000, 0x00050000];
const [eperm, enosys] = [1, 38];
const [numberAt, processorAt] = [0, 4];
/** Numbers of the x32 calls begin here: the same calls once more. */
const x32Bit = 0x40000000;

/** Names of the system calls that fail in a sandbox. */
export function refusedCalls(hasGpus: boolean): readonly string[] {
  return Object.keys(refused).filter((name) => !(hasGpus && allowedWithGpus.includes(name)));
}

/**
 * A program for seccomp(2) as `bwrap --seccomp` reads it: what `refused` lists fails with EPERM, calls of other architectures with ENOSYS.
 * Undefined where we do not know the processor.
 */
export function syscallFilter(options: {
  readonly hasGpus: boolean;
  readonly architecture?: string;
}): Buffer | undefined {
  const processor = processors[options.architecture ?? process.arch];
  if (processor === undefined || endianness() !== 'LE') return undefined;
  const numbers = refusedCalls(options.hasGpus).flatMap((name) => refused[name]?.[processor.place] ?? []);
  // code, jump if true, jump if false, constant
  const program: (readonly [number, number, number, number])[] = [
    [load, 0, 0, processorAt],
    [equal, 1, 0, processor.code],
    [giveBack, 0, 0, refuse | enosys],
    [load, 0, 0, numberAt],
    [atLeast, 0, 1, x32Bit],
    [giveBack, 0, 0, refuse | enosys],
    ...numbers.map((number, index) => [equal, numbers.length - index, 0, number] as const),
    [giveBack, 0, 0, allow],
    [giveBack, 0, 0, refuse | eperm],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jumpTrue, jumpFalse, constant], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(constant >>> 0, index * 8 + 4);
  });
  return bytes;
}
