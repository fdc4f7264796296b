"""What repeats.py does with a GPU that is made up (standin_gpu.py): python3 repeats_trials.py PROBLEM JUDGE_MODULE prints JSON in its last line."""

import json
import sys

import standin_gpu
from repeats import interleaved


def main(problem, judge_module):
    standin = standin_gpu.Evaluator(problem)
    gpu = standin_gpu.Gpu(1)
    standin_gpu.Judge.on, standin_gpu.Turn.waits_s = gpu, 2.0
    import candidate_process

    names = iter("ab")
    candidate_process.CandidateProcess = lambda *_arguments: standin_gpu.Process(gpu, next(names), standin.times_us())
    # What a batch is done in: a turn alone, a shared one, or none.
    held = []
    batch = standin.timing.Batch

    def seen(*arguments, **more):
        held.append(next((kind for what, kind, *_ in reversed(gpu.events) if what == "turn"), None))
        return batch(*arguments, **more)

    standin.timing.Batch = seen
    found = interleaved(problem, "made up", judge_module, repeats=3)
    turns = [kind for what, kind, *_ in gpu.events if what == "turn"]
    return {
        "heldInBatches": sorted(set(map(str, held))), "alone": turns.count("alone"), "shapes": len(standin.cases.TIMING),
        "repeats": found["repeats"], "waitedS": found["waited_s"], "turns": len([kind for kind in turns if kind != "over"]),
        "ended": [name for name, what, *_ in gpu.events if what == "end"], "apartPercent": abs(found["a_against_b_percent"]),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
