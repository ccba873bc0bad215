"""Trials of an environment put together to a batch of equal duration."""

from collections.abc import Sequence

import numpy as np

from neurotrain.adapters.environment import EnvironmentTrial
from neurotrain.adapters.layout import Layout
from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials


def as_trials(drawn: Sequence[EnvironmentTrial], layout: Layout, bin_ms: float) -> Trials:
    """Return the trials `drawn` as one batch, in which all end together.

    Raises
    ------
    InvalidInput
        If the right action of a trial is none of the classes.
    """
    has_choices = bool(layout.actions)
    missing = layout.n_bins - np.array([layout.end(t) for t in drawn])
    mask = np.arange(layout.n_bins) >= missing[:, np.newaxis]
    return Trials(
        inputs=np.stack([_inputs(t, layout) for t in drawn]),
        bin_ms=bin_ms,
        labels=np.array([_label(t, layout) for t in drawn]) if has_choices else None,
        periods=_periods(layout, bin_ms),
        conditions=_conditions(drawn, layout, bin_ms),
        targets=None if has_choices else np.stack([_targets(t, layout) for t in drawn]),
        mask=None if has_choices or layout.same_length else mask,
    )


def _inputs(trial: EnvironmentTrial, layout: Layout) -> np.ndarray:
    """Return the observations up to the end, (bin, channel), after more fixation or silence."""
    end = layout.end(trial)
    missing = layout.n_bins - end
    start, stop = trial.periods.get("fixation", (0, 0))
    if start == 0 and stop > 0:
        # Repeated rather than held: its noise, if there is any, goes on.
        before = trial.observation[np.arange(-missing, 0) % stop]
    else:
        before = np.zeros((missing, layout.channels))
    return np.concatenate([before, trial.observation[:end]])


def _label(trial: EnvironmentTrial, layout: Layout) -> int:
    right = trial.right_actions(layout.decision)
    if (right != right[0]).any() or int(right[0]) not in layout.actions:
        raise InvalidInput(
            f"On a trial the right actions in the period '{layout.decision}' are "
            f"{np.unique(right).tolist()}, not one of {list(layout.actions)} as on the trials "
            "drawn before; give trajectory=True, to take the right action in each bin."
        )
    return layout.actions.index(int(right[0]))


def _targets(trial: EnvironmentTrial, layout: Layout) -> np.ndarray:
    """Return what the outputs should do, (bin, output)."""
    right = trial.ground_truth
    if right.ndim == 1:
        right = right[:, np.newaxis] == np.arange(layout.outputs)
    targets = np.zeros((layout.n_bins, layout.outputs))
    targets[layout.n_bins - trial.n_bins :] = right
    return targets


def _periods(layout: Layout, bin_ms: float) -> dict[str, tuple[float, float]]:
    """Return the periods that are the same in all trials, in ms from their beginning."""
    n_bins = layout.n_bins
    spans = {name: (n_bins - b, n_bins - until) for name, (b, until) in layout.periods.items()}
    if layout.decision is not None:
        spans.pop(layout.decision, None)
        spans["decision"] = (n_bins - layout.decision_bins, n_bins)
    spans.setdefault("decision", (0, n_bins))
    return {name: (start * bin_ms, stop * bin_ms) for name, (start, stop) in spans.items()}


def _conditions(
    drawn: Sequence[EnvironmentTrial], layout: Layout, bin_ms: float
) -> dict[str, np.ndarray]:
    told = {
        name: np.array([t.conditions.get(name, np.nan) for t in drawn])
        for name in layout.conditions
    }
    durations = {
        f"{name}_ms": np.array([t.duration(name) for t in drawn]) * bin_ms for name in layout.drawn
    }
    return told | durations
