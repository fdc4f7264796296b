"""What is computed: the sizes, the cases, and where each input lies in the memory that judge and program share."""

import math
from collections import namedtuple

# Of DeepSeek-V3 and R1. A row of the cache has LATENT + ROPE values.
LATENT = 512
NOPE = 128
ROPE = 64
VALUE = 128
ALIGNMENT = 128  # values of 2 bytes: every input begins at a multiple of 256 bytes

# batch: sequences. prefill: rows that the cache has before the call, of rows that it has room for. kind: see judge.py.
Case = namedtuple("Case", "batch prefill kind rows dim heads query_rank")


def full(batch, prefill, kind):
    return Case(batch, prefill, kind, rows=8192, dim=7168, heads=128, query_rank=1536)


def small(batch, prefill, kind, rows=160, dim=256, heads=16, query_rank=128):
    return Case(batch, prefill, kind, rows, dim, heads, query_rank)


CORRECTNESS = [
    # As GPU MODE's problem has them.
    full(128, 128, "normal"),
    full(128, 512, "normal"),
    full(128, 1024, "normal"),
    full(128, 2048, "normal"),
    # Other batches and odd lengths, an empty and a full cache, inputs that punish a missing key or a missing maximum.
    full(2, 0, "stale"),
    full(33, 1, "sharp"),
    full(3, 63, "spikes"),
    full(7, 129, "offset"),
    full(1, 1023, "spikes"),
    full(2, 1000, "sharp"),
    full(16, 2047, "spikes"),
    full(64, 3001, "stale"),
    full(1, 4097, "offset"),
    full(5, 8191, "spikes"),
    full(128, 4095, "offset"),
    full(128, 6144, "spikes"),
]

# As GPU MODE's problem has them.
TIMING = [full(128, 4096, "normal"), full(128, 6144, "normal")]

# Where there is no GPU: what a program's logic can be tried on within seconds.
SMALL = [
    small(2, 128, "normal"),
    small(1, 0, "stale"),
    small(3, 31, "spikes"),
    small(1, 65, "offset", heads=64),
    small(2, 100, "sharp", dim=384, heads=48),
    small(1, 159, "spikes", heads=20, query_rank=96),
]


def name_of(case):
    return f"batch {case.batch}, {case.prefill} rows before, {case.kind}"


def chained(case):
    """How many values of each x are made of the output of the call before."""
    return case.dim // 8


def fields(case):
    """Name, shape and place (in values of 2 bytes) of each input, and the values in all. All but the chain are bfloat16."""
    shapes = {
        "Q_proj_down_weight": (case.query_rank, case.dim),
        "Q_proj_up_weight": (case.heads * (NOPE + ROPE), case.query_rank),
        "KV_proj_down_weight": (LATENT + ROPE, case.dim),
        "KV_proj_up_weight": (case.heads * (NOPE + VALUE), LATENT),
        "wo_weight": (case.dim, case.heads * VALUE),
        "x": (case.batch, 1, case.dim),
        "cos": (case.rows, ROPE // 2),
        "sin": (case.rows, ROPE // 2),
        "kv_cache": (case.batch, case.rows, LATENT + ROPE),
        # int64: places in the output whose values are the first of each of the next call's x.
        "chain": (4 * case.batch * chained(case),),
    }
    found, place = [], 0
    for name, shape in shapes.items():
        found.append((name, shape, place))
        place += -(-math.prod(shape) // ALIGNMENT) * ALIGNMENT
    return found, place


def needed_bytes(case):
    """Bytes of the inputs that no program can do without reading."""
    unused = case.batch * (case.rows - case.prefill) * (LATENT + ROPE)
    return 2 * (fields(case)[1] - unused)
