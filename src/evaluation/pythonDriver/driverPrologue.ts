/**
 * Begins every driver: `order` is what the driver shall do, and `seal` ends it with its verdict. The order is gone from the disk
 * before anything foreign is imported, so that a program which ends the process by itself cannot know what a verdict must say.
 */
export const driverPrologue = String.raw`
import json
import os
import sys
import traceback


def take_order():
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        order = json.load(file)
    os.unlink(path)
    del sys.argv[1:]
    return order


def seal(order, verdict, encode=json.dumps, replace=os.replace, leave=os._exit):
    """Writes the verdict and ends the process at once: threads that a program left do not go on."""
    part = order["verdict"] + ".part"
    with open(part, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(encode({"seal": order["seal"], "verdict": verdict}))
    replace(part, order["verdict"])
    sys.stdout.flush()
    sys.stderr.flush()
    leave(0)


def words_of(error):
    """What a verdict says of an exception, which goes to the output in full."""
    traceback.print_exception(type(error), error, error.__traceback__)
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
    return {"text": text[:2000], "missing": missing if isinstance(missing, str) else None}
`;
