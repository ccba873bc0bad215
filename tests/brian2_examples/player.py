"""A process that runs one example once for each seed and writes what came of it.

Called as ``python player.py SPEC.json``; the fields are those of `Spec`. Each seed is run by a
process of its own, forked after Brian2 is imported, and leaves SEED.npz and SEED.json.
"""

import json
import os
import random
import resource
import runpy
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from traceback import print_exc, walk_tb
from typing import Any

import brian2
import brian2.devices
import brian2.devices.device
import numpy as np
from rounding import disturb_every_step, disturb_start
from selection import Extent
from tape import Tape, TotalReached

TOOK_TOO_LONG = 3


@dataclass(frozen=True)
class Spec:
    """What to run: the script, on which device, and with which seeds.

    Attributes
    ----------
    noise : bool
        Whether a seed stands for random numbers drawn during runs; otherwise those are the same
        for all.
    rounding : bool
        Whether a seed stands for differences in the last place.
    time_limit : int
        Seconds of processor time for each seed, however busy the machine is otherwise. When they
        are over, the process ends and the seeds that are left are not run.
    """

    script: str
    device: str
    seeds: tuple[int, ...]
    noise: bool
    rounding: bool
    run_steps: int
    total_steps: int
    time_limit: int
    out: str


def play(spec: Spec, seed: int) -> None:
    """Run the script and write what its runs recorded and how it ended."""
    tape = Tape(Extent(spec.run_steps, spec.total_steps), seed if spec.noise else 0)
    _prepare(spec, seed)
    tape.install()
    start = time.perf_counter()
    error, stopped = _run(Path(spec.script))
    ending = {"error": error, "stopped": stopped, "runs": tape.runs}
    ending["seconds"] = time.perf_counter() - start
    np.savez_compressed(Path(spec.out) / f"{seed}.npz", **tape.arrays)
    (Path(spec.out) / f"{seed}.json").write_text(json.dumps(ending))


def _prepare(spec: Spec, seed: int) -> None:
    # Compiling every object takes longer than what it saves in runs as short as these.
    brian2.prefs.codegen.target = "numpy"
    if spec.device == "neurotrain":
        import neurotrain.device  # noqa: F401

        brian2.set_device("neurotrain")
    if spec.rounding:
        (disturb_start if spec.device == "neurotrain" else disturb_every_step)(seed)
    _keep_device()
    random.seed(1)
    brian2.seed(1)


def _keep_device() -> None:
    """Let no script choose another device than the one under test."""
    for module in (brian2, brian2.devices, brian2.devices.device):
        module.set_device = lambda *args, **options: None


def _run(script: Path) -> tuple[dict[str, Any] | None, bool]:
    """Run the script in its folder; return its error, if any, and whether enough was simulated."""
    os.chdir(script.parent)
    sys.path[0], sys.argv = str(script.parent), [str(script)]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except TotalReached:
        return None, True
    except BaseException as error:
        return _described(error), False
    return None, False


def _described(error: BaseException) -> dict[str, Any]:
    """Say what went wrong: that a model is not covered, or the error that Brian2's stem from."""
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    refusals = (one for one in chain if type(one).__name__ == "UnsupportedModel")
    error = next(refusals, chain[-1])
    kinds = [kind.__name__ for kind in type(error).__mro__]
    frames = [f"{f.f_code.co_filename}:{line}" for f, line in walk_tb(error.__traceback__)]
    return {"kinds": kinds, "message": str(error), "where": frames[-1:] + frames[:0:-1][:6]}


def main() -> int:
    """Run the script for each seed of the specification in the file that is named.

    Returns `TOOK_TOO_LONG` if one of them did, else 0.
    """
    given = json.loads(Path(sys.argv[1]).read_text())
    spec = Spec(**given | {"seeds": tuple(given["seeds"])})
    for seed in spec.seeds:
        child = os.fork()
        if child == 0:
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (spec.time_limit, spec.time_limit + 1))
                play(spec, seed)
            except BaseException:
                print_exc()
            os._exit(0)
        if os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGXCPU:
            return TOOK_TOO_LONG
    return 0


if __name__ == "__main__":
    sys.exit(main())
