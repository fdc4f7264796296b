def is_available():
    return False


def device_count():
    return 0


def synchronize():
    raise RuntimeError("Found no NVIDIA driver on your system.")


class Event:
    def __init__(self, enable_timing=False):
        synchronize()
