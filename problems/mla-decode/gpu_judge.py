"""Makes inputs and checks outputs on the GPU, in the trusted process. A candidate never sees what is computed here."""

import random
import time

from attention import decode, rotary_tables
from candidate_process import NO_ROOM, NoRoom, Rejected
from cases import LATENT, ROPE, TIMING, chained, fields, name_of, needed_bytes
from judge import LEFT_OVER, OFFSET, SHARP, SPIKE, Problem, scales_of, spikes_of
from tolerances import changed_rows, check_form, check_output, check_row

MOST_INPUT_BYTES = 8 * 1024**3  # of calls that are timed together; less on a small GPU


class GpuJudge:
    """With PyTorch. Inputs go into one allocation that both processes see, each time at another place in it; the cache is changed
    there. Outputs are read from the allocation of the candidate's process that they lie in."""

    device = "cuda"
    files = ()
    _MOVES = 4096
    _MOVE_BYTES = 256
    _FLUSH_BYTES = 256 * 1024**2
    _PIECE_BYTES = 256
    PLACES = 16
    _SEQUENCES_AT_ONCE = 16

    def __init__(self, cases):
        import torch
        from cuda_memory import CudaError, Driver, Window

        torch.backends.cuda.matmul.allow_tf32 = False
        self._torch, self._driver, self._error, self._window = torch, Driver(), CudaError, Window
        self._pieces = torch.empty(self.PLACES * self._PIECE_BYTES, dtype=torch.uint8, pin_memory=True)
        rows = max(case.rows for case in cases)
        # The least calls that are ever timed together, too.
        largest = max(*(self._step(case) for case in cases), *(2 * self._step(case) for case in TIMING))
        total = torch.cuda.get_device_properties(0).total_memory
        self._slot_bytes = max(largest, min(MOST_INPUT_BYTES, total // 10)) + self._MOVES * self._MOVE_BYTES
        try:
            self._scratch = torch.zeros(self._FLUSH_BYTES // 4, device="cuda")
            self._tables = [torch.from_numpy(table).to("cuda", torch.bfloat16) for table in rotary_tables(rows)]
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
        return 2 * fields(case)[1]

    def most_calls(self, case):
        """As many calls as there is room for inputs."""
        return (self._slot_bytes - self._MOVES * self._MOVE_BYTES) // self._step(case)

    def needed_part(self, case):
        """The part of the inputs that every program must read."""
        return needed_bytes(case) / self._step(case)

    def make(self, case, seed):
        torch = self._torch
        generator = torch.Generator(device="cuda").manual_seed(seed)
        made = Problem(case, torch.zeros(fields(case)[1], dtype=torch.bfloat16, device="cuda"))
        for name, scale in scales_of(case).items():
            made.parts[name].normal_(0, scale, generator=generator)
        x, cache = made.parts["x"], made.parts["kv_cache"]
        x.normal_(0, SHARP if case.kind in ("sharp", "offset") else 1, generator=generator)
        used, left = cache[:, : case.prefill], cache[:, case.prefill :]
        used.normal_(generator=generator)
        if case.kind == "offset":
            common = torch.empty(case.batch, 1, LATENT, dtype=torch.bfloat16, device="cuda")
            used[..., :LATENT] += common.normal_(0, OFFSET, generator=generator)
        for row in spikes_of(case, seed):
            used[:, row] *= SPIKE
        if case.kind != "normal":
            left.normal_(0, LEFT_OVER, generator=generator)
        for name, table in zip(("cos", "sin"), self._tables):
            made.parts[name].copy_(table[: case.rows])
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
        self._driver.copy(self._slot + offset, made.flat.data_ptr(), 2 * made.count)
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

    def locate(self, answer, size):
        """Address here of an output of so many bytes, from an answer that nobody should trust."""
        handle, offset = answer.get("output"), answer.get("offset")
        try:
            base, available = self._driver.open(str(handle))
        except (ValueError, self._error) as error:
            raise Rejected(f"The memory of the output cannot be read: {error}.") from None
        if not isinstance(offset, int) or not 0 <= offset <= available - size:
            raise Rejected("The output does not lie within its memory.")
        return base + offset

    def find_output(self, answer, case):
        check_form(answer, case, self.device)
        return self.locate(answer, 2 * case.batch * case.dim)

    def read_output(self, answer, case):
        """A copy of an output, [batch, dim], and its address."""
        address = self.find_output(answer, case)
        copy = self._torch.empty(case.batch, case.dim, dtype=self._torch.bfloat16, device="cuda")
        self._torch.cuda.synchronize()
        self._driver.copy(copy.data_ptr(), address, 2 * copy.numel())
        return copy, address

    def check(self, candidate, case, seed):
        """Of one call that is not timed. Gives the largest error of a sequence."""
        try:
            made = self.make(case, seed)
            (offset,) = self.choose_offsets(case, 1)
            self.publish(made, offset)
            self.flush()
            answer = candidate.ask(self.command("run", case, offset=offset))
            worst = self.check_all(self.read_output(answer, case)[0], made, offset, "output")
        except self._torch.cuda.OutOfMemoryError as failed:
            raise NoRoom(NO_ROOM) from failed
        made = None
        self.rest(candidate)
        return worst

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

    def check_all(self, output, made, offset, what):
        """Checks all of an output [batch, dim], and the cache as the call left it."""
        torch, case = self._torch, made.case
        worst, rows = 0.0, []
        with torch.inference_mode():
            weights = {name: made.parts[name].float() for name in scales_of(case)}
            cos, sin = (made.parts[name].float() for name in ("cos", "sin"))
            expected = []
            for start in range(0, case.batch, self._SEQUENCES_AT_ONCE):
                some = slice(start, start + self._SEQUENCES_AT_ONCE)
                old = made.parts["kv_cache"][some, : case.prefill].float()
                found = decode(
                    torch, made.parts["x"][some, 0].float(), weights, old, cos, sin, lambda values: values.bfloat16().float()
                )
                expected.append(found[0])
                rows.append(found[1])
            worst = check_output(torch, output.float(), torch.cat(expected), case, what)
            self._check_cache(made, offset, torch.cat(rows))
        return worst

    def _check_cache(self, made, offset, row):
        torch, case = self._torch, made.case
        place = next(place for name, _, place in fields(case)[0] if name == "kv_cache")
        mine = made.parts["kv_cache"]
        window = self._window(self._slot + offset + 2 * place, mine.shape, "<i2")
        cache = torch.as_tensor(window, device="cuda")
        check_row(torch, cache[:, case.prefill].view(torch.bfloat16).float(), row, case)
        mine.view(torch.int16)[:, case.prefill] = cache[:, case.prefill]
        if not torch.equal(cache, mine.view(torch.int16)):
            raise changed_rows(case)

    def choose_chain(self, case):
        """Which values of an output the next call's x are made of. Nobody knows before the call begins."""
        seed = self._random.getrandbits(62)
        generator = self._torch.Generator(device="cuda").manual_seed(seed)
        return self._torch.randint(
            case.batch * case.dim, (case.batch * chained(case),), generator=generator, dtype=self._torch.int64, device="cuda"
        )

    def put_chain(self, made, chain):
        made.parts["chain"].view(self._torch.int64).copy_(chain)

    def hand_on(self, before, chain, made, scale):
        """Makes the first values of each x of values of the output before, as the candidate's process does."""
        case = made.case
        picked = before.reshape(-1)[chain].view(case.batch, chained(case))
        made.parts["x"][:, 0, : chained(case)] = picked * scale

    def toss(self, count):
        return self._random.randrange(count)

    def places_of(self, case, offset, address):
        """Addresses of a few pieces of an output and of the cache's new row. The row is 1152 bytes long."""
        output_pieces = case.batch * case.dim * 2 // self._PIECE_BYTES
        cache = next(place for name, _, place in fields(case)[0] if name == "kv_cache")
        row_bytes = 2 * (LATENT + ROPE)
        places = [address + self.toss(output_pieces) * self._PIECE_BYTES for _ in range(self.PLACES // 2)]
        for _ in range(self.PLACES // 2):
            row = self.toss(case.batch) * case.rows + case.prefill
            places.append(self._slot + offset + 2 * cache + row * row_bytes + self.toss(4) * self._PIECE_BYTES)
        return places

    def glance(self, places):
        """Takes a few pieces of GPU memory at once, before anything else is done on the GPU."""
        self._driver.read_pieces(self._pieces.data_ptr(), places, self._PIECE_BYTES)
        return self._pieces[: len(places) * self._PIECE_BYTES].clone()

    def check_glance(self, places, glance, case):
        """Checks that the pieces are what they were when the call had ended."""
        if not self._torch.equal(self.glance(places), glance):
            raise Rejected(f"The output for {name_of(case)} was not complete when the call had ended.")
