"""Losses in tensors: equal to those in NumPy, with derivatives; those without are named."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.gradients.losses import (
    WITHOUT_DERIVATIVE,
    differentiable_loss,
    differentiable_losses,
    require_differentiable_loss,
)
from neurotrain.gradients.outcome import Outcome
from neurotrain.losses import LOSSES, as_loss, make_loss
from neurotrain.losses.examples import N_BINS, N_NEURONS, N_TRIALS, example

torch = pytest.importorskip("torch")

WITH = pytest.mark.parametrize("name", differentiable_losses())
WITHOUT = pytest.mark.parametrize("loss", [make_loss(one.name) for one in WITHOUT_DERIVATIVE])


def test_every_loss_has_a_derivative_or_a_reason_why_not():
    without = {loss.name for loss in WITHOUT_DERIVATIVE}
    assert without | set(differentiable_losses()) == set(LOSSES)
    assert not without & set(differentiable_losses())


def tensor(values):
    return None if values is None else torch.tensor(np.asarray(values, dtype=float))


def outcome_of(recording):
    return Outcome(
        spike_count=tensor(recording.spike_count),
        bin_edges_ms=recording.bin_edges_ms,
        failed=torch.tensor(recording.failed),
        readout=tensor(recording.readout),
        output=tensor(recording.output),
    )


def cases(kind):
    """Yield recordings and trials: plain ones, with a mask, with failures, with ties."""
    for seed in range(6):
        recording, trials = example(kind, seed)
        yield recording, trials
        rng = np.random.default_rng(seed)
        mask = rng.random((N_TRIALS, N_BINS)) < 0.6
        mask[0] = False
        targets = np.where(mask[..., None], trials.targets, np.nan)
        yield recording, replace(trials, mask=mask, targets=targets)
        failed = rng.random(recording.failed.shape) < 0.1
        yield replace(recording, failed=failed), trials
        if kind in (None, "graded"):
            unread = np.where(failed[..., None], np.nan, recording.readout)
            yield replace(recording, readout=unread), trials
    silent = 0 * recording.spike_count
    yield replace(recording, spike_count=silent, readout=0 * recording.readout), trials


@WITH
def test_it_is_the_loss_in_numpy(name):
    loss = make_loss(name)
    for recording, trials in cases(loss.readout):
        expected = loss(recording, trials)
        got = differentiable_loss(loss, outcome_of(recording), trials).numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


def test_its_settings_count():
    for name, settings in {
        "spike-count-margin": {"margin": 7.0},
        "spike-count-cross-entropy": {"temperature": 4.0},
        "rate-matching": {"tau_ms": 7.0},
        "van-rossum": {"tau_ms": 40.0},
        "rate-band": {"lowest_hz": 20.0, "highest_hz": 70.0},
    }.items():
        loss = make_loss(name, **settings)
        recording, trials = example(loss.readout, 1)
        got = differentiable_loss(loss, outcome_of(recording), trials).numpy()
        np.testing.assert_allclose(got, loss(recording, trials), rtol=1e-12)
        assert not np.allclose(got, make_loss(name)(recording, trials))


def test_sums_of_differentiable_losses_are_differentiable():
    loss = make_loss("2*spike-count-cross-entropy + 0.1*silence + 3*rate-band")
    recording, trials = example(loss.readout, 2)
    got = differentiable_loss(loss, outcome_of(recording), trials).numpy()
    np.testing.assert_allclose(got, loss(recording, trials), rtol=1e-12)


@WITH
def test_its_derivatives_are_finite_differences(name):
    """At numbers of spikes that are not whole: between them is what a surrogate derives."""
    loss = make_loss(name)
    recording, trials = example(loss.readout, 3)
    outcome = outcome_of(replace(recording, **without_kinks(recording)))
    part = {"spike_count": outcome.spike_count}
    if loss.readout is not None:
        part = {k: v for k in ("readout", "output") if (v := getattr(outcome, k)) is not None}
        part = {k: v for k, v in part.items() if v.shape[-1]}
    ((field, values),) = part.items()

    def function(values):
        return differentiable_loss(loss, replace(outcome, **{field: values}), trials)

    values = values[:2].clone().requires_grad_()
    outcome = replace(outcome, failed=outcome.failed[:2])
    assert torch.autograd.gradcheck(function, values, eps=1e-6, atol=1e-6)
    (gradient,) = torch.autograd.grad(function(values).sum(), values)
    assert gradient.abs().max() > 0


def without_kinks(recording):
    rng = np.random.default_rng(0)
    # From neurons that are nearly silent to those that fire too much.
    activity = np.linspace(0.02, 1.0, N_NEURONS)
    moved = {"spike_count": activity * rng.random(recording.spike_count.shape)}
    for field in ("readout", "output"):
        values = getattr(recording, field)
        if values is not None:
            moved[field] = values + 0.3 * rng.random(values.shape)
    return moved


def test_a_failed_candidate_does_not_spoil_the_others():
    loss = make_loss("cross-entropy")
    recording, trials = example("graded", 4)
    outcome = outcome_of(recording)
    outcome.failed[1, 2] = True
    readout = outcome.readout.clone()
    readout[1, 2] = np.nan
    readout.requires_grad_()
    value = differentiable_loss(loss, replace(outcome, readout=readout), trials)
    (gradient,) = torch.autograd.grad(value.sum(), readout)
    assert torch.isinf(value).tolist() == [False, True, False, False]
    assert gradient[[0, 2, 3]].isfinite().all()
    assert (gradient[[0, 2, 3]] != 0).any(dim=-1).all()


def test_same_spike_trains_have_a_finite_derivative():
    loss = make_loss("van-rossum")
    recording, trials = example("spike-train", 0)
    same = torch.tensor(np.broadcast_to(trials.targets, recording.output.shape).copy())
    same.requires_grad_()
    value = differentiable_loss(loss, replace(outcome_of(recording), output=same), trials)
    (gradient,) = torch.autograd.grad(value.sum(), same)
    assert (value == 0).all() and (gradient == 0).all()


@WITHOUT
def test_a_loss_without_derivative_is_refused_in_one_sentence(loss):
    sums = [] if loss.readout is None else [loss + make_loss("silence")]
    for asked in (loss, *sums):
        with pytest.raises(InvalidInput, match="differentiate") as refusal:
            require_differentiable_loss(asked)
        text = str(refusal.value)
        assert loss.name in text and "evolution strategies" in text and "cross-entropy" in text
        assert text.count(". ") == 0


def hinge(recording, trials):
    """Return by how much the right class falls short of 1 above the others, (candidate,)."""
    right = np.arange(trials.n_trials), trials.labels
    others = recording.readout.copy()
    others[:, right[0], right[1]] = -np.inf
    short = 1 - recording.readout[:, right[0], right[1]] + others.max(axis=-1)
    loss = np.maximum(short, 0).mean(axis=1)
    return np.where(recording.failed.any(axis=1), np.inf, loss)


def hinge_in_tensors(outcome, trials):
    labels = torch.as_tensor(trials.labels).expand(outcome.readout.shape[:2])[..., None]
    right = outcome.readout.gather(-1, labels)[..., 0]
    others = outcome.readout.scatter(-1, labels, -np.inf).amax(dim=-1)
    return (1 - right + others).clamp(min=0).mean(dim=1)


def function_loss(in_tensors=hinge_in_tensors):
    """Return a loss of the user's, which says what it is in tensors."""

    def my_loss(recording, trials):
        return hinge(recording, trials)

    my_loss.in_tensors = in_tensors
    return as_loss(my_loss)


def test_a_function_of_the_users_without_tensors_is_refused():
    with pytest.raises(InvalidInput, match=r"'hinge'.*no in_tensors\(outcome, trials\)"):
        require_differentiable_loss(as_loss(hinge))


def test_a_loss_of_the_users_has_the_derivative_of_its_tensors():
    loss = function_loss()
    for one, weight in ((loss, 1.0), (2 * loss + make_loss("silence"), 2.0)):
        recording, trials = example("graded", 3)
        outcome = outcome_of(recording)
        outcome.readout.requires_grad_()
        given = differentiable_loss(one, outcome, trials)
        np.testing.assert_allclose(given.detach(), one(recording, trials), rtol=1e-12)
        (gradient,) = torch.autograd.grad(given.sum(), outcome.readout)
        (wanted,) = torch.autograd.grad(hinge_in_tensors(outcome, trials).sum(), outcome.readout)
        torch.testing.assert_close(gradient, weight * wanted)


def test_of_a_candidate_that_failed_it_is_infinite_and_of_the_others_it_is_not():
    recording, trials = example("graded", 3)
    failed = recording.failed.copy()
    failed[1, 0] = True
    given = differentiable_loss(
        function_loss(), outcome_of(replace(recording, failed=failed)), trials
    )
    assert torch.isinf(given).tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("in_tensors", "told"),
    [
        (lambda outcome, trials: 2 * hinge_in_tensors(outcome, trials), "the same function"),
        (lambda outcome, trials: hinge_in_tensors(outcome, trials).mean(), r"got shape \(\)"),
        (lambda outcome, trials: 1.0, "got float"),
    ],
)
def test_what_is_no_loss_or_another_one_is_refused_before_training(in_tensors, told, tmp_path):
    circuit = nt.models.rate(4, channels=6, classes=3)
    task = nt.tasks.StimulusIntegration(words=4, channels=6)
    with pytest.raises(InvalidInput, match=told):
        nt.train(
            circuit, task, loss=function_loss(in_tensors), optimizer="adam", out=tmp_path / "a"
        )
    assert not (tmp_path / "a").exists()


def test_it_can_be_trained_with(tmp_path):
    """Chance is 1/3."""
    result = nt.train(
        nt.models.rate(16, channels=6, classes=3, dt=2 * ms),
        nt.tasks.StimulusIntegration(words=9, channels=6),
        loss=function_loss(),
        optimizer="adam",
        optimizer_options={"learning_rate": 0.1, "clip_norm": 1.0},
        generations=40,
        validation_trials=100,
        test_trials=500,
        threads=1,
        progress=False,
        out=tmp_path / "run",
    )
    assert result.test_accuracy > 0.6
    assert result.metrics[-1]["loss"] < 0.7 * result.metrics[0]["loss"]
