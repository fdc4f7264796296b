"""What the text of programs says: python3 static_trials.py PROBLEM prints a JSON object of names and rejections, or null."""

import json
import os
import sys
import types

sys.path.insert(0, os.path.abspath(sys.argv[1]))
from candidate_process import Rejected
from static_checks import check_text

PROGRAMS = {
    "a function": "def custom_kernel(data):\n    return data",
    "under a condition": "if True:\n    def custom_kernel(data): pass\nelse:\n    custom_kernel = 1",
    "in a try": "try:\n    from a import b as custom_kernel\nexcept ImportError:\n    pass",
    "a name": "def kernel(data): pass\ncustom_kernel = kernel",
    "several names": "a, (custom_kernel, b) = 1, (2, 3)",
    "an import": "import custom_kernel",
    "everything imported": "from a import *",
    "by exec": "exec(open('a').read())",
    "by globals": "globals()['custom' + '_kernel'] = 1",
    "by a function": "def f():\n    global custom_kernel\n    custom_kernel = 1\nf()",
    "by a loop": "for custom_kernel in [1]: pass",
    "by with": "with open('a') as custom_kernel: pass",
    "by a walrus": "print(custom_kernel := 1)",
    "another encoding": b"# -*- coding: latin-1 -*-\n# \xe9\ndef custom_kernel(data): pass",
    "bytes that are no UTF-8": b"# \xe9\ndef custom_kernel(data): pass",
    "nothing": "",
    "within another function": "def f():\n    def custom_kernel(data): pass",
    "within a class": "class A:\n    def custom_kernel(data): pass",
    "only used": "custom_kernel(1)",
    "a syntax error": "def custom_kernel(data:\n",
    "a return outside": "def custom_kernel(data): pass\nreturn",
    "a null byte": "def custom_kernel(data): pass\0",
    "very deep": "def custom_kernel(data): pass\n" + "(" * 5000 + ")" * 5000,
    "8-bit floats": "def custom_kernel(data): return data.to(torch.float8_e4m3fn)",
    "8-bit floats of Triton": "def custom_kernel(data): return tl.float8e5",
    "8-bit floats of CUDA": 'SOURCE = "__nv_fp8_e4m3 value;"\ndef custom_kernel(data): pass',
    "8-bit floats in words": '"""No float8_e4m3 here."""\n# float8_e5m2\ndef custom_kernel(data): pass',
}


def rejection(source, forbidden):
    try:
        check_text(source if isinstance(source, bytes) else source.encode(), "custom_kernel", forbidden)
    except Rejected as rejected:
        return str(rejected)
    return None


sys.modules["picture"] = types.ModuleType("picture")
sys.modules["picture"].view_of = None
import evaluate

print(json.dumps({name: rejection(source, getattr(evaluate, "FORBIDDEN", ())) for name, source in PROGRAMS.items()}))
