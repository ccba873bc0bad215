"""The page of verdicts, made of what `neurotrain reproduce NAME --json` printed.

Called as ``python -m neurotrain.experiments.verdict_page FOLDER > PAGE.md``, where FOLDER holds a
file NAME.json of each experiment.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neurotrain.catalog import summary
from neurotrain.errors import InvalidInput
from neurotrain.experiments import experiment_names

INTRODUCTION = """\
# What is reproduced, and what is not

Each table is what `neurotrain reproduce NAME --json` printed, and nothing else: what was measured,
the lowest or highest value that would do, and where that comes from. What fails stays in the table,
and the page beside the experiment's name says why."""
# Which page of the documents tells of an experiment, by its name without ending.
PAGES = {
    "bp-trainability": "backpropagation-experiments",
    "delayed-recall": "learning-rules",
    "discrete-loss": "backpropagation-experiments",
    "fixed-points": "learning-rules",
    "gradient-horizon": "gradient-instruments",
    "integration": "optimizers",
    "integration-bp-vs-es": "backpropagation-experiments",
    "integration-memory": "tasks",
    "losses": "losses",
    "meta-plasticity": "learning-rules",
    "motor-lesions": "reservoirs",
    "neuron-turn-off": "gradient-instruments",
    "oja": "learning-rules",
    "optimizers": "optimizers",
    "overparameterised": "neural-odes",
    "pollu": "neural-odes",
    "predictive-coding": "learning-rules",
    "random-feedback": "learning-rules",
    "rate-circuit-rules": "learning-rules",
    "rate-to-spike": "rate-to-spike",
    "rober": "neural-odes",
    "spiral": "neural-odes",
    "supertrex": "reservoirs",
    "working-memory": "tasks",
}
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
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stem)
    if not paths:
        raise InvalidInput(
            f"{folder} has no file NAME.json; make some: neurotrain reproduce NAME --json."
        )
    return {path.stem: _read(path) for path in paths}


def make_page(verdicts: Mapping[str, Verdict]) -> str:
    """Return the page, in Markdown."""
    checks = [check for verdict in verdicts.values() for check in verdict["checks"]]
    parts = [INTRODUCTION, f"Of {len(checks)} checks, {_held(checks)} hold.", _overview(verdicts)]
    for name, verdict in verdicts.items():
        parts += [f"## {name}", summary("experiments", name), _table(verdict)]
    return "\n\n".join([*parts, ENDING]) + "\n"


def _overview(verdicts: Mapping[str, Verdict]) -> str:
    lines = ["| experiment | | checks that hold | told in |", "|---|---|---|---|"]
    for name in experiment_names():
        linked, hold = f"`{name}`", "no table yet"
        if name in verdicts:
            checks = verdicts[name]["checks"]
            linked, hold = f"[{name}](#{name})", f"{_held(checks)} of {len(checks)}"
        page = PAGES[name]
        lines.append(
            f"| {linked} | {summary('experiments', name)} | {hold} | [{page}]({page}.md) |"
        )
    return "\n".join(lines)


def _held(checks: Sequence[Mapping[str, Any]]) -> int:
    return sum(check["holds"] for check in checks)


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
