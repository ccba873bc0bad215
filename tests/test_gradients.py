"""Gradients of whole networks: finite differences of the loss, failures, refusals."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.gradients import (
    Differentiation,
    TruncatedGradient,
    differentiate,
    loss_and_gradient,
)
from neurotrain.losses import make_loss
from neurotrain.trials import Trials

torch = pytest.importorskip("torch")

N, CHANNELS, B, BINS = 4, 2, 3, 5
STEP = 1e-5


def trials_of(n_trials=B, seed=0, bin_ms=2.0):
    rng = np.random.default_rng(seed)
    return Trials(
        inputs=rng.normal(size=(n_trials, BINS, CHANNELS)),
        bin_ms=bin_ms,
        labels=rng.integers(0, 2, n_trials),
        periods={"decision": (2 * bin_ms, BINS * bin_ms)},
        targets=rng.normal(size=(n_trials, BINS, 2)),
        mask=rng.random((n_trials, BINS)) < 0.8,
    )


def rate(readout="graded", **options):
    size = {"channels": CHANNELS, "classes": 2}
    return nt.models.rate(N, **size, readout=readout, dt=0.2 * ms, **options)


def morris_lecar(readout="graded", **options):
    return nt.models.morris_lecar(N, channels=CHANNELS, classes=2, readout=readout, **options)


def constrained(readout="graded"):
    """Return a network of which every block is searched in another way."""
    plain = rate(readout)
    recurrent = nt.Parameter(nt.Normal(0, 0.5), dale=0.5, autapses=False)
    return nt.Circuit(
        plain.neurons,
        *plain.others,
        inputs=plain.inputs,
        readout=plain.readout,
        train={
            "recurrent.weight": recurrent,
            "input.weight": nt.Parameter(nt.Normal(0, 1), encoding=nt.LowRank(1)),
            "neurons.bias": nt.Parameter(nt.Normal(0.5, 0.1), transform="exp"),
            "readout.weight": nt.Parameter(encoding=nt.RandomSubspace(3)),
            "readout.bias": nt.Parameter(transform=nt.Bounded(-1.0, 1.0)),
        },
        initial={"x": nt.Normal(0, 0.1)},
        namespace={},
    )


def given(circuit, n_candidates=2, n_trials=B, seed=1):
    rng = np.random.default_rng(seed)
    drawn = [circuit.parameters.draw(rng) for _ in range(n_candidates)]
    candidates = np.stack(drawn) + 0.1 * rng.normal(size=(n_candidates, drawn[0].size))
    return candidates, trials_of(n_trials), circuit.draw_initial_state(n_trials, rng)


def simulated(circuit, candidates, trials, state, loss):
    recording = circuit.simulate(candidates, trials, state, execution="fused-float64", threads=1)
    return make_loss(loss)(recording, trials)


def differences(circuit, candidate, trials, state, loss):
    """Return central differences of the loss of one candidate by each of its parameters."""
    steps = STEP * np.diag(circuit.parameters.scale)
    ahead, behind = (
        simulated(circuit, candidate + sign * steps, trials, state, loss) for sign in (1, -1)
    )
    return (ahead - behind) / (2 * np.diag(steps))


CASES = {
    "rate": (rate, "graded", "cross-entropy"),
    "rate-trajectory": (rate, "trajectory", "trajectory-error"),
    "rate-logistic": (
        lambda readout: rate(readout, nonlinearity="logistic"),
        "graded",
        "cross-entropy",
    ),
    "constrained": (constrained, "graded", "cross-entropy"),
    "morris-lecar": (morris_lecar, "graded", "cross-entropy"),
    "morris-lecar-trajectory": (morris_lecar, "trajectory", "3*trajectory-error"),
    "morris-lecar-dale": (
        lambda readout: morris_lecar(readout, dale=0.5),
        "graded",
        "cross-entropy",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_finite_differences_of_the_fused_execution(case):
    """Over 50 steps; differences of a step h are wrong by h**2 and by rounding over h."""
    make, readout, loss = CASES[case]
    circuit = make(readout)
    candidates, trials, state = given(circuit)
    losses, gradients = loss_and_gradient(circuit, candidates, trials, state, loss)
    np.testing.assert_allclose(
        losses, simulated(circuit, candidates, trials, state, loss), rtol=1e-9
    )
    for candidate, gradient in zip(candidates, gradients, strict=True):
        expected = differences(circuit, candidate, trials, state, loss)
        scaled = np.abs(expected * circuit.parameters.scale).max() / circuit.parameters.scale
        assert (np.abs(gradient - expected) <= 1e-5 * scaled).all()
        assert (gradient != 0).mean() > 0.9


def test_the_gradient_of_a_candidate_does_not_depend_on_others():
    circuit = rate()
    candidates, trials, state = given(circuit, 3)
    together = loss_and_gradient(circuit, candidates, trials, state, "cross-entropy")[1]
    for one, alone in zip(candidates, together, strict=True):
        other = loss_and_gradient(circuit, one, trials, state, "cross-entropy")[1]
        np.testing.assert_allclose(other[0], alone, rtol=1e-9, atol=1e-12)


def test_by_the_readout_alone_it_is_that_part_of_the_whole():
    circuit = morris_lecar()
    candidates, trials, state = given(circuit)
    how = (circuit, candidates, trials, state, "cross-entropy")
    losses, whole = loss_and_gradient(*how)
    names = ["readout.weight", "readout.bias"]
    same, part = loss_and_gradient(*how, blocks=names)
    size = sum(block.size for block in circuit.parameters.blocks if block.name in names)
    np.testing.assert_allclose(same, losses, rtol=1e-9)
    np.testing.assert_allclose(part[:, -size:], whole[:, -size:], rtol=1e-6, atol=1e-12)
    assert (part[:, :-size] == 0).all() and (whole[:, :-size] != 0).any()


def test_by_some_blocks_it_is_that_part_of_the_whole():
    circuit = rate()
    how = (circuit, *given(circuit), "cross-entropy")
    whole = circuit.parameters.pull_back(how[1], {})
    for name in circuit.parameters.names:
        part = loss_and_gradient(*how, blocks=[name])[1]
        assert (part != 0).any()
        whole = whole + part
    np.testing.assert_allclose(whole, loss_and_gradient(*how)[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_candidate_that_fails_has_no_gradient_and_spoils_no_other(compiled):
    options = Differentiation(compiled=compiled)
    circuit = rate(nonlinearity="rectified-linear")
    candidates, trials, state = given(circuit, 3)
    alone = loss_and_gradient(circuit, candidates, trials, state, "cross-entropy", options)
    candidates[1] = 1e200
    losses, gradients = loss_and_gradient(
        circuit, candidates, trials, state, "cross-entropy", options
    )
    assert losses[1] == np.inf and np.isnan(gradients[1]).all()
    for k in (0, 2):
        assert losses[k] == pytest.approx(alone[0][k], rel=1e-9)
        np.testing.assert_allclose(gradients[k], alone[1][k], rtol=1e-9, atol=1e-12)


SPIKE_LOSSES = {
    "spike-count": ["spike-count-cross-entropy", "spike-count-margin + rate-band + silence"],
    "rate": ["cross-entropy"],
    "spike-train": ["rate-matching", "van-rossum"],
    "rate-trajectory": ["trajectory-error"],
}


@pytest.mark.parametrize(
    ("readout", "loss"), [(kind, loss) for kind, losses in SPIKE_LOSSES.items() for loss in losses]
)
def test_losses_of_spikes_have_surrogate_gradients(readout, loss):
    circuit = nt.models.leaky_integrate_and_fire(N, channels=CHANNELS, classes=2, readout=readout)
    candidates, trials, state = given(circuit)
    trials = trials_of(bin_ms=6.0)
    trials = replace(trials, targets=np.abs(np.rint(trials.targets)))
    result = differentiate(circuit, candidates, trials, state, loss)
    assert result.recording.spike_count.sum() > 0
    np.testing.assert_allclose(
        result.loss, simulated(circuit, candidates, trials, state, loss), rtol=1e-9
    )
    assert np.isfinite(result.gradient).all() and (result.gradient != 0).any()
    names = [block.name for block in circuit.parameters.blocks if "readout" not in block.name]
    within = differentiate(
        circuit, candidates, trials, state, loss, Differentiation(surrogate="none"), blocks=names
    )
    np.testing.assert_array_equal(within.gradient, 0)


def test_float32_is_near_float64():
    circuit = rate()
    how = (circuit, *given(circuit), "cross-entropy")
    exact = loss_and_gradient(*how)[1]
    near = loss_and_gradient(*how, Differentiation(precision="float32"))[1]
    assert near.dtype == np.float64 and not np.array_equal(near, exact)
    np.testing.assert_allclose(near, exact, rtol=1e-3, atol=1e-4 * np.abs(exact).max())


def test_threads_are_put_back():
    before = torch.get_num_threads()
    circuit = rate()
    loss_and_gradient(circuit, *given(circuit), "cross-entropy", threads=1)
    assert torch.get_num_threads() == before


def test_a_truncated_gradient_is_biased_and_repeats_itself():
    circuit = rate()
    candidates, trials, _ = given(circuit, 1)
    guides = [TruncatedGradient(circuit, "cross-entropy", steps) for steps in (None, 50, 5)]
    whole, uncut, cut = (guide(candidates[0], trials) for guide in guides)
    assert cut.shape == candidates[0].shape
    np.testing.assert_allclose(whole, uncut, rtol=1e-12)
    assert not np.allclose(whole, cut, rtol=1e-2)
    assert whole @ cut > 0
    np.testing.assert_array_equal(cut, guides[2](candidates[0], trials))
    few = TruncatedGradient(circuit, "cross-entropy", trials=1)
    first = TruncatedGradient(circuit, "cross-entropy")(candidates[0], trials.select(slice(1)))
    np.testing.assert_array_equal(few(candidates[0], trials), first)


@pytest.mark.parametrize(
    ("readout", "loss", "words"),
    [
        ("graded", "zero-one", "evolution strategies"),
        ("graded", "cross-entropy + zero-one", "zero-one"),
        ("first-spike", "zero-one", "FirstSpikeReadout"),
        ("graded", "cross-entrpy", "cross-entropy"),
        ("graded", "trajectory-error", "readout of trajectories"),
    ],
)
def test_what_cannot_be_differentiated_is_refused(readout, loss, words):
    circuit = morris_lecar(readout)
    with pytest.raises(InvalidInput, match=words):
        loss_and_gradient(circuit, *given(circuit), loss)


def test_unknown_blocks_are_refused():
    circuit = rate()
    with pytest.raises(InvalidInput, match="readout.weight"):
        loss_and_gradient(circuit, *given(circuit), "cross-entropy", blocks=["readout.wait"])


def test_without_pytorch_it_says_what_to_install(monkeypatch):
    circuit = rate()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InvalidInput, match=r"pip install 'neurotrain\[torch\]'"):
        loss_and_gradient(circuit, *given(circuit), "cross-entropy")
