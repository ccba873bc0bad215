"""Principal components of the rate network's currents, and their spread over spiking neurons."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole


@dataclass(frozen=True, eq=False)
class Factors:
    """The directions in which the currents of the rate units vary most, or all of the units.

    Parameters
    ----------
    components : (unit, factor) array
        Orthonormal columns: principal components, the most variance first, or the identity.
    shares : (unit,) array
        Of all principal components' parts in the variance, descending; they sum to 1.
    """

    components: np.ndarray
    shares: np.ndarray

    @property
    def count(self) -> int:
        """How many factors there are."""
        return self.components.shape[1]

    def project(self, currents: np.ndarray) -> np.ndarray:
        """Return the factors (time, factor) of currents (time, unit)."""
        return currents @ self.components


def principal_components(
    second_moment: np.ndarray, components: int | float | None = None
) -> Factors:
    """Return the principal components of currents about zero, not about their mean.

    Parameters
    ----------
    second_moment : (unit, unit) array
        The sum over time of ``f f'``, to any scale.
    components : int or float, optional
        How many; or, below 1, the smallest number whose part in the variance is above it. By
        default the currents themselves are the factors, in their order.

    Raises
    ------
    InvalidInput
        If there are not so many units, or the currents are zero.
    """
    variances, vectors = np.linalg.eigh(second_moment)
    variances, vectors = np.maximum(variances[::-1], 0), vectors[:, ::-1]
    if not variances.sum() > 0:
        raise InvalidInput(
            "The currents of the rate network are zero; there is nothing to learn. Look at the "
            "outputs that are to be produced."
        )
    shares = variances / variances.sum()
    if components is None:
        return Factors(np.eye(len(shares)), shares)
    # Of an eigenvector and its negative, linear algebra libraries return either.
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(len(vectors))])
    return Factors(vectors[:, : _count(shares, components)].copy(), shares)


def _count(shares: np.ndarray, components: int | float) -> int:
    if isinstance(components, Integral):
        require_whole("components", components)
        if components > len(shares):
            raise InvalidInput(
                f"There are no {components} principal components of {len(shares)} rate units."
            )
        return int(components)
    require_number("components", components, above=0, below=1)
    return int(np.searchsorted(np.cumsum(shares), components, side="right")) + 1


def random_spread(
    neurons: int, units: int, rng: np.random.Generator, gain: float = 6.0
) -> np.ndarray:
    """Return a random matrix (neuron, unit) with orthogonal columns of length `gain`, in mV.

    With fewer neurons than units it is the rows that are orthogonal, of length `gain`.
    """
    drawn = rng.uniform(-1, 1, (neurons, units))
    flat = neurons < units
    orthonormal = np.linalg.qr(drawn.T if flat else drawn)[0]
    return gain * (orthonormal.T if flat else orthonormal)
