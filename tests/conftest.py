"""Settings that every test shares: no window, no chatter, the same examples each time."""

import gc
import os

# Matplotlib reads it when it is first imported, here or in a process that a test starts.
os.environ["MPLBACKEND"] = "Agg"

from pathlib import Path

import pytest
from brian2 import BrianLogger, prefs
from hypothesis import settings

BrianLogger.log_level_error()

# Compiling an object for the reference takes longer than the short runs of tests.
prefs.codegen.target = "numpy"

# Derandomized, so that a failure in one place is a failure everywhere; without a deadline,
# since a loaded machine is no fault of the code.
settings.register_profile("neurotrain", derandomize=True, deadline=None)
settings.load_profile("neurotrain")


@pytest.fixture(scope="session")
def top() -> Path:
    """Return the top folder of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True, scope="module")
def short_collections():
    """Keep what exists out of garbage collections, of which Brian2 makes one in each run.

    Before each module, since torch and others are imported only by the tests that need them.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def compiled_quickly():
    """Compile networks in half the time that the options of a user's own runs take.

    For tests of many short runs, whose subject is not what the compiler makes of the code.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROTRAIN_CXXFLAGS", "-O1")
        yield
