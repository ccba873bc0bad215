"""The losses of `neurotrain.losses` in tensors, those of them that have a derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.gradients.outcome import Outcome
from neurotrain.losses import (
    CrossEntropy,
    DepolarizationBlock,
    FirstSpikeLatency,
    FirstSpikeOrder,
    Loss,
    RateBand,
    RateMatching,
    Silence,
    SpikeCountCrossEntropy,
    SpikeCountMargin,
    TrajectoryError,
    VanRossum,
    VictorPurpura,
    WeightedSum,
    ZeroOne,
    is_built_in,
)
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from torch import Tensor

WITHOUT_DERIVATIVE: Mapping[type[Loss], str] = {
    ZeroOne: "it is constant but for jumps",
    FirstSpikeOrder: "it is constant but for jumps",
    FirstSpikeLatency: "the time of a first spike, in bins, is constant but for jumps",
    VictorPurpura: "spikes are moved at a cost per shift, and their times are those of bins",
    DepolarizationBlock: "it counts neurons, and is constant but for jumps",
}


def differentiable_losses() -> list[str]:
    """Return the names of the losses that have a derivative."""
    return sorted(loss.name for loss in _BUILT_IN)


def require_differentiable_loss(loss: Loss) -> None:
    """Raise `InvalidInput` for a loss without derivative, which says what to do.

    Weighted sums have one if all their terms do.
    """
    if isinstance(loss, WeightedSum):
        for _, term in loss.terms:
            require_differentiable_loss(term)
    elif not (callable(_own_form(loss)) or type(loss) in _BUILT_IN):
        because = WITHOUT_DERIVATIVE.get(type(loss), "it has no in_tensors(outcome, trials)")
        raise InvalidInput(
            f"Backpropagation cannot differentiate the loss '{loss.name}': {because}; evolution "
            "strategies can train with it, such as optimizer='openai-es', or take one of "
            f"{', '.join(differentiable_losses())}, or a sum of them."
        )


def differentiable_loss(loss: Loss, outcome: Outcome, trials: Trials) -> Tensor:
    """Return what `loss` returns of a recording, as a tensor with derivatives, (candidate,).

    Infinite, and without a derivative that means anything, for a candidate that failed.

    Raises
    ------
    InvalidInput
        If the loss has no derivative.
    """
    require_differentiable_loss(loss)
    own = _own_form(loss)
    if own is not None:
        return _own_loss(loss, own(outcome, trials), outcome)
    if isinstance(loss, WeightedSum):
        terms = [float(w) * differentiable_loss(one, outcome, trials) for w, one in loss.terms]
        return sum(terms[1:], terms[0])
    if type(loss) in _OF_CHOICES:
        return _mean_over_choices(loss, outcome, trials)
    if type(loss) in _OF_OUTPUTS:
        return _mean_over_outputs(loss, outcome, trials)
    penalty = _PENALTIES[type(loss)](loss, outcome)
    return penalty.masked_fill(outcome.failed.any(dim=1), np.inf)


def require_same_in_tensors(loss: Loss, losses: np.ndarray, in_tensors: Tensor) -> None:
    """Raise `InvalidInput` where a loss of the user's is another function in tensors.

    Parameters
    ----------
    loss : Loss
    losses : (candidate,) array
        Of the recording.
    in_tensors : (candidate,) tensor
    """
    if is_built_in(loss):
        return
    given = in_tensors.detach().cpu().numpy().astype(float)
    usable = np.isfinite(given) & np.isfinite(losses)
    given, losses = given[usable], losses[usable]
    # Single precision, and losses that are small differences of larger numbers.
    if not np.allclose(given, losses, rtol=1e-3, atol=1e-4):
        raise InvalidInput(
            f"Loss '{loss.name}' is {given[:3]} in tensors and {losses[:3]} of the recording; "
            "in_tensors must be the same function."
        )


def _own_form(loss: Loss) -> Callable[[Outcome, Trials], Tensor] | None:
    """Return what a loss of the user's says that it is in tensors."""
    return getattr(loss, "in_tensors", None)


def _own_loss(loss: Loss, given: Tensor, outcome: Outcome) -> Tensor:
    import torch

    wanted = (len(outcome.failed),)
    if not isinstance(given, torch.Tensor) or tuple(given.shape) != wanted:
        shape = getattr(given, "shape", None)
        found = type(given).__name__ if shape is None else f"shape {tuple(shape)}"
        raise InvalidInput(
            f"in_tensors of loss '{loss.name}' must return a tensor with a number for each of the "
            f"{wanted[0]} candidates, got {found}."
        )
    return given.masked_fill(outcome.failed.any(dim=1), np.inf)


def _mean_over_choices(loss: Loss, outcome: Outcome, trials: Trials) -> Tensor:
    import torch

    readout = outcome.readout
    unusable = outcome.failed | ~readout.isfinite().all(dim=-1)
    labels = torch.as_tensor(np.asarray(trials.labels, dtype=np.int64))
    labels = labels.expand(readout.shape[:2])[..., None]
    per_trial = _OF_CHOICES[type(loss)](loss, readout, labels)
    return per_trial.mean(dim=1).masked_fill(unusable.any(dim=1), np.inf)


def _mean_over_outputs(loss: Loss, outcome: Outcome, trials: Trials) -> Tensor:
    import torch

    output = outcome.output
    unusable = outcome.failed | ~output.isfinite().all(dim=3).all(dim=2)
    counted = torch.as_tensor(np.asarray(trials.counted))
    # What does not count may be anything, also in the targets.
    targets = np.where(trials.counted[..., np.newaxis], trials.targets, 0.0)
    targets = torch.as_tensor(targets, dtype=output.dtype)
    per_trial = _OF_OUTPUTS[type(loss)](loss, output, targets, counted, trials.bin_ms)
    return per_trial.mean(dim=1).masked_fill(unusable.any(dim=1), np.inf)


def _cross_entropy(loss: Loss, readout: Tensor, labels: Tensor) -> Tensor:
    return readout.logsumexp(dim=-1) - readout.gather(-1, labels)[..., 0]


def _spike_count_cross_entropy(
    loss: SpikeCountCrossEntropy, readout: Tensor, labels: Tensor
) -> Tensor:
    return _cross_entropy(loss, readout / loss.temperature, labels)


def _spike_count_margin(loss: SpikeCountMargin, readout: Tensor, labels: Tensor) -> Tensor:
    correct = readout.gather(-1, labels)[..., 0]
    strongest_other = readout.scatter(-1, labels, -np.inf).amax(dim=-1)
    return (loss.margin - (correct - strongest_other)).clamp(min=0.0)


def _trajectory_error(
    loss: Loss, output: Tensor, targets: Tensor, counted: Tensor, bin_ms: float
) -> Tensor:
    return _mean_squared(output - targets, counted)


def _rate_matching(
    loss: RateMatching, output: Tensor, targets: Tensor, counted: Tensor, bin_ms: float
) -> Tensor:
    import torch

    decay = float(np.exp(-bin_ms / loss.tau_ms))
    rates, rate = [], 0.0
    for k in range(output.shape[2]):
        rate = decay * rate + (1 - decay) * output[:, :, k] * (1000.0 / bin_ms)
        rates.append(rate)
    return _mean_squared(torch.stack(rates, dim=2) - targets, counted)


def _van_rossum(
    loss: VanRossum, output: Tensor, targets: Tensor, counted: Tensor, bin_ms: float
) -> Tensor:
    import torch

    times = (torch.arange(output.shape[2], dtype=output.dtype) + 0.5) * bin_ms
    kernel = torch.exp(-(times[:, None] - times).abs() / loss.tau_ms)
    apart = ((output - targets) * counted[..., None]).transpose(-1, -2)  # (..., output, bin)
    squared = ((apart @ kernel) * apart).sum(dim=-1)
    # The root has no derivative at 0, where trains are the same: there it is taken for 0.
    same = squared <= 0
    return squared.masked_fill(same, 1.0).sqrt().masked_fill(same, 0.0).mean(dim=-1)


def _mean_squared(error: Tensor, counted: Tensor) -> Tensor:
    """Return the mean over outputs and the bins that count, (candidate, trial)."""
    squared = error.masked_fill(~counted[..., None], 0.0) ** 2
    n_counted = (counted.sum(dim=-1) * squared.shape[-1]).clamp(min=1)
    return squared.sum(dim=(2, 3)) / n_counted


def _silence(loss: Silence, outcome: Outcome) -> Tensor:
    # Of whole numbers of spikes 1 where there is none, and 0 elsewhere.
    return (1.0 - outcome.spike_count.sum(dim=2)).clamp(min=0.0).mean(dim=(1, 2))


def _rate_band(loss: RateBand, outcome: Outcome) -> Tensor:
    duration_ms = float(outcome.bin_edges_ms[-1] - outcome.bin_edges_ms[0])
    rate_hz = outcome.spike_count.sum(dim=2).mean(dim=1) * (1000.0 / duration_ms)
    too_low = (1 - rate_hz / loss.lowest_hz).clamp(min=0.0)
    too_high = (rate_hz / loss.highest_hz - 1).clamp(min=0.0)
    return (too_low + too_high).mean(dim=1)


_OF_CHOICES: Mapping[type[Loss], Callable[..., Tensor]] = {
    CrossEntropy: _cross_entropy,
    SpikeCountCrossEntropy: _spike_count_cross_entropy,
    SpikeCountMargin: _spike_count_margin,
}
_OF_OUTPUTS: Mapping[type[Loss], Callable[..., Tensor]] = {
    TrajectoryError: _trajectory_error,
    RateMatching: _rate_matching,
    VanRossum: _van_rossum,
}
_PENALTIES: Mapping[type[Loss], Callable[..., Tensor]] = {
    Silence: _silence,
    RateBand: _rate_band,
}
_BUILT_IN = {*_OF_CHOICES, *_OF_OUTPUTS, *_PENALTIES}
