"""How a GPU is while times are taken, as NVML (libnvidia-ml.so.1) tells: clocks, temperature, throttling, and what else computes there.

In a PID namespace NVML's process numbers are those of the host, and nobody there knows which are his own; so none is compared with a known one.
Who has the GPU alone (gpu_turn.py) knows that no evaluation computes but his own: before a timing, whatever computes is foreign; over a timing,
whatever computes beyond the number of his own processes is. Both make a program look slower and never faster, so they are said and not rejected.
As a program it does the same around a command: python3 gpu_state.py before|after UUIDS OWN [what before printed].
"""

import contextlib
import ctypes
import json
import sys
import time

NOT_SUPPORTED, NOT_FOUND, TOO_SMALL = 3, 6, 7
SM, MEMORY = 1, 2
THERMAL = 1
# Not here: idleness, settings (which are as wanted), sync boost, and the cap of power by software, which heavy kernels meet on a healthy GPU.
HARMFUL = {
    0x08: "hardware slowdown",
    0x20: "too hot, slowed by the driver",
    0x40: "too hot, slowed by the hardware",
    0x80: "power brake",
}
POWER_CAP = 0x04
BUSY_PERCENT = 5
LOOK_S = 0.25  # NVML keeps a few samples a second of what each process computes.
FOREIGN_WAIT_S = 20
MOST_AGAIN = 3  # times that a throttled timing is taken again
MOST_THROTTLED = 10  # in one evaluation, which has other things to do than to wait
COOL_S = 2
NOT_RECORDED = "Clocks, temperature and throttling of the GPU: not recorded, for there is no NVML here."


class NotTimed(Exception):
    """The host could not time the program, whatever the program is. The text goes to the user."""


class Process(ctypes.Structure):
    _fields_ = [("pid", ctypes.c_uint), ("bytes", ctypes.c_ulonglong), ("instances", ctypes.c_uint * 2)]


class Use(ctypes.Structure):
    _fields_ = [("pid", ctypes.c_uint), ("at_us", ctypes.c_ulonglong), ("percents", ctypes.c_uint * 4)]


class Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class Violation(ctypes.Structure):
    _fields_ = [("reference", ctypes.c_ulonglong), ("time_ns", ctypes.c_ulonglong)]


def open_gpus(uuids):
    """The GPUs with these UUIDs (hexadecimal digits, with or without a prefix and dashes); none where NVML does not know them all."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return []
    if library.nvmlInit_v2() != 0:
        return []
    found = []
    for uuid in uuids:
        hexadecimal = uuid.lower().rpartition("gpu-")[2].replace("-", "")
        parts = [hexadecimal[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))]
        device = ctypes.c_void_p()
        if library.nvmlDeviceGetHandleByUUID(f"GPU-{'-'.join(parts)}".encode(), ctypes.byref(device)) != 0:
            return []
        found.append(Gpu(library, device))
    return found


class Gpu:
    """What a driver or a kind of GPU does not tell is None or absent."""

    def __init__(self, library, device):
        self._library, self._device = library, device

    def _number(self, name, *arguments, kind=ctypes.c_uint):
        value = kind()
        code = self._call(name, *arguments, ctypes.byref(value))
        return value.value if code == 0 else None

    def _call(self, name, *arguments):
        function = getattr(self._library, name, None)
        return NOT_SUPPORTED if function is None else function(self._device, *arguments)

    def _list(self, kind, call):
        """What call writes to a place and a count, as many as there are, also when they become more meanwhile."""
        items, count = None, ctypes.c_uint(0)
        code = call(items, ctypes.byref(count))
        while code == TOO_SMALL:
            count.value += 8
            items = (kind * count.value)()
            code = call(items, ctypes.byref(count))
        if code not in (0, NOT_FOUND):
            return None
        return [] if items is None or code == NOT_FOUND else list(items[: count.value])

    def read(self):
        violation = Violation()
        code = self._call("nvmlDeviceGetViolationStatus", ctypes.c_int(THERMAL), ctypes.byref(violation))
        power_mw = self._number("nvmlDeviceGetPowerUsage")
        found = {
            "sm_clock_mhz": self._number("nvmlDeviceGetClockInfo", ctypes.c_int(SM)),
            "memory_clock_mhz": self._number("nvmlDeviceGetClockInfo", ctypes.c_int(MEMORY)),
            "temperature_c": self._number("nvmlDeviceGetTemperature", ctypes.c_int(0)),
            "power_w": None if power_mw is None else power_mw / 1000,
            "reasons": self._number("nvmlDeviceGetCurrentClocksThrottleReasons", kind=ctypes.c_ulonglong),
            "too_hot_ns": violation.time_ns if code == 0 else None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def processes(self):
        """How many have the GPU open to compute."""
        for name in ("nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"):
            found = self._list(Process, lambda items, count: self._call(name, count, items))
            if found is not None:
                return len({process.pid for process in found})
        return None

    def computing(self, since_us):
        """How many have computed since then (microseconds of the epoch), as far as NVML's samples tell."""
        name, since = "nvmlDeviceGetProcessUtilization", ctypes.c_ulonglong(since_us)
        uses = self._list(Use, lambda items, count: self._call(name, items, count, since))
        return None if uses is None else len({use.pid for use in uses if use.percents[0] > 0 and use.at_us > since_us})

    def is_busy(self):
        found = Utilization()
        return self._call("nvmlDeviceGetUtilizationRates", ctypes.byref(found)) == 0 and found.gpu > BUSY_PERCENT


class Watch:
    """Over all timings of one evaluation. own: its processes that may compute. pause: sleeps so many seconds."""

    def __init__(self, gpus, own, pause=time.sleep):
        self._gpus, self._own, self._pause = gpus, own, pause
        self._readings = []
        self.throttled = 0
        self.foreign = 0 if gpus else None

    @contextlib.contextmanager
    def alone(self, own=None):
        """Around the timings of one turn on the GPUs alone, when nothing of one's own computes yet. own: in place of the usual number."""
        own = self._own if own is None else own
        self.wait_until_free(own)
        since_us = time.time_ns() // 1000
        yield
        self._count(since_us, own)

    def _count(self, since_us, own):
        for gpu in self._gpus:
            self.foreign = max(self.foreign, (gpu.computing(since_us) or 0) - own)

    def wait_until_free(self, own):
        """Waits while another program computes, but not for ever. own: processes that have the GPUs open and are idle."""
        deadline = time.monotonic() + FOREIGN_WAIT_S
        # Nobody else can compute on a GPU that nobody else has open.
        if all((gpu.processes() or 0) <= own for gpu in self._gpus):
            return
        while True:
            since_us = time.time_ns() // 1000
            self._pause(LOOK_S)
            computing = sum(self._others(gpu, since_us) for gpu in self._gpus)
            if computing == 0:
                return
            if time.monotonic() >= deadline:
                self.foreign = max(self.foreign, computing)
                return

    @staticmethod
    def _others(gpu, since_us):
        computing = gpu.computing(since_us)
        return int(gpu.is_busy()) if computing is None else computing

    def timed(self, take):
        """What take gives, which is called with the GPUs alone; again where they were throttled meanwhile. NotTimed where they always are."""
        if not self._gpus:
            return take()
        for attempt in range(MOST_AGAIN + 1):
            before = self.before()
            taken = None
            if harm := harm_of(before["readings"]):
                self.throttled += 1
            else:
                taken = take()
                harm = self.after(before)
                if not harm:
                    return taken
            if attempt == MOST_AGAIN or self.throttled >= MOST_THROTTLED:
                break
            self._pause(COOL_S)
        raise NotTimed(
            f"The program could not be timed: the GPU was throttled ({', '.join(harm)}) in {count_words(attempt + 1, 'attempt')}. This is about the host: "
            "look at the GPU's temperature and power with nvidia-smi -q -d PERFORMANCE."
        )

    def before(self):
        return {"since_us": time.time_ns() // 1000, "readings": [gpu.read() for gpu in self._gpus]}

    def after(self, before):
        """Words for what spoiled the timing, if anything did. Keeps what was read."""
        readings = [gpu.read() for gpu in self._gpus]
        self._readings.append([*zip(before["readings"], readings)])
        harm = harm_of(readings, before["readings"])
        if harm:
            self.throttled += 1
        return harm

    def metrics(self):
        """Numbers over all timings: clocks at their end, the lowest; temperature and power, the highest. Empty where there is no NVML."""
        if not self._gpus:
            return {}
        ends = [end for readings in self._readings for _, end in readings]
        every = ends + [start for readings in self._readings for start, _ in readings]
        found = {"throttled": self.throttled, "foreign_processes": self.foreign}
        for name, choose, among in (
            ("sm_clock_mhz", min, ends), ("memory_clock_mhz", min, ends), ("temperature_c", max, every), ("power_w", max, every),
        ):
            values = [reading[name] for reading in among if name in reading]
            if values:
                found[name] = choose(values)
        found["power_capped"] = sum(any(end.get("reasons", 0) & POWER_CAP for _, end in readings) for readings in self._readings)
        return found

    def words(self):
        """Lines for people, only of what was off."""
        if not self._gpus:
            return [NOT_RECORDED]
        lines = []
        if self.throttled:
            lines.append(f"The GPU was throttled {count_words(self.throttled, 'time')}; these timings were taken again.")
        if self.foreign:
            lines.append(f"{count_words(self.foreign, 'other program')} computed on the GPU meanwhile: times may be too long.")
        return lines


def count_words(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"


def harm_of(readings, before=()):
    """Words for each harmful reason to throttle that holds for any GPU, or held since the readings before."""
    reasons = 0
    for reading in (*readings, *before):
        reasons |= reading.get("reasons", 0)
    found = [words for bit, words in HARMFUL.items() if reasons & bit]
    hotter = any(now.get("too_hot_ns", 0) > then.get("too_hot_ns", now.get("too_hot_ns", 0)) for now, then in zip(readings, before))
    return found or (["too hot for a while"] if hotter else [])


def main(what, uuids, own, given="{}"):
    watch = Watch(open_gpus(uuids.split(",")), int(own))
    if what == "before":
        watch.wait_until_free(int(own))
        state = {**watch.before(), "foreign": watch.foreign or 0}
        print(json.dumps({**state, "harm": harm_of(state["readings"])}))
        return
    before = json.loads(given)
    if len(before["readings"]) != len(watch._gpus):
        raise SystemExit("NVML does not tell of the GPUs any more.")
    harm = watch.after(before) if watch._gpus else []
    watch.foreign = max(watch.foreign or 0, before["foreign"])
    watch._count(before["since_us"], int(own))
    metrics = watch.metrics()
    print(json.dumps({"harm": harm, "isRecorded": bool(watch._gpus), "metrics": metrics, "foreign": watch.foreign}))


if __name__ == "__main__":
    main(*sys.argv[1:])
