import * as z from 'zod';
import { raised } from '../pythonDriver/runDriver';

/** Both allowed deviations, absolute and relative, as KernelBench has them for single precision. */
export const tolerance = 1e-4;

/**
 * Runs one model on inputs from seeds. As the candidate's role it times `ModelNew` and writes samples of what its last timed call gave, as bare
 * bytes; as the judge's role, in a later process that the candidate never sees, it makes the same inputs, times `Model`, and compares. Nothing that a
 * candidate wrote is unpickled.
 *
 * Before every timed call the inputs are written anew into the same memory: one of two sets, the first call's and the last call's differing, and
 * scaled by a little more than before. So what a model remembers from the call before, by address or by content, is wrong or not found.
 */
export const kernelBenchDriver = String.raw`
import ctypes
import importlib.util
import time

FACTOR = 1 - 2**-9
MOST_SAMPLES = 2**22
LEAST_TRIALS = 3
L2_BYTES = 256 * 1024 * 1024


class Wrong(Exception):
    """The program is no solution. The text goes to the user and to the next prompt."""


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def each_tensor(torch, value, change):
    """The same structure with every tensor changed."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, (list, tuple)):
        changed = [each_tensor(torch, part, change) for part in value]
        return changed if isinstance(value, list) else tuple(changed)
    if isinstance(value, dict):
        return {key: each_tensor(torch, part, change) for key, part in value.items()}
    return value


def tensors_in(torch, value, place="the output"):
    """Tensors in order; anything else that a model gives has no value to compare."""
    if type(value) is torch.Tensor:
        return [value]
    if isinstance(value, (list, tuple)):
        return [found for part in value for found in tensors_in(torch, part, "a part of the output")]
    if isinstance(value, dict):
        return [found for key in sorted(value, key=str) for found in tensors_in(torch, value[key], "a part of the output")]
    raise Wrong(f"{place} is {type(value).__name__}, not a tensor")


class Bench:
    def __init__(self, torch, order, clock=time.perf_counter):
        self.torch, self.order, self.clock = torch, order, clock
        self.cuda = bool(torch.cuda.is_available()) and order["gpus"] > 0
        self.device = "cuda" if self.cuda else "cpu"
        self.synchronize = torch.cuda.synchronize if self.cuda else None
        if self.cuda:
            self.event = torch.cuda.Event
            self.scratch = torch.empty(L2_BYTES, dtype=torch.uint8, device="cuda")

    def placed(self, value):
        def change(tensor):
            kind = {"dtype": self.torch.float32} if tensor.is_floating_point() else {}
            return tensor.detach().to(device=self.device, **kind).clone()

        return each_tensor(self.torch, value, change)

    def model(self, kind, reference):
        """Both models get the same initial inputs, and the same random numbers for their weights."""
        torch = self.torch
        torch.manual_seed(self.order["weights"])
        initial = getattr(reference, "get_init_inputs", lambda: [])()
        named = initial if isinstance(initial, dict) else {}
        given = [] if isinstance(initial, dict) else list(initial)
        torch.manual_seed(self.order["weights"])
        made = kind(*self.placed(given), **self.placed(named))
        return made.to(device=self.device, dtype=torch.float32)

    def inputs(self, reference, seed):
        self.torch.manual_seed(seed)
        return self.placed(list(reference.get_inputs()))

    def timed(self, model, inputs, seed):
        """Microseconds of one call from a cold cache, until its stream and until the whole device is done; and what it gave."""
        self.torch.manual_seed(seed)
        if not self.cuda:
            began = self.clock()
            output = model(*inputs)
            microseconds = (self.clock() - began) * 1e6
            return [microseconds, microseconds], output
        start, end, idle = (self.event(enable_timing=True) for _ in range(3))
        self.scratch.fill_(1)
        self.synchronize()
        start.record()
        output = model(*inputs)
        end.record()
        self.synchronize()
        idle.record()
        idle.synchronize()
        return [start.elapsed_time(end) * 1e3, start.elapsed_time(idle) * 1e3], output

    def sample(self, tensor, offset):
        """The tensor, or evenly spaced values of a large one, on the CPU."""
        flat = tensor.detach().reshape(-1)
        stride = max(1, -(-flat.numel() // MOST_SAMPLES))
        return flat[offset % stride :: stride].to("cpu").contiguous()


class Inputs:
    """What the model is called with: always in the same memory, and always another content."""

    def __init__(self, bench, reference, seeds):
        self.torch = bench.torch
        self.sources = [bench.inputs(reference, seed) for seed in seeds]
        shapes = [[tensor.shape for tensor in self.tensors(source)] for source in self.sources]
        if shapes[1] != shapes[0]:
            self.sources[1] = self.sources[0]
        self.values = each_tensor(self.torch, self.sources[0], lambda tensor: tensor.clone())
        # Masks and labels would lose their meaning.
        self.scales = [
            tensor.is_floating_point() and not bool(((tensor == 0) | (tensor == 1)).all())
            for tensor in self.tensors(self.sources[0])
        ]

    def tensors(self, value):
        found = []
        each_tensor(self.torch, value, found.append)
        return found

    def write(self, place, trial):
        for tensor, source, scales in zip(self.tensors(self.values), self.tensors(self.sources[place]), self.scales):
            tensor.copy_(source)
            if scales:
                tensor.mul_(FACTOR**trial)


def run_seeds(bench, model, reference, wanted=None):
    """For each pair of seeds: microseconds of the timed calls, how many there were, and samples of the last output. With the wanted numbers
    of trials, calls are left out when the time for them is used up; the last one never is."""
    order, torch = bench.order, bench.torch
    for index, seeds in enumerate(order["seeds"]):
        inputs = Inputs(bench, reference, seeds)
        for _ in range(order["warmUps"]):
            torch.manual_seed(seeds[0])
            model(*inputs.values)
        deadline = bench.clock() + order["secondsPerSeed"]
        times, trials = [], order["trials"] if wanted is None else wanted[index]
        trial, last, output = 0, False, None
        while not last:
            trial += 1
            late = trial > LEAST_TRIALS and bench.clock() > deadline
            last = trial >= trials or (late and wanted is None)
            if late and not last:
                continue
            inputs.write(1 if last else 0 if trial == 1 else order["picks"][index] >> trial & 1, trial)
            output = None
            microseconds, output = bench.timed(model, inputs.values, seeds[0])
            times.append(microseconds)
        found = tensors_in(torch, output)
        yield {
            "times": times,
            "trials": trial,
            "outputs": [
                {"shape": list(tensor.shape), "dtype": str(tensor.dtype), "sample": bench.sample(tensor, order["offsets"][index])}
                for tensor in found
            ],
        }
        del inputs, output, found


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

const positive = z.number().positive();
/** Microseconds of one call: until its stream is done, and until the whole device is. */
const callTime = z.tuple([positive, positive]);
const failures = [
  z.object({ kind: z.literal('unavailable'), error: raised }),
  z.object({ kind: z.literal('no-gpu') }),
  z.object({ kind: z.literal('bad-reference'), error: raised }),
  z.object({ kind: z.literal('wrong'), message: z.string() }),
  z.object({ kind: z.literal('raised'), error: raised }),
] as const;
export type BenchFailure = z.infer<(typeof failures)[number]>;

const measured = z.object({
  kind: z.literal('measured'),
  device: z.string(),
  seeds: z.array(
    z.object({
      times: z.array(callTime).min(1),
      trials: z.number().int().positive(),
      outputs: z.array(z.object({ shape: z.array(z.number().int().nonnegative()), dtype: z.string() })),
    }),
  ),
});
export type Measured = z.infer<typeof measured>;
export const candidateVerdict = z.discriminatedUnion('kind', [...failures, measured]);

const judged = z.object({
  kind: z.literal('judged'),
  seeds: z.array(z.object({ times: z.array(callTime).min(1), wrong: z.string().nullable() })),
});
export type Judged = z.infer<typeof judged>;
export const judgeVerdict = z.discriminatedUnion('kind', [...failures, judged]);
