"""What a rate and a spiking network are shown and are to produce, trial after trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.rate_to_spike.signal_checks import (
    channels,
    conditions_of,
    in_ms,
    matching,
    per_trial,
    scored_steps,
    trial_steps,
)


@dataclass(frozen=True, eq=False)
class Signals:
    """Trials one after another in time, read-only.

    Trials may differ in length; they follow each other without a break, as networks are not
    reset between them.

    Parameters
    ----------
    outputs : (time, output) array
        What is to be produced.
    inputs : (time, input) array, optional
        What both networks receive; by default there are no inputs.
    hints : (time, hint) array, optional
        What only the rate network receives besides; by default there are none.
    scored : (time,) bool array, optional
        Where outputs count; by default everywhere.
    steps : (trial,) int array, optional
        How many steps each trial lasts; by default all is one trial.
    dt_ms : float
        Duration of a step, in ms.
    conditions : mapping of str to (trial,) array
        What trials differ in.
    currents : (time, unit) array, optional
        What is to circulate in the spiking network: recorded factors, or currents of a network
        of one's own; by default those of a driven rate network.

    Raises
    ------
    InvalidInput
        If shapes do not fit, values are not finite, trials do not fill the time, or there are
        both currents and hints, which a driven rate network would be given.
    """

    outputs: np.ndarray
    inputs: np.ndarray | None = None
    hints: np.ndarray | None = None
    scored: np.ndarray | None = None
    steps: np.ndarray | None = None
    dt_ms: float = 1.0
    conditions: Mapping[str, np.ndarray] = field(default_factory=dict)
    currents: np.ndarray | None = None

    def __post_init__(self) -> None:
        require_number("dt_ms", self.dt_ms, above=0)
        outputs = channels("outputs", self.outputs)
        n_steps = len(outputs)
        if not outputs.size:
            raise InvalidInput(
                f"outputs must have at least one step and one channel, got shape {outputs.shape}."
            )
        kept = {"outputs": outputs, "scored": scored_steps(self.scored, n_steps)}
        for name in ("inputs", "hints", "currents"):
            given = getattr(self, name)
            kept[name] = channels(name, np.zeros((n_steps, 0)) if given is None else given)
            if len(kept[name]) != n_steps:
                raise InvalidInput(
                    f"{name} must have as many steps as the outputs, {n_steps}, "
                    f"got {len(kept[name])}."
                )
        if kept["hints"].size and kept["currents"].size:
            raise InvalidInput("Hints are for a driven rate network, which currents replace.")
        kept["steps"] = trial_steps(self.steps, n_steps)
        for name, array in kept.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "conditions", conditions_of(self.conditions, self.n_trials))

    @classmethod
    def from_array(
        cls,
        outputs: np.ndarray,
        dt: Any,
        inputs: np.ndarray | None = None,
        currents: np.ndarray | None = None,
    ) -> "Signals":
        """Return signals from arrays of one's own in physical time.

        Parameters
        ----------
        outputs : (time, output) or (trial, time, output) array
            What is to be produced; without the last axis if there is a single output and trial.
        dt : Quantity
            Duration of a step, such as ``1*ms``.
        inputs, currents : array, optional
            As for `Signals`, with the axes of the outputs.

        Raises
        ------
        InvalidInput
            If `dt` is not a time, or shapes do not fit.
        """
        dt_ms = in_ms(dt)
        values = per_trial("outputs", outputs)
        steps = np.full(len(values), values.shape[1])
        joined = {}
        for name, array in (("inputs", inputs), ("currents", currents)):
            given = per_trial(name, np.zeros((*values.shape[:2], 0)) if array is None else array)
            if given.shape[:2] != values.shape[:2]:
                raise InvalidInput(
                    f"{name} must have as many trials and steps as the outputs, "
                    f"{values.shape[:2]}, got {given.shape[:2]}."
                )
            joined[name] = given.reshape(values.shape[0] * values.shape[1], given.shape[2])
        outputs = values.reshape(-1, values.shape[2])
        return cls(outputs, steps=steps, dt_ms=dt_ms, **joined)

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return len(self.steps)

    @property
    def n_steps(self) -> int:
        """Number of steps of all trials together."""
        return len(self.outputs)

    @property
    def duration_ms(self) -> float:
        """Duration of all trials together, in ms."""
        return self.n_steps * self.dt_ms

    @property
    def slices(self) -> list[slice]:
        """The steps of each trial, to index the axis of time."""
        stops = np.cumsum(self.steps).tolist()
        return [slice(a, b) for a, b in zip([0, *stops[:-1]], stops, strict=True)]

    def split(self, values: np.ndarray) -> list[np.ndarray]:
        """Return a view of each trial's part of what has time as its first axis."""
        if len(values) != self.n_steps:
            raise InvalidInput(
                f"What is split into trials must have {self.n_steps} steps, got {len(values)}."
            )
        return [values[each] for each in self.slices]

    def matching(self, outputs: np.ndarray) -> np.ndarray:
        """Return what a network produced as an array; refuse another shape than the outputs'."""
        return matching(outputs, self.outputs.shape)

    def select(self, trials: Sequence[int]) -> "Signals":
        """Return signals of these trials, in this order."""
        order = [int(trial) for trial in trials]
        if not order:
            raise InvalidInput("Select at least one trial.")
        bad = [trial for trial in order if not 0 <= trial < self.n_trials]
        if bad:
            raise InvalidInput(f"There is no trial {bad[0]}, only 0 to {self.n_trials - 1}.")
        index = np.concatenate([np.arange(self.n_steps)[self.slices[trial]] for trial in order])
        return Signals(
            self.outputs[index],
            self.inputs[index],
            self.hints[index],
            self.scored[index],
            self.steps[order],
            self.dt_ms,
            {name: values[order] for name, values in self.conditions.items()},
            self.currents[index],
        )


def join(parts: Sequence[Signals]) -> Signals:
    """Return trials of several signals, those of the first one first.

    Raises
    ------
    InvalidInput
        If steps, channels or conditions of the parts differ, or there is none.
    """
    if not parts:
        raise InvalidInput("Join at least one part.")
    if len({_form(part) for part in parts}) > 1:
        raise InvalidInput(
            "Signals that are joined must have the same dt, channels and conditions."
        )
    return Signals(
        np.concatenate([part.outputs for part in parts]),
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.hints for part in parts]),
        np.concatenate([part.scored for part in parts]),
        np.concatenate([part.steps for part in parts]),
        parts[0].dt_ms,
        {
            name: np.concatenate([part.conditions[name] for part in parts])
            for name in parts[0].conditions
        },
        np.concatenate([part.currents for part in parts]),
    )


def _form(part: Signals) -> tuple:
    channels = (part.outputs, part.inputs, part.hints, part.currents)
    counts = tuple(array.shape[1] for array in channels)
    return part.dt_ms, counts, tuple(sorted(part.conditions))
