"""Running a compiled project: arrays in, arrays out, and nothing believed that was not seen."""

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurotrain.errors import NeurotrainError
from neurotrain.executions.cuda.project import Project, Slot
from neurotrain.executions.cuda.toolkit import require_gpu

# What a program says, without failing, of a value that it could not take.
_NOT_TAKEN = ("Error reading", "Could not read")


@dataclass(frozen=True)
class Outcome:
    """The files of a run, which are gone when the run's folder is."""

    project: Project
    folder: Path

    def array(self, slot: Slot) -> np.ndarray:
        """Return a variable's values, flat."""
        return np.fromfile(self.folder / slot.file, dtype=slot.dtype)


class Run:
    """One run of a project's program, as a context: its results exist within it.

    Parameters
    ----------
    project : Project
    values : mapping of str to array
        What is set before it starts, in SI units.
    table : array, optional
        What inputs present, (bin, copy and neuron).
    kept : set of str
        What the network does not change, and must come back as it was set.

    Raises
    ------
    NeurotrainError
        Where the program ends with an error, or did not take a value.
    """

    def __init__(
        self,
        project: Project,
        values: Mapping[str, np.ndarray],
        table: np.ndarray | None,
        kept: set[str],
    ) -> None:
        self.project, self.values, self.table, self.kept = project, values, table, kept

    def __enter__(self) -> Outcome:
        # Brian2CUDA's program makes small letters of a file's name, and Python's names have no
        # others: a path from the project's own folder keeps others out.
        self.folder = tempfile.TemporaryDirectory(prefix="run_", dir=self.project.folder)
        try:
            return self._run(Path(self.folder.name))
        except BaseException:
            self.folder.cleanup()
            raise

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()

    def _run(self, folder: Path) -> Outcome:
        given = {
            self.project.settable[name]: np.ascontiguousarray(values, self._dtype(name)).ravel()
            for name, values in self.values.items()
        }
        if self.project.table is not None:
            assert self.table is not None
            given[self.project.table] = self.table.astype(self.project.table.dtype).ravel()
        words = []
        for i, (slot, values) in enumerate(given.items()):
            values.tofile(folder / f"given{i}")
            words.append(f"{slot.name}={folder.name}/given{i}")
        self._call(["--results_dir", f"{folder.name}/", *words])
        outcome = Outcome(self.project, folder)
        for name in self.kept & self.values.keys():
            slot = self.project.settable[name]
            if not np.array_equal(outcome.array(slot), given[slot], equal_nan=True):
                raise NeurotrainError(
                    f"The CUDA program did not keep '{slot.name}' as it was set; the project "
                    f"is in {self.project.folder}. {_REPORT}"
                )
        return outcome

    def _dtype(self, name: str) -> str:
        return self.project.settable[name].dtype

    def _call(self, words: list[str]) -> None:
        done = subprocess.run(
            ["./main", *words], cwd=self.project.folder, capture_output=True, text=True
        )
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        bad = [line for line in lines if line.startswith(_NOT_TAKEN)]
        if done.returncode and any("cudaSetDevice" in line for line in lines):
            require_gpu("cuda")
        if done.returncode or bad:
            said = (bad or lines or [f"exit code {done.returncode}"])[-1]
            raise NeurotrainError(
                f"The CUDA program in {self.project.folder} failed: {said.strip()} {_REPORT}"
            )


_REPORT = "Use the execution 'fused', and tell us of it."
