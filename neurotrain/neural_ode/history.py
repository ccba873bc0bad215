"""What happened in each generation of a training."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np


@dataclass
class History:
    """One value for each generation.

    Attributes
    ----------
    loss : list of float
        Of the guess, before the step, on what the generation saw; infinite if a solve failed.
    seconds : list of float
        From the start to the end of the generation, without pauses and without files.
    failed : list of int
        Number of solves that failed, those of all candidates together.
    skipped : list of int
        1 if a gradient was not finite and no step was taken, else 0.
    """

    loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)

    @property
    def generations(self) -> int:
        """Number of generations."""
        return len(self.loss)

    @property
    def total_seconds(self) -> float:
        """Seconds of all generations."""
        return self.seconds[-1] if self.seconds else 0.0

    def add(self, loss: float, seconds: float, failed: int, skipped: bool) -> None:
        """Note one more generation, which took `seconds`."""
        self.loss.append(float(loss))
        self.seconds.append(self.total_seconds + seconds)
        self.failed.append(int(failed))
        self.skipped.append(int(skipped))

    def seconds_to(self, loss: float) -> float:
        """Return after how many seconds the loss was first that low; infinity if never."""
        reached = np.flatnonzero(np.array(self.loss) <= loss)
        return self.seconds[reached[0]] if reached.size else float("inf")

    def last(self, generations: int) -> float:
        """Return the mean loss of so many last generations."""
        return float(np.mean(self.loss[-generations:]))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it, as (generation,) arrays."""
        return {one.name: np.array(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "History":
        """Return what `arrays` was taken of."""
        return cls(**{one.name: arrays[one.name].tolist() for one in fields(cls)})
