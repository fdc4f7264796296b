"""Facts about compiling ahead of a turn on the GPU: python3 compile_trials.py PROBLEM WHAT prints JSON.

ends     what is left of a compiler that does not end, prints without end and leaves processes behind
kernels  what is compiled for an H100 that is not there: only the CUDA driver is made up. Needs PyTorch, Triton and a C compiler.
"""

import glob
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HOSTILE = """
import os, sys, time
for name in ("in-its-session", "in-another"):
    if os.fork() == 0:
        if name == "in-another":
            os.setsid()
        with open(os.path.join(os.environ["HERE"], name), "w") as file:
            file.write(str(os.getpid()))
        os.close(1)
        os.close(2)
        while True:
            time.sleep(60)
print('{"kernels": 1e999, "why": null}')
print('{"kernels": 1' + '0' * 3000 + ', "why": null}')
print('[' * 5000)
print('{"kernels": 3, "why": "' + 40 * "long " + '"}', flush=True)
while True:
    print("x" * 65536, flush=True)
"""

AUTOTUNED = """
import torch, triton, triton.language as tl

print("being imported")

@triton.autotune([triton.Config({"BLOCK": block}, num_warps=warps) for block in (256, 512) for warps in (4, 8)], key=["size"])
@triton.heuristics({"EVEN": lambda given: given["size"] % given["BLOCK"] == 0})
@triton.jit
def double(x, y, size, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + place, 2 * tl.load(x + place, place < size), place < size)


def custom_kernel(data):
    x = data[0] if isinstance(data[0], torch.Tensor) else data[1]
    assert x.is_cuda and x.is_contiguous()
    y = torch.empty(x.shape, device="cuda", dtype=x.dtype)
    double[lambda given: (triton.cdiv(x.numel(), given["BLOCK"]),)](torch.nn.functional.gelu(x), y, x.numel())
    torch.cuda.synchronize()
    return y
"""
LOOKS_AT_VALUES = "import triton\ndef custom_kernel(data):\n    return 1 / 0 if float(data[0].sum()) > 0 else data[0]\n"

# Driver functions that what Triton builds is linked with. None is called here but the first three.
CUDA = "int cuInit(unsigned flags) { return 0; }\nint cuDeviceGet(int *device, int number) { *device = 0; return 0; }\n" + (
    "int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = attribute == 75 ? 9 : 0; return 0; }\n"
)


def there(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def modules(folder):
    sys.path.insert(0, folder)
    return [importlib.import_module(name) for name in ("candidate_process", "compile_ahead", "cases")]


def ends(problem):
    folder = os.path.join(tempfile.mkdtemp(), "problem")
    shutil.copytree(problem, folder)
    os.environ["HERE"] = here = tempfile.mkdtemp()
    candidate_process, compile_ahead, cases = modules(folder)
    candidate_process.adopt_orphans()
    with open(os.path.join(folder, "compile_worker.py"), "w") as file:
        file.write(HOSTILE)
    compile_ahead.LONGEST_S = 600
    kept = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    # Only as long as the two need to begin.
    real = time.monotonic
    names = [os.path.join(here, name) for name in ("in-its-session", "in-another")]
    compile_ahead.time.monotonic = lambda: 1e9 if all(os.path.exists(name) and os.path.getsize(name) > 0 for name in names) else 0
    sys.stdout, told = open(os.path.join(here, "told"), "w"), sys.stdout
    ahead = compile_ahead.CompileAhead(os.path.join(folder, "initial.py"), [cases.TIMING])
    ahead.wait(1e6, [kept])
    sys.stdout.close()
    sys.stdout, compile_ahead.time.monotonic = told, real
    pids = [int(open(name).read()) for name in names]
    with open(os.path.join(here, "told")) as file:
        words = file.read()
    still = there(kept.pid)
    kept.kill()
    kept.wait()
    nothing = os.path.join(folder, "nothing.py")
    with open(nothing, "w") as file:
        file.write("import torch\n")
    plain = compile_ahead.CompileAhead(nothing, [cases.TIMING])
    plain.wait(1e6, [])
    return {
        "left": [there(pid) for pid in pids], "kept": still, "kernels": ahead.kernels, "words": len(words), "says": "long long" in words,
        "children": candidate_process.children(), "startsForPlainText": bool(plain.started),
    }


def stand_in_cuda(folder):
    """A library with the driver's functions by name, for the linker."""
    names = set()
    import triton.backends.nvidia

    for root, _, files in os.walk(os.path.dirname(triton.backends.nvidia.__file__)):
        for name in files:
            if name in ("driver.c", "driver.py"):
                with open(os.path.join(root, name)) as file:
                    text = file.read()
                names |= {word for word in text.replace("(", " ").replace('"', " ").split() if word.startswith("cu") and word[2:3].isupper() and word.isalnum()}
    names -= {"cuInit", "cuDeviceGet", "cuDeviceGetAttribute"}
    source = os.path.join(folder, "cuda.c")
    with open(source, "w") as file:
        file.write(CUDA + "".join(f"int {name}(void) {{ return 1; }}\n" for name in sorted(names)))
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", os.path.join(folder, "libcuda.so.1"), source], check=True)


def kernels(problem):
    if "STANDIN" not in os.environ:
        folder = tempfile.mkdtemp()
        stand_in_cuda(folder)
        changes = {"STANDIN": folder, "HOME": folder, "LD_LIBRARY_PATH": folder, "DISCOVER_CPUS": "2"}
        done = subprocess.run([sys.executable, *sys.argv], env={**os.environ, **changes}, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)
    candidate_process, compile_ahead, cases = modules(problem)
    candidate_process.adopt_orphans()
    evaluate = importlib.import_module("evaluate")
    folder = os.environ["STANDIN"]

    def compiled(text, groups):
        path = os.path.join(folder, "program.py")
        with open(path, "w") as file:
            file.write(text)
        sys.stdout, told = open(os.path.join(folder, "told"), "w"), sys.stdout
        try:
            ahead = compile_ahead.CompileAhead(path, groups)
            ahead.wait(time.monotonic() + 900, [])
        finally:
            sys.stdout.close()
            sys.stdout = told
        with open(os.path.join(folder, "told")) as file:
            return {"kernels": ahead.kernels, "files": sorted(glob.glob(os.path.join(folder, ".triton/cache/*/*.cubin"))), "words": file.read()}

    with open(os.path.join(problem, "initial.py")) as file:
        initial = file.read()
    first = compiled(initial, evaluate.to_compile())
    tuned = compiled(AUTOTUNED, [cases.TIMING[:1]])
    return {
        "initial": {**first, "files": len(first["files"])},
        "missedByCalls": missed_by_calls(problem, cases),
        "autotuned": {**tuned, "files": len(tuned["files"]) - len(first["files"])},
        "looksAtValues": {**compiled(LOOKS_AT_VALUES, [cases.TIMING[:1]]), "files": 0},
        "allCases": {case for group in evaluate.to_compile() for case in group} == {*cases.TIMING, *cases.CORRECTNESS},
    }


def missed_by_calls(problem, cases):
    """What a call with inputs that have values and places in memory still has to compile, in another process."""
    text = f"""
import sys
sys.path.insert(0, {problem!r})
import glob, os, torch, compile_worker, worker
from cases import SMALL
found = lambda: set(glob.glob(os.path.join({os.environ["STANDIN"]!r}, ".triton/cache/*/*.cubin")))
before, made = found(), {{}}
compile_worker.only_compile(made, 90)
port = worker.Sizes(torch)
empty = torch.empty
def aligned(shape, device=None, dtype=torch.float32):
    bytes = empty(torch.Size(shape).numel() * dtype.itemsize + 512, dtype=torch.uint8)
    start = -bytes.data_ptr() % 256
    return bytes[start:].view(torch.uint8)[: torch.Size(shape).numel() * dtype.itemsize].view(dtype).view(shape)
torch.empty = aligned
data = worker.inputs(port, worker_case, 0)[0]
torch.empty = empty
worker.load(os.path.join({problem!r}, "initial.py"))(data)
print(len(made), len(found() - before))
"""
    case = {"trimul": cases.CORRECTNESS[0], "mla-decode": cases.CORRECTNESS[4]}[os.path.basename(os.path.abspath(problem))]
    text = text.replace("worker_case", repr(dict(case._asdict())))
    done = subprocess.run([sys.executable, "-c", text], stdout=subprocess.PIPE, check=True)
    made, new = map(int, done.stdout.split())
    return {"kernels": made, "new": new}


if __name__ == "__main__":
    print(json.dumps({"ends": ends, "kernels": kernels}[sys.argv[2]](os.path.abspath(sys.argv[1]))))
