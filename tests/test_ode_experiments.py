"""What the experiments on stiff equations share: tuning, kept trainings, rows and curves."""

import numpy as np
import pytest

from neurotrain.analysis.loss_curves import loss_curves_figure
from neurotrain.analysis.width_errors import width_errors_figure
from neurotrain.experiments import Setting, ode_arms, overparameterised
from neurotrain.experiments.ode_arms import DESCENDING, EVOLVING, Arm, Plan, compared, row
from neurotrain.experiments.trainings import BACKPROPAGATION, EVOLUTION
from neurotrain.neural_ode import Fit, History, OdeProblem, Training, VectorField

TIMES = np.linspace(0, 1, 5)
PLAN = Plan(0.05, 0.02, (0, 1), 2, 5)


@pytest.fixture
def fit():
    problem = OdeProblem(TIMES, np.stack([np.cos(TIMES), 1 + np.sin(TIMES)], axis=1))
    return Fit(problem, VectorField(2, 4, 1), method="rk4")


def training(fit, losses, seconds):
    vector = np.zeros(fit.field.size)
    history = History(list(losses), list(seconds), [0] * len(losses), [0] * len(losses))
    return Training(fit, vector, vector, min(losses), history)


def test_both_methods_have_as_many_settings():
    assert len(EVOLVING) == len(DESCENDING)
    assert {arm.method for arm in EVOLVING} == {EVOLUTION}
    assert {arm.method for arm in DESCENDING} == {BACKPROPAGATION}
    # The first of each measures how many steps a second has.
    assert not EVOLVING[0].falls
    assert not DESCENDING[0].falls
    names = [arm.name for arm in (*EVOLVING, *DESCENDING)]
    assert len(set(names)) == len(names)


def test_the_best_setting_is_trained_from_the_same_parameters_and_kept(fit, tmp_path, monkeypatch):
    setting, calls = Setting(tmp_path, True, 1, False), []
    trained = ode_arms.trained

    def noted(*arguments, **budget):
        calls.append((arguments, budget))
        return trained(*arguments, **budget)

    monkeypatch.setattr(ode_arms, "trained", noted)
    found = compared(setting, "case", fit, PLAN)
    assert [arm.method for arm in found] == [EVOLUTION, BACKPROPAGATION]
    tuning = [call for call in calls if call[0][4] == ode_arms.TUNING_SEED]
    assert [call[0][3].method for call in tuning] == [EVOLUTION] * 2 + [BACKPROPAGATION] * 2
    assert not {ode_arms.TUNING_SEED} & set(PLAN.seeds)
    for arm, trainings in found.items():
        assert len(trainings) == 2
        tuned = {c[0][3]: trained(*c[0], **c[1]).best_loss for c in tuned_by(tuning, arm.method)}
        assert tuned[arm] == min(tuned.values())
    # Losses of the first guess, which all arms of a seed share.
    first = np.array([[one.history.loss[0] for one in t] for t in found.values()])
    np.testing.assert_array_equal(first[0], first[1])
    assert first[0, 0] != first[0, 1]
    again = compared(setting, "case", fit, PLAN)
    for one, other in zip(found.values(), again.values(), strict=True):
        assert [t.history for t in one] == [t.history for t in other]


def tuned_by(calls, method):
    return [call for call in calls if call[0][3].method == method]


def test_a_schedule_falls_over_as_many_steps_as_the_seconds_have(fit, tmp_path):
    setting = Setting(tmp_path, True, 1, False)
    arm = Arm(BACKPROPAGATION, "adam", {"learning_rate": 0.1, "schedule": "cosine"})
    one = ode_arms.timed(setting, "case", fit, arm, 0, seconds=0.5, speed=26.0)
    assert one.history.generations == 13
    constant = Arm(BACKPROPAGATION, "adam", {"learning_rate": 0.1})
    one = ode_arms.timed(setting, "case", fit, constant, 0, seconds=0.05, speed=26.0)
    assert 0.05 <= one.history.total_seconds < 5


def test_rows_tell_medians_and_when_levels_were_reached(fit):
    trainings = [
        training(fit, [1.0, 0.5, 0.05, 0.2], [1, 2, 3, 4]),
        training(fit, [1.0, 0.09, 0.3, 0.3], [2, 4, 6, 8]),
        training(fit, [1.0, 0.6, 0.4, 0.1], [1, 2, 3, 5]),
    ]
    told = row("field", Arm(EVOLUTION, "snes"), trainings, (0.1, 0.06))
    assert told["seconds"] == 5
    assert told["loss"] == 0.2
    assert told["best"] == 0.09
    assert told["lowest"] == 0.05
    assert told["seconds_to_0.1"] == 4
    assert told["seconds_to_0.06"] == "never"


def test_end_loss_is_the_median_of_the_last_generations(fit):
    losses = [*range(2000), *[7.0] * 600, *[9.0] * 400]
    assert ode_arms.end_loss(training(fit, losses[:50], range(50))) == 47
    assert ode_arms.end_loss(training(fit, losses * 4, range(12000))) == 7


def test_curves_show_the_lowest_loss_so_far():
    losses = np.array([np.inf, 1.0, 0.5, 0.7, 0.2])
    many = (np.arange(1, 50_001), np.linspace(1, 0.1, 50_000))
    panels = {"a": {"x": [(range(5), losses)]}, "b": {"x": [many], "y": [many, many]}}
    figure = loss_curves_figure(panels, levels={"known": 0.3})
    first, second = figure.axes
    assert first.lines[0].get_ydata().tolist() == [1.0, 0.5, 0.5, 0.2]
    assert first.lines[0].get_xdata().tolist() == [1, 2, 3, 4]
    assert len(second.lines) == 4
    assert second.lines[0].get_ydata()[-1] == pytest.approx(0.1)
    assert len(second.lines[0].get_ydata()) <= 1000
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["x", "y"]


def test_losses_are_shown_against_the_number_of_parameters():
    def told(problem, method, parameters, loss, highest):
        return {
            **{"problem": problem, "method": method, "parameters": parameters},
            **{"loss": loss, "lowest": loss, "highest": highest},
        }

    rows = [
        told("a", "x", 10, 0.5, 0.6),
        told("a", "y", 10, 0.4, "never"),
        told("a", "x", 100, 0.2, 0.3),
        told("a", "y", 100, "never", "never"),
        told("b", "x", 20, 0.1, 0.1),
    ]
    first, second = width_errors_figure(rows).axes
    assert [line.get_xdata().tolist() for line in first.lines] == [[10, 100], [10]]
    assert [line.get_ydata().tolist() for line in first.lines] == [[0.5, 0.2], [0.4]]
    assert second.lines[0].get_ydata().tolist() == [0.1]
    assert overparameterised._gain([{"loss": 0.5}, {"loss": 0.1}]) == pytest.approx(0.2)
    assert np.isnan(overparameterised._gain([{"loss": "never"}, {"loss": 0.1}]))
