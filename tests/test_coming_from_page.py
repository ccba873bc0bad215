"""docs/coming-from.md: every name of ours on the page is there, and every link leads somewhere."""

import re
from functools import reduce
from pathlib import Path

import pytest

import neurotrain as nt

# The same on every Python.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ours(top: Path) -> str:
    """The right columns of all tables."""
    rows = (top / "docs" / "coming-from.md").read_text().splitlines()
    return "\n".join(row.rsplit(" | ", 1)[1] for row in rows if row.startswith("| "))


def test_names_are_there(ours):
    names = set(re.findall(r"\bnt\.([\w.]+\w)", ours))
    assert len(names) > 20
    missing = object()
    for name in names:
        if name.startswith("learning_rules.predictive_coding"):
            pytest.importorskip("torch")
        found = reduce(lambda of, part: getattr(of, part, missing), name.split("."), nt)
        assert found is not missing, name


def test_attributes_are_there(ours):
    for name in set(re.findall(r"\bresult\.(\w+)", ours)):
        assert hasattr(nt.Result, name) or name in nt.Result.__dataclass_fields__, name
    optimizer = nt.optimizers.make_optimizer("snes", [0.0], [1.0], seed=0, population_size=64)
    for name in set(re.findall(r"\boptimizer\.(\w+)", ours)):
        assert hasattr(optimizer, name), name


def test_optimizers_go_by_their_names(ours):
    names = nt.optimizers.optimizer_names() + nt.optimizers.gradient_descent_names()
    for name in set(re.findall(r'optimizer="([^":]+)"', ours)):
        assert name in names


def test_headings_that_are_linked_to_are_there(top, ours):
    for page, heading in re.findall(
        r"\]\(([\w-]+\.md)#([\w-]+)\)", (top / "docs/coming-from.md").read_text()
    ):
        headings = re.findall(r"^#+ (.*)$", (top / "docs" / page).read_text(), re.MULTILINE)
        assert heading in {
            re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings
        }
