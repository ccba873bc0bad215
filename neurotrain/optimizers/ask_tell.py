"""The bookkeeping that every method shares: order of calls, failures, best point, state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.optimizers.checks import frozen, parameter_array
from neurotrain.optimizers.shaping import failures_last
from neurotrain.seeding import generator


class AskTell(ABC):
    """An optimizer whose subclass only samples candidates and learns from losses.

    A generation in which every candidate failed is counted and teaches nothing.

    Parameters
    ----------
    start : (parameter,) array
        The first guess.
    scale : (parameter,) array
        The natural scale of each parameter, above zero.
    seed : int
        The run's seed. All noise of a generation is drawn from it and the number
        of the generation, so that no state of a generator needs to be kept.
    population_size : int
        Number of candidates of a generation.

    Raises
    ------
    InvalidInput
        If one of these is not as described.
    """

    # What of the state candidates are made from, beside the seed and the generation; None where
    # it takes the whole history.
    samples_from: ClassVar[tuple[str, ...] | None] = None

    def __init__(
        self, start: np.ndarray, scale: np.ndarray, *, seed: int, population_size: int
    ) -> None:
        self._start = parameter_array("start", start)
        self._scale = parameter_array("scale", scale)
        if self._scale.shape != self._start.shape:
            raise InvalidInput(
                "start and scale must have one value for each parameter, got shapes "
                f"{self._start.shape} and {self._scale.shape}."
            )
        bad = np.flatnonzero(self._scale <= 0)
        if bad.size:
            raise InvalidInput(
                f"scale must be above 0, got {self._scale[bad[0]]} at parameter {bad[0]}."
            )
        require_whole("seed", seed, least=0)
        require_whole("population_size", population_size)
        self.seed, self.population_size, self.generation = int(seed), int(population_size), 0
        self._best = (self._start, np.inf)
        self._candidates: np.ndarray | None = None

    @property
    @abstractmethod
    def guess(self) -> np.ndarray:
        """What the method believes, a read-only (parameter,) array."""

    @abstractmethod
    def _sample(self) -> np.ndarray:
        """Return a new array with the candidates of this generation."""

    @abstractmethod
    def _update(self, losses: np.ndarray) -> None:
        """Learn from (candidate,) losses; from failures alone, nothing."""

    @abstractmethod
    def _own_state(self) -> dict[str, Any]:
        """Return what the method itself must remember."""

    @abstractmethod
    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `_own_state` returned; raise before anything is changed."""

    @property
    def best(self) -> tuple[np.ndarray, float]:
        """The luckiest evaluated point, (parameter,), and its loss."""
        return self._best

    def _rng(self, generation: int) -> np.random.Generator:
        return generator(self.seed, "optimizer", generation)

    def ask(self) -> np.ndarray:
        """Return this generation's candidates, a read-only (candidate, parameter) array."""
        if self._candidates is None:
            self._candidates = frozen(self._sample())
        return self._candidates

    def sampling_state(self) -> dict[str, np.ndarray] | None:
        """Return the part of the state from which `sample_as` makes the same candidates elsewhere.

        It is as small as the method allows; None where that takes the whole history.
        """
        if self.samples_from is None:
            return None
        state = self.state_dict()
        return {name: state[name] for name in ("generation", *self.samples_from)}

    def sample_as(self, state: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the candidates of another instance, whose `sampling_state` this is.

        Both were made with the same arguments. Whatever else this one has learned is lost.
        """
        self.load_state_dict({**self.state_dict(), **state, "asked": np.array(False)})
        return self.ask()

    def tell(self, losses: np.ndarray) -> None:
        """Learn from the losses of the candidates that `ask` returned.

        Parameters
        ----------
        losses : (candidate,) array
            Values that are not finite mark failed candidates: they rank last.

        Raises
        ------
        InvalidInput
            If `ask` was not called before, or the number of losses is wrong.
        """
        if self._candidates is None:
            raise InvalidInput("tell needs candidates: call ask before every tell.")
        losses = np.array(losses, dtype=float)
        if losses.shape != (self.population_size,):
            raise InvalidInput(
                f"tell expected {self.population_size} losses, one for each candidate, "
                f"got shape {losses.shape}."
            )
        self._keep_best(losses)
        self._update(losses)
        self._candidates = None
        self.generation += 1

    def _keep_best(self, losses: np.ndarray) -> None:
        losses = failures_last(losses)
        lowest = int(losses.argmin())
        if losses[lowest] < self._best[1]:
            self._best = (frozen(self._candidates[lowest].copy()), float(losses[lowest]))

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of all that changes over a run, and of what must not."""
        state = {
            "method": type(self).__name__,
            "seed": str(self.seed),
            "population_size": self.population_size,
            "generation": self.generation,
            "asked": self._candidates is not None,
            "guess": self.guess,
            "best_point": self._best[0],
            "best_loss": self._best[1],
            **self._own_state(),
        }
        return {name: np.array(value) for name, value in state.items()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken, also between ask and tell.

        Raises
        ------
        InvalidInput
            If `state` is of another method, seed, size or number of parameters.
        """
        self._check_state(state)
        self._restore(state)
        self.generation = int(state["generation"])
        self._best = (parameter_array("best_point", state["best_point"]), float(state["best_loss"]))
        self._candidates = None
        if state["asked"]:
            self.ask()

    def _check_state(self, state: Mapping[str, np.ndarray]) -> None:
        own = self.state_dict()
        if state.keys() != own.keys():
            names = ", ".join(sorted(state.keys() ^ own.keys()))
            raise InvalidInput(
                f"The saved state is not one of {own['method']}: it differs in {names}."
            )
        if state["method"] != own["method"]:
            raise InvalidInput(
                f"The saved state is one of {state['method']}, not one of {own['method']}."
            )
        for name in ("seed", "population_size"):
            if str(state[name]) != str(own[name]):
                raise InvalidInput(
                    f"The saved state is of a run with {name} {state[name]}, "
                    f"this optimizer has {name} {own[name]}."
                )
        for name, array in own.items():
            # The first axis of a history grows; the last one never does.
            saved = np.shape(state[name])
            if len(saved) != array.ndim or saved[-1:] != array.shape[-1:]:
                raise InvalidInput(
                    f"'{name}' of the saved state has shape {saved}, "
                    f"this optimizer needs {array.shape}: was it saved with other parameters?"
                )
