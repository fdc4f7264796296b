"""Makes inputs and checks outputs, in the trusted process. A candidate never sees what is computed here."""

import math
import mmap
import random
import time

import numpy

from candidate_process import NO_ROOM, NoRoom, Rejected, shared_file
from cases import HIDDEN, TIMING, fields, name_of
from comparison import Comparison, compare
from reference import trimul, trimul_at, trimul_in_slices

MOST_INPUT_BYTES = 25 * 1024**3 // 4  # of calls that are timed together: four of the largest; less on a small GPU
SLICE_BYTES = 256 * 1024**2  # of an output that is checked at once: several evaluations may share a GPU's memory


def scales_of(dim):
    """Standard deviations of the weights by name; 1 where there is none. As in GPU MODE's problem."""
    projections = ("left_proj", "right_proj", "left_gate", "right_gate", "out_gate")
    return {"to_out.weight": dim**-0.5, **{f"{name}.weight": HIDDEN**-0.5 for name in projections}}


def check_form(answer, case, device):
    """Rejects an answer about an output of another shape, kind or place than it must have."""
    shape = [case.batch, case.n, case.n, case.dim]
    if answer.get("shape") != shape:
        other = str(answer.get("shape"))[:80]
        raise Rejected(f"The output for {name_of(case)} must have the shape {shape}; it has {other}.")
    if answer.get("dtype") != "torch.float32":
        raise Rejected(f"The output must be torch.float32; it is {str(answer.get('dtype'))[:40]}.")
    if answer.get("device") != device:
        raise Rejected(f"The output must be on the device {device}; it is on {str(answer.get('device'))[:40]}.")


class Problem:
    """The inputs of one call. flat: all of them in one array; parts: views by name."""

    def __init__(self, case, flat):
        found, self.floats = fields(case.batch, case.n, case.dim)
        self.case, self.flat = case, flat[: self.floats]
        self.parts = {name: flat[place : place + math.prod(shape)].reshape(shape) for name, shape, place in found}

    @property
    def arguments(self):
        return self.parts["x"], self.parts["mask"], self.parts


class CpuJudge:
    """With numpy, for small cases."""

    device = "cpu"

    def __init__(self, cases):
        self._input_bytes = 4 * max(fields(*case[:3])[1] for case in cases)
        self._output_bytes = 4 * max(case.batch * case.n**2 * case.dim for case in cases)
        self._input, self._output = shared_file(self._input_bytes), shared_file(self._output_bytes)
        self.files = (self._input, self._output)
        self._inputs = numpy.frombuffer(mmap.mmap(self._input, self._input_bytes), dtype=numpy.float32)
        self._outputs = numpy.frombuffer(mmap.mmap(self._output, self._output_bytes), dtype=numpy.float32)

    def make(self, case, seed):
        random_numbers = numpy.random.default_rng(seed)
        made = Problem(case, numpy.zeros(fields(*case[:3])[1], dtype=numpy.float32))
        scales = scales_of(case.dim)
        for name, part in made.parts.items():
            if name == "chain":
                continue
            if name == "mask":
                part[...] = random_numbers.integers(0, 2, part.shape) if case.masked else 1
            elif name == "x" and case.distribution == "cauchy":
                part[...] = 2 * random_numbers.standard_cauchy(part.shape)
            else:
                part[...] = random_numbers.standard_normal(part.shape) * scales.get(name, 1)
        return made

    def check(self, candidate, case, seed):
        made = self.make(case, seed)
        self._inputs[: made.floats] = made.flat
        self._outputs[:] = math.nan
        answer = candidate.ask({
            "do": "run", **case._asdict(), "offset": 0, "input": self._input, "inputBytes": self._input_bytes,
            "output": self._output, "outputBytes": self._output_bytes,
        })
        check_form(answer, case, self.device)
        expected = trimul(numpy, *made.arguments)
        return compare(numpy, self._outputs[: expected.size].reshape(expected.shape).copy(), expected, name_of(case))


class Sample:
    """Pairs of one call's output that are checked: some rows times some columns of one element of the batch. The values
    that the next call depends on are among them. places: bytes from the output's start to a few of the pairs."""

    SIDE = 16
    PIECES = 8

    def __init__(self, case, random_numbers):
        self.batch = int(random_numbers.integers(case.batch))
        self.rows = random_numbers.choice(case.n, self.SIDE, replace=False)
        self.columns = random_numbers.choice(case.n, self.SIDE, replace=False)
        pick = random_numbers.integers(0, [[self.SIDE], [self.SIDE], [case.dim]], (3, case.dim))
        self.picked = pick
        starts = (self.batch * case.n + self.rows) * case.n
        self.chain = (starts[pick[0]] + self.columns[pick[1]]) * case.dim + pick[2]
        self.places = [int(place) for place in (starts + self.columns)[: self.PIECES] * case.dim * 4]


class GpuJudge:
    """With PyTorch. Inputs go into one allocation that both processes see, each time at another place in it. Outputs are
    read from the allocation of the candidate's process that they lie in."""

    device = "cuda"
    files = ()
    _MOVES = 4096
    _MOVE_BYTES = 256
    _FLUSH_BYTES = 256 * 1024**2
    _PIECE_BYTES = 256

    def __init__(self, cases):
        import torch
        from cuda_memory import CudaError, Driver

        torch.backends.cuda.matmul.allow_tf32 = False
        self._torch, self._driver, self._error = torch, Driver(), CudaError
        self._pieces = torch.empty(Sample.PIECES * self._PIECE_BYTES // 4, pin_memory=True)
        # The least calls that are ever timed together, too.
        largest = max(*(self._step(case) for case in cases), *(2 * self._step(case) for case in TIMING))
        total = torch.cuda.get_device_properties(0).total_memory
        self._slot_bytes = max(largest, min(MOST_INPUT_BYTES, total // 10)) + self._MOVES * self._MOVE_BYTES
        try:
            self._scratch = torch.zeros(self._FLUSH_BYTES // 4, device="cuda")
            torch.cuda.synchronize()
            self._slot = self._driver.allocate(self._slot_bytes)
        except (CudaError, torch.cuda.OutOfMemoryError) as error:
            raise NoRoom(f"{NO_ROOM} {error}") from error
        try:
            self._handle, _ = self._driver.share(self._slot)
        except CudaError as error:
            raise OSError(f"This host does not let two processes share GPU memory ({error}).") from error
        self._random = random.SystemRandom()

    @staticmethod
    def _step(case):
        """Bytes of the inputs of one call."""
        return 4 * fields(*case[:3])[1]

    def most_calls(self, case):
        """As many calls as there is room for inputs."""
        return (self._slot_bytes - self._MOVES * self._MOVE_BYTES) // self._step(case)

    def make(self, case, seed):
        torch = self._torch
        generator = torch.Generator(device="cuda").manual_seed(seed)
        made = Problem(case, torch.zeros(fields(*case[:3])[1], device="cuda"))
        scales = scales_of(case.dim)
        for name, part in made.parts.items():
            if name == "chain":
                continue
            if name == "mask":
                part.random_(0, 2, generator=generator) if case.masked else part.fill_(1)
            elif name == "x" and case.distribution == "cauchy":
                part.cauchy_(0, 2, generator=generator)
            else:
                part.normal_(0, scales.get(name, 1), generator=generator)
        return made

    def choose_offsets(self, case, calls):
        """Anywhere: where inputs lie makes a program faster or slower, as where its own memory lies does."""
        room = self._slot_bytes - calls * self._step(case)
        start = self._random.randrange(room // self._MOVE_BYTES + 1) * self._MOVE_BYTES
        return [start + index * self._step(case) for index in range(calls)]

    def publish(self, made, offset):
        """Puts inputs where the candidate can see them. Gives how long that took in ns."""
        self._torch.cuda.synchronize()
        began = time.perf_counter_ns()
        self._driver.copy(self._slot + offset, made.flat.data_ptr(), 4 * made.floats)
        return time.perf_counter_ns() - began

    def flush(self):
        """Empties the GPU's cache. Gives how long that took in ns: longer if the GPU is at other work."""
        self._torch.cuda.synchronize()
        began = time.perf_counter_ns()
        self._scratch.zero_()
        self._torch.cuda.synchronize()
        return time.perf_counter_ns() - began

    def command(self, do, case, **more):
        return {"do": do, **case._asdict(), "input": self._handle, **more}

    def locate(self, answer, floats):
        """Address here of an output of so many floats, from an answer that nobody should trust."""
        handle, offset = answer.get("output"), answer.get("offset")
        try:
            base, size = self._driver.open(str(handle))
        except (ValueError, self._error) as error:
            raise Rejected(f"The memory of the output cannot be read: {error}.") from None
        if not isinstance(offset, int) or not 0 <= offset <= size - 4 * floats:
            raise Rejected("The output does not lie within its memory.")
        return base + offset

    def read(self, address, shape):
        copy = self._torch.empty(shape, device="cuda")
        self._torch.cuda.synchronize()
        self._driver.copy(copy.data_ptr(), address, 4 * copy.numel())
        return copy

    def check(self, candidate, case, seed):
        """Of one call that is not timed, all of the output. Gives the largest error."""
        try:
            made = self.make(case, seed)
            (offset,) = self.choose_offsets(case, 1)
            self.publish(made, offset)
            self.flush()
            error = self.check_all(candidate.ask(self.command("run", case, offset=offset)), made)
        except self._torch.cuda.OutOfMemoryError as failed:
            raise NoRoom(NO_ROOM) from failed
        made = None
        self.rest(candidate)
        return error

    def let_go(self):
        """Of the program's memory, so that it may give it back."""
        self._driver.close_all()

    def rest(self, candidate):
        """Until the next call neither the program nor this process holds memory that it can do without: others on the GPU have need of it."""
        self.let_go()
        candidate.ask({"do": "move"})
        self.tidy()

    def end(self):
        """Gives back all of the GPU's memory."""
        self.let_go()
        self._driver.free(self._slot)
        self._scratch = None
        self.tidy()

    def tidy(self):
        """Gives memory back: the cases differ much in size, and what one leaves must not stand in the way of the next, or of others."""
        self._torch.cuda.empty_cache()

    def check_all(self, answer, made):
        case, shape = made.case, made.parts["x"].shape
        check_form(answer, case, self.device)
        address = self.locate(answer, shape.numel())
        row_bytes = 4 * case.n * case.dim
        comparison = Comparison(self._torch)
        with self._torch.inference_mode():
            for batch, row, expected in trimul_in_slices(self._torch, *made.arguments, max(1, SLICE_BYTES // row_bytes)):
                piece = self.read(address + (batch * case.n + row) * row_bytes, expected.shape)
                comparison.add(piece, expected, (batch, row, 0, 0))
        return comparison.largest(name_of(case))

    def choose_sample(self, case):
        """Nobody knows before the call begins what of its output will be checked."""
        return Sample(case, numpy.random.default_rng(self._random.getrandbits(128)))

    def put_chain(self, made, sample):
        chain = self._torch.from_numpy(sample.chain).to("cuda")
        made.parts["chain"].view(self._torch.int64).copy_(chain)

    def toss(self, count):
        return self._random.randrange(count)

    def glance(self, address, places):
        """Takes a few pieces of an output at once, before anything else is done on the GPU."""
        sources = [address + place for place in places]
        self._driver.read_pieces(self._pieces.data_ptr(), sources, self._PIECE_BYTES)
        return self._pieces.clone()

    def read_sample(self, address, case, sample):
        """The rows of an output that the sample is in: [side, n, dim]."""
        starts = (sample.batch * case.n + sample.rows) * case.n * case.dim * 4
        copy = self._torch.empty((Sample.SIDE, case.n, case.dim), device="cuda")
        self._torch.cuda.synchronize()
        self._driver.copy_pieces(copy.data_ptr(), [address + int(start) for start in starts], 4 * case.n * case.dim)
        return copy

    def check_glance(self, rows, sample, glance, case):
        """Checks that pieces of an output are what they were when the call had ended."""
        width = self._PIECE_BYTES // 4
        pieces = [rows[index, sample.columns[index], :width] for index in range(Sample.PIECES)]
        if not self._torch.equal(self._torch.cat(pieces).cpu(), glance):
            raise Rejected(f"The output for {name_of(case)} was not complete when the call had ended.")

    def check_sample(self, rows, made, sample):
        """Checks one call's output at the sample. Gives the values that the next call depends on."""
        torch, (x, mask, weights) = self._torch, made.arguments
        i, j = (torch.from_numpy(places).to("cuda") for places in (sample.rows, sample.columns))
        output = rows[:, j]
        with torch.inference_mode():
            expected = trimul_at(torch, x, mask, weights, sample.batch, i, j)
            compare(torch, output, expected, f"a timed call of {name_of(made.case)}")
        row, column, place = (torch.from_numpy(part).to("cuda") for part in sample.picked)
        return output[row, column, place]
