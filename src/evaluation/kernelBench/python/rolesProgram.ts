/** The candidate's part and the judge's, around `benchProgram`: what each runs, and what passes from the one to the other. */
export const rolesProgram = String.raw`

def sample_path(order, seed, place):
    return os.path.join(order["samples"], f"{seed}-{place}")


def as_candidate(bench, reference):
    order = bench.order
    program = load(order["program"], "kernelbench_program")
    kind = getattr(program, "ModelNew", None)
    if kind is None and order["isReference"]:
        kind = program.Model
    if kind is None:
        raise Wrong("the program has no class ModelNew")
    seeds = []
    for index, found in enumerate(run_seeds(bench, bench.model(kind, reference), reference)):
        for place, output in enumerate(found["outputs"]):
            values = output.pop("sample")
            with open(sample_path(order, index, place), "wb") as file:
                file.write(ctypes.string_at(values.data_ptr(), values.numel() * values.element_size()))
        seeds.append(found)
    return {"kind": "measured", "device": device_words(bench), "seeds": seeds}


def device_words(bench):
    return bench.torch.cuda.get_device_name() if bench.cuda else "CPU"


def as_judge(bench, reference):
    order, seeds = bench.order, []
    candidate = order["candidate"]
    wanted = [min(seed["trials"], order["trials"]) for seed in candidate]
    for index, found in enumerate(run_seeds(bench, bench.model(reference.Model, reference), reference, wanted)):
        seeds.append({"times": found["times"], "wrong": difference(bench, index, found["outputs"], candidate[index]["outputs"])})
    return {"kind": "judged", "seeds": seeds}


def difference(bench, index, expected, given):
    torch = bench.torch
    if len(given) != len(expected):
        return f"there are {len(given)} output tensors in place of {len(expected)}"
    for place, (right, mine) in enumerate(zip(expected, given)):
        name = "the output" if len(expected) == 1 else f"output {place}"
        for what in ("shape", "dtype"):
            if right[what] != mine[what]:
                return f"the {what} of {name} is {mine[what]} in place of {right[what]}"
        values = right["sample"]
        size = values.numel() * values.element_size()
        with open(sample_path(bench.order, index, place), "rb") as file:
            data = bytearray(file.read(size + 1))
        if len(data) != size:
            return f"{name} has another number of values"
        if size == 0:
            continue
        other = torch.frombuffer(data, dtype=values.dtype)
        if not values.is_floating_point():
            if not bool((values == other).all()):
                return f"{name} has wrong values"
        elif not torch.allclose(values, other, atol=bench.order["tolerance"], rtol=bench.order["tolerance"]):
            gap = (values - other).abs()
            return f"{name} differs by up to {float(gap.max()):.6g} (on average {float(gap.mean()):.6g})"
    return None


def main():
    order = take_order()
    sys.path[0] = order["folder"]
    try:
        import torch
    except ImportError as error:
        seal(order, {"kind": "unavailable", "error": words_of(error)})
    if order["gpus"] > 0 and not torch.cuda.is_available():
        seal(order, {"kind": "no-gpu"})
    try:
        bench = Bench(torch, order)
        reference = load(order["reference"], "kernelbench_reference")
        reference.Model, reference.get_inputs
    except BaseException as error:
        seal(order, {"kind": "bad-reference", "error": words_of(error)})
    try:
        with torch.no_grad():
            verdict = (as_judge if order["role"] == "judge" else as_candidate)(bench, reference)
    except Wrong as wrong:
        verdict = {"kind": "wrong", "message": str(wrong)}
    except BaseException as error:
        verdict = {"kind": "raised", "error": words_of(error)}
    seal(order, verdict)


main()
`;
