"""docs/extending.md: its files run as they stand, and are as short as it says elsewhere."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

import neurotrain as nt
from neurotrain.cli import main
from neurotrain.errors import InvalidInput, UntrustedFile
from neurotrain.optimizers import make_optimizer, optimizer_class
from neurotrain.user_file import find_function

# The same on every Python.
pytestmark = pytest.mark.slow

MOST_LINES = 30


@pytest.fixture(scope="module")
def page(top: Path) -> str:
    return (top / "docs" / "extending.md").read_text()


@pytest.fixture
def files(page, tmp_path, monkeypatch) -> dict[str, str]:
    """The files of the page by their names, written into the current folder."""
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, re.DOTALL)
    for name, code in blocks:
        (tmp_path / name).write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(tmp_path / "cache"))
    yield dict(blocks)
    for name in [name for name in sys.modules if name.startswith("_neurotrain_user_")]:
        del sys.modules[name]


@pytest.fixture
def command(page) -> list[str]:
    (line,) = re.findall(r"^neurotrain (train .*)$", page, re.MULTILINE)
    short = "--generations 2 --trials 8"
    return [*shlex.split(line), *short.split()]


def test_each_is_one_short_file(files):
    assert [*files] == ["bursting.py", "edges.py", "quiet.py", "elite.py"]
    for name, code in files.items():
        assert len([line for line in code.splitlines() if line.strip()]) <= MOST_LINES, name


def test_they_are_trained_together_and_opened_again(files, command):
    assert main(command) == 0
    assert main(["resume", "run"]) == 0
    result = nt.Result.load("run")
    assert len(result.metrics) == 2
    assert (result.simulate(200)[0].spikes_per_neuron > 0.5).all()


def test_they_keep_the_rules(files):
    edges, elite = find_function("edges.py:Edges"), find_function("elite.py:Elite")
    nt.check_task(edges())
    nt.check_loss(find_function("quiet.py:quiet"))
    nt.check_optimizer(lambda start, scale, seed: elite(start, scale, seed=seed))


def test_options_of_an_optimizer_in_a_file_are_those_of_its_class(files):
    made = make_optimizer("elite.py:Elite", np.zeros(3), np.ones(3), seed=0, population_size=8)
    assert made.ask().shape == (8, 3)
    with pytest.raises(InvalidInput, match="sigma"):
        make_optimizer("elite.py:Elite", np.zeros(3), np.ones(3), seed=0, sigam=1.0)


def test_what_is_no_optimizer_is_refused(files):
    with pytest.raises(InvalidInput, match="must be the class of an optimizer"):
        optimizer_class("quiet.py:quiet")


def test_an_error_in_it_names_file_and_line(files):
    code = files["elite.py"].replace("super().__init__(", "super().__init__(1 / 0, ")
    Path("elite.py").write_text(code)
    with pytest.raises(InvalidInput, match=r"elite\.py:Elite', line 10, failed: ZeroDivisionError"):
        make_optimizer("elite.py:Elite", np.zeros(3), np.ones(3), seed=0)


@pytest.mark.parametrize("name", ["edges.py", "elite.py"])
def test_a_file_that_changed_is_asked_for_before_it_is_opened_again(files, command, name):
    main(command)
    for module in [module for module in sys.modules if module.startswith("_neurotrain_user_")]:
        del sys.modules[module]
    Path(name).write_text("raise SystemExit('executed')")
    with pytest.raises(UntrustedFile, match=re.escape(name)):
        nt.Result.load("run")


@pytest.mark.nightly
def test_workers_know_what_the_files_define(files, command):
    pytest.importorskip("loky")
    main(command)
    command[command.index("run")] = "shared"
    assert main([*command, "--executor", "processes", "--workers", "2"]) == 0
    alone, shared = (nt.Result.load(name).weights for name in ("run", "shared"))
    assert np.array_equal(alone, shared)
