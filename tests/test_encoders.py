"""Encoders: what the channels carry, how they are composed, and how they are named."""

import numpy as np
import pytest

from neurotrain.encoders import Current, PoissonSpikes, PopulationCode, make_encoders
from neurotrain.errors import InvalidInput
from neurotrain.tasks import GoNoGo, Reach


def rng(seed=0):
    return np.random.default_rng(seed)


def test_currents_are_scaled():
    signals = rng().normal(size=(2, 3, 4))
    encoded = Current(gain=2.0, offset=0.5).encode(signals, 10.0, rng())
    assert np.array_equal(encoded, 2 * signals + 0.5)


class TestPoissonSpikes:
    """40 000 bins of 5 ms: |z| above 4.5 once in 150 000 seeds for each of a few means."""

    n_trials, n_bins = 40, 1000

    def counts(self, signal, **settings):
        signals = np.broadcast_to(np.asarray(signal, float), (self.n_trials, self.n_bins, 1))
        encoder = PoissonSpikes(**settings)
        return encoder.encode(signals, 5.0, rng(1))

    @pytest.mark.parametrize(
        ("signal", "settings", "expected"),
        [
            (1.0, {}, 0.5),
            (0.5, {"rate_hz": 200.0, "baseline_hz": 20.0}, 0.6),
            (-0.5, {"rate_hz": 100.0, "baseline_hz": 100.0}, 0.25),
        ],
    )
    def test_mean_and_variance_are_those_of_the_rate(self, signal, settings, expected):
        counts = self.counts(signal, **settings)
        n = counts.size
        assert abs(counts.mean() - expected) < 4.5 * (expected / n) ** 0.5
        # The variance of a variance of Poisson counts.
        spread = ((expected + 2 * expected**2) / n) ** 0.5
        assert abs(counts.var() - expected) < 4.5 * spread
        # Negative control: another rate is recognized.
        assert abs(counts.mean() - 1.1 * expected) > 4.5 * (expected / n) ** 0.5

    def test_rates_stop_at_zero(self):
        assert not self.counts(-2.0, baseline_hz=150.0).any()

    def test_trains_of_a_signal_are_independent_neighbors(self):
        signals = np.zeros((40, 1000, 2))
        signals[..., 1] = 1
        counts = PoissonSpikes(trains=3).encode(signals, 5.0, rng(1))
        assert counts.shape == (40, 1000, 6)
        assert not counts[..., :3].any()
        correlation = np.corrcoef(counts[..., 3:].reshape(-1, 3).T)[np.triu_indices(3, 1)]
        assert (np.abs(correlation) < 4.5 / 40_000**0.5).all()

    def test_amplitude_is_what_a_spike_gives(self):
        assert np.array_equal(self.counts(1.0, amplitude=0.3), 0.3 * self.counts(1.0))


class TestPopulationCode:
    def test_neuron_is_most_active_at_its_preferred_value(self):
        encoder = PopulationCode(neurons=5, low=-1.0, high=1.0)
        signals = encoder.preferred[np.newaxis, :, np.newaxis]
        activity = encoder.encode(signals, 10.0, rng())[0]
        assert np.array_equal(activity.argmax(axis=1), np.arange(5))
        assert np.allclose(activity.diagonal(), 1)
        # By default the width is the distance of the preferred values.
        assert np.allclose(activity.diagonal(1), np.exp(-0.5))

    def test_value_can_be_decoded(self):
        signals = np.linspace(0, 1, 50)[np.newaxis, :, np.newaxis]
        encoder = PopulationCode(neurons=9)
        activity = encoder.encode(signals, 10.0, rng())
        decoded = (activity * encoder.preferred).sum(axis=-1) / activity.sum(axis=-1)
        assert np.abs(decoded - signals[..., 0]).max() < 0.1

    def test_signals_keep_their_own_neurons(self):
        encoded = PopulationCode(neurons=4).encode(np.zeros((2, 3, 2)), 10.0, rng())
        assert encoded.shape == (2, 3, 8)
        assert np.array_equal(encoded[..., :4], encoded[..., 4:])


def test_encoders_are_composed_in_order():
    task = GoNoGo(encoder=[PopulationCode(neurons=3), PoissonSpikes(trains=2)])
    assert task.channels == 2 * 3 * 2
    trials = task.draw(4, rng(1))
    assert trials.n_channels == 12
    assert np.array_equal(trials.inputs, trials.inputs.round())


def test_noise_comes_before_the_encoder():
    trials = GoNoGo(sigma=1.0, encoder="population").draw(4, rng(1))
    assert trials.inputs.min() >= 0
    assert trials.inputs.max() <= 1


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ((), ()),
        ("poisson", (PoissonSpikes(),)),
        (["population", "poisson"], (PopulationCode(), PoissonSpikes())),
        ({"kind": "poisson", "rate_hz": 50.0}, (PoissonSpikes(rate_hz=50.0),)),
        ([{"kind": "current", "gain": 2.0}], (Current(gain=2.0),)),
        (PopulationCode(neurons=3), (PopulationCode(neurons=3),)),
    ],
)
def test_encoders_by_name_and_table(given, made):
    assert make_encoders(given) == made


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("poison", "no encoder called 'poison'; did you mean 'poisson'"),
        ({"kind": "poisson", "rate": 5}, "no setting of encoder 'poisson' called 'rate'"),
        ({"rate_hz": 5}, "table with a 'kind'"),
        ([5], "table with a 'kind'"),
        (5, "an encoder or a list of encoders"),
        ({"kind": "poisson", "rate_hz": 0}, "rate_hz must be a finite number above 0"),
        ({"kind": "poisson", "trains": 0}, "trains must be a whole number"),
        ({"kind": "current", "gain": 0}, "gain must be a finite number above 0"),
        ({"kind": "population", "neurons": 1}, "neurons must be a whole number of at least 2"),
        ({"kind": "population", "high": 0}, "high must be a finite number above 0"),
        ({"kind": "population", "width": -1}, "width must be a finite number above 0"),
        (PoissonSpikes, "table with a 'kind'"),
    ],
)
def test_what_is_no_encoder_is_refused(given, said):
    with pytest.raises(InvalidInput, match=said) as error:
        make_encoders([given] if isinstance(given, type) else given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        ("poisson", "baseline_hz of at least rate_hz"),
        ("population", "low of -1"),
        ([Current(), "poisson"], "baseline_hz"),
    ],
)
def test_signals_below_zero_are_not_cut_off_silently(encoder, said):
    with pytest.raises(InvalidInput, match=said):
        Reach(encoder=encoder)


def test_signals_below_zero_can_be_encoded():
    Reach(encoder={"kind": "poisson", "baseline_hz": 100.0})
    Reach(encoder=[PopulationCode(low=-1.0), "poisson"])
