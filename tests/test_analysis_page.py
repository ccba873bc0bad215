"""docs/analysis.md: its examples run as they stand, and everything public is told."""

import re
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

import neurotrain as nt

# The same on every Python.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_quickly")]


@pytest.fixture(scope="module")
def page(top):
    return (top / "docs" / "analysis.md").read_text()


@pytest.fixture(scope="module")
def names(page, tmp_path_factory):
    """Return what the examples make, without those of Elephant where it is not installed."""
    made: dict = {"__name__": "page"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
            if "elephant" not in example:
                exec(compile(example, "analysis.md", "exec"), made)
            elif find_spec("elephant"):
                with warnings.catch_warnings():
                    # Elephant passes what newer quantities call deprecated.
                    warnings.simplefilter("ignore")
                    exec(compile(example, "analysis.md", "exec"), made)
    return made


def test_statistics_are_of_the_shapes_told(names):
    assert names["counts"].shape == (60, 2000, 16)
    assert names["rates"].shape == names["cv"].shape == (60, 16)
    assert names["fano"].shape == (16,)
    assert names["histogram"].rate_hz.shape == (3, 20, 16)
    assert names["trajectories"].trajectory.shape == (3, 20, 3)
    assert names["tuning"].eta_squared.shape == (16,)
    assert names["decoding"].accuracy.shape == (4,)


def test_elephant_finds_the_same(names):
    pytest.importorskip("elephant", reason="elephant is not installed")
    assert float(names["rate"]) == pytest.approx(names["rates"][0, 0])
    rough = nt.analysis.psth(*names["fine"]).rate_hz[0, :, 0]
    np.testing.assert_allclose(names["in_time"].magnitude[:, 0], rough, rtol=1e-6)
    assert names["distances"].shape == (60, 60)


def test_recorded_spike_trains_are_learned(names):
    assert (names["task"].channels, names["task"].outputs) == (2, 2)
    assert names["task"].recorded.targets.sum() == 14
    assert np.isfinite(names["learned"].test_accuracy)


def test_everything_public_is_told(page):
    for name in nt.analysis.__all__:
        assert re.search(rf"`{name}[`(]", page), name
