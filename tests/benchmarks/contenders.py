"""The optimizers that are compared: all of ours, and the same methods of other libraries."""

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

from neurotrain.optimizers import Optimizer, make_optimizer, optimizer_names

# The same method elsewhere: pycma, or LIBRARY:ALGORITHM.
ELSEWHERE = {
    "cma-es": ("pycma", "cmaes:CMA", "evosax:CMA_ES", "nevergrad:CMA"),
    "cr-fm-nes": ("evosax:CR_FM_NES",),
    "lm-ma-es": ("evosax:LM_MA_ES",),
    "sep-cma-es": ("pycma", "cmaes:SepCMA", "evosax:Sep_CMA_ES", "nevergrad:DiagonalCMA"),
    "snes": ("evosax:SNES",),
    "vkd-cma-es": ("pycma",),
    # Not evosax's, which takes the exponential entry by entry, so that its matrix, at first
    # the identity, stays diagonal.
    "xnes": ("cmaes:XNES",),
}
# Those that set their own width from the losses.
ADAPTS_WIDTH = {*ELSEWHERE}
# Beyond, ours learns a diagonal only, or refuses; pycma and cmaes would take very long.
MOST_PARAMETERS = {"cma-es": 299, "xnes": 300}
# It takes a millisecond for an evaluation of a thousand, fifty times as long as others.
MOST_ELSEWHERE = {"nevergrad": 100}
# Where there are many minima, restarts or many candidates are what these methods need.
FOR_MANY_MINIMA = {
    "cma-es": ({"restarts": "ipop"}, {"population_size": 400}),
    "cr-fm-nes": ({"population_size": 400},),
    "sep-cma-es": ({"population_size": 400},),
}


@dataclass(frozen=True)
class Contender:
    """A method, ours or another library's.

    Parameters
    ----------
    method : str
        What we call it.
    library : str
        ``'neurotrain'``, ``'pycma'`` or ``'LIBRARY:ALGORITHM'``.
    options : dict
        Options that are not the defaults.
    """

    method: str
    library: str = "neurotrain"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        changed = "".join(f"-{value}" for value in self.options.values())
        return f"{self.method}{changed}/{self.library}"

    @property
    def is_precise(self) -> bool:
        """Whether the method narrows its candidates by itself."""
        return self.method in ADAPTS_WIDTH

    def missing(self, size: int) -> str:
        """Return why it is not run with so many parameters; empty where it is."""
        package = {"pycma": "cma"}.get(self.library, self.library.partition(":")[0])
        if not find_spec(package):
            return f"not installed (pip install {package})"
        if size > MOST_ELSEWHERE.get(package, size):
            return "takes too long"
        if size <= MOST_PARAMETERS.get(self.method, size):
            return ""
        return "becomes sep-cma-es" if self.method == "cma-es" else "has too many parameters"

    def make(self, start: np.ndarray, sigma: float, seed: int) -> "Optimizer | Pycma":
        """Return it before its first generation; candidates are as many as ours has."""
        scale = np.ones(len(start))
        # Where the width does not adapt, the default is what suits the learning rate.
        width = {"sigma": sigma} if self.is_precise else {}
        options = {**width, **self.options}
        ours = make_optimizer(self.method, start, scale, seed=seed, **options)
        if self.library == "neurotrain":
            return ours
        number = ours.population_size
        if self.library == "pycma":
            return Pycma(self.method, start, sigma, seed, number)
        return make_optimizer(
            self.library, start, scale, seed=seed, population_size=number, sigma=sigma
        )


class Pycma:
    """pycma as its own users call it, with its own defaults."""

    def __init__(
        self, method: str, start: np.ndarray, sigma: float, seed: int, population_size: int
    ) -> None:
        import cma
        from cma.restricted_gaussian_sampler import GaussVkDSampler

        rng = np.random.default_rng(seed)
        options = {"popsize": population_size, "seed": np.nan, "verbose": -10}
        options |= {"CMA_diagonal": method == "sep-cma-es", "randn": _normal(rng)}
        if method == "vkd-cma-es":
            options = GaussVkDSampler.extend_cma_options(options)
            options["CMA_sampler_options"] = {"randn": options["randn"]}
        self._strategy = cma.CMAEvolutionStrategy(start, sigma, options)

    @property
    def guess(self) -> np.ndarray:
        """The mean, (parameter,)."""
        return self._strategy.mean

    def ask(self) -> np.ndarray:
        """Return (candidate, parameter)."""
        self._asked = self._strategy.ask()
        return np.array(self._asked)

    def tell(self, losses: np.ndarray) -> None:
        """Learn from (candidate,) losses."""
        self._strategy.tell(self._asked, losses.tolist())


def _normal(rng: np.random.Generator) -> Any:
    return lambda *shape: rng.standard_normal(shape)


def contenders(landscape: str) -> list[Contender]:
    """Return all of ours on a landscape, each followed by the same method elsewhere."""
    found = []
    for method in optimizer_names():
        found.append(Contender(method))
        found += [Contender(method, library) for library in ELSEWHERE.get(method, ())]
        variants = FOR_MANY_MINIMA.get(method, ()) if landscape == "rastrigin" else ()
        found += [Contender(method, options=options) for options in variants]
    return found
