"""Readouts against sums written out by hand."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.executions.base import Activity
from neurotrain.readouts import (
    READOUTS,
    FirstSpikeReadout,
    GradedReadout,
    RateReadout,
    RateTrajectoryReadout,
    SpikeCountReadout,
    SpikeTrainReadout,
    TrajectoryReadout,
    make_readout,
    reads_spikes_only,
)
from neurotrain.trials import Trials

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
    with pytest.raises(InvalidInput, match="need 8 neurons, there are 7"):
        SpikeTrainReadout(4, size=2).blocks(7)
    for build in (
        lambda: FirstSpikeReadout(2, resolution_ms=0),
        lambda: RateReadout(2, tau_ms=-1.0),
        lambda: RateTrajectoryReadout(1, tau_ms=np.nan),
        lambda: SpikeTrainReadout(0),
        lambda: TrajectoryReadout("v", 0),
    ):
        with pytest.raises(InvalidInput):
            build()


def trials_of(n_bins=10, decision=(20.0, 50.0)):
    """Return trials of bins of 5 ms."""
    inputs = np.zeros((B, n_bins, 1))
    return Trials(inputs, 5.0, np.zeros(B, int), {"decision": decision})


def linear_values(rows, rng):
    return {
        "readout.weight": rng.normal(size=(P, rows, N)),
        "readout.bias": rng.normal(size=(P, rows)),
    }


def filtered(counts, ends, at, tau):
    """Sum exponentials over every spike, one by one: (candidate, trial, bin, neuron)."""
    rate = np.zeros((P, B, N))
    for p, b, k, i in zip(*np.nonzero(counts), strict=True):
        if ends[k] <= at + 1e-9:
            rate[p, b, i] += counts[p, b, k, i] * np.exp(-(at - ends[k]) / tau)
    return rate


def test_first_spike_readout_is_minus_the_latency_of_each_pool():
    readout = FirstSpikeReadout(3, resolution_ms=2.0)
    edges = readout.edges_ms(trials_of(decision=(20.0, 29.0)))
    np.testing.assert_array_equal(edges, [20, 22, 24, 26, 28, 29])
    counts = np.zeros((1, 2, 5, 7), int)
    counts[0, 0, 2, 1] = 1  # pool 0
    counts[0, 0, 4, 0] = 3
    counts[0, 0, 0, 5] = 1  # pool 2
    counts[0, 1, :, 6] = 1  # the seventh neuron is in no pool
    got = readout.read(Activity(counts, None), edges, {})
    np.testing.assert_array_equal(got, [[[-4, -9, 0], [-9, -9, -9]]])


def test_rate_readout_filters_spikes_to_the_end_of_the_decision_period():
    rng = np.random.default_rng(3)
    readout = RateReadout(2, tau_ms=12.0)
    edges = readout.edges_ms(trials_of(decision=(20.0, 42.0)))
    np.testing.assert_array_equal(edges, [0, 5, 10, 15, 20, 25, 30, 35, 40, 42])
    counts, values = rng.poisson(0.3, size=(P, B, 9, N)), linear_values(2, rng)
    rate = filtered(counts, edges[1:], 42.0, 12.0)
    by_hand = np.einsum("pki,pbi->pbk", values["readout.weight"], rate)
    by_hand += values["readout.bias"][:, None]
    got = readout.read(activity(spike_count=counts), edges, values)
    np.testing.assert_allclose(got, by_hand, rtol=1e-12)


def test_rate_trajectory_is_the_rate_readout_at_the_end_of_every_bin():
    rng = np.random.default_rng(4)
    readout = RateTrajectoryReadout(2, tau_ms=12.0)
    edges = readout.edges_ms(trials_of())
    counts, values = rng.poisson(0.3, size=(P, B, 10, N)), linear_values(2, rng)
    got = readout.read(activity(spike_count=counts), edges, values)
    assert got.shape == (P, B, 10, 2)
    for k in range(1, 11):
        at_end = RateReadout(2, tau_ms=12.0).read(
            activity(spike_count=counts[:, :, :k]), edges[: k + 1], values
        )
        np.testing.assert_array_equal(got[:, :, k - 1], at_end)


def test_trajectory_is_a_linear_readout_of_every_sample():
    rng = np.random.default_rng(5)
    samples, values = rng.normal(size=(P, B, 10, N)), linear_values(2, rng)
    got = TrajectoryReadout("v", 2).read(activity(samples={"v": samples}), DECISION, values)
    by_hand = np.einsum("pki,pbti->pbtk", values["readout.weight"], samples)
    by_hand += values["readout.bias"][:, None, None]
    np.testing.assert_allclose(got, by_hand, rtol=1e-12)


def test_spike_train_readout_counts_its_own_neurons_in_each_bin():
    counts = np.random.default_rng(6).poisson(1, size=(P, B, 10, N))
    got = SpikeTrainReadout(2, size=3).read(activity(spike_count=counts), trials_of(), {})
    np.testing.assert_array_equal(got[..., 0], counts[..., :3].sum(axis=-1))
    np.testing.assert_array_equal(got[..., 1], counts[..., 3:6].sum(axis=-1))


@pytest.mark.parametrize("name", READOUTS)
def test_every_readout_reads_a_trial_alike_whatever_else_is_in_the_batch(name):
    rng = np.random.default_rng(7)
    readout, trials = make_readout(name, 3, "v"), trials_of(30)
    assert readout.classes + readout.outputs == 3
    edges = readout.edges_ms(trials)
    counts = rng.poisson(0.5, size=(1, B, len(edges) - 1, 64))
    values = {b.name: b.draw(rng).reshape(1, *b.shape) for b in readout.blocks(64)}
    parts = {
        "average": {"v": rng.normal(size=(1, B, 64)).astype(np.float32)},
        "samples": {"v": rng.normal(size=(1, B, 30, 64)).astype(np.float32)},
    }
    batch = readout.read(Activity(counts, None, **parts), edges, values)
    first = {part: {"v": each["v"][:, :1]} for part, each in parts.items()}
    alone = readout.read(Activity(counts[:, :1], None, **first), edges, values)
    np.testing.assert_array_equal(batch[:, :1], alone)


def test_readouts_know_whether_they_read_spikes_alone():
    alone = {name for name in READOUTS if reads_spikes_only(make_readout(name, 2, "v"))}
    assert alone == set(READOUTS) - {"graded", "trajectory"}


def test_unknown_readout():
    with pytest.raises(InvalidInput, match="did you mean 'spike-count'"):
        make_readout("spikes-count", 2, "v")
