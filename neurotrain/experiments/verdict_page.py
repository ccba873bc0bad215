"""The page of verdicts, made of what `neurotrain reproduce NAME --json` printed.

Called as ``python -m neurotrain.experiments.verdict_page FOLDER > PAGE.md``, where FOLDER holds a
file NAME.json of each experiment.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurotrain.errors import InvalidInput
from neurotrain.experiments import experiment_names

INTRODUCTION = """\
# What is reproduced, and what is not

Each table is what `neurotrain reproduce NAME --json` printed, and nothing else: what was measured,
the lowest or highest value that would do, and where that comes from. What fails stays in the table,
and the experiment's own page says why."""
ENDING = """\
Made of the files in `docs/verdicts` by
`python -m neurotrain.experiments.verdict_page docs/verdicts`."""
KEYS = {"experiment", "quick", "checks"}

Verdict = Mapping[str, Any]


def read_verdicts(folder: Path) -> dict[str, Verdict]:
    """Return what the files NAME.json in a folder tell, by experiment.

    Raises
    ------
    InvalidInput
        If there are none, or one is not the JSON of the full form of the experiment it is named
        after.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InvalidInput(
            f"{folder} has no file NAME.json; make some: neurotrain reproduce NAME --json."
        )
    return {path.stem: _read(path) for path in paths}


def make_page(verdicts: Mapping[str, Verdict]) -> str:
    """Return the page, in Markdown."""
    checks = [check for verdict in verdicts.values() for check in verdict["checks"]]
    held = sum(check["holds"] for check in checks)
    parts = [INTRODUCTION, f"Of {len(checks)} checks, {held} hold."]
    missing = [f"`{name}`" for name in experiment_names() if name not in verdicts]
    if missing:
        told = f"No such table yet, but figures in their pages, have {', '.join(missing)}."
        parts.append(told)
    for name, verdict in verdicts.items():
        parts += [f"## {name}", _table(verdict)]
    return "\n\n".join([*parts, ENDING]) + "\n"


def _read(path: Path) -> Verdict:
    try:
        verdict = json.loads(path.read_text("utf-8"))
    except ValueError as problem:
        raise InvalidInput(f"{path} is not JSON: {problem}.") from None
    full = isinstance(verdict, dict) and verdict.keys() >= KEYS and not verdict["quick"]
    if not full or verdict["experiment"] != path.stem:
        raise InvalidInput(
            f"{path} is not what `neurotrain reproduce {path.stem} --json` prints, without --quick."
        )
    return verdict


def _table(verdict: Verdict) -> str:
    lines = ["| | | measured | asked | which is |", "|---|---|---|---|---|"]
    for check in verdict["checks"]:
        word = "holds" if check["holds"] else "**fails**"
        sign = "≥" if check["at_least"] else "≤"
        asked = f"{sign}\N{NO-BREAK SPACE}{_number(check['bound'])}"
        lines.append(
            f"| {word} | {check['name']} | {_number(check['measured'])} | {asked} "
            f"| {check['reference']} |"
        )
    return "\n".join(lines)


def _number(value: float) -> str:
    """Return a number that is not broken into two lines, with a hyphen that does not break."""
    return f"{value:.4g}".replace("-", "\N{NON-BREAKING HYPHEN}")


if __name__ == "__main__":
    sys.stdout.write(make_page(read_verdicts(Path(sys.argv[1]))))
