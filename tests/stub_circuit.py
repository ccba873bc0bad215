"""A circuit without neurons for tests of training: its readout is linear in the mean input.

Given to the command line as FILE.py:FUNCTION, as a user's own model would be.
"""

import time
from types import SimpleNamespace

import numpy as np

from neurotrain.distributions import Normal
from neurotrain.parameters.space import Block, ParameterSpace
from neurotrain.recording import Recording


class StubCircuit:
    """The part of a Circuit that training uses; keeps what it was asked to simulate."""

    n_neurons = 2
    dt_ms = 0.5

    def __init__(self, channels, classes, readout, delay_ms=0.0, fails_above=np.inf):
        self.channels = channels
        self.readout = SimpleNamespace(
            kind=readout,
            classes=0 if readout == "trajectory" else classes,
            outputs=classes if readout == "trajectory" else 0,
        )
        self.fingerprint = f"stub-{channels}-{classes}-{readout}"
        self.delay_ms, self.fails_above = delay_ms, fails_above
        self.parameters = ParameterSpace(
            (
                Block("input.weight", (classes, channels), Normal(0, 0.1), 1.0),
                Block("readout.bias", (classes,), np.zeros(classes), 1.0),
            )
        )
        self.calls, self.applied = [], None

    def draw_initial_state(self, n_trials, rng):
        return {"v": rng.normal(size=(n_trials, self.n_neurons))}

    def simulate(self, candidates, trials, initial_state, *, execution="fused", threads=None, **_):
        self.calls.append((candidates, trials, initial_state, threads))
        time.sleep(self.delay_ms * 1e-3)
        values = self.parameters.split(candidates)
        noise = 0.01 * initial_state["v"].sum(axis=1)[None, :, None]
        # An explicit sum over channels: matrix products round differently for other sizes.
        drive = sum(
            values["input.weight"][:, None, :, k] * trials.inputs.mean(axis=1)[None, :, k, None]
            for k in range(self.channels)
        )
        readout = drive + values["readout.bias"][:, None] + noise
        if self.readout.kind == "spike-count":
            readout = np.floor(np.maximum(0, 3 + 3 * readout))
        failed = np.broadcast_to(candidates[:, :1] > self.fails_above, readout.shape[:2])
        count = np.floor(np.abs(initial_state["v"])).astype(int)[None, :, None, :]
        output = None
        if self.readout.outputs:
            output = self._output(values, trials)
            output = np.where(failed[..., None, None], np.nan, output)
            readout = readout[..., :0]
        return Recording(
            spike_count=np.repeat(count, len(candidates), axis=0),
            bin_edges_ms=np.array([0, trials.duration_ms]),
            readout=np.where(failed[..., None], np.nan, readout),
            failed=failed,
            output=output,
        )

    def _output(self, values, trials):
        """Return what follows the input in each bin."""
        drive = sum(
            values["input.weight"][:, None, None, :, k] * trials.inputs[None, :, :, k, None]
            for k in range(self.channels)
        )
        return drive + values["readout.bias"][:, None, None]

    def blocked_share(self, recording):
        return np.zeros(len(recording.failed))

    def apply(self, vector):
        self.applied = vector


def linear(neurons=2, *, channels, classes, readout, delay_ms=0.0, fails_above=np.inf):
    """Return a stub, as the builder of a model."""
    if neurons < 1:
        raise ValueError("too few neurons")
    return StubCircuit(channels, classes, readout, delay_ms, fails_above)


def wrong_units(neurons=2, *, channels, classes, readout):
    """Fail as a model with a mistake in an equation does."""
    from brian2 import mV, second

    return neurons * mV + second


def not_a_circuit(neurons=2, *, channels, classes, readout):
    """Return something else than a circuit."""
    return 42


def without_readout(neurons=2, *, channels, classes):
    """Lack a keyword that every builder must take."""


def interrupts(neurons=2, *, channels, classes, readout):
    """Return a stub that is interrupted while it simulates, as by Ctrl-C."""
    circuit = StubCircuit(channels, classes, readout)
    simulate = circuit.simulate

    def interrupted(*args, **options):
        if len(circuit.calls) == 5:
            raise KeyboardInterrupt
        return simulate(*args, **options)

    circuit.simulate = interrupted
    return circuit
