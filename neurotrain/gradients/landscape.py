"""The loss along lines and planes through a point in parameter space, and how jagged it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole

LossAt = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Landscape:
    """Losses at ``center + sum_k offset_k * direction_k``.

    Parameters
    ----------
    center : (parameter,) array
    directions : (axis, parameter) array
        One of a line, two of a plane.
    offsets : sequence of (offset,) array
        Of each direction.
    losses : (offset, ...) array
        As many axes as directions. What failed is infinite or not a number.
    """

    center: np.ndarray
    directions: np.ndarray
    offsets: Sequence[np.ndarray]
    losses: np.ndarray

    @property
    def non_finite_share(self) -> float:
        """Share of the points that have no finite loss."""
        return float(1 - np.isfinite(self.losses).mean())

    @property
    def slopes(self) -> np.ndarray:
        """Difference quotients between neighbors along the last direction, (..., offset - 1)."""
        # Between two infinite losses there is no difference, which is no cause for a warning.
        with np.errstate(invalid="ignore"):
            return np.diff(self.losses) / np.diff(self.offsets[-1])

    @property
    def total_variation(self) -> float | np.ndarray:
        """Sum of the absolute differences between neighbors along the last direction, (...,).

        It is the height of the largest descent of a monotonic loss, and grows with every bump.
        Neighbors without a finite loss are left out.
        """
        with np.errstate(invalid="ignore"):
            steps = np.abs(np.diff(self.losses))
        return np.where(np.isfinite(steps), steps, 0.0).sum(axis=-1)


def loss_landscape(
    loss_at: LossAt,
    center: np.ndarray,
    directions: np.ndarray,
    *offsets: np.ndarray,
) -> Landscape:
    """Return the loss along a line or on a plane.

    Parameters
    ----------
    loss_at : callable
        Takes candidates (candidate, parameter) and returns losses (candidate,), as
        `SimulatedLoss` does.
    center : (parameter,) array
    directions : (axis, parameter) array
        As `draw_directions` gives them.
    *offsets : (offset,) array
        Increasing, one for each direction.

    Raises
    ------
    InvalidInput
        If there are other than one or two directions, they do not fit the center, or offsets do
        not increase.
    """
    center = np.asarray(center, dtype=float)
    directions = np.atleast_2d(np.asarray(directions, dtype=float))
    _check(center, directions, offsets)
    steps = np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1)
    candidates = center + steps.reshape(-1, len(directions)) @ directions
    losses = np.asarray(loss_at(candidates), dtype=float).reshape(steps.shape[:-1])
    return Landscape(center, directions, offsets, losses)


def draw_directions(scale: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return random directions (direction, parameter), orthogonal in units of `scale`.

    Each is of length 1 in these units, so that a parameter changes by its scale divided by the
    square root of their number.

    Raises
    ------
    InvalidInput
        If there are more directions than parameters.
    """
    require_whole("The number of directions", count)
    scale = np.asarray(scale, dtype=float)
    if count > scale.size:
        raise InvalidInput(f"There cannot be {count} directions of {scale.size} parameters.")
    orthogonal, _ = np.linalg.qr(rng.standard_normal((scale.size, count)))
    return orthogonal.T * scale


def smoothed(losses: np.ndarray, offsets: np.ndarray, sigma: float) -> np.ndarray:
    """Return losses (..., offset) averaged along the last axis with a normal kernel.

    It is the loss that an evolution strategy with noise of standard deviation `sigma` descends,
    where the line is all there is. Near the ends less of the kernel is known, and what is known is
    weighed more; losses that are not finite are left out in the same way.
    """
    require_number("sigma", sigma, above=0)
    distance = (offsets[:, np.newaxis] - offsets) / sigma
    finite = np.isfinite(losses)
    # Relative to the nearest point, so that a narrow kernel still weighs it by 1.
    kernel = np.exp(-(distance**2) / 2)
    weighed = finite.astype(float) @ kernel.T
    sums = np.where(finite, losses, 0.0) @ kernel.T
    return np.divide(sums, weighed, out=np.full(weighed.shape, np.nan), where=weighed > 0)


def _check(center: np.ndarray, directions: np.ndarray, offsets: Sequence[np.ndarray]) -> None:
    if center.ndim != 1 or directions.ndim != 2 or directions.shape[1:] != center.shape:
        raise InvalidInput(
            f"Directions must be (axis, parameter) of a center (parameter,), got shapes "
            f"{directions.shape} and {center.shape}."
        )
    if len(directions) not in (1, 2) or len(offsets) != len(directions):
        raise InvalidInput(
            f"A landscape has one direction or two, with offsets for each; got {len(directions)} "
            f"and offsets for {len(offsets)}."
        )
    for one in offsets:
        if np.ndim(one) != 1 or len(one) < 2 or not (np.diff(one) > 0).all():
            raise InvalidInput("Offsets of a landscape must be two or more increasing numbers.")
