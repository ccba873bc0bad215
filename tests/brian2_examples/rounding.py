"""Rounding differences on purpose, to see how much of them a simulation bears."""

from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup
from brian2.groups import neurongroup
from brian2.synapses import synapses

LAST_PLACE = 2.0**-52


def disturb_every_step(seed: int) -> None:
    """Change all that Brian2 integrates in the last place, after each step.

    That is what another order of the same operations does; whatever it leads to is no fault of
    who computes.
    """
    generator = np.random.default_rng(seed)
    for updater in (neurongroup.StateUpdater, synapses.StateUpdater):
        _follow(updater, generator)


def _follow(updater: type, generator: np.random.Generator) -> None:
    original = updater.run

    def run(self: Any) -> None:
        original(self)
        _disturb(self.group, generator)

    updater.run = run


def disturb_start(seed: int) -> None:
    """Change the state that a device starts each run from, in the last place."""
    generator, original = np.random.default_rng(seed), Network.run

    def run(self: Network, *args: Any, level: int = 0, **options: Any) -> None:
        for one in self.sorted_objects:
            if isinstance(one, NeuronGroup):
                _disturb(one, generator)
        original(self, *args, level=level + 1, **options)

    Network.run = run


def _disturb(group: Any, generator: np.random.Generator) -> None:
    for name in group.equations.diff_eq_names:
        values = group.variables[name].get_value()
        values *= 1 + (2 * generator.integers(0, 2, values.shape) - 1) * LAST_PLACE
