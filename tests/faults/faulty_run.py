"""A run in processes of its own, to which things can be done, and that must come to its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from short_training import STUB, TASK

from neurotrain.training.checkpoint import read_latest_checkpoint
from neurotrain.training.metrics_file import MetricsFile

SECONDS_AT_MOST = 120.0
GENERATIONS, GENERATION_MS = 16, 20.0
# So long that there is a checkpoint after each.
LONG_MS = 120.0
COMMON = {
    "task": "stimulus-integration",
    "optimizer_options": {"population_size": 4},
    "generations": GENERATIONS,
    "trials": 4,
    "validation_trials": 10,
    "validation_every": 3,
    "test_trials": 10,
    "threads": 1,
}
CIRCUITS = {
    "linear": {
        "circuit": STUB,
        "model_options": {"delay_ms": GENERATION_MS},
        "task_options": TASK,
    },
    "slow": {
        "circuit": STUB,
        "model_options": {"delay_ms": LONG_MS},
        "task_options": TASK,
    },
    "morris-lecar": {
        "circuit": "morris-lecar",
        "model_options": {"neurons": 4},
        "task_options": {"words": 4, "channels": 4, "bin_ms": 2.0},
    },
}


def launched(arguments: list[str], **environment: str) -> subprocess.Popen:
    """Start a process that trains."""
    return subprocess.Popen(
        [sys.executable, "-m", "faults.trainer", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


class FaultyRun:
    """A run of one of the `CIRCUITS`, and what happened to it so far.

    Parameters
    ----------
    folder : Path
        The run folder, which does not exist yet.
    circuit : str
        A name in `CIRCUITS`.
    checkpoint_every : int or None
        As for `neurotrain.train`.
    launch
        What starts a process.
    """

    def __init__(
        self,
        folder: Path,
        circuit: str,
        checkpoint_every: int | None,
        launch: Callable[..., Any] = launched,
    ) -> None:
        self.folder, self.launch = folder, launch
        self.options = {**COMMON, **CIRCUITS[circuit], "checkpoint_every": checkpoint_every}
        self.sittings, self.lost, self.refusals = 0, 0, []

    def start(
        self, verb: str | None = None, *, strike: int = -1, **environment: str
    ) -> subprocess.Popen:
        """Start a process that trains, or goes on if there is a run.

        Parameters
        ----------
        verb : str, optional
            ``'train'`` or ``'resume'``, whatever there is.
        strike : int
            Before which change of a file it kills itself.
        environment
            More variables for it.
        """
        self.sittings += 1
        has_begun = (self.folder / "config.toml").exists()
        verb = verb or ("resume" if has_begun else "train")
        arguments = [verb, str(self.folder), json.dumps(self.options), str(strike)]
        return self.launch(arguments, **environment)

    def wait_for(self, process: subprocess.Popen, generation: int, more_ms: float = 0.0) -> None:
        """Wait until a generation is in the metrics, and some time more, or the process ends."""
        deadline = time.monotonic() + SECONDS_AT_MOST
        while self.generation < generation and process.poll() is None:
            assert time.monotonic() < deadline, "nothing happens any more"
            time.sleep(0.002)
        time.sleep(1e-3 * more_ms)

    @property
    def generation(self) -> int:
        """The last one in the metrics."""
        return len(MetricsFile(self.folder / "metrics.jsonl").read())

    def end(self, process: subprocess.Popen, number: int = signal.SIGKILL) -> str:
        """Send a signal, wait for the end, and return what the process said."""
        process.send_signal(number)
        said = process.communicate(timeout=SECONDS_AT_MOST)[1]
        self.note_loss()
        return said

    def wait(self, process: subprocess.Popen) -> tuple[int, str]:
        """Return the exit code and what the process said, at its own end."""
        said = process.communicate(timeout=SECONDS_AT_MOST)[1]
        return process.returncode, said

    def note_loss(self) -> None:
        """Note how many generations have to be trained again."""
        checkpoint = read_latest_checkpoint(self.folder) if self.folder.exists() else None
        seen = 0 if checkpoint is None else int(checkpoint["generation"])
        self.lost = max(self.lost, self.generation - seen)

    def complete(self, **environment: str) -> None:
        """Go on to the end."""
        code, said = self.wait(self.start(**environment))
        assert code == 0, f"did not go on: {said}"

    def complete_unless_refused(self, originals: dict[str, bytes], may_be: bool) -> None:
        """Go on to the end; if that may be and is refused, put back what was damaged before."""
        before = self.content()
        code, said = self.wait(self.start())
        if code != 0:
            assert may_be, f"refused without need: {said}"
            self.note_refusal(code, said)
            assert self.content() == before, "the folder was changed"
            for name, content in originals.items():
                (self.folder / name).write_bytes(content)
            self.complete()

    def note_refusal(self, code: int, said: str) -> None:
        """See that a process ended with one clear line."""
        assert said.startswith("error: ") and said.count("\n") == 1, f"unclear: {said}"
        assert code in (1, 2)
        self.refusals.append(said.removeprefix("error: ").strip())

    def content(self) -> dict[str, bytes]:
        """Return all files of the run folder."""
        return {path.name: path.read_bytes() for path in self.folder.glob("*")}

    def outcome(self) -> tuple[bytes, bytes, dict]:
        """Return the metrics, the weights, and the result without wall-clock times."""
        result = json.loads((self.folder / "result.json").read_text())
        del result["wall_seconds"]
        metrics, weights = self.folder / "metrics.jsonl", self.folder / "weights.npz"
        return metrics.read_bytes(), weights.read_bytes(), result
