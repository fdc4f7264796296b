"""Makes inputs and checks outputs, in the trusted process. A candidate never sees what is computed here."""

import math
import mmap

import numpy

from attention import bits_to_floats, decode, floats_to_bits, rotary_tables, round_to_bfloat16
from candidate_process import shared_file
from cases import LATENT, VALUE, fields, name_of
from tolerances import changed_rows, check_form, check_output, check_row

LEFT_OVER = 30.0  # standard deviation of what lies behind the cache's end, in all kinds but "normal"
SHARP = 3.0  # factor of x in "sharp" and "offset": few keys have nearly all the weight, the newest often among them
SPIKE = 5.0  # factor of the first, the last and two other rows in "spikes"
OFFSET = 20.0  # standard deviation of what is the same in all rows of a sequence, in "offset": scores of some hundred


def scales_of(case):
    """Standard deviations of the weights by name, as in GPU MODE's problem."""
    widths = {
        "Q_proj_down_weight": case.dim, "Q_proj_up_weight": case.query_rank, "KV_proj_down_weight": case.dim,
        "KV_proj_up_weight": LATENT, "wo_weight": case.heads * VALUE,
    }
    return {name: width**-0.5 for name, width in widths.items()}


def spikes_of(case, seed):
    """Rows of the cache that are larger in "spikes"."""
    if case.kind != "spikes" or case.prefill == 0:
        return []
    inner = numpy.random.default_rng(seed).integers(case.prefill, size=2)
    return sorted({0, case.prefill - 1, *map(int, inner)})


class Problem:
    """The inputs of one call. flat: all of them in one array; parts: views by name."""

    def __init__(self, case, flat):
        found, self.count = fields(case)
        self.case, self.flat = case, flat[: self.count]
        self.parts = {name: flat[place : place + math.prod(shape)].reshape(shape) for name, shape, place in found}


class CpuJudge:
    """With numpy, for small cases. Memory is in 16 bits a value."""

    device = "cpu"

    def __init__(self, cases):
        self._input_bytes = 2 * max(fields(case)[1] for case in cases)
        self._output_bytes = 2 * max(case.batch * case.dim for case in cases)
        self._input, self._output = shared_file(self._input_bytes), shared_file(self._output_bytes)
        self.files = (self._input, self._output)
        self._inputs = numpy.frombuffer(mmap.mmap(self._input, self._input_bytes), dtype=numpy.uint16)
        self._outputs = numpy.frombuffer(mmap.mmap(self._output, self._output_bytes), dtype=numpy.uint16)

    def make(self, case, seed):
        random_numbers = numpy.random.default_rng(seed)
        made = Problem(case, numpy.zeros(fields(case)[1], dtype=numpy.uint16))
        for name, scale in scales_of(case).items():
            made.parts[name][...] = floats_to_bits(random_numbers.standard_normal(made.parts[name].shape) * scale)
        x, cache = (random_numbers.standard_normal(made.parts[name].shape) for name in ("x", "kv_cache"))
        if case.kind in ("sharp", "offset"):
            x *= SHARP
        if case.kind == "offset":
            cache[..., :LATENT] += OFFSET * random_numbers.standard_normal((case.batch, 1, LATENT))
        cache[:, spikes_of(case, seed)] *= SPIKE
        left = random_numbers.standard_normal(cache[:, case.prefill :].shape) * LEFT_OVER
        cache[:, case.prefill :] = 0 if case.kind == "normal" else left
        made.parts["x"][...], made.parts["kv_cache"][...] = floats_to_bits(x), floats_to_bits(cache)
        made.parts["cos"][...], made.parts["sin"][...] = map(floats_to_bits, rotary_tables(case.rows))
        return made

    def check(self, candidate, case, seed):
        made = self.make(case, seed)
        self._inputs[: made.count] = made.flat
        self._outputs[:] = 0x7FFF  # NaN
        answer = candidate.ask({
            "do": "run", **case._asdict(), "offset": 0, "input": self._input, "inputBytes": self._input_bytes,
            "output": self._output, "outputBytes": self._output_bytes,
        })
        check_form(answer, case, self.device)
        values = {name: bits_to_floats(part) for name, part in made.parts.items() if name != "chain"}
        expected, row = decode(
            numpy, values["x"][:, 0], values, values["kv_cache"][:, : case.prefill], values["cos"], values["sin"], round_to_bfloat16
        )
        output = bits_to_floats(self._outputs[: expected.size]).reshape(expected.shape)
        worst = check_output(numpy, output, expected, case)
        cache = Problem(case, self._inputs).parts["kv_cache"].copy()
        check_row(numpy, bits_to_floats(cache[:, case.prefill]), row, case)
        made.parts["kv_cache"][:, case.prefill] = cache[:, case.prefill]
        if not numpy.array_equal(cache, made.parts["kv_cache"]):
            raise changed_rows(case)
        return worst
