"""Optimizers of other libraries, asked and told like ours, where these are installed."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

# evosax computes in float32. Mirrored are those that draw for every second candidate only.
EVOSAX = {"ARS": True, "CR_FM_NES": True, "Open_ES": True, "PGPE": True, "SNES": False}
EVOSAX |= {"Sep_CMA_ES": False}


class Peer(Protocol):
    """An optimizer as far as its time is measured."""

    def ask(self) -> Any:
        """Compute the candidates."""
        ...

    def tell(self, losses: np.ndarray) -> None:
        """Learn from (candidate,) losses."""
        ...


class Evosax:
    """A compiled method of evosax, of which every result is waited for."""

    def __init__(self, name: str, parameters: int, candidates: int) -> None:
        import evosax.algorithms
        import jax

        self._jax = jax
        start = jax.numpy.zeros(parameters)
        method = getattr(evosax.algorithms, name)(population_size=candidates, solution=start)
        self._options, self._key = method.default_params, jax.random.key(1)
        self._state = method.init(self._key, start, self._options)
        self._ask, self._tell = jax.jit(method.ask), jax.jit(method.tell)

    def ask(self) -> Any:
        """Compute the candidates."""
        asked = self._ask(self._next_key(), self._state, self._options)
        self._candidates, self._state = self._jax.block_until_ready(asked)
        return self._candidates

    def tell(self, losses: np.ndarray) -> None:
        """Learn from (candidate,) losses."""
        losses = self._jax.numpy.asarray(losses)
        told = self._tell(self._next_key(), self._candidates, losses, self._state, self._options)
        self._state, _ = self._jax.block_until_ready(told)

    def _next_key(self) -> Any:
        self._key, key = self._jax.random.split(self._key)
        return key


class Cmaes:
    """Separable CMA-ES of cmaes, whose candidates are asked for one by one."""

    def __init__(self, parameters: int, candidates: int) -> None:
        from cmaes import SepCMA

        mean = np.zeros(parameters)
        self._method = SepCMA(mean=mean, sigma=1.0, population_size=candidates, seed=1)
        self._count = candidates

    def ask(self) -> Any:
        """Compute the candidates."""
        self._candidates = [self._method.ask() for _ in range(self._count)]
        return self._candidates

    def tell(self, losses: np.ndarray) -> None:
        """Learn from (candidate,) losses."""
        self._method.tell(list(zip(self._candidates, losses.tolist(), strict=True)))


def peers() -> dict[str, tuple[bool, Callable[[int, int], Peer]]]:
    """Return by name what is installed: whether it is mirrored, and what makes it.

    The makers take the numbers of parameters and of candidates.
    """
    found: dict[str, tuple[bool, Callable[[int, int], Peer]]] = {}
    if find_spec("evosax"):
        for name, mirrored in EVOSAX.items():
            found[f"evosax {name}"] = mirrored, lambda d, p, name=name: Evosax(name, d, p)
    if find_spec("cmaes"):
        found["cmaes SepCMA"] = False, Cmaes
    return found
