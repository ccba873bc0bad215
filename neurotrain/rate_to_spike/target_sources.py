"""What the three methods take their targets from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.simulations import AnySimulation


class TargetSource(Protocol):
    """Something that makes targets of signals, trial by trial."""

    def currents(self, signals: Signals) -> np.ndarray:
        """Return the currents (time, unit) of the next trials."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, as arrays that need no pickle."""

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""


@dataclass(frozen=True, eq=False)
class Targets:
    """What a spiking network is to learn, and what it receives.

    Parameters
    ----------
    source : TargetSource
    spread : (neuron, unit) array
        What a current of the source is in each neuron, in mV.
    input_weights : (neuron, input) array
        In mV.
    """

    source: TargetSource
    spread: np.ndarray
    input_weights: np.ndarray


@dataclass(frozen=True)
class SignalTargets:
    """What comes with the trials: the outputs, as in FORCE, or currents.

    Parameters
    ----------
    name : {'outputs', 'currents'}
        Of the signals.
    """

    name: str

    def currents(self, signals: Signals) -> np.ndarray:
        """Return these signals (time, unit)."""
        return getattr(signals, self.name)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return nothing."""
        return {}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Do nothing."""


class SpikingTargets:
    """The currents of spiking neurons that are driven with outputs and hints, as in full-FORCE.

    Parameters
    ----------
    simulation : Simulation or Brian2Simulation
        Of a network with random weights, whose factors are the outputs followed by the hints.
    """

    def __init__(self, simulation: AnySimulation) -> None:
        self._simulation = simulation

    def currents(self, signals: Signals) -> np.ndarray:
        """Return what circulates in the network and what drives it (time, neuron), in mV."""
        drives = np.hstack([signals.outputs, signals.hints])
        stretch = self._simulation.advance(
            signals.inputs, drives, teach=True, keep_random_currents=True
        )
        return stretch.random_currents + drives @ self._simulation.network.encoders.T

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, as arrays that need no pickle."""
        return self._simulation.state_dict()

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        self._simulation.load_state_dict(state)
