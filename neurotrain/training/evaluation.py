"""How well candidates do on trials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from neurotrain.errors import TrainingFailed
from neurotrain.losses import Loss
from neurotrain.recording import Recording
from neurotrain.seeding import generator
from neurotrain.task import Task
from neurotrain.trials import Trials

# Bounds the memory of an evaluation; results do not depend on it.
CHUNK_TRIALS = 250
RATE_PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Scores:
    """How well P candidates did, each a (candidate,) array.

    `loss` is infinite for a candidate that failed; `accuracy` is the task's score: the share
    of correct trials, where a failed one is not correct, or how well trajectories follow their
    targets, 1 at best, and 0 for a candidate with a failed trial.
    """

    loss: np.ndarray
    accuracy: np.ndarray
    spikes_per_neuron: np.ndarray
    silent_share: np.ndarray
    blocked_share: np.ndarray
    failed_share: np.ndarray
    timed_out_share: np.ndarray

    def of(self, candidate: int) -> dict[str, float | None]:
        """Return the numbers of one candidate; None where one is not finite."""
        return {f.name: finite(getattr(self, f.name)[candidate]) for f in fields(self)}

    def means(self, is_limited: bool) -> Iterator[tuple[str, float | None]]:
        """Yield the means over candidates; losses are of those that did not fail."""
        usable = self.loss[np.isfinite(self.loss)]
        yield "loss", float(usable.mean()) if usable.size else None
        yield "loss_min", float(usable.min()) if usable.size else None
        yield "loss_std", float(usable.std()) if usable.size else None
        for name in ("accuracy", "spikes_per_neuron", "silent_share", "blocked_share"):
            yield name, finite(getattr(self, name).mean())
        yield "failed_share", 1 - usable.size / self.loss.size
        if is_limited:
            yield "timed_out_share", float((self.timed_out_share > 0).mean())

    def of_all(self, usable: np.ndarray) -> "Scores":
        """Return scores of all candidates, where those not `usable`, (candidate,), failed."""
        unusable = {"loss": np.inf, "silent_share": 1.0, "failed_share": 1.0}
        spread = {f.name: np.full(usable.shape, unusable.get(f.name, 0.0)) for f in fields(self)}
        for name, values in spread.items():
            values[usable] = getattr(self, name)
        return Scores(**spread)


# No candidate at all, as what `of_all` begins with where every one failed.
FAILED = Scores(*(np.empty(0) for _ in fields(Scores)))


def finite(value: float) -> float | None:
    """Return `value` as a float, None in place of NaN and infinity, which JSON does not know."""
    return float(value) if np.isfinite(value) else None


def score(circuit, task: Task, loss: Loss, recording: Recording, trials: Trials) -> Scores:
    """Return the scores of the candidates of `recording`.

    A candidate with a failed trial, without a finite loss, or with all neurons in depolarization
    block on all trials has failed.
    """
    losses = np.asarray(loss(recording, trials), dtype=float)
    blocked_share = np.asarray(circuit.blocked_share(recording), dtype=float)
    failed = recording.failed.any(axis=1) | ~np.isfinite(losses) | (blocked_share == 1.0)
    return Scores(
        loss=np.where(failed, np.inf, losses),
        accuracy=_accuracy(task, recording, trials),
        spikes_per_neuron=recording.spikes_per_neuron,
        silent_share=recording.silent_share,
        blocked_share=blocked_share,
        failed_share=recording.failed.mean(axis=1),
        timed_out_share=_timed_out_share(recording),
    )


def _timed_out_share(recording: Recording) -> np.ndarray:
    """Return the share of trials that reached the limit of time, (candidate,)."""
    if recording.timed_out is None:
        return np.zeros(len(recording.failed))
    return recording.timed_out.mean(axis=1)


def _accuracy(task: Task, recording: Recording, trials: Trials) -> np.ndarray:
    if task.classes:
        return np.asarray(task.score(recording.decisions, trials), dtype=float)
    scores = np.asarray(task.score(recording.output, trials), dtype=float)
    failed = recording.failed.any(axis=1) | ~np.isfinite(scores)
    return np.where(failed, 0.0, scores)


def evaluate(
    circuit,
    task: Task,
    loss: Loss,
    candidates: np.ndarray,
    *,
    n_trials: int,
    seed: int,
    purpose: str,
    index: tuple[int, ...] = (),
    execution: str = "fused",
    threads: int | None = None,
    trial_seconds: float | None = None,
    chunk_trials: int = CHUNK_TRIALS,
) -> Scores:
    """Return the scores of (candidate, parameter) weights on trials of their own.

    Parameters
    ----------
    purpose, index
        The streams from which trials and initial states are drawn: those of
        `neurotrain.seeding` called ``{purpose}-trials`` and ``{purpose}-state``.
    trial_seconds : float, optional
        Most processor time of a candidate for each trial.
    chunk_trials : int
        How many trials are simulated at a time; results do not depend on it.
    """
    recording, trials = record_drawn(
        circuit,
        task,
        candidates,
        n_trials=n_trials,
        seed=seed,
        purpose=purpose,
        index=index,
        execution=execution,
        threads=threads,
        trial_seconds=trial_seconds,
        chunk_trials=chunk_trials,
    )
    return score(circuit, task, loss, recording, trials)


def record_drawn(
    circuit,
    task: Task,
    candidates: np.ndarray,
    *,
    n_trials: int,
    seed: int,
    purpose: str,
    index: tuple[int, ...] = (),
    **how: Any,
) -> tuple[Recording, Trials]:
    """Return the recording of candidates on trials of their own, drawn as for `evaluate`."""
    trials = task.draw(n_trials, generator(seed, f"{purpose}-trials", *index))
    rng = generator(seed, f"{purpose}-state", *index)
    return record_on(circuit, candidates, trials, rng, **how), trials


def evaluate_on(
    circuit,
    task: Task,
    loss: Loss,
    candidates: np.ndarray,
    trials: Trials,
    rng: np.random.Generator,
    *,
    chunk_trials: int = CHUNK_TRIALS,
    **how: Any,
) -> Scores:
    """Return the scores of (candidate, parameter) weights on `trials`, begun in states of `rng`.

    The other arguments are those of `evaluate` and the circuit's ``simulate``.
    """
    # The loss is taken once, of all trials: sums of parts would round differently.
    recording = record_on(circuit, candidates, trials, rng, chunk_trials=chunk_trials, **how)
    return score(circuit, task, loss, recording, trials)


def record_on(
    circuit,
    candidates: np.ndarray,
    trials: Trials,
    rng: np.random.Generator,
    *,
    chunk_trials: int = CHUNK_TRIALS,
    **how: Any,
) -> Recording:
    """Return the recording of candidates on `trials`, begun in states of `rng`, piece by piece."""
    n_trials = trials.n_trials
    state = circuit.draw_initial_state(n_trials, rng)
    parts = [slice(i, i + chunk_trials) for i in range(0, n_trials, chunk_trials)]
    recordings = [
        circuit.simulate(
            candidates,
            trials.select(part),
            {name: values[part] for name, values in state.items()},
            **how,
        )
        for part in parts
    ]
    return _joined(recordings)


def rate_quantiles_hz(recording: Recording, candidate: int) -> list[float] | None:
    """Return how the firing rates of the neurons of a candidate are spread.

    Returns
    -------
    list of 5 float or None
        The 5th, 25th, 50th, 75th and 95th percentile of the neurons' mean rates on the trials
        that did not fail; None if all did.
    """
    valid = ~recording.failed[candidate]
    if not valid.any():
        return None
    seconds = (recording.bin_edges_ms[-1] - recording.bin_edges_ms[0]) * 1e-3
    rates = recording.spike_count[candidate, valid].sum(axis=1).mean(axis=0) / seconds
    return np.percentile(rates, RATE_PERCENTILES).tolist()


def require_finite(recording: Recording) -> None:
    """Raise `TrainingFailed` if a trial failed."""
    if recording.failed.any():
        failed = int(recording.failed.sum())
        raise TrainingFailed(f"The activity became infinite or NaN on {failed} of the trials.")


def _joined(recordings: list[Recording]) -> Recording:
    """Join recordings of consecutive trials."""
    return replace(
        recordings[0],
        spike_count=_concatenated([r.spike_count for r in recordings]),
        readout=_concatenated([r.readout for r in recordings]),
        failed=_concatenated([r.failed for r in recordings]),
        timed_out=_concatenated_if_any([r.timed_out for r in recordings]),
        average=_concatenated_each([r.average for r in recordings]),
        state=_concatenated_each([r.state for r in recordings]),
        output=_concatenated_if_any([r.output for r in recordings]),
        blocked=_concatenated_if_any([r.blocked for r in recordings]),
    )


def _concatenated(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays, axis=1)


def _concatenated_if_any(arrays: list[np.ndarray | None]) -> np.ndarray | None:
    return None if arrays[0] is None else _concatenated(arrays)


def _concatenated_each(arrays: list[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: _concatenated([each[name] for each in arrays]) for name in arrays[0]}
