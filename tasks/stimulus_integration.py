"""Integration of discrete evidence: which of three kinds of evidence came most often."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.scoring import score_choices
from neurotrain.seeding import generator
from neurotrain.trials import Trials

N_CLASSES = 3
NULL = 3
EOS = 4


@dataclass(frozen=True)
class StimulusIntegration:
    """A stream of words carries evidence for three classes; the most frequent one is to be chosen.

    One word is shown in each bin: evidence 0, evidence 1, evidence 2 or null, and at
    the end ``<eos>``. How often each kind of evidence comes is drawn uniformly from
    all count vectors ``(c0, c1, c2)`` with ``c0 + c1 + c2 <= words`` whose largest
    count leads by at least `margin`; nulls fill the other bins, and the order is
    shuffled. The label is the class of the largest count. Since the readout is taken
    at the end, the network must remember what it has seen.

    Parameters
    ----------
    words : int
        Number of words before ``<eos>``, nulls included.
    margin : int
        Smallest lead of the largest count over the second largest. 1 is the published
        task, in which only ties are left out; a larger value is easier.
    delay_bins : int
        Number of null bins between the last word and ``<eos>``, to be bridged by memory.
    channels : int
        Number of input channels; at least 3, fewer cannot tell the words apart.
    bin_ms : float
        Duration of a word, in ms.
    decision_ms : float
        Duration of the decision period, which ends with the trial, in ms.
    seed : int
        Fixes the code of the words, not the trials.

    Raises
    ------
    InvalidInput
        If a setting is out of its range, or the decision period longer than the trial.

    Notes
    -----
    The conditions of a trial are ``'margin'``, the lead of the largest count, and
    ``'evidence'``, the number of words that are not null.

    The sequences and labels go back to the integration task of Aitken & Mihalas (2023),
    DOI 10.7554/eLife.83035. Durations, number of words and word code are the values in
    the public code that preceded Hazelden et al. (2023), arXiv:2311.10869.

    Examples
    --------
    >>> import numpy as np
    >>> trials = StimulusIntegration(words=4).draw(3, np.random.default_rng(0))
    >>> trials.inputs.shape  # trial, bin, channel: four words and <eos>
    (3, 5, 50)
    >>> trials.conditions["margin"]
    array([1, 1, 2])
    """

    name: ClassVar[str] = "stimulus-integration"
    classes: ClassVar[int] = N_CLASSES

    words: int = 49
    margin: int = 1
    delay_bins: int = 0
    channels: int = 50
    bin_ms: float = 4.0
    decision_ms: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        for setting, least in _SMALLEST.items():
            require_whole(setting, getattr(self, setting), least)
        for setting in ("bin_ms", "decision_ms"):
            require_number(setting, getattr(self, setting), above=0)
        if self.margin > self.words:
            raise InvalidInput(
                f"'margin' must be at most the number of words, {self.words}, got {self.margin}."
            )
        if self.decision_ms > self.duration_ms:
            raise InvalidInput(
                f"'decision_ms' must be at most the duration of the trial, "
                f"{self.duration_ms:g} ms, got {self.decision_ms:g} ms."
            )

    @property
    def duration_ms(self) -> float:
        """Duration of a trial, in ms."""
        return (self.words + self.delay_bins + 1) * self.bin_ms

    @property
    def word_codes(self) -> np.ndarray:
        """The input of each word, (word, channel): evidence 0, 1, 2, null, ``<eos>``.

        Random binary vectors, scaled so that the expected norm of a word is about 1.
        """
        return _word_codes(self.channels, self.seed)

    @property
    def periods(self) -> dict[str, tuple[float, float]]:
        """Start and stop of each period, in ms."""
        delay_start = self.words * self.bin_ms
        eos_start = (self.words + self.delay_bins) * self.bin_ms
        periods = {"evidence": (0.0, delay_start)}
        if self.delay_bins:
            periods["delay"] = (delay_start, eos_start)
        periods["eos"] = (eos_start, self.duration_ms)
        periods["decision"] = (self.duration_ms - self.decision_ms, self.duration_ms)
        return periods

    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        require_whole("n_trials", n_trials, 1)
        counts = _draw_counts(self.words, self.margin, n_trials, rng)
        ordered = np.sort(counts, axis=1)
        return Trials(
            inputs=self.word_codes[self._draw_sequences(counts, rng)],
            bin_ms=self.bin_ms,
            labels=counts.argmax(axis=1),
            periods=self.periods,
            conditions={"margin": ordered[:, 2] - ordered[:, 1], "evidence": counts.sum(axis=1)},
        )

    def _draw_sequences(self, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Turn (trial, class) counts into (trial, bin) words in shuffled order."""
        position = np.arange(self.words)
        in_order = (position[:, None] >= counts.cumsum(axis=1)[:, None, :]).sum(axis=2)
        ending = np.array([NULL] * self.delay_bins + [EOS])
        endings = np.broadcast_to(ending, (len(counts), len(ending)))
        return np.concatenate([rng.permuted(in_order, axis=1), endings], axis=1)

    def score(self, decisions: np.ndarray, trials: Trials) -> np.ndarray:
        """Return the share of correct choices, as `score_choices`."""
        return score_choices(decisions, trials)

    def ideal_score(self, trials: Trials) -> float:
        """Return 1: who forgets nothing counts without mistakes."""
        return 1.0


_SMALLEST = {"words": 1, "margin": 1, "delay_bins": 0, "channels": 3, "seed": 0}


@lru_cache(maxsize=16)
def _word_codes(channels: int, seed: int) -> np.ndarray:
    rng = generator(seed, "task")
    is_on = np.zeros((EOS + 1, channels), dtype=bool)
    while not _can_be_told_apart(is_on):
        is_on = rng.random(is_on.shape) < 0.5
    codes = is_on / math.sqrt(channels / 2)
    codes.flags.writeable = False
    return codes


def _can_be_told_apart(codes: np.ndarray) -> bool:
    """Whether words differ, none is zero, and counts can be read linearly from their sum."""
    n_distinct = len(np.unique(codes, axis=0))
    from_null = codes[:NULL].astype(float) - codes[NULL]
    return (
        n_distinct == len(codes)
        and bool(codes.any(axis=1).all())
        and np.linalg.matrix_rank(from_null) == N_CLASSES
    )


@lru_cache(maxsize=16)
def _losing_counts(words: int, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """List what the two losing classes can count, and how many winning counts go with it.

    Returns the pairs (pair, 2) and the running total (pair,) of the number of winning
    counts that exceed both by `margin` and leave the sum at most `words`.
    """
    largest = (words - margin) // 2
    pairs = np.indices((largest + 1, largest + 1)).reshape(2, -1).T
    n_winning = words - margin - pairs.sum(axis=1) - pairs.max(axis=1) + 1
    possible = n_winning > 0
    return pairs[possible], n_winning[possible].cumsum()


def _draw_counts(words: int, margin: int, n_trials: int, rng: np.random.Generator) -> np.ndarray:
    """Draw (trial, class) counts uniformly from all that are admissible.

    The winning class, its count and the pair of losing counts name each admissible
    vector exactly once, so drawing these uniformly is exact and rejects nothing.
    """
    pairs, running_total = _losing_counts(words, margin)
    ticket = rng.integers(running_total[-1], size=n_trials)
    index = np.searchsorted(running_total, ticket, side="right")
    losing = pairs[index]
    winning = losing.max(axis=1) + margin + (running_total[index] - 1 - ticket)
    winner = rng.integers(N_CLASSES, size=n_trials)
    counts = np.column_stack([winning, losing])
    return np.take_along_axis(counts, (np.arange(N_CLASSES) - winner[:, None]) % N_CLASSES, axis=1)
