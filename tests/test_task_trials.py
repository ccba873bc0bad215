"""Figures of what tasks show: everything that is there is drawn, where it is."""

import numpy as np
import pytest

from neurotrain.analysis.task_trials import task_overview, task_trials
from neurotrain.tasks import TASKS, ThreeBitMemory, WorkingMemory


@pytest.mark.parametrize("name", TASKS)
def test_every_task_can_be_drawn(name):
    figure = task_trials(TASKS[name](), 2)
    figure.canvas.draw()
    assert len(figure.axes) == 2
    assert figure.get_suptitle() == name


def test_traces_are_the_inputs():
    task = WorkingMemory(delay_ms=(100.0, 250.0))
    figure = task_trials(task, 3, seed=1)
    trials = task.draw(3, np.random.default_rng(1))
    for trial, axes in enumerate(figure.axes):
        values = [patch.get_data().values for patch in axes.patches if hasattr(patch, "get_data")]
        assert np.allclose(values[0], trials.inputs[trial, :, 0])
        assert np.allclose(values[1] + 1.4, trials.inputs[trial, :, 1])
        assert axes.get_title("left").startswith(f"class {trials.labels[trial]} (delay_ms ")
    assert {text.get_text() for text in figure.axes[0].texts} >= {"sample", "delay", "decision"}


def test_targets_are_drawn_where_they_count():
    figure = task_trials(ThreeBitMemory(), 1)
    trials = ThreeBitMemory().draw(1, np.random.default_rng(0))
    traces = [
        patch.get_data().values for patch in figure.axes[0].patches if hasattr(patch, "get_data")
    ]
    assert len(traces) == 3 + 2 * 3
    assert np.array_equal(np.isfinite(traces[4]), trials.mask[0])


def test_overview_has_a_trial_of_each():
    figure = task_overview([TASKS[name]() for name in ("go-no-go", "reach", "working-memory")])
    assert [axes.get_visible() for axes in figure.axes] == [True, True, True, False]
    assert "reach" in figure.axes[1].get_title("left")
