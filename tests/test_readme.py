"""The example of the README runs as it stands, but for its length."""

import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from brian2.devices.device import get_device, runtime_device

FULL, SHORT = "generations=200", "generations=2"


@pytest.fixture(scope="module")
def example(top: Path) -> str:
    text = (top / "README.md").read_text()
    found = re.search(r"<!-- example -->\n```python\n(.*?)```\n<!-- /example -->", text, re.DOTALL)
    return found[1]


@pytest.fixture(scope="module")
def names(example, tmp_path_factory) -> dict:
    """Return what the example leaves behind, run in a folder of its own."""
    assert example.count(FULL) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("readme"))
        namespace: dict = {"__name__": "readme"}
        exec(compile(example.replace(FULL, SHORT), "README.md", "exec"), namespace)
        namespace["cwd"] = Path.cwd()
    return namespace


def test_trained_weights_are_in_the_objects(names):
    trained = names["result"].parameters["recurrent.weight"]
    np.testing.assert_array_equal(np.asarray(names["recurrent"].weight), trained)
    start = names["circuit"].parameters.split(names["result"].initial_weights)
    assert (trained != start["recurrent.weight"]).mean() > 0.99


def test_plain_brian2_ran_with_them(names):
    assert names["spikes"].num_spikes > 0
    assert np.isclose(float(np.asarray(names["neurons"].t)), 0.2)
    assert get_device() is runtime_device


def test_figures_and_neo_block_are_there(names):
    figures = sorted((names["cwd"] / names["result"].folder / "figures").glob("*.png"))
    assert [path.stem for path in figures] == [
        "before-after",
        "learning-curve",
        "psychometric",
        "rasters",
    ]
    assert all(matplotlib.image.imread(path).std() > 0 for path in figures)
    block = names["block"]
    assert len(block.segments) == 20
    assert all(len(segment.spiketrains) == 64 for segment in block.segments)
    assert block.annotations["task"] == "stimulus-integration"
