"""Whatever happens to workers and schedulers, the run ends as if nothing had."""

import os
from pathlib import Path

import pytest
from faults.scenarios import draw_worker_scenarios, uninterrupted
from faults.tables import counts_of, counts_told, play_all
from faults.worker_kinds import WORKER_KINDS

SCENARIOS, SEED = 24, 1
# Where the table of all scenarios goes; by default into the temporary folder of the tests.
TABLE = "NEUROTRAIN_WORKER_FAULTS_TABLE"


def test_the_page_tells_what_is_in_the_table(top):
    counts = counts_of(top / "docs" / "worker-faults.csv", draw_worker_scenarios(SCENARIOS, SEED))
    assert counts.keys() == WORKER_KINDS.keys()
    assert counts_told(top / "docs" / "faults.md").items() >= counts.items()


@pytest.mark.nightly
def test_all_scenarios(tmp_path):
    pytest.importorskip("distributed")
    path = Path(os.environ.get(TABLE, tmp_path / "faults.csv"))
    expected = uninterrupted(tmp_path / "uninterrupted", "morris-lecar")
    scenarios = draw_worker_scenarios(SCENARIOS, SEED)
    play_all(scenarios, tmp_path, path, lambda circuit: expected)
