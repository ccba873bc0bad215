"""Objects of other libraries, made to draw what follows from a generator of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np

# By their names, as the rule against the global generator is one for our own draws.
from numpy.random import RandomState, get_state, seed, set_state

from neurotrain.errors import InvalidInput


class Seeded:
    """Objects that draw from generators of their own, or from NumPy's global one.

    Parameters
    ----------
    *objects
        All of them that keep a state. They must hold one another, not copies.

    Raises
    ------
    InvalidInput
        If the state of one cannot be kept.
    """

    def __init__(self, *objects: Any) -> None:
        self._objects = objects
        try:
            self._first, _ = self._copied([vars(each) for each in objects])
        except Exception as error:
            raise InvalidInput(
                f"{type(objects[0]).__name__} cannot be copied, so that it could not draw the "
                f"same trials again: {type(error).__name__}: {error}"
            ) from error

    @contextmanager
    def by(self, rng: np.random.Generator) -> Iterator[None]:
        """Let what is drawn follow from `rng` and nothing before; afterwards all is as it was.

        What the objects hold is copied, but not they themselves: functions among it, such as
        those that draw a duration, go on referring to them.
        """
        now = [dict(vars(each)) for each in self._objects]
        numpy_now = get_state()
        try:
            self._hold(self._copied(self._first)[0])
            seed(int(rng.integers(2**32)))
            self._seed_own(rng)
            yield
        finally:
            self._hold(now)
            set_state(numpy_now)

    def _seed_own(self, rng: np.random.Generator) -> None:
        for each in self._objects:
            if hasattr(type(each), "seed"):
                each.seed(int(rng.integers(2**31)))
        # They are copied once more to come upon all generators. Each gets a seed of its own:
        # seed() of an environment gives some the same one, so that their draws go together.
        held, copies = self._copied([vars(each) for each in self._objects])
        self._hold(held)
        for copy in copies:
            if isinstance(copy, RandomState):
                copy.seed(int(rng.integers(2**32)))
            elif isinstance(copy, np.random.Generator):
                bits = copy.bit_generator
                bits.state = type(bits)(int(rng.integers(2**63))).state

    def _hold(self, state: list[dict[str, Any]]) -> None:
        for each, held in zip(self._objects, state, strict=True):
            vars(each).clear()
            vars(each).update(held)

    def _copied(self, state: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Any]]:
        """Return a copy of what the objects hold, and of each object anywhere in it."""
        memo = {id(each): each for each in self._objects}
        copy = deepcopy(state, memo)
        return copy, list(memo.values())
