"""Experiments with learning rules: what is concluded from which outcomes, and quick forms."""

import pytest

from neurotrain.experiments import Setting, meta_plasticity, oja, random_feedback
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


def course(accuracy, distance=1.0, layers=5):
    """Return what would be measured of a network with so many layers, the same at every time."""
    times = [0, *oja.CHECKPOINTS]
    names = ("activity_norm", "gradient_norm", "participation_ratio", "effective_rank")
    return {
        "samples": times,
        "accuracy": [accuracy] * len(times),
        "orthonormality_error": [[distance] * layers for _ in times],
        **{name: [[1.0] * layers for _ in times] for name in names},
        "cpu_seconds": 1.0,
    }


# Accuracies of backpropagation, and of both; gaps grow with depth, and as the gain falls.
CLAIMED = {
    (5, 1.0): (0.88, 0.8),
    (10, 1.0): (0.6, 0.78),
    (5, 0.3): (0.1, 0.76),
    (10, 0.3): (0.1, 0.74),
}


def found(**changes):
    known = {(n, 0.5): (0.5, 0.7) for n in oja.DEPTHS} | CLAIMED
    known |= {tuple(map(float, name.split("_")[1:])): pair for name, pair in changes.items()}
    return {
        oja.Case(int(n), gain, method): oja.Best(
            0.01, 0.01, [course(value, 1.0 - 0.4 * (method == oja.BOTH), int(n))]
        )
        for (n, gain), pair in known.items()
        for method, value in zip((oja.BP, oja.BOTH), pair, strict=True)
    }


def test_what_is_claimed_of_oja_holds():
    checks = oja._checks(found())
    assert all(check.holds for check in checks)
    rows = [oja._row(case, best, False) for case, best in found().items()]
    assert len({tuple(row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("case", "pair", "failing"),
    [
        ("_10_0.3", (0.4, 0.74), "gain 0.3, BP"),
        ("_10_0.3", (0.1, 0.45), "the same, BP + Oja"),
        ("_10_1.0", (0.88, 0.7), "10 minus 5 layers"),
        ("_5_0.3", (0.7, 0.5), "gain of 5 layers, small"),
        ("_5_1.0", (0.6, 0.8), "where BP is fine"),
    ],
)
def test_what_does_not_hold_of_oja_is_said(case, pair, failing):
    failed = [check.name for check in oja._checks(found(**{case: pair})) if not check.holds]
    assert any(failing in name for name in failed), failed


def test_the_setting_with_the_highest_mean_counts(tmp_path, monkeypatch):
    def taught(setting, name, lesson, seed):
        last = {0.003: 0.2, 0.01: 0.5, 0.03: 0.4 + 0.3 * (seed == 0), 0.1: 0.1}
        (gradient, *_) = lesson.rule.coefficients(5)["pseudo-gradient"]
        return course(last[gradient])

    monkeypatch.setattr(oja, "taught", taught)
    best = oja._best(Setting(tmp_path, False, 1, False), oja.Case(5, 1.0, oja.BP))
    assert (best.gradient, len(best.outcomes)) == (0.01, 3)


def learned(name, accuracy, final):
    """Return what would be told of a rule whose coefficients were learned."""
    return {
        "accuracy": [0.2] * 60 + [accuracy] * 30,
        "coefficients": [final] * 90,
        "final": final,
        "formula": name,
        "cpu_seconds": 1.0,
    }


def all_learned(**changes):
    return {
        name: [learned(name, *changes.get(name, (arm.reference, list(arm.known))))]
        for name, arm in meta_plasticity.ARMS.items()
    }


def test_what_was_published_of_learned_rules_holds():
    assert all(check.holds for check in meta_plasticity._checks(all_learned()))


@pytest.mark.parametrize(
    ("name", "accuracy", "final", "failing"),
    [
        (FA, 0.35, [0.02], {"accuracy, FA"}),
        (BP, 0.55, [0.03], {"accuracy, BP"}),
        (BIO, 0.45, [0.05, -0.04, 0.02], {"accuracy, bio minus FA"}),
        (EHEBB, 0.56, [0.05, 0.08], {"coefficient of ehebb in FA + eHebb"}),
        (BIO, 0.61, [0.05, -0.04, -0.02], {"coefficient of oja in bio"}),
    ],
)
def test_what_does_not_hold_of_learned_rules_is_said(name, accuracy, final, failing):
    checks = meta_plasticity._checks(all_learned(**{name: (accuracy, final)}))
    assert failing <= {check.name for check in checks if not check.holds}


@pytest.mark.nightly
def test_ten_terms_with_a_penalty_are_told_after_300_episodes(tmp_path):
    setting = Setting(tmp_path, False, 1, False)
    pool, name = meta_plasticity.POOL_ARM, meta_plasticity.POOL
    outcome = meta_plasticity._learned(setting, name, pool, 0)
    assert len(outcome["accuracy"]) == 300
    final = dict(zip(pool.terms, outcome["final"], strict=True))
    assert final["pseudo-gradient"] > meta_plasticity.VANISHED
    # Which ones are left is a finding: it is told, whatever it is.
    print(outcome["formula"])
    named = outcome["formula"].count("(")
    assert named >= sum(abs(one) >= meta_plasticity.VANISHED for one in final.values()) > 0
