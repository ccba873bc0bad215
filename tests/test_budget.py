"""Budgets: a run ends when the first is spent, never later, and is resumed to the same end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_trainer import SMALL, TASK, files, stub

import neurotrain as nt
from neurotrain.optimizers.openai_es import OpenAIES
from neurotrain.training.budget import with_length
from neurotrain.training.settings import Settings

GENERATION, VALIDATION = 6 * 8, 20


def train(folder, circuit=None, **changes):
    return nt.train(circuit or stub(), TASK, out=folder, seed=3, **{**SMALL, **changes})


@hypothesis_settings(max_examples=12)
@given(budget=st.integers(GENERATION + VALIDATION, 700))
def test_trial_simulations_are_never_exceeded(budget, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    result = train(folder, generations=1000, trial_simulations=budget)
    spent = result.summary["trial_simulations"]
    assert spent <= budget < spent + GENERATION + 4 * VALIDATION
    assert result.summary["ended_by"] == "trial-simulations"
    assert result.summary["generations"] == len(result.metrics) < 1000
    assert "validation_accuracy" in result.metrics[-1]


def test_the_first_limit_ends_the_run(tmp_path):
    ends = {
        "generations": {"trial_simulations": 10**6},
        "trial-simulations": {"trial_simulations": 300},
        "seconds": {"seconds": 1e-9},
    }
    for end, changes in ends.items():
        result = train(tmp_path / end, **changes)
        assert result.summary["ended_by"] == end
        assert "validation_accuracy" in result.metrics[-1]
    assert result.summary["generations"] == 1


def test_trial_simulations_alone_set_the_length_of_the_schedule():
    settings = Settings(
        generations=None,
        trials=8,
        validation_trials=20,
        validation_every=2,
        test_trials=1,
        checkpoint_every=1,
        seed=0,
        execution="fused",
    )
    assert with_length(settings, 6).generations == 600
    limited = Settings(**{**vars(settings), "trial_simulations": 6800})
    assert with_length(limited, 6).generations == 6800 // (GENERATION + VALIDATION)
    both = Settings(**{**vars(limited), "generations": 5})
    assert with_length(both, 6).generations == 5


def test_a_run_of_trial_simulations_lasts_about_as_long_as_its_schedule(tmp_path):
    result = train(tmp_path / "run", generations=None, trial_simulations=5000)
    planned = result.plan.settings.generations
    assert 0.9 * planned < result.summary["generations"] <= planned


class Still(OpenAIES):
    """An optimizer whose guess never moves."""

    def _update(self, losses):
        """Learn nothing."""


def test_without_progress_patience_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("neurotrain.optimizers.openai_es.OpenAIES", Still)
    result = train(tmp_path / "run", patience=3)
    # The first validation is the best one; the next three find nothing better.
    assert result.summary["ended_by"] == "generations"
    result = train(tmp_path / "longer", generations=50, patience=3)
    assert (result.summary["ended_by"], result.summary["generations"]) == ("patience", 8)
    assert result.summary["validations"] == 4
    # The guess was always the best: what is reported is the mean of all that was found of it.
    found = [m for m in result.metrics if "validation_loss" in m]
    for name in ("validation_accuracy", "validation_loss"):
        assert result.summary[name] == pytest.approx(np.mean([m[name] for m in found]), rel=1e-12)


def calls_of(circuit, folder, changes):
    train(folder, circuit, **changes)
    return circuit.calls


@pytest.mark.parametrize("changes", [{"trial_simulations": 500}, {"patience": 1}])
def test_interrupted_anywhere_the_run_ends_the_same(tmp_path, changes):
    changes = {"generations": 30, **changes}
    whole = train(tmp_path / "whole", **changes)
    n_calls = len(calls_of(stub(), tmp_path / "counted", changes))
    # The last one is the test: then the run has ended, and its result is missing.
    for stop in (*range(2, n_calls - 1, 3), n_calls - 1):
        folder, circuit = tmp_path / str(stop), stub()
        simulate = circuit.simulate

        def interrupted(*args, simulate=simulate, circuit=circuit, stop=stop, **options):
            if len(circuit.calls) == stop:
                raise KeyboardInterrupt
            return simulate(*args, **options)

        circuit.simulate = interrupted
        with pytest.raises(KeyboardInterrupt):
            train(folder, circuit, **changes)
        nt.resume(folder, circuit=stub(), progress=False)
        assert files(folder) == files(whole.folder)
        assert (
            nt.Result.load(folder, circuit=stub()).summary["ended_by"]
            == (whole.summary["ended_by"])
        )


class Clock:
    """A clock that moves by a second whenever it is read, so that a generation takes two."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.mark.parametrize("stop", range(2, 9, 2))
def test_seconds_count_the_generations_that_are_kept_and_pauses_do_not(tmp_path, monkeypatch, stop):
    changes = {"generations": 30, "seconds": 9.0}
    monkeypatch.setattr("neurotrain.training.loop.perf_counter", Clock())
    whole = train(tmp_path / "whole", **changes)
    assert (whole.summary["ended_by"], whole.summary["generations"]) == ("seconds", 5)
    circuit = stub()
    simulate = circuit.simulate

    def interrupted(*args, **options):
        if len(circuit.calls) == stop:
            raise KeyboardInterrupt
        return simulate(*args, **options)

    circuit.simulate = interrupted
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", circuit, **changes)
    clock = Clock()
    clock.now = 1e6
    monkeypatch.setattr("neurotrain.training.loop.perf_counter", clock)
    resumed = nt.resume(tmp_path / "run", circuit=stub(), progress=False)
    assert resumed.summary == whole.summary
    assert files(resumed.folder) == files(whole.folder)


class Doubling:
    """An optimizer that takes twice as many candidates in every generation, as restarts do."""

    def __init__(self, name, start, scale, *, seed, population_size, **_):
        self.guess, self.scale = start, scale
        self.population_size, self.generation = population_size, 0

    def ask(self):
        rng = np.random.default_rng(self.generation)
        return self.guess + self.scale * rng.normal(size=(self.population_size, len(self.guess)))

    def tell(self, losses):
        assert losses.shape == (self.population_size,)
        self.generation += 1
        self.population_size *= 2

    def state_dict(self):
        return {"generation": np.array(self.generation)}


def test_populations_of_any_size_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("neurotrain.training.run_optimizer.make_optimizer", Doubling)
    circuit = stub()
    result = train(tmp_path / "run", circuit, generations=5, trial_simulations=1000)
    sizes = [len(call[0]) for call in circuit.calls if call[1].n_trials == 8]
    assert sizes == [6, 12, 24, 48][: len(sizes)]
    assert result.summary["trial_simulations"] <= 1000
    simulated = sum(len(c[0]) * c[1].n_trials for c in circuit.calls[1:-1])
    assert result.summary["trial_simulations"] == simulated
    assert np.isfinite(result.weights).all()
