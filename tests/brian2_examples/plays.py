"""Running examples in processes of their own, and keeping what Brian2 itself makes of them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from player import TOOK_TOO_LONG, Spec

# A process may wait so many times as long as it computes.
MOST_WAITING = 10
PLAYER = Path(__file__).with_name("player.py")
SOURCES = tuple(PLAYER.with_name(name) for name in ("player.py", "tape.py", "rounding.py"))


@dataclass(frozen=True)
class Play:
    """One run of one script.

    Attributes
    ----------
    error : dict or None
        What stopped the script: `kinds`, the names of the error's classes, `message`, `where`.
    runs : list of dict
        As `Tape.runs` has them; of a script that crashed the process, none.
    stopped : bool
        Whether the script would have gone on to simulate after enough was simulated.
    path : Path
        Of the arrays, as `Tape.arrays` names them.
    """

    error: dict[str, Any] | None
    stopped: bool
    runs: list[dict[str, Any]]
    seconds: float
    path: Path

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything that was recorded."""
        with np.load(self.path) as file:
            return dict(file)

    @property
    def random(self) -> bool:
        """Whether random numbers were drawn during a run."""
        return any(run["random"] for run in self.runs)

    def is_error(self, name: str) -> bool:
        """Return whether the script was stopped by an error of this class."""
        return self.error is not None and name in self.error["kinds"]


class TookTooLong(Exception):
    """The script did not end in the time that it was given."""


def plays(spec: Spec, kept: Path | None = None) -> list[Play]:
    """Run the script for each seed, or return what an equal run has left in `kept`.

    Raises
    ------
    TookTooLong
        If it takes longer than `spec.time_limit`.
    """
    folder = Path(spec.out) if kept is None else kept / _key(spec)
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "exit-code"
    if not done.exists():
        done.write_text(str(_execute(spec, folder)))
    if int(done.read_text()) == TOOK_TOO_LONG:
        raise TookTooLong(f"more than {spec.time_limit} s")
    return list(_read(spec, folder))


def _key(spec: Spec) -> str:
    """Return a name for all that the outcome on Brian2's runtime device depends on."""
    content = json.dumps(asdict(spec) | {"out": "", "script": Path(spec.script).name})
    texts = (path.read_text() for path in (Path(spec.script), *SOURCES))
    versions = (brian2.__version__, np.__version__, sys.version)
    return sha256("\0".join((content, *versions, *texts)).encode()).hexdigest()[:24]


def _execute(spec: Spec, folder: Path) -> int:
    """Return the exit code of a player, or `TOOK_TOO_LONG` of one that waits for ever."""
    path = folder / "spec.json"
    path.write_text(json.dumps(asdict(spec) | {"out": str(folder)}))
    with open(folder / "stderr.txt", "w") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(PLAYER), str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=os.environ | {"MPLBACKEND": "Agg"},
            start_new_session=True,
        )
    try:
        return process.wait(MOST_WAITING * spec.time_limit * len(spec.seeds))
    except subprocess.TimeoutExpired:
        return TOOK_TOO_LONG
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read(spec: Spec, folder: Path) -> Iterator[Play]:
    for seed in spec.seeds:
        path = folder / f"{seed}.json"
        if path.exists():
            yield Play(**json.loads(path.read_text()), path=folder / f"{seed}.npz")
        else:
            said = (folder / "stderr.txt").read_text().strip().splitlines()[-1:]
            error = {"kinds": ["Died"], "message": f"the process died: {said}", "where": []}
            yield Play(error, False, [], 0.0, folder / f"{seed}.npz")
