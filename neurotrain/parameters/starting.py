"""Where the values of a block start, also under Dale's law."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from neurotrain.distributions import Distribution, Normal
from neurotrain.parameters.dale import balance_rows
from neurotrain.parameters.layout import Layout


@dataclass(frozen=True, eq=False)
class Starting:
    """Where the values of a block start: as given, or drawn, by Dale's law in balance.

    Parameters
    ----------
    initial : Distribution or (entry,) array
    layout : Layout
    gain : (entry,) array, optional
        Under Dale's law, the sign of each entry times its size relative to others.
    balanced : (entry,) bool array
        Which entries take part in the balance of their row.
    """

    initial: Distribution | np.ndarray
    layout: Layout
    gain: np.ndarray | None
    balanced: np.ndarray

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return values, (entry,), in SI units."""
        if isinstance(self.initial, np.ndarray):
            return self.initial
        values = self.initial.draw(self.layout.shape, rng).ravel()
        if self.gain is None:
            return values
        magnitudes, chosen = np.abs(values) * np.abs(self.gain), self.balanced
        magnitudes[chosen] = balance_rows(
            magnitudes[chosen], self.gain[chosen], self.layout.post[chosen]
        )
        return np.sign(self.gain) * magnitudes


def moments(initial: Distribution | np.ndarray, *, magnitudes: bool) -> tuple[float, float]:
    """Return mean and standard deviation of the initial values, or of their magnitudes."""
    if isinstance(initial, np.ndarray):
        values = np.abs(initial) if magnitudes else initial
        mean = float(values.mean())
        return mean, float(values.std()) or abs(mean) or 1.0
    if not magnitudes:
        return initial.center, initial.spread or abs(initial.center) or 1.0
    # Middles of a thousand quantiles.
    share = (np.arange(1000) + 0.5) / 1000
    if isinstance(initial, Normal):
        standard = np.array([NormalDist().inv_cdf(one) for one in share])
        values = float(initial.mean) + float(initial.std) * standard
    else:
        values = float(initial.low) + (float(initial.high) - float(initial.low)) * share
    values = np.abs(values)
    return float(values.mean()), float(values.std()) or float(values.mean()) or 1.0
