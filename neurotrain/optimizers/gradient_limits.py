"""What is done with a gradient that is too long: clipped by value or norm, or normalized."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import require_number


@dataclass(frozen=True)
class GradientLimits:
    """Clipping by value, then by norm, then normalization (Pascanu et al. 2013, arXiv:1211.5063).

    Parameters
    ----------
    clip_norm : float, optional
        Longest gradient; a longer one is shortened to it.
    clip_value : float, optional
        Largest entry; larger ones are cut off.
    normalize : float
        To which power of its norm a gradient is divided by, in [0, 1].

    Raises
    ------
    InvalidInput
        If one of them is out of its range.
    """

    clip_norm: float | None = None
    clip_value: float | None = None
    normalize: float = 0.0

    def __post_init__(self) -> None:
        for name in ("clip_norm", "clip_value"):
            if getattr(self, name) is not None:
                require_number(name, getattr(self, name), above=0)
        require_number("normalize", self.normalize, least=0, most=1)

    def apply(self, gradient: np.ndarray) -> np.ndarray:
        """Return what is left of a (parameter,) gradient."""
        if self.clip_value is not None:
            gradient = np.clip(gradient, -self.clip_value, self.clip_value)
        length = norm(gradient)
        if self.clip_norm is not None and length > self.clip_norm:
            gradient, length = gradient * (self.clip_norm / length), self.clip_norm
        return gradient / length**self.normalize if self.normalize and length else gradient


def norm(gradient: np.ndarray) -> float:
    """Return the Euclidean norm, also where squares overflow; NaN or infinite if an entry is."""
    largest = float(np.abs(gradient).max(initial=0.0))
    if not 0 < largest < np.inf:
        return largest
    # Not by BLAS, which rounds differently on another number of threads.
    return largest * float(np.sqrt(np.square(gradient / largest).sum()))
