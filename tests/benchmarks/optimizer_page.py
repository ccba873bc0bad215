"""The page of evaluations, made of the file in which a comparison of optimizers was kept.

Called as ``python -m neurotrain.benchmarks.optimizer_page FILE.json > PAGE.md``.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurotrain.benchmarks.contenders import contenders
from neurotrain.benchmarks.kept_runs import KeptRuns
from neurotrain.benchmarks.landscapes import LANDSCAPES
from neurotrain.benchmarks.optimizer_bench import SIZES, installed_versions
from neurotrain.benchmarks.optimizer_rows import BOUND, check_rows, rows_of_case
from neurotrain.errors import InvalidInput

INTRODUCTION = """\
# Evaluations

How many evaluations each optimizer needs on losses whose lowest point is known, with its default
options: the median over the seeds until the guess is as good as the target, and the quartiles in
parentheses. A dash: not solved by half of the seeds within the budget, whereupon the others were
not run; ∞: by fewer than the quartile; an empty field: not run. Landscapes, targets and budgets
are those of [the benchmark](../tests/benchmarks/README.md#optimizers), where methods that keep the
width of their candidates, or the length of their steps, have targets that are easier to reach."""
ELSEWHERE = f"""\
The same methods of other libraries: our median over theirs, bold where it is above {BOUND:g}."""
ENDING = """\
Made of the runs of `neurotrain bench optimizers --full --out FILE.json` by
`python -m neurotrain.benchmarks.optimizer_page FILE.json`, with {versions}."""


def make_page(kept: KeptRuns) -> str:
    """Return the page, in Markdown.

    Raises
    ------
    InvalidInput
        If there are no runs.
    """
    parts, seeds, rows = [INTRODUCTION], set(), []
    for size in SIZES["full"]:
        cases = {
            name: rows_of_case(landscape, size, contenders(name), kept)
            for name, landscape in LANDSCAPES.items()
        }
        found = [row for case in cases.values() for row in case if not row["note"]]
        if found:
            seeds |= {row["seeds"] for row in found if row["median"] is not None}
            rows += found
            parts += [f"## {size} parameters", _table(cases, True), ELSEWHERE, _table(cases, False)]
    if not rows:
        raise InvalidInput("No runs are kept there; make some: neurotrain bench optimizers --out.")
    checks = check_rows(rows)
    held = sum(check["holds"] for check in checks)
    versions = ", ".join(f"{name} {v}" for name, v in kept.versions.items() if v)
    least, most = min(seeds), max(seeds)
    parts.append(f"{least if least == most else f'{least} to {most}'} seeds of each.")
    parts.append(f"Of {len(checks)} comparisons, {held} are at most {BOUND:g}.")
    return "\n\n".join([*parts, ENDING.format(versions=versions)]) + "\n"


def _table(cases: dict[str, list[dict[str, Any]]], ours: bool) -> str:
    rows: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for name, case in cases.items():
        for row in case:
            if ours == (row["library"] == "neurotrain"):
                rows.setdefault((row["method"], row["library"]), {})[name] = row
    heads = ["method", *([] if ours else ["library"]), *cases]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for (method, library), found in rows.items():
        fields = list(_fields(found, cases, _evaluations if ours else _ratio))
        if any(fields):
            names = [f"`{method}`", *([] if ours else [library])]
            lines.append(f"| {' | '.join([*names, *fields])} |")
    return "\n".join(lines)


def _fields(found: dict, names: Any, tell: Any) -> Iterator[str]:
    for name in names:
        row = found.get(name)
        yield "" if row is None or row["note"] else tell(row)


def _evaluations(row: dict[str, Any]) -> str:
    if row["median"] is None:
        return "-"
    low, high = row["quartiles"]
    return f"{row['median']:,} ({low:,} to {'∞' if high is None else f'{high:,}'})"


def _ratio(row: dict[str, Any]) -> str:
    if row["ratio"] is None:
        return "-" if row["median"] is None else "not solved by ours"
    return f"**{row['ratio']:.2f}**" if row["ratio"] > BOUND else f"{row['ratio']:.2f}"


if __name__ == "__main__":
    print(make_page(KeptRuns(Path(sys.argv[1]), installed_versions())), end="")
