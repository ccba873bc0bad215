"""Currents that come with the trials, in place of those of a driven rate network."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole


@dataclass(frozen=True, eq=False)
class GivenCurrents:
    """What is to be known of currents before the first trial.

    Parameters
    ----------
    units : int
        How many there are.
    rms : float
        Their root mean square, over trials, time and units.
    input_weights : (unit, input) array, optional
        How the first inputs reach the units that the currents are of; the other inputs, by
        default all, reach spiking neurons by random weights.
    """

    units: int
    rms: float
    input_weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        if not self.rms > 0:
            raise InvalidInput("Currents that are zero throughout give nothing to learn.")
        require_number("rms", self.rms)
        given = self.input_weights
        weights = np.array(np.zeros((self.units, 0)) if given is None else given, float)
        weights.setflags(write=False)
        object.__setattr__(self, "input_weights", weights)
        if weights.ndim != 2 or len(weights) != self.units:
            raise InvalidInput(
                f"input_weights must have a row for each of {self.units} units, got shape "
                f"{weights.shape}."
            )
