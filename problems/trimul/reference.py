"""The triangle multiplicative update (outgoing) in float32, with PyTorch or with numpy as `xp`.

Our own code after the formula of AlphaFold 3's supplement (algorithm 12); the names of the weights are those of GPU MODE's problem.
"""


def layer_norm(xp, x, weight, bias):
    centred = x - x.mean(-1)[..., None]
    variance = (centred * centred).mean(-1)[..., None]
    return centred / xp.sqrt(variance + 1e-5) * weight + bias


def sigmoid(xp, x):
    # Beyond 80 float32 knows no difference, and exp would overflow.
    return 1 / (1 + xp.exp(-xp.clip(x, -80, 80)))


def gated(xp, x, mask, weights, side):
    """[..., dim] to [..., hidden]: one of the two factors of the product. x is normalised already."""
    value = x @ weights[f"{side}_proj.weight"].T * mask[..., None]
    return value * sigmoid(xp, x @ weights[f"{side}_gate.weight"].T)


def finish(xp, product, x, weights):
    """From the product [..., hidden] and the normalised input [..., dim] at the same pairs to the output [..., dim]."""
    product = layer_norm(xp, product, weights["to_out_norm.weight"], weights["to_out_norm.bias"])
    product = product * sigmoid(xp, x @ weights["out_gate.weight"].T)
    return product @ weights["to_out.weight"].T


def trimul(xp, x, mask, weights):
    """All of the output. x: [batch, n, n, dim], mask: [batch, n, n]."""
    x = layer_norm(xp, x, weights["norm.weight"], weights["norm.bias"])
    left = gated(xp, x, mask, weights, "left")
    right = gated(xp, x, mask, weights, "right")
    return finish(xp, xp.einsum("bikd,bjkd->bijd", left, right), x, weights)


def trimul_in_slices(xp, x, mask, weights, rows):
    """All of the output in slices of so many rows, each with its batch and its first row: [1, rows, n, dim]. The same as trimul with less memory."""
    norm = weights["norm.weight"], weights["norm.bias"]
    starts = range(0, x.shape[1], rows)

    def normalised(batch, start):
        return layer_norm(xp, x[batch : batch + 1, start : start + rows], *norm)

    def factor(batch, side):
        slices = [gated(xp, normalised(batch, start), mask[batch : batch + 1, start : start + rows], weights, side) for start in starts]
        return xp.concatenate(slices, axis=1)

    for batch in range(x.shape[0]):
        left, right = factor(batch, "left"), factor(batch, "right")
        for start in starts:
            product = xp.einsum("bikd,bjkd->bijd", left[:, start : start + rows], right)
            yield batch, start, finish(xp, product, normalised(batch, start), weights)


def trimul_at(xp, x, mask, weights, batch, rows, columns):
    """The output at all pairs of some rows and columns of one element of the batch: [rows, columns, dim]. It needs a
    small part of the arithmetic, so that every timed call can be checked."""
    norm = weights["norm.weight"], weights["norm.bias"]
    left = gated(xp, layer_norm(xp, x[batch][rows], *norm), mask[batch][rows], weights, "left")
    right = gated(xp, layer_norm(xp, x[batch][columns], *norm), mask[batch][columns], weights, "right")
    pairs = layer_norm(xp, x[batch][rows][:, columns], *norm)
    return finish(xp, xp.einsum("ikd,jkd->ijd", left, right), pairs, weights)
