"""Whether the kernels to rank are what they must be: prints JSON. python3 ranked_kernels_trials.py [SET [CASE]]

Without a set: of each set the names, and how many texts differ, all of which parse. With one: what is wrong with each of its kernels on a small case
on the CPU (Triton's interpreter), which needs PyTorch and Triton. CASE: the number of a case in SMALL of cases.py, and then each is called twice.
"""

import ast
import concurrent.futures
import importlib.util
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../trimul"), os.path.join(HERE, "../../../problems/trimul")]
import ranked_kernels


def of_sets():
    texts = {name: [ranked_kernels.text_of(chosen) for chosen in names] for name, names in ranked_kernels.SETS.items()}
    for one in texts.values():
        for text in one:
            ast.parse(text)
    return {name: {"names": names, "texts": len(set(texts[name]))} for name, names in ranked_kernels.SETS.items()}


def wrong_in(names, case, calls):
    """{name: what is wrong or None}."""
    import numpy
    import torch
    from judge import CpuJudge, Rejected, compare
    from reference import trimul

    torch.set_num_threads(1)
    made = CpuJudge([case]).make(case, 7)
    x, mask, weights = made.arguments
    with numpy.errstate(over="ignore"):
        expected = trimul(numpy, x, mask, weights)
    tensors = {name: torch.from_numpy(part) for name, part in weights.items()}
    data = (torch.from_numpy(x), torch.from_numpy(mask), tensors, {"dim": case.dim, "hidden_dim": 128})
    before, found = made.flat.copy(), {}
    for name in names:
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(ranked_kernels.text_of(name))
            file.flush()
            spec = importlib.util.spec_from_file_location("submission", file.name)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            first, *others = (module.custom_kernel(data).numpy() for _ in range(calls))
        try:
            compare(numpy, first, expected, name)
            found[name] = None
        except Rejected as rejected:
            found[name] = str(rejected)
        if not all(numpy.array_equal(first, other) for other in others):
            found[name] = "Two calls with the same inputs differ."
        if not numpy.array_equal(before, made.flat):
            raise ValueError(f"{name} changes its inputs.")
    return found


def main():
    if len(sys.argv) == 1:
        return of_sets()
    os.environ["TRITON_INTERPRET"] = "1"
    from cases import SMALL, Case

    case, calls = (SMALL[int(sys.argv[2])], 2) if len(sys.argv) > 2 else (Case(1, 32, 128, True, "cauchy"), 1)
    names = ranked_kernels.SETS[sys.argv[1]]
    halves = names[0::2], names[1::2]
    with concurrent.futures.ProcessPoolExecutor(len(halves)) as pool:
        return {name: wrong for found in pool.map(wrong_in, halves, [case] * 2, [calls] * 2) for name, wrong in found.items()}


if __name__ == "__main__":
    print(json.dumps(main()))
