"""How learning rate and sigma fall over the generations of a run."""

from collections.abc import Callable

import numpy as np

from neurotrain.errors import InvalidInput, require_name, require_number, require_whole

_SHAPES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + float(np.cos(np.pi * done))),
    "step": lambda done: 0.1 ** ((done >= 0.5) + (done >= 0.75)),
}


def schedule_factor(name: str, generations: int | None) -> Callable[[int], float]:
    """Return the function from a generation to its share of what it had at first.

    Parameters
    ----------
    name : str
        ``'constant'``; ``'linear'`` and ``'cosine'`` fall from 1 to 0; ``'step'`` falls to 0.1
        after half of the run, and to 0.01 after three quarters.
    generations : int or None
        Length of the run, after which the falling schedules stay at their end.

    Raises
    ------
    InvalidInput
        If the name is unknown, or a falling schedule lacks the length of the run.
    """
    require_name("schedule", name, _SHAPES)
    if generations is not None:
        require_whole("generations", generations)
    elif name != "constant":
        raise InvalidInput(
            f"The schedule '{name}' must know the length of the run: set generations."
        )
    shape = _SHAPES[name]
    return lambda generation: shape(min(generation / generations, 1.0) if generations else 0.0)


def falling_sigma(
    name: str, generations: int | None, first: float, last: float | None
) -> Callable[[int], float]:
    """Return the function from a generation to its sigma, which falls from `first` to `last`.

    Parameters
    ----------
    name, generations
        Those of `schedule_factor`.
    first, last : float
        Sigma at the start and at the end; by default the last is a tenth of the first.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    last = first / 10 if last is None else last
    require_number("final_sigma", last, above=0)
    factor = schedule_factor(name, generations)
    return lambda generation: last + (first - last) * factor(generation)
