"""Many runs that differ in some settings, each in a folder of its own, and a table of them."""

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from neurotrain.atomic import make_folder, write_all
from neurotrain.errors import InvalidInput, NeurotrainError, RunFolderError, require_whole
from neurotrain.file_locks import is_locked, one_at_a_time
from neurotrain.training.config_file import read_toml
from neurotrain.training.executors.opening import checked_options
from neurotrain.training.run_folder import CONFIG, RunFolder
from neurotrain.training.sweep_file import SweepFile, SweptRun, read_sweep_file
from neurotrain.training.trainer import resume, train

BASE, TABLE = "sweep.toml", "sweep.csv"
# What the table tells of a complete run.
TOLD = (
    "test_accuracy",
    "test_loss",
    "validation_accuracy",
    "generations",
    "trial_simulations",
    "wall_seconds",
)
COMPLETE, FAILED, MISSING, STARTED, IN_USE = "complete", "failed", "missing", "started", "in use"

Row = dict[str, Any]


def sweep(
    file: str | os.PathLike,
    *,
    out: str | os.PathLike | None = None,
    only: int | None = None,
    threads: int | None = None,
    executor: Any = None,
    executor_options: Mapping[str, Any] | None = None,
    progress: bool = True,
    tell: Callable[[int, int, Row], None] = lambda number, count, row: None,
) -> list[Row]:
    """Train every combination of settings that a file names, and go on where that ended.

    Runs that are complete are left as they are, and those that were interrupted go on. One that
    fails does not keep the others from being trained. The folder gets a run folder for each and a
    table of all, ``sweep.csv``, anew after every run, but not with `only`: jobs that run side by
    side would write it at the same time, and `listed` makes it when they have ended.

    Parameters
    ----------
    file : path
        See `neurotrain.training.sweep_file.read_sweep_file`.
    out : path, optional
        The folder of the runs, by default ``runs/`` and the name of the file.
    only : int, optional
        Train one of them alone, counted from 1, as the jobs of an array on a cluster do.
    threads : int, optional
        Threads of a simulation; by default as the file says. Does not change results.
    executor, executor_options
        Who simulates the candidates of each run, as for `neurotrain.train`.
    progress : bool
        Whether to show the progress of each run.
    tell : callable
        Called after each run with its number, how many there are, and its row.

    Returns
    -------
    list of dict
        A row for each run of the sweep: its ``run``, the values that are swept, its ``state``
        ('complete', 'failed', 'started', 'in use' by another process, or 'missing'), what came
        out, and the ``problem`` of one that failed.

    Raises
    ------
    InvalidInput
        If the file cannot be used, there is no run of that number, or no such executor.
    RunFolderError
        If the folder is one of other settings, or cannot be written to.
    """
    read, folder = read_sweep_file(file), folder_of(file, out)
    if only is not None:
        require_whole("only", only)
        if only > len(read.runs):
            raise InvalidInput(f"There are {len(read.runs)} runs in '{file}', and no run {only}.")
    # Of what all runs have in common, once.
    checked_options(executor, executor_options)
    if threads is not None:
        require_whole("threads", threads)
    _claim(folder, read)
    given = {"threads": threads, "executor": executor, "executor_options": executor_options}
    how = {name: value for name, value in given.items() if value is not None}
    problems: dict[str, str] = {}
    rows: list[Row] = []
    for number, run in enumerate(read.runs, start=1):
        if only in (None, number):
            problem = _trained(folder / run.name, run, {**how, "progress": progress})
            if problem:
                problems[run.name] = problem
            rows = rows_of(folder, read, problems)
            if only is None:
                _write_table(folder, rows)
            tell(number, len(read.runs), rows[number - 1])
    return rows


def folder_of(file: str | os.PathLike, out: str | os.PathLike | None = None) -> Path:
    """Return the folder of the runs of a file."""
    return Path("runs", Path(file).stem) if out is None else Path(out)


def listed(file: str | os.PathLike, *, out: str | os.PathLike | None = None) -> list[Row]:
    """Return the rows of a sweep as it stands, and write its table, without training anything.

    Parameters
    ----------
    file, out
        As for `sweep`, which also says what is raised.
    """
    read, folder = read_sweep_file(file), folder_of(file, out)
    rows = rows_of(folder, read)
    if (folder / BASE).exists():
        _claim(folder, read)
        _write_table(folder, rows)
    return rows


def summarized(rows: Sequence[Row], swept: Sequence[str]) -> list[Row]:
    """Return a row for each setting, over its seeds: medians and ranges of the test accuracy."""
    settings = [key for key in swept if key != "seed"]
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(str(row[key]) for key in settings), []).append(row)
    told = []
    for members in groups.values():
        found = [row["test_accuracy"] for row in members if row["state"] == COMPLETE]
        spread = {"median": None, "lowest": None, "highest": None}
        if found:
            spread = {"median": median(found), "lowest": min(found), "highest": max(found)}
        values = {key: members[0][key] for key in settings}
        told.append({**values, "complete": len(found), "runs": len(members), **spread})
    return told


def rows_of(folder: Path, read: SweepFile, problems: Mapping[str, str] | None = None) -> list[Row]:
    """Return a row for each run, as it is now."""
    return [_row(folder / run.name, run, (problems or {}).get(run.name)) for run in read.runs]


def _claim(folder: Path, read: SweepFile) -> None:
    """Note in the folder what all its runs have in common, or see that it is the same."""
    import tomli_w

    path = folder / BASE
    make_folder(folder, "The sweep")
    # Jobs of an array may begin at the same moment.
    with one_at_a_time(folder):
        if not path.exists():
            if any(folder.iterdir()):
                raise RunFolderError(
                    f"'{folder}' holds something else; choose another folder (--out DIR)."
                )
            write_all(folder, {BASE: tomli_w.dumps(dict(read.base)).encode()}, "The sweep")
    if read_toml(path) != read.base:
        raise RunFolderError(
            f"'{folder}' holds runs of other settings, those of its {BASE}; choose another "
            "folder (--out DIR), or sweep other values only."
        )


def _trained(path: Path, run: SweptRun, how: Mapping[str, Any]) -> str | None:
    """Bring a run to its end; return why it did not get there, if it did not."""
    try:
        if not (path / CONFIG).exists():
            arguments = {**run.arguments, **how}
            circuit, task = arguments.pop("circuit"), arguments.pop("task")
            train(circuit, task, out=path, **arguments)
        elif not (RunFolder(path).is_complete or is_locked(path / CONFIG)):
            resume(path, **how)
    except NeurotrainError as error:
        return str(error)
    # What is the user's own, such as a model in a file, may fail in any way.
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _row(path: Path, run: SweptRun, problem: str | None) -> Row:
    row: Row = {"run": run.name, **run.values, "state": _state(path, problem)}
    summary = RunFolder(path).read_result() if row["state"] == COMPLETE else {}
    return row | {name: summary.get(name) for name in TOLD} | {"problem": problem}


def _state(path: Path, problem: str | None) -> str:
    if problem is not None:
        return FAILED
    if not (path / CONFIG).exists():
        return MISSING
    if RunFolder(path).is_complete:
        return COMPLETE
    return IN_USE if is_locked(path / CONFIG) else STARTED


def _write_table(folder: Path, rows: Sequence[Row]) -> None:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(rows[0])
    table.writerows(_cells(rows))
    write_all(folder, {TABLE: text.getvalue().encode()}, "The table of the sweep")


def _cells(rows: Sequence[Row]) -> Iterator[list[Any]]:
    yield from (["" if value is None else value for value in row.values()] for row in rows)
