"""How many evaluations the optimizers need: what `neurotrain bench optimizers` runs."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np

from neurotrain.benchmarks.cases import matches
from neurotrain.benchmarks.contenders import Contender, contenders
from neurotrain.benchmarks.landscapes import LANDSCAPES, Landscape
from neurotrain.benchmarks.report import describe_machine
from neurotrain.doctor import installed_version
from neurotrain.errors import require_whole, unknown_name

LIBRARIES = ("cma", "cmaes", "evosax", "nevergrad")
SEEDS = {"quick": 2, "default": 10, "full": 10}
SIZES = {"quick": (10,), "default": (10, 100), "full": (10, 100, 1000)}
QUICK = ("sphere", "step")
# Times the evaluations of the same method elsewhere.
BOUND = 1.1

EXPLANATION = """\
Evaluations until the guess is as good as the target: median over the seeds, and the quartiles; a
seed without success counts as infinitely many, and where half of them have none it says so. ratio:
our median over the median of the same method elsewhere, in the row of the latter. ms: CPU time per
evaluation."""


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

    Raises
    ------
    InvalidInput
        If nothing matches, or there are no seeds.
    """
    seeds = SEEDS[extent] if repeats is None else repeats
    require_whole("The number of repeats", seeds)
    chosen = _chosen(extent, only)
    machine = describe_machine() | {name: installed_version(name) for name in LIBRARIES}
    show(", ".join(f"{name} {value}" for name, value in machine.items() if value))
    show(EXPLANATION)
    rows = []
    for (landscape, size), members in chosen.items():
        case = [_measure(LANDSCAPES[landscape], size, each, seeds) for each in members]
        _compare(case)
        rows += case
        show(format_rows(case))
    checks = check_rows(rows)
    return Report(machine, rows, checks)


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
    low enough within the budget.
    """
    target = landscape.level(size)
    target *= landscape.precise if contender.is_precise else landscape.coarse
    noise = np.random.default_rng([seed, size, 1])
    width = landscape.noise * landscape.level(size)
    optimizer = contender.make(landscape.start(size, seed), landscape.sigma, seed)
    made = 0
    while made < landscape.budgets[size]:
        losses = landscape.loss(optimizer.ask())
        optimizer.tell(losses + width * noise.standard_normal(len(losses)))
        made += len(losses)
        if landscape.loss(optimizer.guess) <= target:
            return made, made
    return np.inf, made


def _measure(landscape: Landscape, size: int, contender: Contender, seeds: int) -> dict[str, Any]:
    case = f"{landscape.name}-d{size}"
    share = landscape.precise if contender.is_precise else landscape.coarse
    row = {
        "case": case,
        "method": contender.name.partition("/")[0],
        "library": contender.library,
        "target": share,
        "budget": landscape.budgets[size],
        "seeds": seeds,
        "solved": None,
        "median": None,
        "quartiles": None,
        "ratio": None,
        "ms_per_evaluation": None,
        "note": contender.missing(size),
    }
    if row["note"]:
        return row
    print(f"{case}: {contender.name}", file=sys.stderr, flush=True)
    began = process_time()
    runs = np.array([evaluations(contender, landscape, size, seed) for seed in range(seeds)])
    needed, made = runs.T
    # Without interpolation, which would make NaN of infinity.
    low, median, high = np.quantile(needed, [0.25, 0.5, 0.75], method="inverted_cdf")
    return row | {
        "solved": int(np.isfinite(needed).sum()),
        "median": _finite(median),
        "quartiles": [_finite(low), _finite(high)],
        "ms_per_evaluation": 1e3 * (process_time() - began) / float(made.sum()),
    }


def _finite(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None


def _compare(case: list[dict[str, Any]]) -> None:
    """Fill in our evaluations over theirs, in their rows."""
    ours = {row["method"]: row["median"] for row in case if row["library"] == "neurotrain"}
    for row in case:
        mine = ours.get(row["method"])
        if row["library"] != "neurotrain" and row["median"] and mine:
            row["ratio"] = mine / row["median"]


def check_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return for each method elsewhere that solved its case whether ours is as good."""
    rows = list(rows)
    measured = {(r["case"], r["method"]) for r in rows if r["library"] == "neurotrain"}
    return [
        {
            "name": f"{row['case']}: {row['method']} / {row['library']}",
            "measured": row["ratio"],
            "bound": f"<= {BOUND:g}",
            # No ratio: ours did not solve it.
            "holds": row["ratio"] is not None and row["ratio"] <= BOUND,
        }
        for row in rows
        if row["library"] != "neurotrain"
        and row["median"]
        and (row["case"], row["method"]) in measured
    ]


def format_rows(rows: list[dict[str, Any]]) -> str:
    """Return the rows of one case as a table."""
    lines = [
        f"{rows[0]['case']}: at most {rows[0]['budget']} evaluations, {rows[0]['seeds']} seeds",
        f"  {'method':<20}{'library':<22}{'target':>8}{'solved':>8}{'median':>9}"
        f"{'quartiles':>18}{'ratio':>7}{'ms':>8}",
    ]
    return "\n".join(lines + [_line(row) for row in rows])


def _line(row: dict[str, Any]) -> str:
    name = f"  {row['method']:<20}{row['library']:<22}{row['target']:>8g}"
    if row["note"]:
        return f"{name}  {row['note']}"
    if row["median"] is None:
        return f"{name}{row['solved']:>8}  not solved{'':>23}{row['ms_per_evaluation']:>8.3f}"
    spread = "-".join("inf" if value is None else str(value) for value in row["quartiles"])
    ratio = f"{row['ratio']:.2f}" if row["ratio"] else "-"
    return (
        f"{name}{row['solved']:>8}{row['median']:>9}{spread:>18}{ratio:>7}"
        f"{row['ms_per_evaluation']:>8.3f}"
    )
