"""A random recurrent network of rate units, whose output is fed back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import require_number, require_whole
from neurotrain.rate_to_spike.kernel import SIDE, aligned
from neurotrain.reservoirs.kernel import lanes
from neurotrain.reservoirs.movements import Movement
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from neurotrain.reservoirs.compiled_simulation import CompiledSimulation


@dataclass(frozen=True)
class Reservoir:
    """Rate units of which everything but what reads them stays as it was drawn.

    ``tau dx/dt = -x + J r + Q z + U s``, with ``r = tanh(x)`` and, while it learns by exploring,
    noise on top; z is the output and s an input that tells the phase of the movement, if there is
    one. Values are those of Pyle & Rosenbaum (2019, arXiv:1803.03304).

    Parameters
    ----------
    units : int
    connection : float
        Probability of a connection between two units.
    gain : float
        About the largest eigenvalue of J: above 1, the reservoir is chaotic.
    tau, dt : float
        Time constant and step, in the same unit.
    noise : float
        Of the activity while it learns by exploring: uniform between minus and plus this.
    phase_input : bool
        Whether cosine and sine of the phase of the movement are given to the units.

    Raises
    ------
    InvalidInput
        If a number is out of range.
    """

    units: int = 1000
    connection: float = 0.1
    gain: float = 1.5
    tau: float = 10.0
    dt: float = 0.2
    noise: float = 0.025
    phase_input: bool = False

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_number("connection", self.connection, above=0, most=1)
        require_number("gain", self.gain, least=0)
        require_number("tau", self.tau, above=0)
        require_number("dt", self.dt, above=0, most=self.tau)
        require_number("noise", self.noise, least=0)

    @property
    def padded(self) -> int:
        """Of vectors of units in the compiled code: the units, and zeros behind them."""
        return -(-self.units // SIDE) * SIDE

    def begin(self, movement: Movement, target: np.ndarray, seed: int) -> "CompiledSimulation":
        """Return the network before its first trial."""
        from neurotrain.reservoirs.compiled_simulation import CompiledSimulation

        return CompiledSimulation(self, movement, target, seed)

    def recurrent(self, seed: int) -> np.ndarray:
        """Draw J, (unit, unit): normal where there is a connection, 0 elsewhere."""
        rng = generator(seed, "reservoir-weights", 0)
        spread = self.gain / (self.connection * self.units) ** 0.5
        weights = spread * rng.normal(size=(self.units, self.units))
        return weights * (rng.random(size=weights.shape) < self.connection)

    def draw(self, outputs: int, seed: int) -> dict[str, np.ndarray]:
        """Return what the compiled code needs of the weights, and where the units begin."""
        rng = generator(seed, "reservoir-weights", 1)
        arrays = _rows(self.recurrent(seed))
        arrays["feedback_weights"] = self._rows_of_units(rng, outputs)
        arrays["input_weights"] = self._rows_of_units(rng, 2 if self.phase_input else 0)
        arrays["x"], arrays["activity"] = aligned(self.padded), aligned(self.padded)
        arrays["x"][: self.units] = rng.uniform(-0.5, 0.5, self.units)
        arrays["activity"][:] = np.tanh(arrays["x"])
        return arrays

    def _rows_of_units(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        weights = aligned((rows, self.padded))
        weights[:, : self.units] = rng.uniform(-1, 1, (rows, self.units))
        return weights


def _rows(weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rows of a matrix without its zeros, each filled up to whole vectors."""
    width = lanes()
    counts = np.count_nonzero(weights, axis=1)
    starts = np.concatenate([[0], np.cumsum(-(-counts // width) * width)])
    sources, values = np.zeros(starts[-1], np.int32), aligned(int(starts[-1]))
    for row, start in zip(weights, starts[:-1], strict=True):
        (at,) = row.nonzero()
        sources[start : start + len(at)] = at
        values[start : start + len(at)] = row[at]
    return {"starts": starts.astype(np.int64), "sources": sources, "weights": values}
