"""Learning from images, one after another or in batches, and what is measured on the way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.learning_rules.data import Images
from neurotrain.learning_rules.learner import Learner
from neurotrain.learning_rules.measures import measure_layers
from neurotrain.seeding import generator


@dataclass(frozen=True, eq=False)
class Course:
    """What became of networks as they learned.

    Parameters
    ----------
    samples : (checkpoint,) array of int
        After how many samples it was measured.
    accuracy : (checkpoint, network) array
        On images that were not learned.
    measures : dict of str to (checkpoint, network, layer) array
        Those of `measure_layers`, on the same images.
    """

    samples: np.ndarray
    accuracy: np.ndarray
    measures: dict[str, np.ndarray]


def learn(
    learner: Learner,
    images: Images,
    test: Images,
    samples: int,
    *,
    batch: int = 1,
    checkpoints: Sequence[int] = (),
) -> Course:
    """Let a learner see so many samples, and measure it.

    Every epoch, all images come in another order, which differs between the networks and depends
    on the seed of each.

    Parameters
    ----------
    learner : Learner
        Its weights are changed.
    images, test : Images
        To learn, and to measure with.
    samples : int
        How many to learn from, each time that one comes counted.
    batch : int
        Over how many samples a change is averaged; online learning has one.
    checkpoints : sequence of int
        After how many samples to measure, in growing order; after the last in any case.

    Raises
    ------
    InvalidInput
        If numbers are out of range, or not multiples of the batch.
    """
    require_whole("samples", samples)
    require_whole("batch", batch)
    times = sorted({*checkpoints, samples})
    wrong = [time for time in times if time % batch or not 0 <= time <= samples]
    if wrong:
        raise InvalidInput(
            f"Samples and checkpoints must be multiples of the batch of {batch} up to {samples}, "
            f"got {wrong[0]}."
        )
    orders = [_order(seed, len(images), samples) for seed in learner.seeds]
    order = np.stack(orders)
    inputs, targets = (learner.network.tensor(x) for x in (images.pixels, images.one_hot()))
    measured, seen = [], 0
    for time in times:
        for first in range(seen, time, batch):
            which = order[:, first : first + batch]
            learner.step(inputs[which], targets[which])
        seen = time
        measured.append(_measure(learner, test))
    names = measured[0][1]
    return Course(
        np.array(times),
        np.stack([accuracy for accuracy, _ in measured]),
        {name: np.stack([measures[name] for _, measures in measured]) for name in names},
    )


def _measure(learner: Learner, test: Images) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    accuracy = learner.accuracy(test.pixels, test.labels)
    return accuracy, measure_layers(learner, test.pixels, test.one_hot())


def _order(seed: int, images: int, samples: int) -> np.ndarray:
    epochs = -(-samples // images)
    drawn = [
        generator(seed, "learning-samples", epoch).permutation(images) for epoch in range(epochs)
    ]
    return np.concatenate(drawn)[:samples]
