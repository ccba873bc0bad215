"""From searched coordinates to the values of a block, with its constraints, and back."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.parameters.encodings import Expansion, summed
from neurotrain.parameters.transforms import Transform


@dataclass(frozen=True, eq=False)
class Coding:
    """How the values of a block follow from the coordinates that are searched.

    Coordinates are expanded by an encoding, if there is one; shared among entries; transformed;
    and multiplied by `gain`. All other entries keep their given value in every candidate.

    Parameters
    ----------
    name : str
        The block, for errors.
    given : (entry,) array
        The values, in SI units, of entries that are not free.
    free : (free,) int array
        Which entries follow from coordinates.
    group : (free,) int array
        Which coordinate each of them follows, from 0 without gaps.
    gain : (free,) array
        The sign of each free entry by Dale's law, times its size relative to others.
    transform : Transform
    expansion : Expansion, optional
        Of a low-dimensional encoding.
    """

    name: str
    given: np.ndarray
    free: np.ndarray
    group: np.ndarray
    gain: np.ndarray
    transform: Transform
    expansion: Expansion | None = None

    @property
    def n_groups(self) -> int:
        """Number of different values among the free entries."""
        return int(self.group.max()) + 1 if self.group.size else 0

    @property
    def size(self) -> int:
        """Number of searched coordinates."""
        return self.expansion.size if self.expansion else self.n_groups

    def decode(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the values (..., entry) of coordinates (..., size)."""
        if self.expansion:
            coordinates = self.expansion.expand(coordinates)
        values = np.empty((*coordinates.shape[:-1], self.given.size))
        values[...] = self.given
        values[..., self.free] = self.gain * self.transform.apply(coordinates)[..., self.group]
        return values

    def pull_back(self, coordinates: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the derivatives of a function by coordinates (..., size).

        Parameters
        ----------
        coordinates : (..., size) array
            Where it is differentiated.
        gradient : (..., entry) array
            Its derivatives by the values there.
        """
        expansion = self.expansion
        expanded = expansion.expand(coordinates) if expansion else coordinates
        by_group = summed(self.gain * gradient[..., self.free], self.group, self.n_groups)
        by_group = by_group * self.transform.slope(expanded)
        return expansion.pull_back(coordinates, by_group) if expansion else by_group

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates (..., size) of values (..., entry).

        Raises
        ------
        InvalidInput
            If no coordinates give these values, or an encoding has no inverse.
        """
        if self.expansion:
            raise InvalidInput(
                f"'{self.name}' is searched in {self.size} coordinates, which do not follow from "
                "its values; keep the coordinates instead."
            )
        coordinates = self.to_coordinates(values)
        again = self.decode(coordinates)
        self._require(
            np.isclose(again, values, rtol=1e-9, atol=0.0).all(),
            "another value where it is masked or fixed, or different ones where they are shared",
        )
        return coordinates

    def to_coordinates(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates (..., group) of the first free entry that follows each.

        Raises
        ------
        InvalidInput
            If a value has the wrong sign, or lies outside the range of the transform.
        """
        first = np.unique(self.group, return_index=True)[1]
        return self._coordinates_of_entries(values)[..., first]

    def _coordinates_of_entries(self, values: np.ndarray) -> np.ndarray:
        coordinates = self.transform.invert(values[..., self.free] / self.gain)
        self._require(
            np.isfinite(coordinates).all(), "a value outside the range that transform or sign leave"
        )
        return coordinates

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise InvalidInput(
                f"'{self.name}' cannot take these values: there is {what}; check its transform, "
                "dale, mask and shared."
            )

    def described(self) -> Iterator[str | np.ndarray]:
        """Yield what distinguishes it from other codings, for fingerprints."""
        yield repr(self.transform)
        yield from (self.given, self.free, self.group, self.gain)
        if self.expansion:
            yield from self.expansion.described()
