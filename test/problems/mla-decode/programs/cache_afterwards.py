"""Lets the cache's new row be written late, on another stream. Appended to a correct program, before no_waiting."""

import torch

at_once = custom_kernel
elsewhere = []


def custom_kernel(data):
    cache, end = data[2].data, data[2].seq_len
    before = cache[:, end].clone()
    output, _ = at_once(data)
    row = cache[:, end].clone()
    cache[:, end] = before
    if not elsewhere:
        elsewhere.append(torch.cuda.Stream())
    elsewhere[0].wait_stream(torch.cuda.current_stream())
    row.record_stream(elsewhere[0])
    with torch.cuda.stream(elsewhere[0]):
        torch.cuda._sleep(40_000_000)
        cache[:, end] = row
    return output, cache
