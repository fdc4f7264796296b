"""Stands in for PyTorch on a host without a GPU: whoever asks for one is refused, as there."""

from . import cuda, overrides


class device:
    def __init__(self, name):
        self.type = str(name).split(":")[0]


class Generator:
    def __new__(cls, device="cpu"):
        _refuse(device)
        return object.__new__(cls)

    def manual_seed(self, seed):
        self.seed = seed
        return self


class Tensor:
    def __init__(self, values):
        self.values = values

    def cuda(self):
        return overrides.dispatch(Tensor.cuda, _no_gpu, (self,), {})

    def pin_memory(self):
        return overrides.dispatch(Tensor.pin_memory, _no_gpu, (self,), {})

    def to(self, device):
        return overrides.dispatch(_to, _to, (self, device), {})


def tensor(values, device="cpu"):
    return overrides.dispatch(_tensor, _tensor, (values,), {"device": device})


def _tensor(values, device="cpu"):
    _refuse(device)
    return Tensor(list(values))


def _to(self, device):
    _refuse(device)
    return self


def _no_gpu(*_):
    _refuse("cuda")


def _refuse(place):
    if getattr(place, "type", str(place).split(":")[0]) == "cuda":
        raise RuntimeError("Found no NVIDIA driver on your system.")
