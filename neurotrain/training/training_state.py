"""What changes during a training, as it is kept in checkpoints."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.optimizers import Optimizer


@dataclass(frozen=True)
class Validated:
    """A guess and how it did on validation trials."""

    weights: np.ndarray
    generation: int
    accuracy: float
    loss: float

    def is_better_than(self, other: "Validated | None") -> bool:
        """Whether the accuracy is higher, or equal with a lower loss."""
        return other is None or (-self.accuracy, self.loss) < (-other.accuracy, other.loss)


@dataclass
class TrainingState:
    """The optimizer, the best validated guess, and the time spent so far."""

    optimizer: Optimizer
    best: Validated | None = None
    wall_seconds: float = 0.0

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays that need no pickle."""
        arrays = {f"optimizer.{k}": np.asarray(v) for k, v in self.optimizer.state_dict().items()}
        arrays["wall_seconds"] = np.array(self.wall_seconds)
        if self.best is not None:
            arrays["best.weights"] = self.best.weights
            arrays["best.scores"] = np.array([self.best.accuracy, self.best.loss])
            arrays["best.generation"] = np.array(self.best.generation)
        return arrays

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from `arrays`.

        Raises
        ------
        RunFolderError
            If they do not suit the optimizer, or hold weights that are not finite.
        """
        prefix = "optimizer."
        own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        try:
            self.optimizer.load_state_dict(own)
        except (InvalidInput, KeyError, ValueError) as error:
            raise RunFolderError(f"The checkpoint does not suit the optimizer: {error}") from error
        self.wall_seconds = float(arrays["wall_seconds"])
        if "best.weights" in arrays:
            accuracy, loss = (float(value) for value in arrays["best.scores"])
            generation = int(arrays["best.generation"])
            self.best = Validated(arrays["best.weights"], generation, accuracy, loss)
        self._require_finite()

    def _require_finite(self) -> None:
        weights = [self.optimizer.guess, *([self.best.weights] if self.best else [])]
        if not all(np.isfinite(each).all() for each in weights):
            raise RunFolderError(
                "The checkpoint holds weights that are NaN or infinite; the run cannot go on from "
                "it: train again into another folder."
            )
