"""Times sets of values of the initial program's tunables by CUDA events within one process, each call alone."""

import concurrent.futures
import importlib.util
import math
import multiprocessing
import os
import statistics
import sys
import tempfile
import time

from evaluation import PROBLEM, initial_text

ATTENTION = ("HEADS", "KEYS", "ATTEND_WARPS", "ATTEND_STAGES", "SPLITS")
# Heads, keys, warps, stages and splits that fit an H100 without spilling much.
SETS = [
    (*blocks, 2)
    for blocks in (
        (16, 32, 4, 2), (16, 64, 4, 2), (32, 32, 4, 2), (32, 32, 4, 3), (32, 32, 8, 2), (32, 64, 8, 1), (32, 64, 8, 2),
        (64, 16, 8, 2), (64, 16, 8, 3), (64, 32, 8, 1), (64, 32, 8, 2), (64, 32, 8, 3), (64, 64, 8, 1), (64, 64, 8, 2), (64, 128, 8, 1),
    )
]
SPLITS = (1, 3, 4, 6, 8)


def load(text):
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(text)
    spec = importlib.util.spec_from_file_location(f"program_{os.path.basename(file.name)[:-3]}", file.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_only(values):
    """Leaves compiled kernels in Triton's cache. Gives what is wrong, or None."""
    import torch

    try:
        module, half, exact = load(initial_text(**values)), torch.bfloat16, torch.float32
        module.attend_kernel.warmup(
            half, half, half, half, half, exact, exact, exact, 128, 128, 6145, 3104, 8192, 0.1,
            LATENT=512, NOPE=128, HALF=32, SPLITS=module.SPLITS, HEADS=module.HEADS, KEYS=module.KEYS,
            num_warps=module.ATTEND_WARPS, num_stages=module.ATTEND_STAGES, grid=(1,),
        )
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:120]}"
    return None


def by_events(module, judge, cases, most=20):
    """Geometric mean and µs by case."""
    import torch
    from cases import name_of
    from worker import Config, KVCache

    found = {}
    for case in cases:
        made, taken = judge.make(case, 1), []
        sizes = dict(batch_size=case.batch, dim=case.dim, n_heads=case.heads, q_lora_rank=case.query_rank, max_seq_len=case.rows)
        config = Config(**sizes, **{name: part for name, part in made.parts.items() if name not in ("x", "kv_cache", "chain")})
        for _ in range(most):
            judge.flush()
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            module.custom_kernel((config, made.parts["x"], KVCache(made.parts["kv_cache"], case.prefill)))
            end.record()
            torch.cuda.synchronize()
            taken.append(begin.elapsed_time(end) * 1000)
        found[name_of(case)] = statistics.median(taken[3:])
        made = config = None
        torch.cuda.empty_cache()
    return {"geomean_us": math.exp(statistics.fmean(map(math.log, found.values()))), "us": found}


def sweep(texts, limit_s=60):
    """Results by set, the best set, and `texts` (names and programs) by the same measure. Splits are tried with the best of the rest."""
    began = time.monotonic()
    sys.path.insert(0, PROBLEM)
    candidates = [dict(zip(ATTENTION, chosen)) for chosen in SETS]
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(min(14, os.cpu_count() or 1), mp_context=context) as pool:
        faults = list(pool.map(compile_only, candidates))
    compiled_s = time.monotonic() - began

    from cases import TIMING
    from gpu_judge import GpuJudge

    judge, results = GpuJudge(TIMING), []

    def measure(values):
        try:
            results.append({"values": values, **by_events(load(initial_text(**values)), judge, TIMING)})
        except Exception as error:
            results.append({"values": values, "fault": f"{type(error).__name__}: {str(error)[:120]}"})

    for values, fault in zip(candidates, faults):
        if fault is not None:
            results.append({"values": values, "fault": fault})
        elif time.monotonic() - began < limit_s:
            measure(values)
    for splits in SPLITS:
        good = min((result for result in results if "fault" not in result), key=lambda result: result["geomean_us"])
        measure({**good["values"], "SPLITS": splits})
    timed = sorted((result for result in results if "fault" not in result), key=lambda result: result["geomean_us"])
    others = {name: by_events(load(text), judge, TIMING) for name, text in texts.items()}
    faulty = [result for result in results if "fault" in result]
    return {"best": timed[0], "sets": timed, "faulty": faulty, "by_events": others, "compiled_s": compiled_s}

