"""Methods trained for the same seconds: as many settings, chosen by validation, the same length."""

from types import SimpleNamespace

import pytest

from neurotrain.errors import TrainingFailed
from neurotrain.experiments.equal_seconds import METHODS, TUNING_SEED, Budget, Method, train_tuned
from neurotrain.experiments.report import Setting
from neurotrain.experiments.trainings import gradient_medians, medians

RATES = Method("openai-es", tuple({"learning_rate": rate} for rate in (0.1, 0.2, 0.4)))


class Trainings:
    """Stand in for `trained`: validations as told, and as many generations as there is time for."""

    def __init__(self, validations, per_second=10, failing=()):
        self.validations, self.per_second, self.failing = validations, per_second, failing
        self.names, self.calls = [], []

    def __call__(self, setting, name, **arguments):
        self.names.append(name)
        self.calls.append({**arguments, "threads": setting.threads})
        rate = arguments["optimizer_options"]["learning_rate"]
        if rate in self.failing:
            raise TrainingFailed("Nothing worked.")
        in_time = arguments.get("seconds", 10**9) or 10**9
        generations = int(min(arguments["generations"], in_time * self.per_second))
        validation = self.validations[rate]
        return SimpleNamespace(
            metrics=[{"failed_share": 0.0}] * generations,
            validation_accuracy=validation,
            test_accuracy=1 - validation,
            summary={},
        )


def run(monkeypatch, tmp_path, trainings, budget, method=RATES, threads=None, **arguments):
    monkeypatch.setattr("neurotrain.experiments.equal_seconds.trained", trainings)
    setting = Setting(tmp_path, quick=False, threads=threads, progress=False)
    return train_tuned(setting, "net", method, budget, (0, 1), task="any", **arguments)


def test_the_setting_that_validates_best_is_trained_for_the_seconds(monkeypatch, tmp_path):
    trainings = Trainings({0.1: 0.5, 0.2: 0.7, 0.4: 0.6})
    tuned = run(monkeypatch, tmp_path, trainings, Budget(seconds=50.0))
    # By the test it would have been the first one.
    assert tuned.chosen == {"learning_rate": 0.2}
    tuning, chosen = trainings.calls[:3], trainings.calls[3:]
    assert [call["seconds"] for call in tuning] == [10.0] * 3
    assert [call["seed"] for call in tuning] == [TUNING_SEED] * 3
    # How far a schedule is to fall is not known before.
    assert {call["optimizer_options"]["schedule"] for call in tuning} == {"constant"}
    assert [call["seed"] for call in chosen] == [0, 1]
    assert [call["optimizer_options"] for call in chosen] == [{"learning_rate": 0.2}] * 2
    # 100 generations in a fifth of the time.
    assert [call["generations"] for call in chosen] == [500] * 2
    assert [call["seconds"] for call in chosen] == [50.0] * 2
    assert {call["threads"] for call in trainings.calls} == {1}
    assert {call["task"] for call in trainings.calls} == {"any"}
    assert len(tuned.results) == 2
    assert [tried for tried, _ in tuned.tuning] == list(RATES.tried)


def test_names_tell_all_that_differs(monkeypatch, tmp_path):
    trainings = Trainings({0.1: 0.5, 0.2: 0.7, 0.4: 0.6})
    for budget in (Budget(seconds=50.0), Budget(seconds=5.0), Budget(generations=50)):
        run(monkeypatch, tmp_path, trainings, budget)
    assert len(set(trainings.names)) == len(trainings.names) == 3 * 5


def test_generations_replace_seconds(monkeypatch, tmp_path):
    trainings = Trainings({0.1: 0.5, 0.2: 0.7, 0.4: 0.6})
    run(monkeypatch, tmp_path, trainings, Budget(generations=42), threads=3)
    assert [call["generations"] for call in trainings.calls] == [8, 8, 8, 42, 42]
    assert not any(call.get("seconds") for call in trainings.calls)
    assert all("schedule" not in call["optimizer_options"] for call in trainings.calls)
    assert {call["threads"] for call in trainings.calls} == {3}


def test_a_setting_that_fails_is_not_chosen_and_if_all_do_nothing_was_right(monkeypatch, tmp_path):
    validations = {0.1: 0.5, 0.2: 0.7, 0.4: 0.6}
    trainings = Trainings(validations, failing={0.2})
    tuned = run(monkeypatch, tmp_path, trainings, Budget(seconds=50.0))
    assert tuned.chosen == {"learning_rate": 0.4}
    assert [result is None for _, result in tuned.tuning] == [False, True, False]
    trainings = Trainings(validations, failing=set(validations))
    tuned = run(monkeypatch, tmp_path, trainings, Budget(seconds=50.0))
    assert len(trainings.calls) == 3
    assert medians(tuned.results)["test_accuracy"] == medians(tuned.results)["highest"] == 0
    assert medians(tuned.results)["seconds"] == medians(tuned.results)["trial_simulations"] == 0
    assert gradient_medians(tuned.results) == {"gradient_steps": 0, "non_finite_share": 1}


def test_methods_have_as_many_settings_and_the_quick_form_fewer():
    assert len({len(method.tried) for method in METHODS.values()}) == 1
    assert {len(method.in_form(quick=True).tried) for method in METHODS.values()} == {2}
    assert METHODS["backpropagation"].in_form(quick=False) == METHODS["backpropagation"]
    alone = Method("adam", ({"surrogate": "none"},))
    assert alone.in_form(quick=True) == alone


@pytest.mark.parametrize("seconds", [1.0])
def test_real_trainings_end_in_time_and_are_taken_as_they_are(seconds, tmp_path):
    setting = Setting(tmp_path, quick=False, threads=None, progress=False)
    method = Method("openai-es", RATES.tried[1:])

    def trained():
        return train_tuned(
            setting,
            "rate",
            method,
            Budget(seconds=seconds),
            (0,),
            circuit="rate",
            model_options={"neurons": 4},
            task="stimulus-integration",
            trials=4,
            validation_trials=20,
            test_trials=20,
        )

    tuned = trained()
    (result,) = tuned.results
    assert result.summary["ended_by"] in {"generations", "seconds"}
    counts = sorted(len(one.metrics) for _, one in tuned.tuning)
    assert all(one.summary["ended_by"] == "seconds" for _, one in tuned.tuning)
    assert result.plan.settings.generations == round(5 * sum(counts) / 2)
    runs = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("result.json")}
    assert len(runs) == 3
    again = trained()
    assert (again.chosen, again.results[0].summary) == (tuned.chosen, result.summary)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("result.json")} == runs
