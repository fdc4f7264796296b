"""MLA decoding: projections by PyTorch, attention over the latent cache by two Triton kernels.

The keys' projection is multiplied into the queries, so that attention reads each row of the cache once for a block of heads, as key
and as value. The rows of a sequence are split over several programs; a second kernel puts their results together.
"""

import math

import torch
import triton
import triton.language as tl

HEADS = 32  # @tune {16, 32, 64}
KEYS = 32  # @tune {16, 32, 64, 128}
SPLITS = 2  # @tune {1, 2, 3, 4, 6, 8}
ATTEND_WARPS = 4  # @tune {4, 8}
ATTEND_STAGES = 2  # @tune {1, 2, 3}
COMBINE_HEADS = 4  # @tune {1, 2, 4, 8}
COMBINE_WARPS = 4  # @tune {2, 4, 8}

LATENT = 512
NOPE = 128
ROPE = 64


@triton.jit(do_not_specialize=["batches", "keys", "keys_a_split"])
def attend_kernel(
    absorbed, query, cache, cos, sin, partial, largest, total,
    batches, heads, keys, keys_a_split, cache_rows, scale,
    LATENT: tl.constexpr, NOPE: tl.constexpr, HALF: tl.constexpr, SPLITS: tl.constexpr,
    HEADS: tl.constexpr, KEYS: tl.constexpr,
):
    """One block of heads of one sequence, over one part of its keys.

    absorbed: [heads, batches, LATENT]; query: [batches, heads, NOPE + 2 HALF]; cache: [batches, cache_rows, LATENT + 2 HALF];
    partial: [batches, heads, SPLITS, LATENT], not yet divided by total, [batches, heads, SPLITS], with the largest score, to base 2.
    """
    blocks = tl.cdiv(heads, HEADS)
    head = tl.program_id(0) % blocks * HEADS + tl.arange(0, HEADS)
    batch = (tl.program_id(0) // blocks).to(tl.int64)
    split = tl.program_id(1)
    is_head = head < heads
    deep = tl.arange(0, LATENT)
    half = tl.arange(0, HALF)

    latent_query = tl.load(absorbed + (head[:, None] * batches + batch) * LATENT + deep[None, :], is_head[:, None], 0.0)
    rope = query + (batch * heads + head)[:, None] * (NOPE + 2 * HALF) + NOPE + half[None, :]
    query_left = tl.load(rope, is_head[:, None], 0.0).to(tl.float32)
    query_right = tl.load(rope + HALF, is_head[:, None], 0.0).to(tl.float32)
    newest_cos = tl.load(cos + (keys - 1) * HALF + half).to(tl.float32)[None, :]
    newest_sin = tl.load(sin + (keys - 1) * HALF + half).to(tl.float32)[None, :]
    first_query = (query_left * newest_cos - query_right * newest_sin).to(tl.bfloat16)
    second_query = (query_right * newest_cos + query_left * newest_sin).to(tl.bfloat16)

    maximum = tl.full([HEADS], float("-inf"), tl.float32)
    weight = tl.zeros([HEADS], tl.float32)
    values = tl.zeros([HEADS, LATENT], tl.float32)
    begin = split * keys_a_split
    end = tl.minimum(begin + keys_a_split, keys)
    rows = cache + batch * cache_rows * (LATENT + 2 * HALF)
    for start in range(begin, end, KEYS):
        key = start + tl.arange(0, KEYS)
        is_key = key < end
        row = rows + key[:, None] * (LATENT + 2 * HALF)
        latent = tl.load(row + deep[None, :], is_key[:, None], 0.0)
        first = tl.load(row + LATENT + half[None, :], is_key[:, None], 0.0).to(tl.float32)
        second = tl.load(row + LATENT + HALF + half[None, :], is_key[:, None], 0.0).to(tl.float32)
        turn = key[:, None] * HALF + half[None, :]
        turn_cos = tl.load(cos + turn, is_key[:, None], 0.0).to(tl.float32)
        turn_sin = tl.load(sin + turn, is_key[:, None], 0.0).to(tl.float32)
        first_key = (first * turn_cos - second * turn_sin).to(tl.bfloat16)
        second_key = (second * turn_cos + first * turn_sin).to(tl.bfloat16)

        scores = tl.dot(latent_query, tl.trans(latent))
        scores = tl.dot(first_query, tl.trans(first_key), scores)
        scores = tl.dot(second_query, tl.trans(second_key), scores)
        scores = tl.where(is_key[None, :], scores * scale, float("-inf"))
        higher = tl.maximum(maximum, tl.max(scores, 1))
        shrink = tl.exp2(maximum - higher)
        scores = tl.exp2(scores - higher[:, None])
        weight = weight * shrink + tl.sum(scores, 1)
        values = tl.dot(scores.to(tl.bfloat16), latent, values * shrink[:, None])
        maximum = higher

    place = (batch * heads + head) * SPLITS + split
    tl.store(largest + place, maximum, is_head)
    tl.store(total + place, weight, is_head)
    tl.store(partial + place[:, None] * LATENT + deep[None, :], values, is_head[:, None])


@triton.jit(do_not_specialize=["batches"])
def combine_kernel(
    partial, largest, total, latent, batches, heads,
    LATENT: tl.constexpr, SPLITS: tl.constexpr, HEADS: tl.constexpr,
):
    """Puts the parts of each head together: latent, [heads, batches, LATENT]. A part without keys has the largest score -inf."""
    blocks = tl.cdiv(heads, HEADS)
    head = tl.program_id(0) % blocks * HEADS + tl.arange(0, HEADS)
    batch = (tl.program_id(0) // blocks).to(tl.int64)
    is_head = head < heads
    deep = tl.arange(0, LATENT)
    place = (batch * heads + head) * SPLITS
    maximum = tl.load(largest + place, is_head, 0.0)
    for split in range(1, SPLITS):
        maximum = tl.maximum(maximum, tl.load(largest + place + split, is_head, 0.0))
    weight = tl.zeros([HEADS], tl.float32)
    values = tl.zeros([HEADS, LATENT], tl.float32)
    for split in range(SPLITS):
        share = tl.exp2(tl.load(largest + place + split, is_head, 0.0) - maximum)
        weight += share * tl.load(total + place + split, is_head, 1.0)
        part = tl.load(partial + (place + split)[:, None] * LATENT + deep[None, :], is_head[:, None], 0.0)
        values += share[:, None] * part
    values = values / weight[:, None]
    tl.store(latent + (head[:, None] * batches + batch) * LATENT + deep[None, :], values.to(tl.bfloat16), is_head[:, None])


def attend(absorbed, query, cache, cos, sin, keys):
    """absorbed: [heads, batch, LATENT]; query: [batch, heads, NOPE + ROPE]. Gives [heads, batch, LATENT]."""
    heads, batch, _ = absorbed.shape
    exact = dict(device=absorbed.device, dtype=torch.float32)
    partial = torch.empty(batch, heads, SPLITS, LATENT, **exact)
    largest, total = (torch.empty(batch, heads, SPLITS, **exact) for _ in range(2))
    latent = torch.empty_like(absorbed)
    keys_a_split = triton.cdiv(triton.cdiv(keys, SPLITS), KEYS) * KEYS
    scale = math.log2(math.e) / math.sqrt(NOPE + ROPE)
    attend_kernel[(batch * triton.cdiv(heads, HEADS), SPLITS)](
        absorbed, query, cache, cos, sin, partial, largest, total,
        batch, heads, keys, keys_a_split, cache.shape[1], scale,
        LATENT=LATENT, NOPE=NOPE, HALF=ROPE // 2, SPLITS=SPLITS, HEADS=HEADS, KEYS=KEYS,
        num_warps=ATTEND_WARPS, num_stages=ATTEND_STAGES,
    )
    combine_kernel[(batch * triton.cdiv(heads, COMBINE_HEADS),)](
        partial, largest, total, latent, batch, heads,
        LATENT=LATENT, SPLITS=SPLITS, HEADS=COMBINE_HEADS, num_warps=COMBINE_WARPS,
    )
    return latent


def custom_kernel(data):
    config, x, kv_cache = data
    batch, heads, cache = config.batch_size, config.n_heads, kv_cache.data
    keys = kv_cache.seq_len + 1
    x = x.view(batch, config.dim)
    cache[:, keys - 1] = x @ config.KV_proj_down_weight.T
    query = x @ config.Q_proj_down_weight.T @ config.Q_proj_up_weight.T
    query = query.view(batch, heads, NOPE + ROPE)
    up = config.KV_proj_up_weight.view(heads, -1, LATENT)
    absorbed = torch.bmm(query[..., :NOPE].transpose(0, 1), up[:, :NOPE])
    latent = attend(absorbed, query, cache, config.cos, config.sin, keys)
    values = torch.bmm(latent, up[:, NOPE:].transpose(1, 2))
    output = values.transpose(0, 1).reshape(batch, -1) @ config.wo_weight.T
    return output.view(batch, 1, config.dim), cache
