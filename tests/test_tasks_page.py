"""docs/tasks.md: its examples run as they stand, and its table is that of the catalog."""

import re
import shlex
from argparse import Namespace
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import neurotrain as nt
from neurotrain import catalog
from neurotrain.signal_tasks import SignalTask
from neurotrain.tasks import TASKS
from neurotrain.training.command_line import training_arguments
from neurotrain.training.curriculum import make_curriculum


@pytest.fixture(scope="module")
def page(top: Path) -> str:
    return (top / "docs" / "tasks.md").read_text()


def rows(page: str) -> dict[str, list[str]]:
    """Return the cells of each row of the table of all tasks."""
    table = page.split("## All of them")[1].split("![")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {row[0].strip("`"): row[1:] for row in cells if row and row[0].startswith("`")}


def test_examples_run(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {"__name__": "page"}
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        exec(compile(block, "tasks.md", "exec"), namespace)
    assert namespace["curriculum"].values == (100.0, 250.0, 500.0)
    task = namespace["AntiPulse"](delay_ms=nt.Between(0.0, 50.0))
    assert len(set(task.draw(50, np.random.default_rng(1)).conditions["delay_ms"])) == 6


def test_options_on_the_command_line_are_understood(page):
    commands = re.findall(r"^neurotrain train (?:.*\\\n)*.*", page, re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        given = [word for before, word in pairwise(words) if before == "--option"]
        arguments = training_arguments(Namespace(task=words[2], option=given))
        task = catalog.build("tasks", arguments["task"], **arguments.get("task_options", {}))
        curriculum = make_curriculum(arguments.get("curriculum"))
        assert curriculum is None or len(curriculum.levels(task)) == 4


def test_table_is_that_of_the_catalog(page):
    assert rows(page).keys() == TASKS.keys()


@pytest.mark.parametrize("name", TASKS)
def test_row_tells_the_task(name, page):
    _, answer, durations, own = rows(page)[name]
    task = TASKS[name]()
    count = task.classes or task.outputs
    assert answer.startswith(f"{count} {'class' if task.classes else 'output'}")
    assert bool(re.search(r"0\.\d", answer)) == bool(task.classes)
    if name not in ("ready-set-go", "stimulus-integration", "two-pool-decision"):
        told = [float(number) for number in re.findall(r"\d+", durations)]
        periods = [stop - start for start, stop in task.periods.values()]
        assert sorted(filter(None, told)) == sorted(periods)
    settings = {field.name for field in fields(task)}
    if isinstance(task, SignalTask):
        settings -= {field.name for field in fields(SignalTask)}
    told = set(re.findall(r"`(\w+)`", own))
    assert told <= settings
    periods = {field for field in settings if field.endswith("_ms")} | {"bin_ms"}
    assert settings - told <= periods


def test_defaults_of_the_noise_are_told(page):
    noisy = {name for name in TASKS if getattr(TASKS[name], "sigma", 0) == 1.0}
    told = ("delayed-", "perceptual-", "context-")
    assert noisy == {name for name in TASKS if name.startswith(told)}
    assert nt.tasks.TwoPoolDecision().sigma == 2.5
    others = noisy | {"two-pool-decision", "stimulus-integration"}
    assert all(TASKS[name]().sigma == 0 for name in TASKS if name not in others)
    # Bins, told beside it.
    assert {TASKS[name]().bin_ms for name in TASKS if name not in others} == {5.0, 10.0}
