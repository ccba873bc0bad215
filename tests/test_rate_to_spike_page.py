"""docs/rate-to-spike.md: its examples run as they stand, and everything public is told."""

import re

import pytest

from neurotrain import rate_to_spike
from neurotrain.rate_to_spike.tasks import task_names


@pytest.fixture(scope="module")
def page(top):
    return (top / "docs" / "rate-to-spike.md").read_text()


def test_examples_run(page):
    names: dict = {"__name__": "page"}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example, "rate-to-spike.md", "exec"), names)
    assert names["measured"].nmse < 0.05
    assert names["own"].nmse < 0.05
    assert names["first"].test_nmse.shape == (2,)
    exported = names["exported"].recorded.z.T
    assert rate_to_spike.nmse(exported, names["result"].test().signals).max() < 0.05


def test_everything_public_is_told(page):
    for name in set(rate_to_spike.__all__) - {"RateToSpike"}:
        assert re.search(rf"`{name}[`(]|rate_to_spike\.{name}\b", page), name
    for name in (*rate_to_spike.preset_names(), *task_names()):
        assert f"`{name}`" in page, name
