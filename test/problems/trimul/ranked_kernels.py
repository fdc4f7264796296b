"""Kernels to rank, by set. Each is the initial program of problems/trimul with other tunables, and some with slower steps in place of its own.

close   24 that differ in tunables alone: nine of them lie within 5 % of each other
spread  from the fastest of them to one that takes six times as long, neighbours apart by several percent
"""

import re

from evaluation import initial_text

PROJECT = dict(
    p0=(64, 32, 4, 2), p1=(64, 128, 4, 1), p2=(32, 32, 4, 2), p3=(64, 16, 8, 2), p5=(16, 16, 4, 1),
    p6="project_in_pytorch(x, mask, weights, left, right, gate, torch.float16)",
    p7="project_in_pytorch(x, mask, weights, left, right, gate, torch.float32)",
)
# q6 and q7 multiply some of the channels twice.
PRODUCT = dict(
    q0=(64, 64, 32, 4, 2), q1=(128, 128, 64, 4, 3), q2=(32, 32, 32, 4, 2), q3=(128, 64, 32, 4, 3),
    q6="+multiply_in_pytorch(left, right, product, torch.float32, hidden // 4)",
    q7="+multiply_in_pytorch(left, right, product, torch.float32, hidden // 2)",
    q8="multiply_in_pytorch(left, right, product, torch.float32, hidden)",
)
OUTPUT = dict(
    o0=(64, 64, 4, 2), o1=(64, 32, 4, 3), o2=(32, 32, 8, 1),
    o4="finish_in_pytorch(product, gate, weights, output, torch.float16)",
    o5="finish_in_pytorch(product, gate, weights, output, torch.float32)",
)
TABLES = (PROJECT, PRODUCT, OUTPUT)
WORDS = ("ROWS", "DEPTH", "WARPS", "STAGES"), ("ROWS", "COLUMNS", "DEPTH", "WARPS", "STAGES"), ("ROWS", "COLUMNS", "WARPS", "STAGES")

# The same steps, a slice at a time: at n = 1024 and dim = 768 all of x in one piece would need several times its 3 GB.
IN_PYTORCH = '''
SLICE = 2**17
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False


def slices(batch, pairs):
    return [(element, slice(start, start + SLICE)) for element in range(batch) for start in range(0, pairs, SLICE)]


def project_in_pytorch(x, mask, weights, left, right, gate, kind):
    batch, hidden, n, _ = left.shape
    dim, pairs = x.shape[-1], n * n
    matrices = {name: weights[f"{name}.weight"].to(kind).T for name in ("left_gate", "left_proj", "right_gate", "right_proj", "out_gate")}
    for element, part in slices(batch, pairs):
        rows = x.view(batch, pairs, dim)[element, part]
        rows = torch.nn.functional.layer_norm(rows, (dim,), weights["norm.weight"], weights["norm.bias"]).to(kind)
        kept = mask.view(batch, pairs, 1)[element, part].to(kind)
        for side, result in (("left", left), ("right", right)):
            value = (rows @ matrices[f"{side}_proj"]) * kept * (rows @ matrices[f"{side}_gate"]).sigmoid()
            result.view(batch, hidden, pairs)[element, :, part] = value.T
        gate.view(batch, pairs, hidden)[element, part] = (rows @ matrices["out_gate"]).sigmoid()


def multiply_in_pytorch(left, right, product, kind, channels):
    for start in range(0, channels, 32):
        some = slice(start, min(start + 32, channels))
        product[:, some] = torch.matmul(left[:, some].to(kind) * SCALE, right[:, some].to(kind).transpose(2, 3))


def finish_in_pytorch(product, gate, weights, output, kind):
    batch, hidden, n, _ = product.shape
    pairs, matrix = n * n, weights["to_out.weight"].to(kind).T
    for element, part in slices(batch, pairs):
        values = product.view(batch, hidden, pairs)[element, :, part].T.float() / SCALE
        values = torch.nn.functional.layer_norm(values, (hidden,), weights["to_out_norm.weight"], weights["to_out_norm.bias"])
        values = values.to(kind) * gate.view(batch, pairs, hidden)[element, part].to(kind)
        output.view(batch, pairs, -1)[element, part] = (values @ matrix).float()


'''

CHOSEN = [
    "p0 q0 o0", "p1 q1 o1", "p0 q1 o0", "p1 q0 o0", "p0 q0 o1", "p2 q2 o2", "p3 q2 o0", "p2 q0 o0", "p3 q3 o1", "p0 q3 o0", "p1 q3 o1", "p2 q1 o1",
    "p3 q0 o2", "p0 q2 o1", "p1 q2 o0", "p3 q1 o0", "p2 q3 o2", "p0 q1 o2", "p1 q1 o2", "p0 q3 o2", "p3 q2 o2", "p2 q2 o0", "p1 q3 o0", "p3 q1 o2",
]
# Microseconds of an H100: measured up to 1,924, beyond that expected from bytes and arithmetic.
EXPECTED_US = {
    "p0 q0 o0": 1470, "p1 q6 o5": 3540, "p1 q1 o1": 1065, "p1 q8 o5": 4910, "p2 q2 o0": 1715, "p6 q1 o2": 3060,
    "p2 q1 o1": 1291, "p6 q8 o4": 5990, "p1 q7 o2": 2450, "p1 q3 o1": 1135, "p1 q7 o5": 4110, "p3 q2 o2": 1924,
    "p7 q6 o2": 6980, "p3 q1 o0": 1374, "p1 q8 o2": 3230, "p0 q3 o2": 1556, "p6 q6 o4": 4630, "p1 q1 o2": 1209,
    "p2 q6 o2": 2110, "p1 q6 o4": 2780, "p6 q6 o2": 3730, "p5 q7 o5": 5540,
}
SPREAD = list(EXPECTED_US)
SETS = {"close": CHOSEN, "spread": SPREAD}


def text_of(chosen):
    """The text of a kernel by its name: a word for each of its three steps."""
    steps = [table[name] for table, name in zip(TABLES, chosen.split(), strict=True)]
    groups = ("PROJECT", "PRODUCT", "OUTPUT")
    tuned = [(group, words, step) for group, words, step in zip(groups, WORDS, steps) if isinstance(step, tuple)]
    text = initial_text(**{f"{group}_{word}": value for group, words, step in tuned for word, value in zip(words, step, strict=True)})
    calls = [(group, step) for group, step in zip(groups, steps) if isinstance(step, str)]
    for group, call in calls:
        text = with_step(text, group, call)
    return replaced(text, r"(?m)^(?=def custom_kernel)", lambda _: IN_PYTORCH) if calls else text


def with_step(text, group, call):
    """With a call in the place of a step's launch, or after it where the call begins with +."""
    launch = {
        "PROJECT": r"    project_kernel\[.*?\n    \)\n",
        "PRODUCT": r"    tiles = triton\.cdiv[^\n]*\n    product_kernel\[.*?\n    \)\n",
        "OUTPUT": r"    output_kernel\[.*?\n    \)\n",
    }[group]
    if call.startswith("+"):
        return replaced(text, f"(?s){launch}", lambda found: f"{found[0]}    {call[1:]}\n")
    return replaced(text, f"(?s){launch}", lambda _: f"    {call}\n")


def replaced(text, pattern, by):
    changed, count = re.subn(pattern, by, text)
    if count != 1:
        raise ValueError(f"The initial program has {count} places, not one, that match {pattern}.")
    return changed
