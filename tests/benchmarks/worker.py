"""A process that prepares one variant of a case, and then computes whenever it is asked to.

Called as ``python -m neurotrain.benchmarks.worker VARIANT FOLDER``. The folder holds case.json
and values.npz. Answers every line on stdin, and first of all that it is ready, by one line of
JSON on stdout.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import numpy as np

from neurotrain.benchmarks.cases import Case
from neurotrain.benchmarks.outcome import Runner
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import VARIANTS

OUTCOME = "outcome.npz"


def prepare(name: str, folder: Path) -> Runner:
    """Make the variant of the case in the parent of `folder` ready to run."""
    variant = VARIANTS[name]
    given = json.loads((folder.parent / "case.json").read_text())
    case = Case(**given | {"variants": tuple(given["variants"])})
    module = import_module(f"neurotrain.benchmarks.{variant.module}")
    return module.prepare(case, variant, Values.load(folder.parent / "values.npz"), folder)


def answer(runner: Runner, request: str, folder: Path) -> dict:
    """Do what is asked and return what there is to say."""
    if request == "compare":
        outcome = runner.compare()
        np.savez(folder / OUTCOME, v_mV=outcome.v_mV, spike_count=outcome.spike_count)
        return {}
    return asdict(runner.run()) | {"peak_memory_mb": runner.peak_memory_mb()}


def private_stdout() -> Callable[[dict], None]:
    """Return what writes an answer; everything else that is printed goes to stderr."""
    stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def write(content: dict) -> None:
        print(json.dumps(content), file=stdout, flush=True)

    return write


def main() -> None:
    """Prepare, then answer until stdin ends."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    write = private_stdout()
    try:
        runner = prepare(name, folder)
        write({"note": runner.note, "share": runner.share})
        for line in sys.stdin:
            write(answer(runner, line.strip(), folder))
    except Exception as error:
        write({"error": f"{type(error).__name__}: {error}"})
        raise


if __name__ == "__main__":
    main()
