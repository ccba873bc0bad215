"""Run Brian2's own examples on the neurotrain device and report what becomes of each.

python tests/brian2_examples/report.py [--only PATTERN] [--json FILE] [--jobs N] [--control]
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import brian2
from archive import NotFetched, examples_cache, fetch, unpack
from selection import scripts
from verdict import Judge, Outcome

WANTED_SHARE = 0.85
VERDICTS = ("matches", "refused", "mismatch", "crashed", "excluded")


def report(
    only: str | None = None, jobs: int = 1, control: bool = False, time_limit: int = 300
) -> list[Outcome]:
    """Return what became of each example whose path fits the pattern `only`.

    Raises
    ------
    NotFetched
        If Brian2's source distribution cannot be had.
    """
    archive = fetch()
    with tempfile.TemporaryDirectory(prefix="brian2-examples-") as folder:
        examples = unpack(archive, Path(folder))
        judge = Judge(examples, Path(folder) / "plays", examples_cache(), control, time_limit)
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(lambda script: _judged(judge, script), scripts(examples, only)))


def _judged(judge: Judge, script: str) -> Outcome:
    outcome = judge.outcome(script)
    print(f"{outcome.verdict:9} {script}", file=sys.stderr, flush=True)
    return outcome


def summary(outcomes: list[Outcome]) -> dict:
    """Return the counts, and the share of matches in what is considered."""
    counts = Counter(one.verdict for one in outcomes)
    considered = len(outcomes) - counts["excluded"]
    share = counts["matches"] / considered if considered else 0.0
    numbers = {"considered": considered, "share": share, "wanted_share": WANTED_SHARE}
    return {"brian2": brian2.__version__, **{name: counts[name] for name in VERDICTS}, **numbers}


def holds(outcomes: list[Outcome]) -> bool:
    """Return whether enough match and nothing is wrong."""
    numbers = summary(outcomes)
    wrong = numbers["mismatch"] + numbers["crashed"]
    return numbers["share"] >= WANTED_SHARE and not wrong


def table(outcomes: list[Outcome]) -> str:
    """Return a line for each script, the verdicts together, and the share."""
    lines = []
    for verdict in VERDICTS:
        for one in (one for one in outcomes if one.verdict == verdict):
            shortened = f" [{one.shortened}]" if one.shortened else ""
            detail = " ".join(one.detail.split())
            lines.append(f"{verdict:9} {one.script:60} {one.kind:13} {detail}{shortened}")
    numbers = summary(outcomes)
    counts = ", ".join(f"{numbers[name]} {name}" for name in VERDICTS)
    share = f"{numbers['share']:.1%} of {numbers['considered']} considered match"
    return "\n".join((*lines, "", f"Brian2 {numbers['brian2']}: {counts}", share))


def main() -> int:
    """Print the table, write the JSON, and return 0 if enough match and nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATTERN", help="examples whose path matches, as *STDP*")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the outcomes there")
    parser.add_argument("--jobs", metavar="N", type=int, default=2, help="scripts at a time")
    parser.add_argument("--time-limit", metavar="S", type=int, default=300)
    parser.add_argument("--control", action="store_true", help="judge Brian2 itself instead")
    options = parser.parse_args()
    try:
        outcomes = report(options.only, options.jobs, options.control, options.time_limit)
    except NotFetched as error:
        print(error, file=sys.stderr)
        return 2
    print(table(outcomes))
    if options.json:
        content = {**summary(outcomes), "scripts": [asdict(one) for one in outcomes]}
        options.json.write_text(json.dumps(content, indent=1))
    return 0 if holds(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
