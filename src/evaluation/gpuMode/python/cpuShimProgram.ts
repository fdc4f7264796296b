/**
 * A `sitecustomize.py`: programs that ask PyTorch for a GPU get the processor. Nothing is loaded before the program loads it
 * itself; workers inherit it through `PYTHONPATH`. With `TRITON_INTERPRET=1`, Triton's kernels run in its interpreter.
 */
export const cpuShimProgram = String.raw`
import contextlib
import importlib.util
import sys
import time
import types


def nothing(*_, **__):
    return None


class Event:
    def __init__(self, *_, **__):
        self._at = None

    def record(self, *_):
        self._at = time.perf_counter()

    def elapsed_time(self, later):
        return (later._at - self._at) * 1000

    def query(self):
        return True

    synchronize = wait = nothing


class Stream:
    cuda_stream = 0
    device_index = 0

    def __init__(self, *_, **__):
        pass

    def record_event(self, event=None):
        event = event or Event()
        event.record()
        return event

    def query(self):
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    synchronize = wait_stream = wait_event = nothing


@contextlib.contextmanager
def nothing_around(*_, **__):
    yield


def change_torch(torch):
    from torch.overrides import TorchFunctionMode

    cpu = torch.device("cpu")

    def moved(value):
        if isinstance(value, str) and value.split(":")[0] == "cuda":
            return "cpu"
        if isinstance(value, torch.device) and value.type == "cuda":
            return cpu
        return value

    class OnCpu(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            kwargs = {name: moved(value) for name, value in (kwargs or {}).items()}
            if kwargs.get("pin_memory"):
                kwargs["pin_memory"] = False
            # A number in the place of a device means a GPU.
            if isinstance(kwargs.get("device"), int):
                kwargs["device"] = cpu
            if func is torch.Tensor.cuda or func is torch.Tensor.pin_memory:
                return args[0]
            if func is getattr(torch.Tensor, "to", None) and len(args) > 1 and type(args[1]) is int:
                args = (args[0], cpu, *args[2:])
            return func(*(moved(value) for value in args), **kwargs)

    plain = torch.Generator

    class Kind(type(plain)):
        def __instancecheck__(cls, value):
            return isinstance(value, plain)

    class Generator(plain, metaclass=Kind):
        def __new__(cls, device="cpu"):
            return super().__new__(cls, moved(device))

    torch.Generator = Generator
    torch.compile = lambda model=None, **_: model if model is not None else lambda function: function
    properties = types.SimpleNamespace(
        name="processor", major=9, minor=0, multi_processor_count=1, total_memory=2**34, L2_cache_size=2**20,
        shared_memory_per_block=2**16, warp_size=32,
    )
    stand_ins = {
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "is_bf16_supported": lambda *_, **__: True,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "get_device_name": lambda *_: "processor",
        "get_device_capability": lambda *_: (9, 0),
        "get_device_properties": lambda *_: properties,
        "mem_get_info": lambda *_: (2**33, 2**34),
        "cudart": lambda: types.SimpleNamespace(cudaProfilerStart=nothing, cudaProfilerStop=nothing),
        "Event": Event,
        "Stream": Stream,
        "current_stream": lambda *_: Stream(),
        "default_stream": lambda *_: Stream(),
        "stream": lambda *_: nothing_around(),
        "device": lambda *_: nothing_around(),
        "is_current_stream_capturing": lambda: False,
    }
    for name in ("synchronize", "manual_seed", "manual_seed_all", "seed", "seed_all", "empty_cache", "set_device", "set_stream",
                 "init", "_lazy_init", "reset_peak_memory_stats", "ipc_collect"):
        # One function for each name: PyTorch's compiler keeps a list of them.
        stand_ins[name] = lambda *_, **__: None
    for name in ("memory_allocated", "max_memory_allocated", "memory_reserved", "max_memory_reserved"):
        stand_ins[name] = lambda *_: 0
    for name, value in stand_ins.items():
        setattr(torch.cuda, name, value)
    nvtx = getattr(torch.cuda, "nvtx", None)
    if nvtx is not None:
        nvtx.range = nothing_around
        nvtx.range_push = nvtx.range_pop = nvtx.mark = nothing
    OnCpu().__enter__()


def change_autotuner(module):
    # There is nothing to tune for: the first set of values is taken.
    module.Autotuner._bench = lambda self, *_, **__: [0.0, 0.0, 0.0]


class Driver:
    """What programs ask Triton about the GPU."""

    def get_active_torch_device(self):
        return sys.modules["torch"].device("cpu")

    def get_device_interface(self):
        return sys.modules["torch"].cuda

    def get_current_device(self):
        return 0

    def get_current_stream(self, device=None):
        return 0

    def get_current_target(self):
        return types.SimpleNamespace(backend="cuda", arch=90, warp_size=32)

    def get_empty_cache_for_benchmark(self):
        return sys.modules["torch"].empty(1)

    set_current_device = clear_cache = nothing
    utils = types.SimpleNamespace(
        get_device_properties=lambda *_: {"multiprocessor_count": 1, "max_shared_mem": 2**16, "warpSize": 32}
    )


def change_driver(module):
    if hasattr(module.driver, "set_active"):
        module.driver.set_active(Driver())


changes = {
    "torch": change_torch,
    "triton.runtime.autotuner": change_autotuner,
    "triton.runtime.driver": change_driver,
}


class Watch:
    """Changes a module when it has been loaded."""

    def find_spec(self, name, path=None, target=None):
        change = changes.pop(name, None)
        if change is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            change(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Watch())
`;
