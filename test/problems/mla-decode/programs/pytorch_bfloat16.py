"""MLA decoding as plain PyTorch in bfloat16, with scores and softmax in float32."""

import math

import torch


def rotate(values, cos, sin):
    first, second = values.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


def custom_kernel(data):
    config, x, kv_cache = data
    batch, heads, n = config.batch_size, config.n_heads, kv_cache.seq_len
    x = x.view(batch, -1)
    kv_cache.data[:, n] = x @ config.KV_proj_down_weight.T
    latent, rope = kv_cache.data[:, : n + 1].split([512, 64], -1)
    query = (x @ config.Q_proj_down_weight.T @ config.Q_proj_up_weight.T).view(batch, heads, 192)
    up = config.KV_proj_up_weight.view(heads, 256, 512)
    absorbed = torch.bmm(query[..., :128].transpose(0, 1), up[:, :128]).transpose(0, 1)
    query_rope = rotate(query[..., 128:].float(), config.cos[n].float(), config.sin[n].float())
    key_rope = rotate(rope.float(), config.cos[: n + 1].float(), config.sin[: n + 1].float())
    query = torch.cat((absorbed, query_rope.bfloat16()), -1)
    keys = torch.cat((latent, key_rope.bfloat16()), -1)
    scores = torch.bmm(query, keys.transpose(1, 2), out_dtype=torch.float32)
    weights = torch.softmax(scores / math.sqrt(192), -1).bfloat16()
    values = torch.bmm(torch.bmm(weights, latent).transpose(0, 1), up[:, 128:].transpose(1, 2))
    output = values.transpose(0, 1).reshape(batch, -1) @ config.wo_weight.T
    return output[:, None], kv_cache.data
