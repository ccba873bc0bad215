"""The fused kernel on a device: emulated, compiled for every architecture, and run on a GPU."""

import numpy as np
import pytest
from device_networks import NO_GPU, NO_NVCC, Simulation, assert_close, has_gpu, real_nvcc, same_bits
from emulated_cuda import ORDERS, emulation

from neurotrain.errors import CompilerNotFound, DeviceFailed, UnsupportedModel
from neurotrain.executions.fused.values import Span
from neurotrain.executions.fused_cuda import compiler, kernel, refusals
from neurotrain.models import MODELS

# The same on every Python.
pytestmark = pytest.mark.slow

gpu = [pytest.mark.gpu, pytest.mark.skipif(not has_gpu(), reason=NO_GPU)]
DEFAULT = ("morris-lecar", "leaky-integrate-and-fire", "rate")
LEFT_OUT = [pytest.param(one, marks=pytest.mark.nightly) for one in MODELS if one not in DEFAULT]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def emulated(monkeypatch, folder):
    """A CPU takes the part of a GPU."""
    for name, value in emulation().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(folder))
    monkeypatch.setenv("NEUROTRAIN_NVCCFLAGS", "-O1")
    monkeypatch.setenv("CUDA_EMULATION_GUARD", "0")
    kernel._compiled.cache_clear()
    yield monkeypatch
    kernel._compiled.cache_clear()
    kernel._source.cache_clear()


def orders(simulation, monkeypatch, execution, chosen=ORDERS):
    """Return what every order of threads gives."""
    found = []
    for order in chosen:
        monkeypatch.setenv("CUDA_EMULATION_ORDER", order)
        found.append(simulation.run(execution))
    return found


# --- emulated


@pytest.mark.parametrize("name", [*DEFAULT, *LEFT_OUT])
def test_an_emulated_device_does_what_a_processor_does(emulated, name):
    reference = Simulation(name).run("fused-float64")
    assert name == "rate" or reference.spike_count.sum() > 10
    forward, reverse = orders(Simulation(name), emulated, "fused-cuda-float64", ORDERS[:2])
    assert_close(forward, reference, 1e-10)
    assert same_bits(reverse, forward)


def test_single_precision_is_that_of_a_processor(emulated):
    simulation = Simulation("leaky-integrate-and-fire")
    assert_close(simulation.run("fused-cuda"), simulation.run("fused"), 2e-5)


def test_neither_the_size_of_a_block_nor_its_trials_change_a_bit(emulated):
    simulation = Simulation("leaky-integrate-and-fire")
    reference = simulation.run("fused-cuda-float64")
    emulated.setattr(kernel, "MOST_TRIALS", 2)
    emulated.setattr(kernel, "FEWEST_TRIALS", 2)
    emulated.setattr(kernel, "MOST_THREADS", 32)
    assert same_bits(simulation.run("fused-cuda-float64"), reference)
