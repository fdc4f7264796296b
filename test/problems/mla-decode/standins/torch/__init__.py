"""Stands in for PyTorch, 3 GB with its CUDA libraries, where programs are tried on the CPU: as much as the programs of the tests use.

Anything else that is asked of this module fails loudly.
"""

import numpy


class Device:
    type = "cpu"


class Kind:
    """A kind of number, and the numpy one that its bits are kept in."""

    def __init__(self, name, kept):
        self._name, self.kept = name, kept

    def __str__(self):
        return f"torch.{self._name}"


bfloat16, int16, float32 = Kind("bfloat16", numpy.int16), Kind("int16", numpy.int16), Kind("float32", numpy.float32)
complex64 = Kind("complex64", numpy.complex64)


class Tensor:
    device = Device()

    def __init__(self, values, dtype):
        self._values, self.dtype = values, dtype

    @property
    def shape(self):
        return self._values.shape

    def numpy(self):
        if self.dtype is bfloat16:
            raise TypeError("numpy has no bfloat16")
        return self._values

    def view(self, kind):
        return Tensor(self._values.view(kind.kept), kind)

    def detach(self):
        return self

    def contiguous(self):
        return Tensor(numpy.ascontiguousarray(self._values), self.dtype)

    def clone(self):
        return Tensor(self._values.copy(), self.dtype)

    def data_ptr(self):
        return self._values.ctypes.data

    def __getitem__(self, place):
        return Tensor(self._values[place], self.dtype)

    def __setitem__(self, place, value):
        self._values[place] = value._values if isinstance(value, Tensor) else value


def from_numpy(values):
    for kind in (int16, float32, complex64):
        if values.dtype == kind.kept:
            return Tensor(values, kind)
    raise TypeError(f"This stand-in has no {values.dtype}.")


def zeros_like(tensor):
    return Tensor(numpy.zeros_like(tensor._values), tensor.dtype)


class cuda:
    @staticmethod
    def is_available():
        return False
