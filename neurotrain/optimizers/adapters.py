"""Algorithms of evosax, nevergrad and cmaes, under names such as ``evosax:CR_FM_NES``.

They know neither start nor scale: what they propose is multiplied by ``sigma * scale``
and added to `start`, so that their own first standard deviation is 1.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.optimizers.blas import on_one_thread
from neurotrain.optimizers.recombination import default_population_size
from neurotrain.optimizers.replay import Replayed, Strategy
from neurotrain.seeding import generator


class Adapted(Replayed):
    """An ask-and-tell algorithm of another library, minimizing.

    A failed candidate is told as worse than all others by the range of their losses; a
    generation of failures is not told at all.

    The saved state is the history of losses, and loading it repeats all updates; see
    cma-es.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates; by default the even number at or above ``4 + floor(3 ln d)``
        for d parameters.
    sigma : float
        First standard deviation of the candidates, in units of `scale`.
    algorithm_options : mapping, optional
        Keywords with which the library's class is called.

    Raises
    ------
    InvalidInput
        If an option lies outside its range, or the library refuses to make the algorithm.
    """

    library: ClassVar[str]
    algorithm: ClassVar[str]

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
        algorithm_options: Mapping[str, Any] | None = None,
    ) -> None:
        if population_size is None:
            population_size = default_population_size(np.size(start))
            population_size += population_size % 2
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        self.libraries = f"NumPy and {self.library}"
        self._algorithm_options = dict(algorithm_options or {})
        self._begin()

    def _new_strategy(self) -> Strategy:
        # A stream of its own beside that of the first generation's noise.
        seed = _seed(generator(self.seed, "optimizer", 0, 1))
        make, _ = _LIBRARIES[self.library]
        sizes = self._start.size, self._first_population_size
        try:
            strategy = make(self.algorithm, *sizes, seed, self._algorithm_options)
        except (AssertionError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"{self.library} cannot make {self.algorithm} for {sizes[0]} parameters and "
                f"{sizes[1]} candidates: {type(error).__name__}: {error}"
            ) from error
        return Widened(strategy, self.sigma)


@cache
def adapted_class(name: str) -> type[Adapted]:
    """Return the optimizer class for ``LIBRARY:ALGORITHM``.

    Raises
    ------
    InvalidInput
        If there is no such library or algorithm, or the library is not installed.
    """
    library, _, algorithm = name.partition(":")
    if library not in _LIBRARIES:
        raise unknown_name("library of optimizers", library, _LIBRARIES)
    _, names = _LIBRARIES[library]
    known = names(_installed(library))
    if algorithm not in known:
        raise unknown_name(f"optimizer of {library}", algorithm, known)
    return type(name, (Adapted,), {"library": library, "algorithm": algorithm})


def _installed(library: str) -> ModuleType:
    try:
        return import_module(library)
    except ImportError as error:
        raise InvalidInput(f"{library} cannot be used: {error} (pip install {library})") from error


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _told(losses: np.ndarray) -> np.ndarray:
    """Return (candidate,) losses in which failures are finite numbers, above all others."""
    finite = losses[np.isfinite(losses)]
    worst = finite.max() + (np.ptp(finite) or 1.0)
    return np.where(np.isfinite(losses), losses, worst)


class Widened:
    """A strategy of width 1 made one of width sigma, which is spared generations of failures."""

    def __init__(self, strategy: Strategy, sigma: float) -> None:
        self._strategy, self._sigma = strategy, sigma
        self.population_size = strategy.population_size
        self.mean = sigma * strategy.mean

    @on_one_thread
    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return new offsets, (candidate, parameter)."""
        return self._sigma * self._strategy.draw(rng)

    @on_one_thread
    def learn(self, losses: np.ndarray) -> None:
        """Learn from the (candidate,) losses of the offsets drawn last, if any is finite."""
        if np.isfinite(losses).any():
            self._strategy.learn(_told(losses))
            self.mean = self._sigma * self._strategy.mean


@cache
def _evosax_algorithm(name: str, size: int, population_size: int, **options: Any) -> Any:
    """Return an algorithm, which has no state, and is compiled once for each that there is."""
    algorithms = import_module("evosax.algorithms")
    return getattr(algorithms, name)(population_size, np.zeros(size), **options)


class _Evosax:
    """Of those that keep a population the first generation is standard normal."""

    def __init__(
        self, name: str, size: int, population_size: int, seed: int, options: Mapping[str, Any]
    ) -> None:
        import jax
        from evosax import algorithms

        self._jax, self.population_size = jax, population_size
        self._algorithm = _evosax_algorithm(name, size, population_size, **options)
        params = self._algorithm.default_params
        self._params = params.replace(std_init=1.0) if hasattr(params, "std_init") else params
        self._state, self.mean = None, np.zeros(size)
        if name not in algorithms.population_based_algorithms:
            key = jax.random.key(seed)
            self._state = self._algorithm.init(key, self.mean, self._params)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        key, self._key = self._jax.random.split(self._jax.random.key(_seed(rng)))
        if self._state is None:
            self._asked = rng.standard_normal((self.population_size, self.mean.size))
        else:
            self._asked, self._after = self._algorithm.ask(key, self._state, self._params)
        return np.array(self._asked, dtype=float)

    def learn(self, losses: np.ndarray) -> None:
        if self._state is None:
            given = (self._key, self._asked, losses, self._params)
            self._state = self._algorithm.init(*given)
        else:
            given = (self._key, self._asked, losses, self._after, self._params)
            self._state, _ = self._algorithm.tell(*given)
        believed = getattr(self._algorithm, "get_mean", None) or self._algorithm.get_best_solution
        self.mean = np.array(believed(self._state), dtype=float)


class _Nevergrad:
    def __init__(
        self, name: str, size: int, population_size: int, seed: int, options: Mapping[str, Any]
    ) -> None:
        import nevergrad
        from numpy.random import RandomState

        self.population_size = population_size
        space = nevergrad.p.Array(init=np.zeros(size))
        # It knows no other kind of generator, and would else be seeded by the global one.
        space.random_state = self._random = RandomState(seed)
        make = nevergrad.optimizers.registry[name]
        self._optimizer = make(space, budget=None, num_workers=population_size, **options)
        self.mean = np.zeros(size)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        self._random.seed(_seed(rng))
        self._asked = [self._optimizer.ask() for _ in range(self.population_size)]
        return np.array([each.value for each in self._asked])

    def learn(self, losses: np.ndarray) -> None:
        for asked, loss in zip(self._asked, losses.tolist(), strict=True):
            self._optimizer.tell(asked, loss)
        self.mean = np.array(self._optimizer.provide_recommendation().value)


class _Cmaes:
    def __init__(
        self, name: str, size: int, population_size: int, seed: int, options: Mapping[str, Any]
    ) -> None:
        import cmaes

        self.population_size = population_size
        given = {"population_size": population_size, "seed": seed, **options}
        self._optimizer = getattr(cmaes, name)(mean=np.zeros(size), sigma=1.0, **given)

    @property
    def mean(self) -> np.ndarray:
        return self._optimizer._mean

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        self._optimizer.reseed_rng(_seed(rng))
        self._asked = [self._optimizer.ask() for _ in range(self.population_size)]
        return np.array(self._asked)

    def learn(self, losses: np.ndarray) -> None:
        self._optimizer.tell(list(zip(self._asked, losses.tolist(), strict=True)))


def _classes(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if isinstance(value, type)]


# How a strategy is made, and which names there are.
_LIBRARIES: dict[str, tuple[Callable[..., Strategy], Callable[[ModuleType], list[str]]]] = {
    "cmaes": (_Cmaes, _classes),
    "evosax": (_Evosax, lambda evosax: _classes(import_module("evosax.algorithms"))),
    "nevergrad": (_Nevergrad, lambda nevergrad: list(nevergrad.optimizers.registry)),
}
