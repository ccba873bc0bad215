"""Experiments with learning rules: what is concluded from which outcomes, and quick forms."""

import pytest

from neurotrain.experiments import Setting, random_feedback, reproduce
from neurotrain.experiments.random_feedback import BIO, BP, EHEBB, FA, METHODS, OJA

pytest.importorskip("torch")

KNOWN = {BP: 0.88, BIO: 0.83, OJA: 0.79, EHEBB: 0.72, FA: 0.6}


def outcome(name, last, angle=80.0, distance=1.0):
    """Return what would be measured of a method, the same at every time."""
    times = list(random_feedback.CHECKPOINTS)
    early = {BIO: 0.5, FA: 0.1}.get(name, 0.2)
    return {
        "samples": times,
        "accuracy": [early if time <= 500 else last for time in times],
        "error_angle": [[angle] * 5 for _ in times],
        "orthonormality_error": [[distance] * 5 for _ in times],
        "cpu_seconds": 1.0,
    }


def outcomes(**changes):
    found = {name: [outcome(name, KNOWN.get(name, 0.5))] for name in METHODS}
    found[EHEBB] = [outcome(EHEBB, KNOWN[EHEBB], angle=40.0)]
    found[OJA] = [outcome(OJA, KNOWN[OJA], distance=0.6)]
    return found | changes


def test_what_was_published_holds():
    assert all(check.holds for check in random_feedback._checks(outcomes()))


@pytest.mark.parametrize(
    ("name", "other", "failing"),
    [
        (FA, outcome(FA, 0.7), {"bio minus FA"}),
        (OJA, outcome(OJA, 0.84, distance=0.6), {"bio minus FA + Oja"}),
        (BP, outcome(BP, 0.8), {"BP minus bio"}),
        (EHEBB, outcome(EHEBB, 0.72, angle=60.0), {"degrees that eHebb gains"}),
        (OJA, outcome(OJA, 0.79, distance=0.8), {"Oja by FA"}),
        (EHEBB, outcome(EHEBB, 0.72, angle=float("nan")), {"degrees that eHebb gains"}),
    ],
)
def test_what_does_not_hold_is_said(name, other, failing):
    checks = random_feedback._checks(outcomes(**{name: [other]}))
    failed = [check.name for check in checks if not check.holds]
    assert len(failed) == len(failing)
    assert all(any(what in one for one in failed) for what in failing)


def test_rows_tell_means_and_leave_out_what_is_not_finite(tmp_path):
    setting = Setting(tmp_path, False, 1, False)
    both = [outcome(FA, 0.5), outcome(FA, 0.7, angle=float("nan"))]
    row = random_feedback._row(setting, FA, both)
    assert (row["at_4000"], row["lowest"], row["highest"]) == (pytest.approx(0.6), 0.5, 0.7)
    assert row["angle_4"] == "-"
    assert row["orthonormality_1"] == 1.0


@pytest.mark.slow
def test_quick_form_of_random_feedback_holds(tmp_path):
    report = reproduce("random-feedback", quick=True, out=tmp_path, progress=False)
    assert report.holds, str(report)
    assert (tmp_path / "random-feedback.png").stat().st_size > 10_000
    assert len(report.findings.rows) == len(METHODS)
    again = reproduce("random-feedback", quick=True, out=tmp_path, progress=False)
    assert again.findings == report.findings
