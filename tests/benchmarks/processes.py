"""Processes of the benchmark: one for each variant of a case, which computes when it is asked."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import neurotrain
from neurotrain.benchmarks.outcome import Outcome, Seconds
from neurotrain.benchmarks.variants import Variant
from neurotrain.benchmarks.worker import OUTCOME
from neurotrain.errors import NeurotrainError


class VariantFailed(NeurotrainError):
    """A variant could not be prepared or run."""

    exit_code = 1


def command(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module of the benchmark in a new Python."""
    return [sys.executable, "-m", f"neurotrain.benchmarks.{module}", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return the environment in which a new Python finds this very neurotrain."""
    top = str(Path(neurotrain.__file__).parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [top, inherited]))}


def run_module(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of the benchmark and return the line of JSON that it prints at the end.

    Raises
    ------
    VariantFailed
        If it ends with an error.
    """
    done = subprocess.run(
        command(module, *arguments), env=environment(), capture_output=True, text=True
    )
    if done.returncode:
        raise VariantFailed(_last_line(done.stderr))
    return json.loads(done.stdout.splitlines()[-1])


def rows_of_module(
    case: str, variants: Iterable[str], module: str, *arguments: object
) -> list[dict[str, Any]]:
    """Return the ``rows`` that a module prints of a case; if it fails, one for each variant."""
    try:
        rows = run_module(module, *arguments)["rows"]
    except VariantFailed as error:
        return noted_rows(case, variants, f"failed: {error}")
    return [_row(case) | row for row in rows]


def noted_rows(case: str, variants: Iterable[str], note: str) -> list[dict[str, Any]]:
    """Return rows that say why variants of a case were not measured."""
    return [_row(case) | {"variant": variant, "note": note} for variant in variants]


def _row(case: str) -> dict[str, Any]:
    unknown = dict.fromkeys(("ns_per_neuron_step", "ratio_to_reference"))
    return {"case": case, "clock": "cpu", **unknown, "note": ""}


class Process:
    """A variant of a case in a process of its own."""

    def __init__(self, variant: Variant, folder: Path) -> None:
        self.variant, self.folder = variant, folder
        self.note = ""
        self.share = (0, 0)
        self.peak_memory_mb = float("nan")
        folder.mkdir()
        self._errors = folder / "stderr.txt"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                command("worker", variant.name, folder),
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until the variant is prepared.

        Raises
        ------
        VariantFailed
            If it cannot be.
        """
        ready = self._answer()
        self.note, self.share = ready["note"], tuple(ready["share"])

    def compare(self) -> Outcome:
        """Let it simulate the compared steps."""
        self._ask("compare")
        with np.load(self.folder / OUTCOME) as file:
            return Outcome(file["v_mV"], file["spike_count"])

    def run(self) -> Seconds:
        """Let it simulate all steps once."""
        answer = self._ask("run")
        self.peak_memory_mb = answer.pop("peak_memory_mb")
        return Seconds(**answer)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, request: str) -> dict[str, Any]:
        try:
            self._process.stdin.write(f"{request}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # What it said last tells why.
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            told = _last_line(self._errors.read_text(errors="replace"))
            raise VariantFailed(f"it ended with code {self._process.returncode}: {told}")
        answer = json.loads(line)
        if "error" in answer:
            raise VariantFailed(answer["error"])
        return answer


def _last_line(text: str) -> str:
    return next(reversed([line for line in text.splitlines() if line.strip()]), "no message")
