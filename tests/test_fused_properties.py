"""Drawn networks: one candidate and trial of a batch, in double precision, is what Brian2 gives."""

from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms
from hypothesis import example, given, settings
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain.trials import Trials

# The generated code is the same on every Python.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_quickly")]

STEPS = 40
REFRACTORY = {"none": False, "time": "0.7*ms", "condition": "v > 0.2", "own": "pause"}


@dataclass(frozen=True)
class Case:
    """What the generated code depends on, and the sizes and values that it must not."""

    neurons: int = 1
    candidates: int = 1
    trials: int = 1
    channels: int = 0
    connect: str = "all"
    gain: bool = False
    reset: str | None = "v = 0.1*w"
    refractory: str = "none"
    method: str = "euler"
    observe: bool = False
    seed: int = 0


cases = st.builds(
    Case,
    neurons=st.integers(1, 40),
    candidates=st.integers(1, 5),
    trials=st.integers(1, 40),
    channels=st.integers(0, 5),
    connect=st.sampled_from(["all", "others", "some", "several", "none"]),
    gain=st.booleans(),
    reset=st.sampled_from([None, "", "v = 0.1*w", "v -= 1\nw += 0.1"]),
    refractory=st.sampled_from(list(REFRACTORY)),
    method=st.sampled_from(["euler", "rk2", "rk4", "heun", "exponential_euler"]),
    observe=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)


def build(case: Case) -> nt.Circuit:
    rng = np.random.default_rng(case.seed)
    spiking = case.reset is not None
    neurons = NeuronGroup(
        case.neurons,
        """dv/dt = (bias + drive + stimulus - v - w)/tau : 1
        dw/dt = (0.5*tanh(v) - w)/(7*ms) : 1
        product = v*w : 1
        bias : 1
        drive : 1
        stimulus : 1
        tau : second
        pause : second""",
        threshold="v > 0.3" if spiking else None,
        reset=case.reset if spiking else None,
        refractory=REFRACTORY[case.refractory] if spiking else False,
        method=case.method,
        dt=0.1 * ms,
        name="drawn*",
    )
    neurons.tau = rng.uniform(2, 20, case.neurons) * ms
    neurons.pause = rng.uniform(0, 2, case.neurons) * ms
    neurons.w = rng.normal(size=case.neurons)
    gain = "*(1 - 0.5*v_post)" if case.gain else ""
    recurrent = Synapses(
        neurons,
        neurons,
        f"weight : 1\nfixed : 1\ndrive_post = weight*fixed*tanh(v_pre){gain} : 1 (summed)",
        name="drawn_synapses*",
    )
    connect(recurrent, case, rng)
    if len(recurrent):
        recurrent.fixed = rng.uniform(0.5, 1.5, len(recurrent))
    starts = {"neurons.bias": nt.Normal(0.3, 1)}
    if len(recurrent):
        starts["recurrent.weight"] = nt.Normal(0, 2 / np.sqrt(case.neurons))
    if case.channels:
        starts["input.weight"] = nt.Normal(0, 1)
    return nt.Circuit(
        neurons,
        *([recurrent] if len(recurrent) else []),
        inputs=nt.Input("stimulus", case.channels) if case.channels else None,
        readout=nt.GradedReadout("product", 2) if case.observe else nt.SpikeCountReadout(1),
        train=starts,
        initial={"v": nt.Normal(0, 0.5)},
        namespace={},
    )


def connect(recurrent: Synapses, case: Case, rng: np.random.Generator) -> None:
    n = case.neurons
    pairs = rng.integers(0, n, size=(2, 3 * n))
    if case.connect == "all":
        recurrent.connect()
    elif case.connect == "others" and n > 1:
        recurrent.connect(condition="i != j")
    elif case.connect == "some":
        pairs = np.unique(pairs, axis=1)
        recurrent.connect(i=pairs[0], j=pairs[1])
    elif case.connect == "several":
        recurrent.connect(i=pairs[0], j=pairs[1], n=2)


@example(case=Case())
@example(case=Case(connect="several", gain=True, refractory="condition", observe=True))
@example(case=Case(neurons=1, trials=1, candidates=2, channels=1, reset=None, method="rk2"))
@example(case=Case(neurons=40, trials=40, candidates=2, channels=5, refractory="own"))
@example(case=Case(neurons=17, trials=9, candidates=3, channels=2, connect="some", method="rk4"))
@settings(max_examples=12)
@given(case=cases)
def test_one_of_a_batch_is_what_brian2_gives(case):
    circuit = build(case)
    rng = np.random.default_rng(case.seed)
    trials = Trials(
        inputs=rng.normal(size=(case.trials, STEPS // 4, case.channels)),
        bin_ms=0.4,
        labels=np.zeros(case.trials, dtype=int),
        periods={"decision": (1.2, 3.1)},
    )
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(case.candidates)])
    initial = circuit.draw_initial_state(case.trials, rng)
    p, b = rng.integers(case.candidates), rng.integers(case.trials)
    options = {"states": ("v", "w"), "sample_ms": 0.3, "bins_ms": np.arange(0.1, 4.0, 0.1)}
    batch = circuit.simulate(candidates, trials, initial, execution="fused-float64", **options)
    chosen = Trials(trials.inputs[[b]], trials.bin_ms, trials.labels[[b]], trials.periods)
    own = {name: values[[b]] for name, values in initial.items()}
    alone = circuit.simulate(candidates[[p]], chosen, own, execution="brian2", **options)
    shape = (case.candidates, case.trials)
    assert batch.failed.shape == shape
    assert batch.spike_count.shape == (*shape, STEPS, case.neurons)
    assert batch.state["v"].shape == (*shape, 14, case.neurons)
    np.testing.assert_array_equal(batch.spike_count[p, b], alone.spike_count[0, 0])
    for name in ("v", "w"):
        np.testing.assert_allclose(batch.state[name][p, b], alone.state[name][0, 0], atol=1e-11)
    np.testing.assert_allclose(batch.readout[p, b], alone.readout[0, 0], atol=1e-11)


@given(
    neurons=st.integers(1, 40),
    candidates=st.integers(1, 5),
    trials=st.integers(1, 40),
    channels=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=30)
def test_coupling_and_input_are_the_sums_that_they_are_written_as(
    neurons, candidates, trials, channels, seed
):
    """One step from known states, against numpy: every size, at the cost of no compilation."""
    case = Case(neurons, candidates, trials, channels, "several", gain=True, seed=seed)
    circuit = build(case)
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(trials, 1, channels))
    vectors = np.array([circuit.parameters.draw(rng) for _ in range(candidates)])
    initial = circuit.draw_initial_state(trials, rng)
    initial["v"] = rng.uniform(-1, 0.25, (trials, neurons))
    # A sample lies at the start of a step, so that a second step shows where the first ended.
    twice = np.repeat(inputs, 2, axis=1)
    two = Trials(twice, 0.1, np.zeros(trials, dtype=int), {"decision": (0.0, 0.2)})
    got = circuit.simulate(vectors, two, initial, execution="fused-float64", states=("w", "v"))
    blocks = circuit.parameters.split(vectors)
    synapses = circuit.synapses[0]
    matrix = np.zeros((candidates, neurons, neurons))
    weight = blocks["recurrent.weight"] * np.array(synapses.fixed)
    np.add.at(matrix, (slice(None), np.array(synapses.j), np.array(synapses.i)), weight)
    v, w = initial["v"], initial["w"]
    drive = np.einsum("pij,bj->pbi", matrix, np.tanh(v)) * (1 - 0.5 * v)
    stimulus = np.einsum("pik,bk->pbi", blocks["input.weight"], inputs[:, 0])
    slope = blocks["neurons.bias"][:, None] + drive + stimulus - v - w
    after = v + 1e-4 / np.array(circuit.neurons.tau) * slope
    after = np.where(after > 0.3, 0.1 * got.state["w"][:, :, 1], after)
    np.testing.assert_allclose(got.state["v"][:, :, 1], after, atol=1e-12)
