"""How many evaluations the optimizers need: what `neurotrain bench optimizers` runs."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from neurotrain import __version__
from neurotrain.benchmarks.cases import matches
from neurotrain.benchmarks.contenders import Contender, contenders
from neurotrain.benchmarks.kept_runs import KeptRuns, Run
from neurotrain.benchmarks.landscapes import LANDSCAPES, Landscape
from neurotrain.benchmarks.optimizer_rows import (
    cell_of,
    check_rows,
    finite,
    format_rows,
    rows_of_case,
    rule_of,
)
from neurotrain.benchmarks.report import describe_machine
from neurotrain.doctor import installed_version
from neurotrain.errors import require_whole, unknown_name

LIBRARIES = ("cma", "cmaes", "evosax", "nevergrad")
SEEDS = {"quick": 2, "default": 10, "full": 10}
SIZES = {"quick": (10,), "default": (10, 100), "full": (10, 100, 1000)}
QUICK = ("sphere", "step")

EXPLANATION = """\
Evaluations until the guess is as good as the target: median over the seeds, and the quartiles; a
seed without success counts as infinitely many. Where more than half of them had none it says so,
and the others are not run. ratio: our median over the median of the same method elsewhere, in the
row of the latter. ms: CPU time per evaluation."""


@dataclass(frozen=True)
class Report:
    """What came out.

    Parameters
    ----------
    machine : dict
    rows, checks : list of dict
        Evaluations of each method on each landscape, and ours beside those of others.
    """

    machine: dict[str, Any]
    rows: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    failed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what `neurotrain bench optimizers --json` prints."""
        return {"machine": self.machine, "rows": self.rows, "checks": self.checks}


def bench_optimizers(
    extent: str = "default",
    only: str | None = None,
    repeats: int | None = None,
    show: Callable[[str], None] = lambda text: None,
    out: Path | None = None,
) -> Report:
    """Count the evaluations that optimizers need, ours and those of other libraries.

    Parameters
    ----------
    extent : {'quick', 'default', 'full'}
        10 parameters; also 100; also 1000.
    only : str, optional
        Of the cases and methods only those whose ``CASE/METHOD/LIBRARY`` has this part or
        matches this shell pattern.
    repeats : int, optional
        Seeds of each.
    show : callable, optional
        Is given every table as soon as it is complete.
    out : Path, optional
        A JSON file in which all runs are kept: those that are in there are not made again, so
        that a comparison that was ended goes on from there.

    Raises
    ------
    InvalidInput
        If nothing matches, there are no seeds, or the file is of something else.
    """
    seeds = SEEDS[extent] if repeats is None else repeats
    require_whole("The number of repeats", seeds)
    chosen = _chosen(extent, only)
    kept = KeptRuns(out, installed_versions())
    machine = describe_machine() | {name: installed_version(name) for name in LIBRARIES}
    show(", ".join(f"{name} {value}" for name, value in machine.items() if value))
    show(EXPLANATION)
    rows = []
    try:
        # Several threads would be slower, and count several times.
        with threadpool_limits(1):
            for (landscape, size), members in chosen.items():
                for each in members:
                    _measure(LANDSCAPES[landscape], size, each, seeds, kept)
                case = rows_of_case(LANDSCAPES[landscape], size, members, kept, seeds)
                rows += case
                show(format_rows(case))
    finally:
        kept.save()
    return Report(machine, rows, check_rows(rows))


def installed_versions() -> dict[str, str | None]:
    """Return the versions of all that decides how a run ends."""
    others = {name: installed_version(name) for name in ("numpy", "jax", *LIBRARIES)}
    return {"neurotrain": __version__, **others}


def _chosen(extent: str, only: str | None) -> dict[tuple[str, int], list[Contender]]:
    cases = {
        (name, size): contenders(name)
        for size in SIZES[extent]
        for name in LANDSCAPES
        if extent != "quick" or name in QUICK
    }
    known = {f"{name}-d{d}/{each.name}" for (name, d), found in cases.items() for each in found}
    chosen = {
        (name, d): [e for e in found if matches(f"{name}-d{d}/{e.name}", only or "")]
        for (name, d), found in cases.items()
    }
    if not any(chosen.values()):
        raise unknown_name("benchmark", only or "", known)
    return {case: found for case, found in chosen.items() if found}


def evaluations(
    contender: Contender, landscape: Landscape, size: int, seed: int
) -> tuple[float, int]:
    """Return how many evaluations it took to the target, and how many were made.

    The loss that counts is that of the guess, without noise; infinity where it was not
    low enough within the budget, or another library's method grew beyond all numbers.
    """
    target = landscape.level(size)
    target *= landscape.precise if contender.is_precise else landscape.coarse
    noise = np.random.default_rng([seed, size, 1])
    width = landscape.noise * landscape.level(size)
    optimizer = contender.make(landscape.start(size, seed), landscape.sigma, seed)
    made = 0
    while made < landscape.budgets[size]:
        try:
            losses = landscape.loss(optimizer.ask())
            optimizer.tell(losses + width * noise.standard_normal(len(losses)))
        except ArithmeticError:
            if contender.library == "neurotrain":
                raise
            break
        made += len(losses)
        if landscape.loss(optimizer.guess) <= target:
            return made, made
    return np.inf, made


def _measure(
    landscape: Landscape, size: int, contender: Contender, seeds: int, kept: KeptRuns
) -> None:
    """Make the runs that are missing, as long as the median can be a success."""
    if contender.missing(size):
        return
    cell, rule = cell_of(landscape, size, contender), rule_of(landscape, size, contender)
    missing = [seed for seed in range(seeds) if seed not in kept.of(cell, rule)]
    if not missing or kept.failures(cell, rule) > seeds / 2:
        return
    print(cell, file=sys.stderr, flush=True)
    for seed in missing:
        began = process_time()
        needed, made = evaluations(contender, landscape, size, seed)
        run = Run(finite(needed), made, process_time() - began)
        kept.keep(cell, rule, seed, run)
        if kept.failures(cell, rule) > seeds / 2:
            return
