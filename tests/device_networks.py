"""Networks whose sizes are no multiple of any tile, and how simulations of them are compared."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import neurotrain as nt
from neurotrain.errors import CompilerNotFound
from neurotrain.executions.fused_cuda import compiler
from neurotrain.models import MODELS, morris_lecar
from neurotrain.recording import Recording
from neurotrain.trials import Trials

NEURONS, CANDIDATES, TRIALS, DURATION_MS = 13, 3, 5, 30.0
NO_GPU = "there is no GPU with its driver"
NO_NVCC = "the CUDA toolkit's own nvcc is missing"


@dataclass(frozen=True)
class Simulation:
    """A circuit with candidates and trials.

    Parameters
    ----------
    name : str
        Of one of the models.
    neurons, candidates, trials : int
    """

    name: str
    neurons: int = NEURONS
    candidates: int = CANDIDATES
    trials: int = TRIALS
    duration_ms: float = DURATION_MS

    def run(self, execution: str, **options: object) -> Recording:
        """Simulate, with the first state traced."""
        circuit = MODELS[self.name](self.neurons)
        rng = np.random.default_rng(3)
        candidates = np.array([circuit.parameters.draw(rng) for _ in range(self.candidates)])
        trials = Trials(
            rng.normal(size=(self.trials, 6, circuit.channels)), self.duration_ms / 6,
            np.zeros(self.trials, int), {"decision": (self.duration_ms / 2, self.duration_ms)},
        )  # fmt: skip
        initial = circuit.draw_initial_state(self.trials, rng)
        state = "x" if "x" in circuit.states else "v"
        options = {"states": (state,)} | options
        return circuit.simulate(candidates, trials, initial, execution=execution, **options)


def assert_close(one: Recording, other: Recording, tolerance: float) -> None:
    """Spike for spike, and within a part of the largest value; what failed fails in both."""
    np.testing.assert_array_equal(one.failed, other.failed)
    np.testing.assert_array_equal(one.spike_count, other.spike_count)
    for name, values in other.state.items():
        scale = {"rtol": tolerance, "atol": tolerance * np.nanmax(np.abs(values))}
        np.testing.assert_allclose(one.state[name], values, **scale)
        np.testing.assert_allclose(one.average[name], other.average[name], **scale)
    np.testing.assert_allclose(one.readout, other.readout, rtol=tolerance, atol=tolerance)


def assert_same_training(execution: str, folder: Path) -> None:
    """Train for 5 generations on a processor too, and compare all metrics."""
    metrics = []
    for one in ("fused-float64", execution):
        nt.train(
            morris_lecar(7, channels=4), "stimulus-integration", generations=5, seed=1, trials=3,
            optimizer_options={"population_size": 4}, validation_trials=4, test_trials=4,
            task_options={"words": 4, "channels": 4, "bin_ms": 5.0, "decision_ms": 10.0},
            execution=one, out=folder / one, progress=False,
        )  # fmt: skip
        lines = (folder / one / "metrics.jsonl").read_text().splitlines()
        metrics.append([json.loads(line) for line in lines])
    assert len(metrics[0]) >= 5
    for one, other in zip(*metrics, strict=True):
        same = {name for name in one if "seconds" not in name and not isinstance(one[name], str)}
        for name in same - {"time"}:
            assert one[name] == pytest.approx(other[name], rel=1e-9), name


def same_bits(one: Recording, other: Recording) -> bool:
    """Return whether every recorded number is the same."""
    names = ("spike_count", "readout", "failed")
    return all(
        np.array_equal(getattr(one, n), getattr(other, n), equal_nan=True) for n in names
    ) and all(
        np.array_equal(values, other.state[name], equal_nan=True)
        for name, values in one.state.items()
    )


def has_gpu() -> bool:
    """Return whether the driver finds a GPU."""
    return compiler.processors() > 0


def real_nvcc() -> str:
    """Return the path of NVIDIA's own compiler, or nothing."""
    if "CUDA_PATH" in os.environ and "emulation" in os.environ["CUDA_PATH"]:
        return ""
    try:
        path = compiler.find_nvcc()
    except CompilerNotFound:
        return ""
    told = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    return str(path) if "NVIDIA" in told else ""
