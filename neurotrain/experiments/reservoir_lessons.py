"""Reservoirs in experiments: a movement learned once, its test kept, and what is told of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from time import process_time
from typing import Any

import numpy as np

from neurotrain import catalog
from neurotrain.experiments.measurements import measured
from neurotrain.experiments.report import Setting
from neurotrain.rate_to_spike import Brian2Neuron
from neurotrain.reservoirs import (
    Arm,
    Learner,
    Pen,
    Reservoir,
    ReservoirTraining,
    SpikingReservoir,
    Trial,
    deviation,
)

# Of the paths that are drawn.
_POINTS = 400

Outcome = Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """How large a reservoir is, and how long it learns."""

    units: int
    steps: int
    trials: int
    test_trials: int


FULL, QUICK = Size(1000, 50_000, 10, 5), Size(200, 5_000, 8, 2)
# Trials of 10 s, in steps of half a millisecond.
SPIKING = Size(400, 20_000, 10, 5)


def size_of(setting: Setting, spiking: bool = False) -> Size:
    """Return the published size, or that of the quick form, or of spiking neurons."""
    if setting.quick:
        return QUICK
    return SPIKING if spiking else FULL


def learned(
    setting: Setting,
    name: str,
    movement: Pen | Arm,
    learner: Learner,
    seed: int,
    *,
    spiking: bool = False,
) -> Outcome:
    """Return what came of a training, kept under its name, which must tell it from all others.

    `spiking`: of integrate-and-fire neurons in the place of rate units.
    """

    def learn() -> dict[str, Any]:
        size, began = size_of(setting, spiking), process_time()
        training = trained(size, movement, learner, seed, spiking)
        tested = training.test(size.test_trials)
        return {
            "deviation": deviation(tested),
            "closed_loop": deviation(training.test(size.test_trials, closed_loop=True)),
            "training": [root_error([trial]) for trial in training.trials],
            "gate": training.trials[-1].gate,
            "path": path(tested),
            "cpu_seconds": process_time() - began,
        }

    return measured(setting, f"{name}-seed{seed}", learn)


def trained(
    size: Size, movement: Pen | Arm, learner: Learner, seed: int, spiking: bool = False
) -> ReservoirTraining:
    """Return a training after its last trial."""
    reservoir = SpikingReservoir(_neuron(), size.units) if spiking else Reservoir(size.units)
    training = ReservoirTraining(movement, learner, reservoir, steps=size.steps, seed=seed)
    for _ in range(size.trials):
        training.learn()
    return training


def _neuron() -> Brian2Neuron:
    """Return leaky integrate-and-fire neurons, in steps of half a millisecond."""
    from brian2 import ms, mV

    # The neurons alone are beside the network of them.
    model = import_module(catalog.find("models", "leaky-integrate-and-fire").__module__)

    def build(neurons: int) -> Any:
        group = model.leaky_integrate_and_fire_neurons(neurons, dt=0.5 * ms)
        group.bias = 0
        group.v = np.random.default_rng(0).uniform(-60, -50, neurons) * mV
        return group

    return Brian2Neuron(build, current="stimulus", scale=1.0)


def root_error(trials: Sequence[Trial]) -> float:
    """Return the root of the mean error; infinite if it is not a number any more."""
    found = float(np.sqrt(np.mean([trial.error.mean() for trial in trials])))
    return found if np.isfinite(found) else 1e9


def path(trials: Sequence[Trial]) -> list[list[float]]:
    """Return points of the last trial, (point, 2)."""
    position = trials[-1].position
    return np.nan_to_num(position[:: max(1, len(position) // _POINTS)]).tolist()


def deviations(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the median, lowest and highest deviation, and the median error of the last trial."""
    return {
        "deviation": middle(outcomes, "deviation"),
        "lowest": middle(outcomes, "deviation", min),
        "highest": middle(outcomes, "deviation", max),
        "last_training": float(np.median([one["training"][-1] for one in outcomes])),
    }


def middle(outcomes: Sequence[Outcome], name: str, of: Callable = np.median) -> float:
    """Return the median of a number over seeds, or what else of them."""
    return float(of([one[name] for one in outcomes]))
