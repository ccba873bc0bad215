"""Networks that between them use all of the generated code, run by two threads.

A script, so that the sanitizers of test_sanitizers.py can be loaded before Python is.
"""

import numpy as np
from brian2 import (
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeGeneratorGroup,
    Synapses,
    TimedArray,
    hertz,
    ms,
)

import neurotrain as nt
from neurotrain.models import morris_lecar
from neurotrain.neural_ode import VectorField, solve
from neurotrain.neural_ode.kernel import METHODS

NAMESPACE = {"tau": 20 * ms, "tau_s": 5 * ms, "given": TimedArray([0.1, 0.3], dt=5 * ms)}
OPTIONS = {"namespace": NAMESPACE, "dt": 0.1 * ms}


def spiking_circuit() -> nt.Circuit:
    """Return a network with every kind of synapse, noise, events and sources."""
    neurons = NeuronGroup(
        30,
        """dv/dt = (g + I + given(t) - v)/tau + 0.1*xi/sqrt(tau) : 1 (unless refractory)
        dg/dt = -g/tau_s : 1
        I : 1
        h : 1
        phase = v**2 : 1 (constant over dt)""",
        threshold="v > 1",
        reset="v = 0",
        refractory=2 * ms,
        events={"high": "v > 0.9"},
        method="euler",
        **OPTIONS,
    )
    neurons.run_on_event("high", "g *= 0.9")
    neurons.run_regularly("h += 0.1*rand()", dt=1 * ms)
    others = NeuronGroup(
        5,
        "dv/dt = (1.2 + u - v)/tau : 1\nu : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        **OPTIONS,
    )
    noise = PoissonGroup(10, 100 * hertz, dt=0.1 * ms)
    given = SpikeGeneratorGroup(3, [0, 1, 2, 0], [1, 2, 3, 7] * ms, dt=0.1 * ms)
    plastic = Synapses(
        neurons,
        neurons,
        """w : 1
        dA/dt = -A/tau_s : 1 (event-driven)
        dc/dt = -c/tau_s : 1 (clock-driven)""",
        on_pre="g_post += w\nA += 1\nc += rand()",
        on_post="w = clip(w + 0.01*A, 0, 1)",
        delay={"pre": 1 * ms},
        method="exact",
        **OPTIONS,
    )
    plastic.connect(condition="i != j and (i + j) % 3 == 0")
    delayed = Synapses(noise, neurons, on_pre="v_post += 0.1", **OPTIONS)
    delayed.connect(j="k for k in range(i, 30, 3)")
    delayed.delay = "(i % 4)*0.5*ms"
    driving = Synapses(given, neurons, on_pre="v_post += 0.5", **OPTIONS)
    driving.connect(j="i")
    summed = Synapses(others, neurons[3:20], "q : 1\nI_post = q*v_pre : 1 (summed)", **OPTIONS)
    summed.connect()
    gap = Synapses(neurons, others, "u_post = tanh(v_pre - v_post) : 1 (summed)", **OPTIONS)
    gap.connect(condition="i < 10")
    poisson = PoissonInput(neurons, "v", 10, 10 * hertz, 0.05)
    members = [others, noise, given, plastic, delayed, driving, summed, gap, poisson]
    return nt.Circuit(
        neurons,
        *members,
        readout=nt.SpikeCountReadout(pools=2),
        train={f"{plastic.name}.w": nt.Uniform(0, 0.2)},
        initial={"v": nt.Uniform(0, 1)},
        namespace={},
    )


def run(circuit: nt.Circuit, n_trials: int, execution: str) -> None:
    """Simulate three candidates on trials that do not fill the last vector."""
    rng = np.random.default_rng(0)
    candidates = np.stack([circuit.parameters.draw(rng) for _ in range(3)])
    trials = nt.Trials(
        inputs=rng.normal(size=(n_trials, 4, circuit.channels)),
        bin_ms=5.0,
        labels=np.zeros(n_trials, int),
        periods={"decision": (0.0, 20.0)},
    )
    recording = circuit.simulate(
        candidates,
        trials,
        circuit.draw_initial_state(n_trials, rng),
        execution=execution,
        threads=2,
        states=("v",),
    )
    assert recording.spike_count.sum() and not recording.failed.any()


def solve_fields(method: str, precision: str) -> None:
    """Solve vector fields whose layers do not fill vectors, absurd ones too, and differentiate."""
    rng = np.random.default_rng(0)
    for activation, sizes in (("tanh", (1, 1, 0)), ("gelu", (9, 17, 2)), ("relu", (2, 130, 1))):
        field = VectorField(*sizes, activation=activation)
        parameters = rng.normal(size=(4, field.size)) * field.parameter_scale()
        parameters[2] *= 1e6
        parameters[3, 0] = np.nan
        solution = solve(
            *(field, parameters, rng.normal(size=(3, sizes[0])), np.logspace(-2, 1, 4)),
            method=method,
            precision=precision,
            rtol=1e-3,
            log_time=True,
            max_steps=300,
            threads=2,
            keep=True,
        )
        gradient = solution.gradient(np.ones_like(solution.states))
        assert np.isfinite(gradient[:2]).all() and not solution.failed[:2].any()


if __name__ == "__main__":
    for method in METHODS:
        solve_fields(method, "float32")
        solve_fields(method, "float64")
    for execution in ("fused", "fused-float64"):
        run(morris_lecar(7), 5, execution)
        run(spiking_circuit(), 19, execution)
    print("all ran")
