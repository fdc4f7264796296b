"""How much others compute on a core, by the kernel's account of it (proc(5)). A program cannot make itself look disturbed: what it computes
itself is taken off."""

import collections
import os
import time

STAT = "/proc/stat"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# Two readings of a processor's idle time are each rounded to a tick.
ROUNDING_S = 2 * TICK_S
# Of the time that a program ran, and at least so many seconds.
MOST_SHARE, LEAST_S = 0.02, 0.03
# What runs on the core's other processor slows a program down, though not as much as sharing its own.
BESIDE_WEIGHT = 0.5
LOOK_S, QUIET_SHARE = 0.1, 0.8

Reading = collections.namedtuple("Reading", "at_s own_idle_s beside_idle_s")
"""beside_idle_s: of each other processor of the core."""


def read_core(core, beside):
    """core: number of a processor. beside: those of the same physical core. None where the kernel does not tell."""
    idle = _idle_seconds()
    if core not in idle or not all(number in idle for number in beside):
        return None
    return Reading(time.monotonic(), idle[core], [idle[number] for number in sorted(beside)])


def _idle_seconds():
    found = {}
    try:
        with open(STAT) as file:
            for line in file:
                name, *ticks = line.split()
                if name[:3] == "cpu" and name[3:].isdigit():
                    found[int(name[3:])] = TICK_S * (int(ticks[3]) + int(ticks[4]))
    except OSError:
        pass
    return found


def taken_by_others(before, after, cpu_s):
    """Seconds that others had of the core between two readings, while all threads of the program computed for cpu_s."""
    if before is None or after is None:
        return 0.0
    passed_s = after.at_s - before.at_s
    own_s = passed_s - (after.own_idle_s - before.own_idle_s) - cpu_s - ROUNDING_S
    beside_s = sum(passed_s - (late - early) - ROUNDING_S for early, late in zip(before.beside_idle_s, after.beside_idle_s))
    return max(0.0, own_s) + BESIDE_WEIGHT * max(0.0, beside_s)


def is_disturbed(ran):
    """ran: has taken_s and wall_s."""
    return ran.taken_s > max(LEAST_S, MOST_SHARE * ran.wall_s)


def is_quiet(core, beside):
    """Looks for a moment whether anybody computes there. So it is where the kernel does not tell."""
    before = read_core(core, beside)
    time.sleep(LOOK_S)
    after = read_core(core, beside)
    if before is None or after is None:
        return True
    idle = [after.own_idle_s - before.own_idle_s]
    idle += [late - early for early, late in zip(before.beside_idle_s, after.beside_idle_s)]
    return min(idle) >= QUIET_SHARE * LOOK_S
