"""What the runs of optimizers came to, beside the same methods elsewhere, as rows and tables."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from neurotrain.benchmarks.contenders import Contender
from neurotrain.benchmarks.kept_runs import KeptRuns, Run
from neurotrain.benchmarks.landscapes import Landscape

# Times the evaluations of the same method elsewhere.
BOUND = 1.1


def cell_of(landscape: Landscape, size: int, contender: Contender) -> str:
    """Return what the runs of a contender on a landscape are called."""
    return f"{landscape.name}-d{size}/{contender.name}"


def rule_of(landscape: Landscape, size: int, contender: Contender) -> dict[str, Any]:
    """Return by what a run counts as solved, and within what."""
    share = landscape.precise if contender.is_precise else landscape.coarse
    return {"target": share, "budget": landscape.budgets[size]}


def rows_of_case(
    landscape: Landscape,
    size: int,
    members: Iterable[Contender],
    kept: KeptRuns,
    seeds: int | None = None,
) -> list[dict[str, Any]]:
    """Return a row for each contender on a landscape.

    Parameters
    ----------
    landscape, size, members
        The case, and who was run on it.
    kept : KeptRuns
    seeds : int, optional
        The first so many; by default all that were run.
    """
    case = []
    for each in members:
        rule = rule_of(landscape, size, each)
        runs = kept.of(cell_of(landscape, size, each), rule)
        runs = {seed: run for seed, run in runs.items() if seeds is None or seed < seeds}
        row = {
            "case": f"{landscape.name}-d{size}",
            "method": each.name.partition("/")[0],
            "library": each.library,
            **rule,
            "seeds": len(runs),
        }
        case.append(row | _summary(runs, each.missing(size)))
    compare(case)
    return case


def _summary(runs: Mapping[int, Run], missing: str) -> dict[str, Any]:
    """Return what the runs of a contender came to."""
    row = {
        "solved": None,
        "median": None,
        "quartiles": None,
        "ratio": None,
        "ms_per_evaluation": None,
        "note": "" if runs else missing or "not run",
    }
    if not runs:
        return row
    needed = np.array([np.inf if run.needed is None else run.needed for run in runs.values()])
    # Without interpolation, which would make NaN of infinity.
    low, median, high = np.quantile(needed, [0.25, 0.5, 0.75], method="inverted_cdf")
    seconds, made = (sum(getattr(r, part) for r in runs.values()) for part in ("seconds", "made"))
    return row | {
        "solved": int(np.isfinite(needed).sum()),
        "median": finite(median),
        # Of those without a median not all seeds were run.
        "quartiles": None if finite(median) is None else [finite(low), finite(high)],
        "ms_per_evaluation": 1e3 * seconds / made,
    }


def finite(value: float) -> int | None:
    """Return a whole number, None for infinity."""
    return int(value) if np.isfinite(value) else None


def compare(case: list[dict[str, Any]]) -> None:
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
    seeds = max(row["seeds"] for row in rows)
    lines = [
        f"{rows[0]['case']}: at most {rows[0]['budget']} evaluations, {seeds} seeds",
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
