"""Losses put together: in Python, in writing, and of a user's own functions."""

import numpy as np
import pytest

from neurotrain import catalog
from neurotrain.errors import InvalidInput
from neurotrain.losses import (
    FunctionLoss,
    Silence,
    SpikeCountMargin,
    WeightedSum,
    ZeroOne,
    as_loss,
    is_built_in,
    make_loss,
    settings_of,
)
from neurotrain.losses.examples import example


def spikes(recording, trials):
    """Return the mean number of spikes, as a user would write a loss."""
    return recording.spike_count.sum(axis=(2, 3)).mean(axis=1)


def test_a_sum_is_what_it_says():
    recording, trials = example("spike-count")
    both = 2 * SpikeCountMargin(3) + 0.1 * Silence() + ZeroOne()
    expected = (
        2 * SpikeCountMargin(3)(recording, trials)
        + 0.1 * Silence()(recording, trials)
        + ZeroOne()(recording, trials)
    )
    np.testing.assert_allclose(both(recording, trials), expected, rtol=1e-15)
    assert both.readout == "spike-count"
    assert both.discrete
    assert both.name == "2*spike-count-margin + 0.1*silence + zero-one"


def test_factors_multiply_and_order_does_not_matter_for_brackets():
    assert 2 * (3 * Silence()) == WeightedSum(((6, Silence()),))
    assert Silence() * 2 == 2 * Silence()
    assert (Silence() + ZeroOne()) * 2 == 2 * Silence() + 2 * ZeroOne()
    assert Silence() + (ZeroOne() + Silence()) == (Silence() + ZeroOne()) + Silence()


def test_a_function_is_a_term_on_either_side():
    recording, trials = example(None)
    expected = spikes(recording, trials) + 0.5 * Silence()(recording, trials)
    for both in (spikes + 0.5 * Silence(), 0.5 * Silence() + spikes):
        np.testing.assert_allclose(both(recording, trials), expected)
        assert not both.discrete
        assert not is_built_in(both)
    assert (spikes + Silence()).name == "spikes + silence"


@pytest.mark.parametrize("weight", [0, -1.0, np.inf, np.nan, True])
def test_weights_that_are_none_are_told(weight):
    with pytest.raises(InvalidInput, match="weight of loss 'silence'"):
        WeightedSum(((weight, Silence()),))


def test_losses_of_different_readouts_are_told():
    with pytest.raises(InvalidInput, match="'cross-entropy' needs graded") as error:
        make_loss("cross-entropy") + SpikeCountMargin()
    assert "\n" not in str(error.value)


def test_what_is_no_loss_is_told():
    for other in (3, "silence"):
        with pytest.raises(TypeError):
            Silence() + other
    with pytest.raises(TypeError):
        Silence() * "2"
    for given in (3, Silence, len):
        with pytest.raises(InvalidInput, match="A loss must be"):
            as_loss(given)


@pytest.mark.parametrize(
    "loss",
    [
        2 * SpikeCountMargin(3) + 0.1 * Silence(),
        1e-5 * Silence() + 12345.5 * ZeroOne(),
        1 * ZeroOne(),
    ],
)
def test_a_sum_is_made_again_from_its_name_and_settings(loss):
    assert is_built_in(loss)
    assert catalog.build("losses", loss.name, **settings_of(loss)) == loss


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*zero-one+silence", 2 * ZeroOne() + Silence()),
        (" .5 * silence  + 1e-2*zero-one ", 0.5 * Silence() + 0.01 * ZeroOne()),
        ("1e+2*silence", 100 * Silence()),
    ],
)
def test_sums_in_writing(text, expected):
    assert make_loss(text) == expected


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("zero-one + ", {}, "no sum of losses"),
        ("zero-one - silence + silence", {}, "no sum of losses"),
        ("2*3*silence", {}, "no sum of losses"),
        ("silence*2", {}, "no sum of losses"),
        ("zero-one + silences", {}, "did you mean 'silence'"),
        ("silence + 2*silence", {}, "twice"),
        ("0*silence + zero-one", {}, "must be positive"),
        ("zero-one + spike-count-margin", {"margin": 3}, "as zero-one.margin"),
        ("zero-one + spike-count-margin", {"spike-count.margin": 3}, "'spike-count-margin'"),
        ("zero-one + spike-count-margin", {"zero-one.margin": 3}, "no option of loss 'zero-one'"),
        ("cross-entropy + spike-count-margin", {}, "one readout"),
    ],
)
def test_what_is_no_sum_is_told(text, options, told):
    with pytest.raises(InvalidInput, match=told) as error:
        make_loss(text, **options)
    assert "\n" not in str(error.value)


def test_options_go_to_the_terms():
    options = {"spike-count-margin.margin": 3.5}
    assert make_loss("zero-one + spike-count-margin", **options) == ZeroOne() + SpikeCountMargin(
        3.5
    )


def test_a_function_must_return_a_number_for_each_candidate():
    recording, trials = example(None)
    with pytest.raises(InvalidInput, match="each of the 4 candidates, got an array of shape"):
        FunctionLoss(lambda recording, trials: recording.failed * 1.0)(recording, trials)


OWN = """
from dataclasses import dataclass

import neurotrain as nt
from neurotrain.losses import Silence

def quiet(recording, trials):
    return recording.spikes_per_neuron

quiet.readout = "spike-count"
both = quiet + 0.5*Silence()

@dataclass(frozen=True)
class Scaled:
    factor: float = 1.0
    name = "scaled"
    readout = None
    discrete = True

    def __call__(self, recording, trials):
        return self.factor*recording.spikes_per_neuron
"""


def test_losses_from_a_file(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN)
    recording, trials = example("spike-count")
    quiet = recording.spikes_per_neuron
    loss = make_loss(f"{path}:quiet")
    assert (loss.name, loss.readout, loss.discrete) == ("quiet", "spike-count", False)
    np.testing.assert_array_equal(loss(recording, trials), quiet)
    assert make_loss(f"{path}:both").name == "quiet + 0.5*silence"
    scaled = catalog.build("losses", f"{path}:Scaled", factor=3.0)
    np.testing.assert_array_equal(scaled(recording, trials), 3 * quiet)
    with pytest.raises(InvalidInput, match="has no option 'factor'"):
        make_loss(f"{path}:quiet", factor=3.0)
    with pytest.raises(InvalidInput, match="did you mean 'quiet'"):
        make_loss(f"{path}:quit")
