_modes = []


class TorchFunctionMode:
    def __enter__(self):
        _modes.append(self)
        return self

    def __exit__(self, *_):
        _modes.remove(self)


def dispatch(func, plain, args, kwargs):
    return _modes[-1].__torch_function__(func, (), args, kwargs) if _modes else plain(*args, **kwargs)
