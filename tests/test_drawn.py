"""Settings that are drawn on each trial: which values come, and how often."""

import numpy as np
import pytest
from scipy import stats

from neurotrain.drawn import Between, draw_values, ends, require_drawn, settled
from neurotrain.errors import InvalidInput

N_TRIALS = 10_000


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (250, 250),
        ([100, 250.0], (100, 250.0)),
        ([[18, 10], [22, 14]], ((18, 10), (22, 14))),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        (np.arange(50.0, 90.0, 20.0)[1], 70.0),
        ({"low": 100, "high": 200}, Between(100, 200)),
        ({"kind": "poisson"}, {"kind": "poisson"}),
        ("text", "text"),
    ],
)
def test_settings_are_kept_so_that_they_can_be_compared(given, kept):
    assert settled(given) == kept
    assert type(settled(given)) is type(kept)


def test_one_value_draws_nothing():
    generator = rng()
    assert (draw_values(250, 5, generator) == 250.0).all()
    assert generator.random() == rng().random()


@pytest.mark.parametrize(
    ("setting", "step", "values"),
    [
        ((100.0, 250.0, 1000.0), 10.0, [100, 250, 1000]),
        (Between(100.0, 140.0), 10.0, [100, 110, 120, 130, 140]),
        (Between(0.1, 0.3), 0.1, [0.1, 0.2, 0.3]),
    ],
)
def test_values_come_equally_often(setting, step, values):
    """Chi-square test with a false-alarm rate of 1e-4, had the seed been another."""
    drawn = draw_values(setting, N_TRIALS, rng(1), step)
    found, n = np.unique(drawn.round(9), return_counts=True)
    assert found == pytest.approx(values)
    assert stats.chisquare(n).pvalue > 1e-4
    # Negative control: the first value twice as often.
    n[0] *= 2
    assert stats.chisquare(n).pvalue < 1e-4
    assert (min(ends(setting)), max(ends(setting))) == (values[0], values[-1])


def test_range_without_steps_is_uniform():
    """Kolmogorov-Smirnov test with a false-alarm rate of 1e-4."""
    drawn = draw_values(Between(5.0, 50.0), N_TRIALS, rng(1))
    assert stats.kstest(drawn, stats.uniform(5, 45).cdf).pvalue > 1e-4
    assert stats.kstest(drawn, stats.uniform(5, 46).cdf).pvalue < 1e-4


def test_range_that_is_no_whole_number_of_steps_is_refused():
    with pytest.raises(InvalidInput, match="From 100 to 145 is not a whole number of steps of 10"):
        draw_values(Between(100.0, 145.0), 3, rng(), 10.0)


def test_range_must_go_up():
    with pytest.raises(InvalidInput, match="high must be a finite number of at least 200, got 100"):
        Between(200, 100)


@pytest.mark.parametrize("value", [(), -1, (1, -1), Between(-1, 5), 11, "9", None, {"low": 1}])
def test_values_out_of_bounds_are_refused_by_name(value):
    with pytest.raises(InvalidInput, match="delay_ms'? must be a") as error:
        require_drawn("delay_ms", value, 0, 10)
    assert "\n" not in str(error.value)
