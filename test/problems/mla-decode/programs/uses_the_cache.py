"""Appends the new row as programs made for GPU MODE do: by calling the cache. Appended to a correct program."""


def custom_kernel(data):
    config, _, kv_cache = data
    assert isinstance(kv_cache, KVCache) and isinstance(config, Config)
    output, row = compute(data)
    found, length = kv_cache(bfloat16(row[:, None]))
    assert length == kv_cache.seq_len == found.shape[1]
    return bfloat16(output), kv_cache.get_data()
