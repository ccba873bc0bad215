"""Examples in docstrings do what they say."""

import doctest
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import neurotrain.models
import neurotrain.tasks

# The same on every Python.
pytestmark = pytest.mark.slow


def sources(package: ModuleType) -> set[str]:
    """Return the names of modules that have an example, without importing them."""
    [folder] = map(Path, package.__path__)
    found = (path for path in folder.rglob("*.py") if ">>> " in path.read_text("utf-8"))
    parts = (path.relative_to(folder).with_suffix("").parts for path in found)
    inside = ([part for part in each if part != "__init__"] for each in parts)
    return {".".join([package.__name__, *each]) for each in inside}


MODULES = sorted(set().union(*map(sources, (neurotrain, neurotrain.tasks, neurotrain.models))))


@pytest.mark.parametrize("name", MODULES)
def test_examples_do_what_they_say(name):
    found = doctest.testmod(import_module(name))
    assert found.attempted and not found.failed
