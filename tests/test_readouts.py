"""Readouts against sums written out by hand."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.executions.base import Activity
from neurotrain.readouts import GradedReadout, SpikeCountReadout

P, B, N = 3, 4, 7
DECISION = np.array([20.0, 30.0])


def activity(**parts):
    return Activity(
        failed=np.zeros((P, B), bool), **({"spike_count": np.zeros((P, B, 1, N))} | parts)
    )


def test_graded_readout_weighs_each_candidate_with_its_own_weights():
    rng = np.random.default_rng(0)
    readout = GradedReadout("v", 2)
    average = rng.normal(size=(P, B, N))
    values = {
        "readout.weight": rng.normal(size=(P, 2, N)),
        "readout.bias": rng.normal(size=(P, 2)),
    }
    got = readout.read(activity(average={"v": average}), DECISION, values)
    for p in range(P):
        for b in range(B):
            for k in range(2):
                by_hand = values["readout.bias"][p, k]
                by_hand += sum(
                    values["readout.weight"][p, k, i] * average[p, b, i] for i in range(N)
                )
                np.testing.assert_allclose(got[p, b, k], by_hand, rtol=1e-12)


def test_graded_readout_trains_weights_of_every_class_and_neuron():
    weight, bias = GradedReadout("v", 2).blocks(N)
    assert (weight.name, weight.shape) == ("readout.weight", (2, N))
    assert (bias.name, bias.shape) == ("readout.bias", (2,))
    np.testing.assert_array_equal(bias.draw(np.random.default_rng(0)), [0, 0])


@pytest.mark.parametrize("n_others", [0, 1, 5])
def test_a_trial_is_read_alike_whatever_else_is_in_the_batch(n_others):
    rng = np.random.default_rng(n_others)
    readout = GradedReadout("v", 3)
    average = rng.normal(size=(1, 1 + n_others, 64)).astype(np.float32)
    values = {
        "readout.weight": rng.normal(size=(1, 3, 64)),
        "readout.bias": rng.normal(size=(1, 3)),
    }
    batch = readout.read(Activity(None, None, {"v": average}), DECISION, values)
    alone = readout.read(Activity(None, None, {"v": average[:, :1]}), DECISION, values)
    np.testing.assert_array_equal(batch[:, :1], alone)


def test_spike_count_readout_counts_pools():
    counts = np.random.default_rng(1).integers(0, 9, size=(P, B, 1, N))
    got = SpikeCountReadout(pools=3).read(activity(spike_count=counts), DECISION, {})
    assert got.shape == (P, B, 3)
    for pool in range(3):
        by_hand = counts[:, :, 0, 2 * pool : 2 * pool + 2].sum(axis=2)
        np.testing.assert_array_equal(got[:, :, pool], by_hand)  # the seventh neuron is in none


def test_sizes_that_cannot_be_are_refused():
    for build in (lambda: SpikeCountReadout(0), lambda: GradedReadout("v", 0)):
        with pytest.raises(InvalidInput) as error:
            build()
        assert "\n" not in str(error.value)
    with pytest.raises(InvalidInput, match="cannot form 8 pools"):
        SpikeCountReadout(8).blocks(7)
