"""GPU memory that two processes share, by the CUDA driver itself: PyTorch's way hands over more than is wanted.

All calls work in the context of PyTorch, which must have used the GPU on this thread before.
"""

import ctypes

HANDLE_BYTES = 64
UUID_BYTES = 16
# CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
CAPABILITY_ATTRIBUTES = 75, 76
LAZY_PEER_ACCESS = 1


class CudaError(Exception):
    """A call of the CUDA driver failed."""


def _ask_first_gpu(questions):
    """questions(device): names of the driver's functions, each with its arguments. Unlike PyTorch this leaves the GPU itself alone: another program
    may be taking times on it."""
    library, device = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
    begin = ("cuInit", ctypes.c_uint(0)), ("cuDeviceGet", ctypes.byref(device), ctypes.c_int(0))
    for name, *arguments in (*begin, *questions(device)):
        code = getattr(library, name)(*arguments)
        if code != 0:
            raise CudaError(f"{name} failed ({code})")


def uuid_of_gpu():
    """Of the first GPU, 32 hexadecimal digits."""
    uuid = (ctypes.c_ubyte * UUID_BYTES)()
    _ask_first_gpu(lambda device: [("cuDeviceGetUuid_v2", uuid, device)])
    return bytes(uuid).hex()


def capability_of_gpu():
    """Of the first GPU, as Triton writes it: 90 for an H100."""
    parts = [ctypes.c_int(), ctypes.c_int()]
    _ask_first_gpu(
        lambda device: [
            ("cuDeviceGetAttribute", ctypes.byref(part), ctypes.c_int(number), device) for part, number in zip(parts, CAPABILITY_ATTRIBUTES)
        ]
    )
    return 10 * parts[0].value + parts[1].value


class Handle(ctypes.Structure):
    _fields_ = [("reserved", ctypes.c_ubyte * HANDLE_BYTES)]


class Driver:
    def __init__(self):
        self._library = ctypes.CDLL("libcuda.so.1")
        # Open mappings by handle: one that was opened twice would have to be closed twice.
        self._opened = {}

    def _call(self, name, *arguments):
        code = getattr(self._library, name)(*arguments)
        if code != 0:
            text = ctypes.c_char_p()
            self._library.cuGetErrorString(code, ctypes.byref(text))
            raise CudaError(f"{name}: {(text.value or b'error').decode()} ({code})")

    def allocate(self, size):
        """An allocation of its own, so that its handle shares nothing else."""
        pointer = ctypes.c_uint64()
        self._call("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(size))
        return pointer.value

    def free(self, pointer):
        self._call("cuMemFree_v2", ctypes.c_uint64(pointer))

    def share(self, pointer):
        """Handle of the allocation that this pointer lies in, and the pointer's offset there in bytes."""
        base = ctypes.c_uint64()
        self._call("cuMemGetAddressRange_v2", ctypes.byref(base), None, ctypes.c_uint64(pointer))
        handle = Handle()
        self._call("cuIpcGetMemHandle", ctypes.byref(handle), base)
        return bytes(handle.reserved).hex(), pointer - base.value

    def open(self, handle):
        """The shared allocation's address here and its bytes. Stays open until close_all."""
        if handle not in self._opened:
            reserved = (ctypes.c_ubyte * HANDLE_BYTES)(*bytes.fromhex(handle))
            pointer, base, size = ctypes.c_uint64(), ctypes.c_uint64(), ctypes.c_size_t()
            self._call("cuIpcOpenMemHandle_v2", ctypes.byref(pointer), Handle(reserved), ctypes.c_uint(LAZY_PEER_ACCESS))
            self._call("cuMemGetAddressRange_v2", ctypes.byref(base), ctypes.byref(size), pointer)
            self._opened[handle] = (pointer.value, size.value)
        return self._opened[handle]

    def close_all(self):
        for pointer, _ in self._opened.values():
            self._call("cuIpcCloseMemHandle", ctypes.c_uint64(pointer))
        self._opened.clear()

    def copy(self, target, source, size):
        """Between places in GPU memory; done when this returns."""
        self.copy_pieces(target, [source], size)

    def copy_pieces(self, target, sources, size):
        """Between places in GPU memory, one piece after the other; done when this returns."""
        for index, source in enumerate(sources):
            place = ctypes.c_uint64(target + index * size)
            self._call("cuMemcpyDtoDAsync_v2", place, ctypes.c_uint64(source), ctypes.c_size_t(size), None)
        self._call("cuStreamSynchronize", None)

    def read_pieces(self, target, sources, size):
        """To pinned host memory, one piece after the other; done when this returns."""
        for index, source in enumerate(sources):
            place = ctypes.c_void_p(target + index * size)
            self._call("cuMemcpyDtoHAsync_v2", place, ctypes.c_uint64(source), ctypes.c_size_t(size), None)
        self._call("cuStreamSynchronize", None)

    def synchronize(self):
        """Waits for all streams of this process."""
        self._call("cuCtxSynchronize")


class Window:
    """Lets PyTorch see memory that it did not allocate, float32 or another kind: torch.as_tensor(Window(...), device="cuda")."""

    def __init__(self, pointer, shape, kind="<f4"):
        self.__cuda_array_interface__ = {
            "shape": tuple(shape), "typestr": kind, "data": (pointer, False), "version": 3,
        }
