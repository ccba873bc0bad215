"""What a trained rate network does, as a task for spiking neurons."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.rate_to_spike.given_currents import GivenCurrents
from neurotrain.rate_to_spike.measures import nmse
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.seeding import generator

_BLOCKS = ("recurrent.weight", "input.weight", "readout.weight", "readout.bias")
# Trials that the size of currents is told from.
_MEASURED = 20


class TrainedRates:
    """The task of a trained rate network: the same inputs, its currents as targets, its outputs.

    ``f = W @ activity`` are the currents, W the trained recurrent weights, and
    ``readout.weight @ activity + readout.bias`` the outputs at all times. Input weights are those
    of the rate network. A trial is followed by a pause with one more input, 1 there and 0
    elsewhere: the rate network begins every trial at rest, and spiking neurons, which are not
    reset, are to return there, for the activity of the pause is that of the trial's end,
    decaying.

    Parameters
    ----------
    result : Result
        Of `neurotrain.train`, for a circuit of rate units such as `neurotrain.models.rate`.
    dt_ms : float
        Duration of a step; the rate network's activity is interpolated in between.
    pause_ms, decay_ms : float
        Duration of the pause, and the time constant of the activity there.

    Raises
    ------
    InvalidInput
        If the circuit is not of rate units, or its steps or trials no multiples of `dt_ms`.

    Notes
    -----
    The conditions of a trial are those of the rate network's task, and of a choice the
    ``'label'``. Steps of the pause are not scored.
    """

    name: ClassVar[str] = "trained-rates"
    n_hints: ClassVar[int] = 0

    def __init__(
        self, result: Any, *, dt_ms: float = 1.0, pause_ms: float = 300.0, decay_ms: float = 50.0
    ) -> None:
        for name, value in (("dt_ms", dt_ms), ("pause_ms", pause_ms), ("decay_ms", decay_ms)):
            require_number(name, value, above=0)
        self.result, self.dt_ms = result, dt_ms
        self.pause_ms, self.decay_ms = pause_ms, decay_ms
        _require_rates(result.circuit)
        weights = result.parameters
        self._readout, self._bias = weights["readout.weight"], weights["readout.bias"]
        synapses = result.circuit.objects["recurrent"]
        self._recurrent = np.zeros((result.circuit.n_neurons,) * 2)
        self._recurrent[np.asarray(synapses.j[:]), np.asarray(synapses.i[:])] = weights[_BLOCKS[0]]
        first = result.task.draw(1, generator(0, "rate-to-spike-trials"))
        self._decision_ms = first.periods["decision"]
        self.chance = None if first.labels is None else 1 / len(self._bias)

    @property
    def n_inputs(self) -> int:
        """Number of input channels, that of the pause included."""
        return self.result.circuit.channels + 1

    @property
    def n_outputs(self) -> int:
        """Number of classes, or of outputs."""
        return len(self._bias)

    @cached_property
    def given(self) -> GivenCurrents:
        """What there is to know of the currents, from trials of their own."""
        currents = self.draw(_MEASURED, generator(0, "rate-to-spike-trials")).currents
        rms = float(np.sqrt((currents**2).mean()))
        return GivenCurrents(len(self._recurrent), rms, self.result.parameters["input.weight"])

    def draw(self, n_trials: int, rng: np.random.Generator) -> Signals:
        """Return `n_trials` trials drawn with `rng`, and what the rate network does in them."""
        require_whole("n_trials", n_trials)
        trials = self.result.task.draw(n_trials, rng)
        shown = _repeated(trials.inputs, trials.bin_ms, self.dt_ms, "bins of trials")
        scored = _repeated(trials.counted, trials.bin_ms, self.dt_ms, "bins of trials")
        activity = self._with_pause(self._activity(trials, rng)[:, : shown.shape[1]])
        paused = np.arange(activity.shape[1]) >= shown.shape[1]
        pause = (n_trials, int(paused.sum()))
        inputs = np.concatenate([shown, np.zeros((*pause, shown.shape[2]))], axis=1)
        cue = np.broadcast_to(paused[:, np.newaxis], (*activity.shape[:2], 1))
        conditions = dict(trials.conditions)
        if trials.labels is not None:
            conditions["label"] = trials.labels
        whole = activity.reshape(-1, activity.shape[2])
        return Signals(
            whole @ self._readout.T + self._bias,
            np.concatenate([inputs, cue], axis=2).reshape(len(whole), -1),
            None,
            np.concatenate([scored, np.zeros(pause, bool)], axis=1).ravel(),
            np.full(n_trials, activity.shape[1]),
            self.dt_ms,
            conditions,
            whole @ self._recurrent.T,
        )

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return 1 for a correct choice and 0 for another, (trial,).

        The choice is the largest of the outputs, averaged over the decision period. Without
        choices it is 1 less the normalized error. `score` of ``signals.outputs``, the rate
        network's, tells how well that does on the same trials.
        """
        if self.chance is None:
            return 1 - nmse(outputs, signals)
        start, stop = (round(each / self.dt_ms) for each in self._decision_ms)
        parts = signals.split(signals.matching(outputs))
        choices = [part[start:stop].mean(axis=0).argmax() for part in parts]
        return (np.array(choices) == signals.conditions["label"]).astype(float)

    def _activity(self, trials: Any, rng: np.random.Generator) -> np.ndarray:
        """Return the rate network's activity in trials, (trial, time, unit)."""
        circuit = self.result.circuit
        sample_ms = max(self.dt_ms, circuit.dt_ms)
        (variable,) = (*circuit.readout.observed, *circuit.readout.sampled)
        seed = int(rng.integers(2**32))
        sampled = self.result.activity_on(trials, variable, sample_ms=sample_ms, seed=seed)
        return _interpolated(sampled, _times(sample_ms, self.dt_ms, "steps of the rate network"))

    def _with_pause(self, activity: np.ndarray) -> np.ndarray:
        steps = max(1, round(self.pause_ms / self.dt_ms))
        decay = np.exp(-self.dt_ms * np.arange(1, steps + 1) / self.decay_ms)
        return np.concatenate([activity, activity[:, -1:] * decay[:, np.newaxis]], axis=1)


def _require_rates(circuit: Any) -> None:
    """Raise `InvalidInput` unless currents and outputs can be told from the trained weights."""
    missing = [name for name in _BLOCKS if name not in circuit.parameters.names]
    if missing or "spike" in circuit.neurons.events:
        reason = f"it does not train '{missing[0]}'" if missing else "its neurons spike"
        raise InvalidInput(
            "Targets are taken from a trained network of rate units, such as the model 'rate' "
            f"with a readout of its activity; this circuit is another one: {reason}."
        )


def _times(longer_ms: float, dt_ms: float, what: str) -> int:
    times = round(longer_ms / dt_ms)
    if times < 1 or abs(times * dt_ms - longer_ms) > 1e-6 * dt_ms:
        raise InvalidInput(
            f"dt_ms must divide the {what}, {longer_ms:g} ms, got {dt_ms:g} ms; choose another."
        )
    return times


def _repeated(values: np.ndarray, bin_ms: float, dt_ms: float, what: str) -> np.ndarray:
    """Return (trial, step, ...) of what stays the same within bins, (trial, bin, ...)."""
    return np.repeat(values, _times(bin_ms, dt_ms, what), axis=1)


def _interpolated(sampled: np.ndarray, times: int) -> np.ndarray:
    """Return `times` as many samples, on straight lines; the last ones stay the same."""
    if times == 1:
        return sampled
    at = np.arange(sampled.shape[1] * times) / times
    below = at.astype(int)
    above = np.minimum(below + 1, sampled.shape[1] - 1)
    part = (at - below)[:, np.newaxis]
    return (1 - part) * sampled[:, below] + part * sampled[:, above]
