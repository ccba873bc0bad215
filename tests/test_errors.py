"""Errors that end a program show what they say, also where Brian2 reports them."""

import subprocess
import sys

import pytest

# The same on every Python.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("failing", "is_ours"),
    [("nt.Normal(0, -1)", True), ("raise ValueError('of somebody else')", False)],
    ids=["ours", "another"],
)
def test_brian2_asks_for_a_report_of_errors_that_are_not_ours_alone(failing, is_ours):
    # Brian2 comes after neurotrain's errors, as where models are imported by name.
    script = f"import neurotrain as nt; nt.NeurotrainError; import brian2; {failing}"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.returncode == 1
    assert ("report this issue" in ran.stderr) != is_ours
    last = ran.stderr.strip().splitlines()[-1]
    assert ("InvalidInput: " if is_ours else "ValueError: of somebody else") in last
    assert "Traceback" in ran.stderr
