"""Where training starts: weights of another result, or values of some blocks, kept in the run."""

import numpy as np
import pytest
from test_trainer import SMALL, TASK, files, stub

import neurotrain as nt
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.training.config_file import read_config_file
from neurotrain.training.start import drawn_start

SIZE = 3 * 4 + 3


def train(folder, **changes):
    return nt.train(
        changes.pop("circuit", None) or stub(), TASK, out=folder, **{**SMALL, **changes}
    )


def test_training_goes_on_from_the_weights_of_another_result(tmp_path):
    first = train(tmp_path / "first", generations=60)
    second = train(tmp_path / "second", seed=5, start=first.weights)
    assert np.array_equal(second.initial_weights, first.weights)
    assert first.test_accuracy > 0.8 and second.test_accuracy > 0.8
    # The first candidates lie around it.
    assert np.array_equal(second.plan.make_optimizer().guess, first.weights)
    # A file holds no weights, so that another run by it would be another one.
    with pytest.raises(InvalidInput, match=r"start\.npz"):
        read_config_file(second.folder / "config.toml")
    again = nt.Result.load(second.folder, circuit=stub())
    assert np.array_equal(again.initial_weights, first.weights)
    assert (again.folder / "start.npz").is_file()


def test_blocks_that_are_not_given_are_drawn(tmp_path):
    bias = np.array([1.0, -2.0, 0.5])
    result = train(tmp_path / "run", seed=5, start={"readout.bias": bias})
    drawn = drawn_start(result.circuit.parameters, 5)
    assert np.array_equal(result.initial_weights[-3:], bias)
    assert np.array_equal(result.initial_weights[:-3], drawn[:-3])
    assert not np.array_equal(drawn[-3:], bias)


def test_the_start_of_a_run_without_one_is_drawn_and_not_kept(tmp_path):
    result = train(tmp_path / "run", seed=5)
    assert np.array_equal(result.initial_weights, drawn_start(result.circuit.parameters, 5))
    assert not (result.folder / "start.npz").exists()


@pytest.mark.parametrize("stop", [2, 6])
def test_interrupted_it_goes_on_to_the_same_result(stop, tmp_path):
    start = np.linspace(-1, 1, SIZE)
    whole = train(tmp_path / "whole", start=start)
    circuit = stub()
    simulate = circuit.simulate

    def interrupted(*args, **options):
        if len(circuit.calls) == stop:
            raise KeyboardInterrupt
        return simulate(*args, **options)

    circuit.simulate = interrupted
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", circuit=circuit, start=start)
    resumed = nt.resume(tmp_path / "run", circuit=stub(), progress=False)
    assert files(resumed.folder) == files(whole.folder)
    assert np.array_equal(resumed.initial_weights, start)
    (resumed.folder / "start.npz").unlink()
    with pytest.raises(RunFolderError, match=r"start\.npz"):
        nt.Result.load(resumed.folder, circuit=stub())


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (np.zeros(3), "Expected vectors of 15 parameters"),
        (np.zeros((2, SIZE)), "start must be one vector of 15 parameters"),
        (np.full(SIZE, np.nan), "NaN or infinity"),
        ({"readout.bias": np.array([1.0, np.inf, 0.0])}, "NaN or infinity"),
        ({"readout.bias": np.zeros(4)}, r"'readout.bias' has shape \(3,\)"),
        ({"readout.bia": np.zeros(3)}, "did you mean 'readout.bias'"),
    ],
)
def test_a_start_that_does_not_suit_is_refused_before_anything_is_written(start, told, tmp_path):
    with pytest.raises(InvalidInput, match=told):
        train(tmp_path / "run", start=start)
    assert not (tmp_path / "run").exists()
