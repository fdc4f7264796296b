"""The process of one candidate: hands it inputs and tells where its outputs lie. Nothing here is trusted.

The judge (judge.py) makes the inputs, holds the clock, and checks the outputs, all in another process. What a candidate changes
in this one can spoil its own result alone.

python3 worker.py CANDIDATE gpu|cpu PAGE COMMANDS: numbers of inherited files. COMMANDS has one JSON object a line. PAGE is shared
memory, page.py says for what.
"""

import importlib.util
import json
import mmap
import os
import random
import struct
import sys
import traceback
import types

from cases import fields
from page import ANSWER, BEGIN, DONE, PAGE_BYTES

ERROR_CHARACTERS = 2000
MOST_BALLAST = 256
BALLAST_BYTES = 2 * 1024**2


class Gpu:
    def __init__(self, torch):
        from cuda_memory import CudaError, Driver, Window

        torch.zeros(1, device="cuda").add_(1).item()
        self._torch, self._driver, self._window, self._error = torch, Driver(), Window, CudaError
        self.synchronize = self._driver.synchronize

    def view(self, command, offset, place, shape):
        base, _ = self._driver.open(command["input"])
        return self._torch.as_tensor(self._window(base + offset + 4 * place, shape), device="cuda")

    def move(self):
        """What is allocated next lies elsewhere."""
        self._ballast = None
        self._torch.cuda.empty_cache()
        size = random.randint(1, MOST_BALLAST) * BALLAST_BYTES
        self._ballast = self._torch.empty(size, dtype=self._torch.uint8, device="cuda")

    def nothing(self):
        """A call that takes no time, to find out what is measured beside the time of a call."""
        return self._torch.zeros(64, device="cuda")

    def where(self, output, _command):
        try:
            handle, offset = self._driver.share(output.data_ptr())
        except self._error as error:
            raise ValueError(
                f"The output must lie in memory that the program allocated with PyTorch, not in an input ({error})."
            ) from None
        return {"output": handle, "offset": offset}


class Cpu:
    def __init__(self, torch):
        self._torch = torch
        self._files = {}

    def synchronize(self):
        pass

    def _map(self, file, size):
        import numpy

        if file not in self._files:
            self._files[file] = numpy.frombuffer(mmap.mmap(file, size), dtype=numpy.float32)
        return self._files[file]

    def view(self, command, _offset, place, shape):
        memory = self._map(command["input"], command["inputBytes"])
        count = 1
        for size in shape:
            count *= size
        return self._torch.from_numpy(memory[place : place + count].reshape(shape))

    def where(self, output, command):
        memory = self._map(command["output"], command["outputBytes"])
        values = output.detach().numpy().reshape(-1)
        memory[: values.size] = values[: memory.size]
        return {}


class Sizes:
    """Inputs without values, while PyTorch's FakeTensorMode is on."""

    def __init__(self, torch):
        self._torch = torch

    def view(self, _command, _offset, _place, shape):
        return self._torch.empty(shape, device="cuda")


def load(program):
    # Programs written for GPU MODE import their types from here.
    task = types.ModuleType("task")
    task.input_t = task.output_t = object
    sys.modules["task"] = task
    sys.argv = [program]
    spec = importlib.util.spec_from_file_location("submission", program)
    module = importlib.util.module_from_spec(spec)
    sys.modules["submission"] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "custom_kernel", None)):
        raise AttributeError("The program must define custom_kernel(data).")
    return module.custom_kernel


def inputs(port, command, offset):
    """What a call gets, and where in its output the next call's norm.weight is."""
    found, _ = fields(command["batch"], command["n"], command["dim"])
    views = {name: port.view(command, offset, place, shape) for name, shape, place in found}
    x, mask, chain = views.pop("x"), views.pop("mask"), views.pop("chain")
    return (x, mask, views, {"dim": command["dim"], "hidden_dim": tuple(views["to_out_norm.weight"].shape)[0]}), chain


def about(output, port, command):
    where = port.where(output, command)
    return {"shape": list(output.shape), "dtype": str(output.dtype), "device": output.device.type, **where}


def call(torch, run, data):
    output = run(data)
    if not isinstance(output, torch.Tensor):
        raise TypeError(f"custom_kernel must return a tensor; it returned {type(output).__name__}.")
    return output.contiguous()


def serve(program, device, page, commands):
    import torch

    def answer(number, content):
        text = json.dumps(content).encode()
        struct.pack_into(f"<I{len(text)}s", page, ANSWER, len(text), text)
        struct.pack_into("<Q", page, DONE, number)

    port, kernel, outputs, done = None, None, [], {}
    for line in commands:
        command = json.loads(line)
        number = command["call"]
        try:
            # Not before the first command: whoever is taking times on the GPU then must not be disturbed.
            port = port or (Gpu(torch) if device == "gpu" else Cpu(torch))
            if command["do"] == "begin":
                answer(number, {})
            elif command["do"] == "load":
                kernel = load(program)
                answer(number, {})
            elif command["do"] == "move":
                outputs, data = [], None
                port.move()
                answer(number, {})
            elif command["do"] == "where":
                answer(number, {"outputs": [about(output, port, done) for output in outputs]})
            elif command["do"] == "run":
                outputs = []
                data, _ = inputs(port, command, command["offset"])
                outputs = [call(torch, kernel, data)]
                data = None
                port.synchronize()
                answer(number, about(outputs[0], port, command))
            else:
                outputs = []
                run = kernel if command["do"] == "time" else lambda _data: port.nothing()
                found = [inputs(port, command, offset) for offset in command["offsets"]]
                chains = [chain.view(torch.int64) for _, chain in found]
                port.synchronize()
                answer(number, {"ready": True})
                begin = struct.pack("<Q", number)
                while page[BEGIN : BEGIN + 8] != begin:
                    pass
                number += 1
                for index, (data, _) in enumerate(found):
                    if index > 0:
                        before, after = outputs[-1].view(-1), data[2]["norm.weight"]
                        torch.index_select(before, 0, chains[index - 1], out=after)
                    outputs.append(call(torch, run, data))
                port.synchronize()
                found, data, done = [], None, command
                answer(number, about(outputs[-1], port, command))
        except Exception:
            answer(number, {"error": traceback.format_exc()[-ERROR_CHARACTERS:]})


def main():
    program, device, page, commands = sys.argv[1:5]
    with os.fdopen(int(commands)) as lines:
        serve(program, device, mmap.mmap(int(page), PAGE_BYTES), lines)


if __name__ == "__main__":
    main()
