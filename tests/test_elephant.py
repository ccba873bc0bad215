"""Elephant on what is exported, as it stands, beside our own statistics of the same spikes."""

import numpy as np
import pytest
import quantities as pq

import neurotrain as nt
from neurotrain.export import to_neo
from neurotrain.seeding import generator
from neurotrain.spike_distances import (
    pad_trains,
    van_rossum_distance,
    victor_purpura_distance,
)

elephant = pytest.importorskip("elephant", reason="elephant is not installed")
statistics = pytest.importorskip("elephant.statistics")
dissimilarity = pytest.importorskip("elephant.spike_train_dissimilarity")

# Elephant warns where a statistic is not defined, as for trains with few spikes.
pytestmark = pytest.mark.filterwarnings("ignore")
N_TRIALS, N_NEURONS = 6, 8


@pytest.fixture(scope="module")
def simulated():
    """Return spike counts in every step, their edges, and the same trials exported."""
    circuit = nt.models.leaky_integrate_and_fire(N_NEURONS, channels=50, classes=3)
    task = nt.tasks.StimulusIntegration()
    trials = task.draw(N_TRIALS, generator(0, "test-trials"))
    state = circuit.draw_initial_state(N_TRIALS, generator(0, "test-state"))
    weights = circuit.parameters.draw(generator(3, "initial-parameters"))
    steps = np.arange(0, trials.duration_ms, circuit.dt_ms)
    recording = circuit.simulate(weights[np.newaxis], trials, state, bins_ms=steps)
    counts = recording.spike_count[0]
    assert (counts.sum(axis=1) > 3).mean() > 0.5
    return counts, recording.bin_edges_ms, to_neo(recording, trials)


def of_each_train(block, measure):
    return np.array([[measure(train) for train in s.spiketrains] for s in block.segments])


def test_rates(simulated):
    counts, edges, block = simulated
    theirs = of_each_train(
        block, lambda train: float(statistics.mean_firing_rate(train).rescale("Hz"))
    )
    np.testing.assert_allclose(nt.analysis.firing_rates(counts, edges), theirs)


@pytest.mark.parametrize("name", ["cv", "cv2"])
def test_irregularity(simulated, name):
    counts, edges, block = simulated
    ours = getattr(nt.analysis, f"interval_{name}")(counts, edges)
    known = counts.sum(axis=1) > 2
    theirs = of_each_train(
        block,
        lambda train: (
            getattr(statistics, name)(statistics.isi(train).rescale("ms").magnitude)
            if len(train) > 2
            else np.nan
        ),
    )
    assert known.any()
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_fano_factor(simulated):
    """Elephant divides by the number of trials, and takes each trial as one window."""
    counts, edges, block = simulated
    whole, _ = nt.analysis.rebin(counts, edges, edges[-1])
    ours = nt.analysis.fano_factor(whole)
    for neuron in range(N_NEURONS):
        trains = [segment.spiketrains[neuron] for segment in block.segments]
        theirs = statistics.fanofactor(trains) * N_TRIALS / (N_TRIALS - 1)
        np.testing.assert_allclose(ours[neuron], theirs)


@pytest.mark.parametrize("bin_ms", [5.0, 20.0])
def test_psth(simulated, bin_ms):
    counts, edges, block = simulated
    found = nt.analysis.psth(*nt.analysis.rebin(counts, edges, bin_ms))
    for neuron in range(N_NEURONS):
        trains = [segment.spiketrains[neuron] for segment in block.segments]
        histogram = statistics.time_histogram(trains, bin_size=bin_ms * pq.ms, output="rate")
        theirs = histogram.rescale("Hz").magnitude[:, 0]
        np.testing.assert_allclose(found.rate_hz[0, :, neuron], theirs, rtol=1e-6)


def test_population_rate(simulated):
    counts, edges, block = simulated
    binned = nt.analysis.rebin(counts, edges, 10.0)
    ours = nt.analysis.population_rates(*binned)
    for trial, segment in enumerate(block.segments):
        histogram = statistics.time_histogram(
            list(segment.spiketrains), bin_size=10 * pq.ms, output="rate"
        )
        theirs = histogram.rescale("Hz").magnitude[:, 0]
        np.testing.assert_allclose(ours[trial], theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda one, other: van_rossum_distance(one, other, 15.0),
            lambda trains: dissimilarity.van_rossum_distance(trains, 15 * pq.ms),
        ),
        (
            lambda one, other: victor_purpura_distance(one, other, 0.1),
            lambda trains: dissimilarity.victor_purpura_distance(trains, 0.1 / pq.ms),
        ),
    ],
    ids=["van Rossum", "Victor-Purpura"],
)
def test_distances_of_trials(simulated, ours, theirs):
    _, _, block = simulated
    trains = [segment.spiketrains[0] for segment in block.segments]
    times = pad_trains([train.rescale("ms").magnitude for train in trains])
    found = ours(times[:, np.newaxis], times[np.newaxis])
    assert found.max() > 0.5
    np.testing.assert_allclose(found, theirs(trains), atol=1e-5)


def test_a_result_is_exported_in_the_same_way(tmp_path):
    result = nt.train(
        nt.models.leaky_integrate_and_fire(N_NEURONS, channels=50, classes=3),
        nt.tasks.StimulusIntegration(),
        generations=1,
        trials=2,
        validation_trials=4,
        test_trials=4,
        out=tmp_path,
        progress=False,
    )
    block = result.to_neo(3)
    recording, _ = result.simulate(3)
    ours = nt.analysis.firing_rates(recording.spike_count[0], recording.bin_edges_ms)
    theirs = of_each_train(
        block, lambda train: float(statistics.mean_firing_rate(train).rescale("Hz"))
    )
    assert theirs.max() > 0
    np.testing.assert_allclose(ours, theirs)
