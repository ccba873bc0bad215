"""What a loss depends on, and whether it keeps the promises that training relies on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, NeurotrainError
from neurotrain.losses.base import Loss
from neurotrain.losses.examples import (
    example,
    with_other_readout,
    with_other_states,
)
from neurotrain.losses.functions import as_loss
from neurotrain.recording import Recording
from neurotrain.trials import Trials

_PER_TRIAL = ("spike_count", "readout", "failed", "output", "blocked")
_SEEDS = range(4)


def depends_on_spikes_only(
    loss: Loss | Callable[[Recording, Trials], np.ndarray], readout: str | None = None
) -> bool:
    """Whether a loss is a function of the spikes, and of nothing else that neurons do.

    Everything but the spikes, and what is read from them, is changed in made-up recordings; a
    loss that changes with it depends on it.

    Parameters
    ----------
    loss : Loss or function
        The loss, or a function of a recording and its trials.
    readout : str, optional
        The kind of readout to judge by; by default the one that the loss needs, for a loss that
        takes any a graded one. So 'zero-one' is a function of the spikes only with a readout of
        kind 'spike-count' or 'first-spike'.

    Returns
    -------
    bool
        False is certain; True says that no change was seen.
    """
    loss = as_loss(loss)
    kind = readout or loss.readout
    return all(_is_unchanged(loss, kind, seed) for seed in _SEEDS)


def _is_unchanged(loss: Loss, kind: str | None, seed: int) -> bool:
    recording, trials = example(kind, seed)
    other = with_other_states(recording, np.random.default_rng(seed + 100))
    other = with_other_readout(kind, other, seed + 100)
    return np.array_equal(loss(recording, trials), loss(other, trials))


def check_loss(loss: Loss | Callable[[Recording, Trials], np.ndarray]) -> None:
    """Check that a loss keeps the promises that training relies on.

    It must have a name and say what readout it needs and whether it is discrete; give one number
    for each candidate, finite for one that did not fail; give the same again; leave the recording
    as it is; judge each candidate by itself, whatever the order of trials; be infinite for a
    candidate that failed; and call itself discrete if it is a function of the spikes only. A
    function of a recording and its trials need not care for failed candidates and names.

    Parameters
    ----------
    loss : Loss or function

    Raises
    ------
    InvalidInput
        On the first promise that is not kept, saying which.
    """
    given, loss = loss, as_loss(loss)
    problem = next(_problems(loss, is_function=given is not loss), None)
    if problem is not None:
        raise InvalidInput(f"Loss '{loss.name}' does not keep to the rules of a loss: {problem}.")


def _problems(loss: Loss, is_function: bool) -> Iterator[str]:
    """Name broken promises one by one; each check may rely on the ones before it."""
    if not loss.name or not isinstance(loss.name, str):
        yield f"its name must be a text that is not empty, got {loss.name!r}"
    if not (loss.readout is None or isinstance(loss.readout, str)):
        yield f"its readout must be the name of a kind or None, got {loss.readout!r}"
    if not isinstance(loss.discrete, bool):
        yield f"'discrete' must be True or False, got {loss.discrete!r}"
    for seed in _SEEDS:
        recording, trials = example(loss.readout, seed)
        yield from _problems_of_values(loss, recording, trials)
        yield from _problems_of_dependence(loss, recording, trials)
        if not is_function:
            yield from _problems_of_failure(loss, recording, trials)
    if not is_function and depends_on_spikes_only(loss) and not loss.discrete:
        yield "it is a function of the spikes only, so that it must call itself discrete"


def _problems_of_values(loss: Loss, recording: Recording, trials: Trials) -> Iterator[str]:
    before = [np.array(getattr(recording, name)) for name in _PER_TRIAL]
    try:
        losses = np.asarray(loss(recording, trials))
    except NeurotrainError:
        raise
    except Exception as error:
        yield f"it failed with {type(error).__name__}: {error}"
    n_candidates = len(recording.failed)
    if losses.shape != (n_candidates,):
        yield f"for {n_candidates} candidates it must give as many numbers, got {losses.shape}"
    if not np.issubdtype(losses.dtype, np.floating) or not np.isfinite(losses).all():
        yield f"its values must be finite numbers, got {losses}"
    if not np.array_equal(losses, loss(recording, trials)):
        yield "asked twice it must give the same"
    after = [np.array(getattr(recording, name)) for name in _PER_TRIAL]
    if not all(_are_equal(*each) for each in zip(before, after, strict=True)):
        yield "it must leave the recording as it is"


def _are_equal(one: np.ndarray, other: np.ndarray) -> bool:
    # What is not recorded is None, an array of objects.
    return np.array_equal(one, other, equal_nan=one.dtype != object)


def _problems_of_dependence(loss: Loss, recording: Recording, trials: Trials) -> Iterator[str]:
    losses = loss(recording, trials)
    alone = [loss(_picked(recording, slice(p, p + 1)), trials)[0] for p in range(len(losses))]
    if not np.array_equal(losses, alone):
        yield "the loss of a candidate must not depend on the other candidates"
    order = np.random.default_rng(0).permutation(trials.n_trials)
    shuffled = loss(_picked(recording, slice(None), order), trials.select(order))
    if not np.allclose(losses, shuffled):
        yield "the loss must not depend on the order of the trials"


def _problems_of_failure(loss: Loss, recording: Recording, trials: Trials) -> Iterator[str]:
    failed = np.zeros_like(recording.failed)
    failed[1, 2] = True
    losses = loss(replace(recording, failed=failed), trials)
    expected = np.where(failed.any(axis=1), np.inf, loss(recording, trials))
    if not np.array_equal(losses, expected):
        yield "it must be infinite for a candidate with a failed trial, and for no other"


def _picked(recording: Recording, candidates: slice, order: Any = slice(None)) -> Recording:
    """Return some candidates of a recording, with their trials in another order."""
    values = {name: getattr(recording, name) for name in _PER_TRIAL}
    picked = {n: v[candidates][:, order] for n, v in values.items() if v is not None}
    average = {n: v[candidates][:, order] for n, v in recording.average.items()}
    state = {n: v[candidates][:, order] for n, v in recording.state.items()}
    return replace(recording, average=average, state=state, **picked)
