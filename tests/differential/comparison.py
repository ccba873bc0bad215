"""Running a script on a device, and what two runs of it must have in common."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from unittest.mock import patch

import brian2
import numpy as np
import sympy
from brian2 import defaultclock, get_device, ms, prefs, set_device, start_scope

TOLERANCE = 1e-9
# Below this, in SI units, values are rounding of what cancels.
SMALLEST = 1e-12
# A change of this relative size stands for rounding: what answers to it with more than the
# tolerance is ill-conditioned.
ROUNDING = 1e-12
PUBLIC = {name: getattr(brian2, name) for name in dir(brian2) if not name.startswith("_")}

Outcome = dict[str, np.ndarray]
Runner = Callable[[str], Outcome]

HEADER = """\
# Run this as `python script.py runtime` and as `python script.py neurotrain`.
import sys
from brian2 import *
import neurotrain.device

prefs.codegen.target = 'numpy'
set_device(sys.argv[1] if len(sys.argv) > 1 else 'runtime')
"""
FOOTER = """\
for one in sorted(network.objects, key=lambda one: one.name):
    if hasattr(one, 'get_states'):
        for name, values in sorted(one.get_states(units=False).items()):
            print(f'{one.name}.{name} =', values)
"""


def run(script: str, device: str) -> Outcome:
    """Run a script on a device and return every array that it leaves behind."""
    names = dict(PUBLIC)
    with _own_scope(device):
        exec(compile(script, "<drawn script>", "exec"), names)
        return outcome(names["network"])


# Brian2 solves linear equations anew for each set of numbers, and on each side.
_exponential = cache(sympy.MatrixBase.exp)


@contextmanager
def _own_scope(device: str) -> Iterator[None]:
    before = get_device()
    prefs.codegen.target = "numpy"
    set_device(device)
    start_scope()
    # Brian2 collects garbage before each run, which takes a third of the time of small scripts.
    idle = SimpleNamespace(collect=lambda: None)
    try:
        with (
            patch.object(brian2.core.network, "gc", idle),
            patch.object(sympy.MatrixBase, "exp", lambda m: _exponential(m.as_immutable())),
        ):
            yield
    finally:
        set_device(before)
        defaultclock.dt = 0.1 * ms


def outcome(network: brian2.Network) -> Outcome:
    """Return every array of a network's groups and monitors, by owner and name."""
    found = {"network.t": np.array(float(network.t))}
    for one in network.objects:
        if hasattr(one, "get_states"):
            for name, values in one.get_states(units=False).items():
                # Synapses also show the variables of the groups at their ends.
                if one.variables[name].owner.name == one.name:
                    found[f"{one.name}.{name}"] = np.array(values)
    return found


def differences(got: Outcome, expected: Outcome) -> list[str]:
    """Return a line for each array that is not the same: floats within rounding, others exactly."""
    if got.keys() != expected.keys():
        return [f"only one side has {sorted(got.keys() ^ expected.keys())}"]
    return [
        f"{name}: {_text(got[name])}\n{' ' * len(name)}  not {_text(expected[name])}"
        for name in sorted(expected)
        if not _same(got[name], expected[name])
    ]


def _text(values: np.ndarray) -> str:
    return f"{np.array2string(values, threshold=60)} ({values.dtype}, {values.shape})"


def _same(got: np.ndarray, expected: np.ndarray) -> bool:
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return False
    if expected.dtype.kind != "f":
        return bool(np.array_equal(got, expected))
    finite = np.isfinite(expected)
    scale = max(np.abs(expected[finite]).max(initial=0), SMALLEST)
    within = np.abs(got[finite] - expected[finite]) <= TOLERANCE * scale
    return bool(within.all()) and np.array_equal(got[~finite], expected[~finite], equal_nan=True)


def perturbed(script: str, which: int) -> str:
    """Return the script with every number with a decimal point changed as by rounding.

    Times in microseconds, which are counted in steps, stay.
    """
    rng = np.random.default_rng(which)

    def change(number: re.Match) -> str:
        return repr(float(number[0]) + ROUNDING * rng.uniform(-1, 1))

    lines = script.splitlines()
    return "\n".join(x if "*us" in x else re.sub(r"\b\d+\.\d+\b", change, x) for x in lines)


def is_ill_conditioned(script: str, reference: Runner, expected: Outcome) -> bool:
    """Return whether the reference itself answers to rounding with more than the tolerance."""
    return any(differences(reference(perturbed(script, k)), expected) for k in range(3))


def report(script: str, found: list[str]) -> str:
    """Return the script that a person can run, and how the outcomes differ."""
    lines = "\n".join(f"# {line}" for one in found for line in one.splitlines())
    return f"\n{HEADER}\n{script}\n\n{FOOTER}\n# Got, and not what was expected:\n{lines}\n"
