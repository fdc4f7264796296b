/**
 * Calls a model on inputs from seeds, and measures the calls.
 *
 * Before every timed call the inputs are written anew into the same memory: one of two sets, the first call's and the last call's differing, and
 * scaled by a little more than before. So what a model remembers from the call before, by address or by content, is wrong or not found.
 */
export const benchProgram = String.raw`
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
`;
