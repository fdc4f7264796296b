"""MLA decoding as plain PyTorch in float32, with the keys' projection in the queries: what a program is compared with."""

import math

import torch


def rotate(values, cos, sin):
    first, second = values.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


def custom_kernel(data):
    config, x, kv_cache = data
    torch.backends.cuda.matmul.allow_tf32 = False
    batch, heads, n = config.batch_size, config.n_heads, kv_cache.seq_len
    x = x.view(batch, -1).float()
    kv_cache.data[:, n] = x @ config.KV_proj_down_weight.float().T
    keys = kv_cache.data[:, : n + 1].float()
    cos, sin = config.cos[: n + 1].float(), config.sin[: n + 1].float()
    query = x @ config.Q_proj_down_weight.float().T @ config.Q_proj_up_weight.float().T
    query = query.view(batch, heads, 192)
    up = config.KV_proj_up_weight.float().view(heads, 256, 512)
    absorbed = torch.einsum("bhd,hdc->bhc", query[..., :128], up[:, :128])
    query = torch.cat((absorbed, rotate(query[..., 128:], cos[n], sin[n])), -1)
    latent = keys[..., :512]
    keys = torch.cat((latent, rotate(keys[..., 512:], cos, sin)), -1)
    weights = torch.softmax(query @ keys.transpose(1, 2) / math.sqrt(192), -1)
    values = torch.einsum("bhc,hdc->bhd", weights @ latent, up[:, 128:])
    output = values.reshape(batch, -1) @ config.wo_weight.float().T
    return output.bfloat16()[:, None], kv_cache.data
