"""Gradients of the user's own that guide the search, such as truncated backpropagated ones."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials

Guide = Callable[[np.ndarray, Trials], np.ndarray]


def check_guide(guide: Guide | None, optimizer: Any, name: str) -> None:
    """Raise `InvalidInput` where an optimizer lacks the guide that it needs, or takes none."""
    if guide is not None and not hasattr(optimizer, "guide"):
        raise InvalidInput(f"{name} takes no guide; choose guided-es, or leave guide out.")
    if guide is not None and not callable(guide):
        raise InvalidInput(
            f"guide must be a function of weights and trials that returns gradients, got {guide!r}."
        )
    if guide is None and getattr(optimizer, "needs_guide", False):
        raise InvalidInput(
            f"{name} needs gradients to follow: give neurotrain.train a function as guide=, or "
            "set the optimizer's alpha to 1 for noise that is the same in all directions."
        )


def guiding_gradients(guide: Guide, weights: np.ndarray, trials: Trials) -> np.ndarray:
    """Return the gradients at (parameter,) weights that are finite, (k, parameter).

    Those that exploded are left out: they must not stop a run.

    Raises
    ------
    InvalidInput
        If the guide returns something of another shape.
    """
    gradients = np.array(guide(weights.copy(), trials), dtype=float)
    if gradients.ndim not in (1, 2) or gradients.shape[-1] != weights.size:
        raise InvalidInput(
            f"The guide must return gradients of shape ({weights.size},) or (k, {weights.size}), "
            f"got {gradients.shape}."
        )
    gradients = np.atleast_2d(gradients)
    return gradients[np.isfinite(gradients).all(axis=1)]
