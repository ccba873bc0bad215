"""Whatever happens to workers and schedulers, the run ends as if nothing had."""

import csv
import json
import os
from pathlib import Path

import pytest
from faults.scenarios import (
    SAME,
    draw_worker_scenarios,
    failures,
    play,
    uninterrupted,
    write_table,
)
from faults.worker_kinds import WORKER_KINDS

SCENARIOS, SEED = 24, 1
# Where the table of all scenarios goes; by default into the temporary folder of the tests.
TABLE = "NEUROTRAIN_WORKER_FAULTS_TABLE"


def test_the_page_tells_what_is_in_the_table(top):
    with open(top / "docs" / "worker-faults.csv", newline="", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    drawn = [*draw_worker_scenarios(SCENARIOS, SEED)]
    assert [(row["kind"], json.loads(row["details"])) for row in rows] == [
        (each.kind, each.details) for each in drawn
    ]
    assert not failures(rows)
    page = (top / "docs" / "faults.md").read_text()
    for kind in WORKER_KINDS:
        own = [row for row in rows if row["kind"] == kind]
        same = sum(row["outcome"] == SAME for row in own)
        told = [line for line in page.splitlines() if line.startswith(f"| {kind} |")]
        assert len(told) == 1
        assert told[0].endswith(f"| {len(own)} | {same} | {len(own) - same} |")


@pytest.mark.nightly
def test_all_scenarios(tmp_path):
    pytest.importorskip("distributed")
    path = Path(os.environ.get(TABLE, tmp_path / "faults.csv"))
    expected, rows = uninterrupted(tmp_path / "uninterrupted", "morris-lecar"), []
    for scenario in draw_worker_scenarios(SCENARIOS, SEED):
        rows.append(play(scenario, tmp_path / f"scenario-{scenario.number}", expected))
        write_table(path, rows)
    assert not failures(rows), f"{len(failures(rows))} of {len(rows)} failed: {path}"
