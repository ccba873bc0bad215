"""The suite that every loss passes, and the faults that it finds."""

from dataclasses import dataclass

import numpy as np
import pytest

import neurotrain as nt
from neurotrain.losses import (
    LOSSES,
    Silence,
    ZeroOne,
    check_loss,
    depends_on_spikes_only,
    make_loss,
)

OF_STATES = {"cross-entropy", "trajectory-error", "zero-one", "depolarization-block"}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_keeps_to_the_rules(name):
    check_loss(make_loss(name))


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_spikes_only_are_known(name):
    assert depends_on_spikes_only(make_loss(name)) == (name not in OF_STATES)


def test_it_depends_on_the_readout_for_a_loss_that_takes_any():
    assert not depends_on_spikes_only(ZeroOne())
    assert depends_on_spikes_only(ZeroOne(), "spike-count")
    assert depends_on_spikes_only(ZeroOne(), "first-spike")


def test_sums_and_functions_are_checked_too():
    check_loss(2 * make_loss("spike-count-margin") + 0.1 * Silence())
    check_loss(lambda recording, trials: recording.average["v"].mean(axis=(1, 2)))
    assert depends_on_spikes_only(lambda recording, trials: recording.silent_share)
    for name in ("average", "state"):
        assert not depends_on_spikes_only(
            lambda recording, trials, name=name: getattr(recording, name)["v"].mean(
                axis=tuple(range(1, getattr(recording, name)["v"].ndim))
            )
        )


def means(recording):
    return recording.readout.mean(axis=(1, 2))


def infinite_where_failed(recording, losses):
    return np.where(recording.failed.any(axis=1), np.inf, losses)


def by_one_another(recording):
    return means(recording) - means(recording).mean()


def by_the_first_trial(recording):
    return recording.readout[:, 0, 0].astype(float)


def changing(recording):
    recording.readout[...] += 1
    return np.zeros(len(recording.failed))


class Memory:
    calls = 0

    def __call__(self, recording):
        self.calls += 1
        return np.full(len(recording.failed), float(self.calls))


FAULTS = {
    "for 4 candidates": lambda recording: means(recording)[np.newaxis],
    "finite numbers": lambda recording: means(recording) * np.nan,
    "asked twice": Memory(),
    "leave the recording": changing,
    "other candidates": by_one_another,
    "order of the trials": by_the_first_trial,
    "call itself discrete": lambda recording: recording.spikes_per_neuron,
    "failed with KeyError": lambda recording: recording.average["no such"],
}


@dataclass(frozen=True)
class Faulty:
    values: object
    name: object = "faulty"
    readout: object = None
    discrete: object = False

    def __call__(self, recording, trials):
        return infinite_where_failed(recording, self.values(recording))


@pytest.mark.parametrize("told", FAULTS)
def test_broken_promises_are_found(told):
    with pytest.raises(nt.InvalidInput, match=told):
        check_loss(Faulty(FAULTS[told]))


def test_a_loss_without_a_fault_passes():
    check_loss(Faulty(means))


@pytest.mark.parametrize(
    ("options", "told"),
    [({"name": ""}, "name"), ({"readout": 3}, "readout"), ({"discrete": "no"}, "discrete")],
)
def test_wrong_attributes_are_found(options, told):
    with pytest.raises(nt.InvalidInput, match=told):
        check_loss(Faulty(means, **options))


def test_a_loss_that_forgives_failures_is_found():
    @dataclass(frozen=True)
    class Forgiving(Faulty):
        def __call__(self, recording, trials):
            return self.values(recording)

    with pytest.raises(nt.InvalidInput, match="infinite for a candidate with a failed trial"):
        check_loss(Forgiving(means))
