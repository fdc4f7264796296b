"""Compiles what a program needs, in processes that end before it is run. Nothing here is trusted.

Triton and extensions keep what they have compiled in the evaluation's own folders, where the program's process finds it. The calls that are made
here have inputs without values, so nothing runs on the GPU: other evaluations may be taking times on it.

python3 compile_worker.py PROGRAM GROUPS: a JSON list of lists of cases; the lists are worked on at the same time. Prints a JSON object for each:
how many kernels there are now, and what ended it early.
"""

import contextlib
import functools
import json
import os
import sys
import traceback

from worker import Sizes, inputs, load

WHY_CHARACTERS = 300


class ThisGpu:
    """As much of Triton's driver as it compiles with; Triton's own would start the GPU. capability: 90 of an H100."""

    def __init__(self, capability):
        from triton.backends.compiler import GPUTarget

        self._target = GPUTarget("cuda", capability, 32)

    def get_current_device(self):
        return 0

    def get_current_stream(self, _device):
        return 0

    def get_current_target(self):
        return self._target


def build_launcher(kernel):
    """What hands a kernel its arguments is compiled, too. Only this one's builder knows how; other versions of Triton may have it elsewhere."""
    from triton.backends.nvidia.driver import CudaLauncher, CudaUtils

    CudaUtils()
    CudaLauncher(kernel.src, kernel.metadata)


def only_compile(kernels, capability):
    """From now on a call of a kernel compiles it, and an autotuned one in all of its variants. kernels: becomes what was compiled, by what it is
    made of."""
    import triton
    from triton.runtime.autotuner import Autotuner
    from triton.runtime.jit import JITFunction

    run = JITFunction.run

    @functools.wraps(run)
    def compile_only(self, *arguments, grid, warmup=True, **options):
        kernel = run(self, *arguments, grid=grid, warmup=True, **options)
        if kernel.hash not in kernels:
            kernels[kernel.hash] = kernel
            build_launcher(kernel)
        return kernel

    def every_variant(self, *arguments, warmup=True, **options):
        return self.warmup(*arguments, **options)

    JITFunction.run, Autotuner.run = compile_only, every_variant
    triton.runtime.driver.set_active(ThisGpu(capability))


def compile_group(torch, program, cases):
    """Gives how many kernels there are now, and what ended it early or None."""
    from cuda_memory import capability_of_gpu
    from torch._subclasses import fake_tensor
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    # This would start the GPU, for the sake of gradients.
    fake_tensor.init_gpu_context = lambda _device: None
    # Aligned, as the inputs are: Triton compiles otherwise for what is not.
    FakeTensor.data_ptr = lambda self: 0
    # It would start the GPU, and there is nothing to wait for.
    torch.cuda.synchronize = lambda _device=None: None
    kernels = {}
    try:
        # Without Triton there is still what the program builds when it is imported.
        if "triton" in sys.modules:
            only_compile(kernels, capability_of_gpu())
        with FakeTensorMode(allow_non_fake_inputs=True):
            kernel, port = load(program), Sizes(torch)
            for case in cases:
                kernel(inputs(port, case, 0)[0])
    except BaseException:
        # The program's own process will say what is wrong with the program; here much is that has no values to work on.
        return len(kernels), traceback.format_exc()[-WHY_CHARACTERS:]
    return len(kernels), None


def main():
    program, groups = sys.argv[1], json.loads(sys.argv[2])
    import torch

    # Once for all, before they fork. A program may do without Triton.
    with contextlib.suppress(ImportError):
        import triton
    # What the program prints is heard in its own process.
    report, silence = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    started = []
    for cases in groups:
        pid = os.fork()
        if pid == 0:
            kernels, why = compile_group(torch, program, cases)
            os.write(report, (json.dumps({"kernels": kernels, "why": why}) + "\n").encode())
            os._exit(0)
        started.append(pid)
    for pid in started:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
