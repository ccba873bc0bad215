"""Episodes: a few classes to learn from a few images each, and others of them to be asked."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.learning_rules.data import Images


@dataclass(frozen=True, eq=False)
class Episode:
    """What is learned and what is asked, of the same classes.

    Parameters
    ----------
    train : Images
        In the order in which they are learned.
    query : Images
        Others.
    """

    train: Images
    query: Images


@dataclass(frozen=True, eq=False)
class Episodes:
    """Where episodes are drawn from.

    Labels are those of all classes and not numbered anew, so that a network has an output for each
    class, of which most have nothing to do in an episode.

    Parameters
    ----------
    images : Images
    ways : int
        Classes of an episode.
    shots, queries : int
        Images of each class that are learned, and others that are asked.

    Raises
    ------
    InvalidInput
        If there are too few classes, or too few images of one.
    """

    images: Images
    ways: int = 5
    shots: int = 50
    queries: int = 10

    def __post_init__(self) -> None:
        for name in ("ways", "shots", "queries"):
            require_whole(name, getattr(self, name))
        if self.ways > len(self.images.classes):
            raise InvalidInput(
                f"Episodes of {self.ways} classes cannot be drawn from {len(self.images.classes)}."
            )
        counts = np.bincount(self.images.labels, minlength=len(self.images.classes))
        if counts.min() < self.shots + self.queries:
            raise InvalidInput(
                f"Class '{self.images.classes[counts.argmin()]}' has {counts.min()} images, too "
                f"few for {self.shots} to learn and {self.queries} to ask."
            )

    def draw(self, rng: np.random.Generator) -> Episode:
        """Return an episode; all of its classes differ, and so do all of its images."""
        train, query = [], []
        for label in rng.permutation(len(self.images.classes))[: self.ways]:
            members = rng.permutation(np.flatnonzero(self.images.labels == label))
            train.append(members[: self.shots])
            query.append(members[self.shots : self.shots + self.queries])
        order = rng.permutation(self.ways * self.shots)
        return Episode(
            self.images.take(np.concatenate(train)[order]), self.images.take(np.concatenate(query))
        )
