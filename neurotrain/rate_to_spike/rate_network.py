"""The network of rate units that tells spiking neurons what to do: random, driven, untrained."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.rate_to_spike.kernel import call


@dataclass(frozen=True, eq=False)
class RateNetwork:
    """Rate units that are driven with what is to be produced, with hints, and with the input.

    ``tau dx/dt = -x + f + input_weights @ input``, where
    ``f = recurrent @ tanh(x) + drive_weights @ drive`` are the currents that become targets of
    the spiking network (DePasquale, Churchland and Abbott 2016, arXiv:1601.07620). The drive is
    the wanted output followed by the hints; the input is kept out of the targets, since the
    spiking network is given it too.

    Parameters
    ----------
    recurrent : (unit, unit) array
    drive_weights : (unit, output + hint) array
    input_weights : (unit, input) array
    tau_ms : float
        Time constant of every unit.
    """

    recurrent: np.ndarray
    drive_weights: np.ndarray
    input_weights: np.ndarray
    tau_ms: float = 10.0

    def __post_init__(self) -> None:
        require_number("tau_ms", self.tau_ms, above=0)
        for name in ("recurrent", "drive_weights", "input_weights"):
            array = np.array(getattr(self, name), float, order="C")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
            if array.ndim != 2 or len(array) != len(self.recurrent):
                raise InvalidInput(
                    f"{name} must have a row for each of {len(self.recurrent)} rate units, got "
                    f"shape {array.shape}."
                )
        if self.recurrent.shape[1] != self.units:
            raise InvalidInput(
                f"recurrent must be square, unit by unit, got shape {self.recurrent.shape}."
            )

    @property
    def units(self) -> int:
        """How many rate units there are."""
        return len(self.recurrent)

    @classmethod
    def draw(
        cls,
        units: int,
        drives: int,
        inputs: int,
        rng: np.random.Generator,
        *,
        gain: float = 1.4,
        tau_ms: float = 10.0,
    ) -> "RateNetwork":
        """Draw the weights of the published network.

        Recurrent weights are normal with standard deviation ``gain / sqrt(units)``, those of
        drives and inputs uniform between -1 and 1.
        """
        return cls(
            rng.normal(0, gain / np.sqrt(units), (units, units)),
            rng.uniform(-1, 1, (units, drives)),
            rng.uniform(-1, 1, (units, inputs)),
            tau_ms,
        )

    def currents(
        self, state: np.ndarray, drives: np.ndarray, inputs: np.ndarray, dt_ms: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Drive the network, and return its currents (time, unit) and its last state (unit,).

        Parameters
        ----------
        state : (unit,) array
            ``x`` at the start.
        drives : (time, output + hint) array
        inputs : (time, input) array
        dt_ms : float
            The step; within it, currents stay the same.
        """
        n_drives, n_inputs = self.drive_weights.shape[1], self.input_weights.shape[1]
        if drives.shape[1:] != (n_drives,) or inputs.shape != (len(drives), n_inputs):
            raise InvalidInput(
                f"The rate network takes {n_drives} drives and {n_inputs} inputs in every step, "
                f"got arrays of shapes {drives.shape} and {inputs.shape}."
            )
        arrays = {
            "recurrent": self.recurrent,
            "drive_weights": np.ascontiguousarray(self.drive_weights.T),
            "input_weights": np.ascontiguousarray(self.input_weights.T),
            "drives": np.ascontiguousarray(drives, float),
            "inputs": np.ascontiguousarray(inputs, float),
            "x": np.array(state, float),
            "currents": np.empty((len(drives), self.units)),
        }
        numbers = {"n_units": self.units, "n_drives": n_drives, "n_inputs": n_inputs}
        decay = np.exp(-dt_ms / self.tau_ms)
        call("neurotrain_drive", numbers | {"n_steps": len(drives), "decay": decay}, arrays)
        return arrays["currents"], arrays["x"]
