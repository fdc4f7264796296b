"""One decoding step of multi-head latent attention in float32, with PyTorch or with numpy as `xp`.

Our own code after the formulas of DeepSeek-V2 (https://arxiv.org/abs/2405.04434, section 2.1) in the form that multiplies the keys'
projection into the queries, so that no key is ever expanded. Names and layout of the weights are those of GPU MODE's problem.
"""

import math

import numpy

from cases import LATENT, NOPE, ROPE, VALUE


def round_to_bfloat16(values):
    """numpy: the nearest bfloat16 of each value, ties to even, as float32."""
    return bits_to_floats(floats_to_bits(values))


def floats_to_bits(values):
    """numpy: each value's nearest bfloat16 as 16 bits. Not for NaN."""
    bits = numpy.ascontiguousarray(values, dtype=numpy.float32).view(numpy.uint32)
    return ((bits + numpy.uint32(0x7FFF) + ((bits >> numpy.uint32(16)) & numpy.uint32(1))) >> numpy.uint32(16)).astype(numpy.uint16)


def bits_to_floats(bits):
    return (bits.astype(numpy.uint32) << numpy.uint32(16)).view(numpy.float32)


def rotary_tables(rows):
    """Cosine and sine of each position's angles, [rows, ROPE / 2] each, float32. As in GPU MODE's problem, the base (10000), the
    frequencies, the positions, the angles and the results are all rounded to bfloat16."""
    half = ROPE // 2
    base = float(round_to_bfloat16(numpy.array([10000.0]))[0])
    frequencies = round_to_bfloat16(numpy.power(base, -numpy.arange(half) / half))
    angles = round_to_bfloat16(round_to_bfloat16(numpy.arange(rows))[:, None] * frequencies)
    return round_to_bfloat16(numpy.cos(angles)), round_to_bfloat16(numpy.sin(angles))


def rotate(xp, values, cos, sin):
    """The rotary embedding of [..., ROPE]: value i is rotated with value i + ROPE / 2."""
    first, second = values[..., : ROPE // 2], values[..., ROPE // 2 :]
    return xp.concatenate((first * cos - second * sin, second * cos + first * sin), -1)


def decode(xp, x, weights, old, cos, sin, rounded):
    """x: [batch, dim]; old: the cache's rows so far, [batch, prefill, LATENT + ROPE]; cos, sin: [at least prefill + 1, ROPE / 2];
    rounded: rounds to bfloat16, as the new row is stored. Gives the output [batch, dim] and the new row [batch, LATENT + ROPE]."""
    batch, prefill, _ = old.shape
    new = rounded(x @ weights["KV_proj_down_weight"].T)
    keys = xp.concatenate((old, new[:, None]), 1)
    latent, cos, sin = keys[..., :LATENT], cos[: prefill + 1], sin[: prefill + 1]
    key_rope = rotate(xp, keys[..., LATENT:], cos, sin)

    query = x @ weights["Q_proj_down_weight"].T @ weights["Q_proj_up_weight"].T
    query = query.reshape(batch, -1, NOPE + ROPE)
    query_rope = rotate(xp, query[..., NOPE:], cos[prefill], sin[prefill])
    up = weights["KV_proj_up_weight"].reshape(-1, NOPE + VALUE, LATENT)
    absorbed = xp.einsum("bhd,hdc->bhc", query[..., :NOPE], up[:, :NOPE])

    scores = absorbed @ xp.swapaxes(latent, 1, 2) + query_rope @ xp.swapaxes(key_rope, 1, 2)
    scores = scores / math.sqrt(NOPE + ROPE)
    scores = xp.exp(scores - xp.amax(scores, -1)[..., None])
    scores = scores / scores.sum(-1)[..., None]
    values = xp.einsum("bhc,hdc->bhd", scores @ latent, up[:, NOPE:])
    return values.reshape(batch, -1) @ weights["wo_weight"].T, new
