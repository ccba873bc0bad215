"""What changes during a training, as it is kept in checkpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.optimizers import Optimizer
from neurotrain.training.curriculum import CurriculumState

_SPENT = {"wall_seconds": float, "trial_simulations": int, "failed_candidates": int}


@dataclass(frozen=True)
class Validated:
    """A guess and how it did on validation trials, the mean over all its validations."""

    weights: np.ndarray
    generation: int
    accuracy: float
    loss: float
    validations: int = 1

    def is_better_than(self, other: "Validated | None") -> bool:
        """Whether the accuracy is higher, or equal with a lower loss; one that failed never is."""
        return other is None or self._rank < other._rank

    @property
    def _rank(self) -> tuple[bool, float, float]:
        return (not np.isfinite(self.loss), -self.accuracy, self.loss)

    def validated_again(self, accuracy: float, loss: float) -> "Validated":
        """Return it with what one more validation found."""
        n = self.validations
        return replace(
            self,
            accuracy=(n * self.accuracy + accuracy) / (n + 1),
            loss=(n * self.loss + loss) / (n + 1),
            validations=n + 1,
        )


@dataclass
class TrainingState:
    """The optimizer, the best validated guess, and what has been spent so far.

    `ended` is the limit that the training has come to.
    """

    optimizer: Optimizer
    best: Validated | None = None
    wall_seconds: float = 0.0
    trial_simulations: int = 0
    failed_candidates: int = 0
    ended: str | None = None
    curriculum: CurriculumState = field(default_factory=CurriculumState)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays that need no pickle."""
        arrays = {f"optimizer.{k}": np.asarray(v) for k, v in self.optimizer.state_dict().items()}
        for name in _SPENT:
            arrays[name] = np.array(getattr(self, name))
        arrays["ended"] = np.array(self.ended or "")
        arrays["curriculum.level"] = np.array(self.curriculum.level)
        arrays["curriculum.accuracies"] = np.array(self.curriculum.accuracies, dtype=float)
        if self.best is not None:
            arrays["best.weights"] = self.best.weights
            arrays["best.scores"] = np.array([self.best.accuracy, self.best.loss])
            arrays["best.generation"] = np.array(self.best.generation)
            arrays["best.validations"] = np.array(self.best.validations)
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
        for name, kind in _SPENT.items():
            setattr(self, name, kind(arrays[name]))
        self.ended = str(arrays["ended"]) or None
        # Checkpoints from before there were curricula are at the only level.
        if "curriculum.level" in arrays:
            accuracies = tuple(arrays["curriculum.accuracies"].tolist())
            self.curriculum = CurriculumState(int(arrays["curriculum.level"]), accuracies)
        if "best.weights" in arrays:
            accuracy, loss = (float(value) for value in arrays["best.scores"])
            counts = int(arrays["best.generation"]), int(arrays["best.validations"])
            self.best = Validated(arrays["best.weights"], counts[0], accuracy, loss, counts[1])
        self._require_finite()

    def _require_finite(self) -> None:
        weights = [self.optimizer.guess, *([self.best.weights] if self.best else [])]
        if not all(np.isfinite(each).all() for each in weights):
            raise RunFolderError(
                "The checkpoint holds weights that are NaN or infinite; the run cannot go on from "
                "it: train again into another folder."
            )
