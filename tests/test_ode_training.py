"""Evolution and gradient descent of vector fields: same interface, history, folder."""

import json

import numpy as np
import pytest

from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.neural_ode import (
    Fit,
    OdeProblem,
    VectorField,
    Windows,
    descend,
    evolve,
    spiral,
)
from neurotrain.neural_ode.history import History
from neurotrain.neural_ode.training import Budget, starting_point
from neurotrain.neural_ode.training_file import NAME
from neurotrain.optimizers import optimizer_names

TIMES = np.linspace(0, 1, 12)
DATA = OdeProblem(TIMES, np.stack([np.cos(3 * TIMES), np.sin(3 * TIMES)], axis=1))
FIELD = VectorField(2, 4, 1)
FIT = Fit(DATA, FIELD, Windows(4, 4), "rk4")
WHOLE = Fit(DATA, FIELD, None, "rk4")
ALL = {
    "evolve": lambda **more: evolve(FIT, "openai-es", **{"population_size": 16, **more}),
    "descend": lambda **more: descend(FIT, "adam", **more),
}


@pytest.mark.parametrize("name", optimizer_names())
def test_every_optimizer_of_the_library_trains(name):
    training = evolve(WHOLE, name, generations=12, seed=1, progress=False)
    assert training.history.generations == 12
    assert training.best_loss == min(training.history.loss)
    assert WHOLE.loss(training.best) == pytest.approx(training.best_loss, rel=1e-12)
    assert training.best_loss < training.history.loss[0]


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
def test_every_descent_trains(name, schedule):
    training = descend(
        WHOLE, name, generations=60, learning_rate=0.03, schedule=schedule, progress=False
    )
    assert training.best_loss < 0.6 * training.history.loss[0]
    assert sum(training.history.skipped) == 0


@pytest.mark.parametrize("how", ALL)
def test_a_history_is_of_the_guess_before_each_step(how):
    start = 0.3 * np.random.default_rng(0).standard_normal(FIELD.size)
    training = ALL[how](generations=3, seed=5, start=start, progress=False)
    history = training.history
    first = FIT.losses(start[np.newaxis], FIT.batch(5, 0)).values[0]
    assert history.loss[0] == first
    assert len(history.loss) == len(history.failed) == len(history.skipped) == 3
    assert 0 < history.seconds[0] < history.seconds[1] < history.seconds[2]
    assert history.failed == [0, 0, 0]
    assert not np.array_equal(training.parameters, start)


@pytest.mark.parametrize("how", ALL)
def test_a_run_follows_its_seed(how):
    one, same, other = (
        ALL[how](generations=4, seed=seed, progress=False).parameters for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("how", ALL)
def test_threads_change_nothing(how):
    one, two = (
        ALL[how](generations=4, threads=threads, progress=False).parameters for threads in (1, 2)
    )
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("how", ALL)
def test_a_stopped_training_goes_on_as_if_it_had_not(how, tmp_path):
    whole = ALL[how](generations=9, progress=False)
    for generations in (4, 9):
        parts = ALL[how](generations=generations, folder=tmp_path, progress=False)
    np.testing.assert_array_equal(parts.parameters, whole.parameters)
    assert parts.history.loss == whole.history.loss
    assert parts.best_loss == whole.best_loss
    np.testing.assert_array_equal(parts.best, whole.best)
    before = (tmp_path / NAME).stat().st_mtime_ns
    again = ALL[how](generations=9, folder=tmp_path, progress=False)
    assert (again.history, again.best_loss) == (parts.history, parts.best_loss)
    np.testing.assert_array_equal(again.best, parts.best)
    assert (tmp_path / NAME).stat().st_mtime_ns == before


def test_layers_alternate(tmp_path):
    starts = starting_point(FIT, "glorot", 0)
    hidden = slice(0, 4 * 2 + 4)
    states = [
        descend(FIT, "rmsprop", generations=g, alternate=True, progress=False).parameters
        for g in (1, 2, 3)
    ]
    moved = [after != before for before, after in zip([starts, *states], states, strict=False)]
    assert moved[0][hidden].all() and not moved[0][hidden.stop :].any()
    assert moved[1][hidden.stop :].all() and not moved[1][hidden].any()
    assert moved[2][hidden].all() and not moved[2][hidden.stop :].any()
    for generations in (3, 6):
        parts = descend(
            FIT, generations=generations, alternate=True, folder=tmp_path, progress=False
        )
    whole = descend(FIT, generations=6, alternate=True, progress=False)
    np.testing.assert_array_equal(parts.parameters, whole.parameters)


def test_alternated_layers_have_schedules_of_their_own_number_of_steps(tmp_path):
    options = {"schedule": "cosine", "progress": False, "folder": tmp_path}
    descend(FIT, generations=7, alternate=True, **options)
    with np.load(tmp_path / NAME) as file:
        assert json.loads(str(file["description"]))["options"]["generations"] == 4


def test_a_gradient_can_be_rescaled_to_a_norm():
    options = {"momentum": 0.0, "generations": 1, "progress": False}
    start = starting_point(FIT, "glorot", 0)
    moved = descend(FIT, "sgd", learning_rate=0.01, normalize=1.0, **options).parameters - start
    assert np.linalg.norm(moved) == pytest.approx(0.01)


def test_failures_are_counted_and_survived():
    problem = OdeProblem(np.linspace(0, 10, 5), np.ones((5, 1)))
    fit = Fit(problem, VectorField(1, 1, 0, biases=False, power=3), method="dopri5")
    training = descend(fit, generations=3, start=np.array([5.0]), progress=False)
    assert training.history.loss == [np.inf] * 3
    assert training.history.skipped == training.history.failed == [1, 1, 1]
    np.testing.assert_array_equal(training.parameters, [5.0])
    assert training.best_loss == np.inf
    evolved = evolve(fit, "snes", generations=30, start=np.array([0.05]), progress=False)
    assert sum(evolved.history.failed) > 0
    assert abs(evolved.parameters[0]) < 0.05


def test_seconds_end_a_training():
    training = ALL["descend"](seconds=0.05, progress=False)
    seconds = training.history.seconds
    assert seconds[-1] >= 0.05 and (len(seconds) == 1 or seconds[-2] < 0.05)


def test_history_tells_times_to_losses():
    history = History([3.0, 1.0, 2.0, 0.5], [1.0, 2.0, 3.0, 4.0], [0] * 4, [0] * 4)
    assert [history.seconds_to(x) for x in (3, 1.5, 0.5, 0.4)] == [1.0, 2.0, 4.0, np.inf]
    assert history.last(2) == 1.25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed 0, not 1"),
        ({"population_size": 18}, "options"),
        ({"start": np.zeros(FIELD.size)}, "start"),
    ],
)
def test_a_folder_of_another_training_is_left_alone(change, message, tmp_path):
    ALL["evolve"](generations=1, folder=tmp_path, progress=False)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(RunFolderError, match=message):
        ALL["evolve"](generations=2, folder=tmp_path, progress=False, **change)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_damaged_folder_is_refused(tmp_path):
    ALL["evolve"](generations=1, folder=tmp_path, progress=False)
    whole = (tmp_path / NAME).read_bytes()
    for damage in (b"", b"abc", whole[: len(whole) // 2]):
        (tmp_path / NAME).write_bytes(damage)
        with pytest.raises(RunFolderError, match="cannot be read .* begins anew"):
            ALL["evolve"](generations=2, folder=tmp_path, progress=False)
        assert (tmp_path / NAME).read_bytes() == damage


def test_what_is_kept_needs_no_pickle(tmp_path):
    ALL["descend"](generations=1, folder=tmp_path, progress=False)
    with np.load(tmp_path / NAME) as file:
        kept = dict(file)
    assert json.loads(str(kept["description"]))["optimizer"] == "adam"
    assert kept["history.loss"].shape == (1,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evolve(FIT), "must know when to end"),
        (lambda: evolve(FIT, generations=0), "generations must be"),
        (lambda: evolve(FIT, seconds=-1), "seconds must be"),
        (lambda: evolve(FIT, "cma", generations=1), "did you mean 'cma-es'"),
        (lambda: evolve(FIT, "snes", generations=1, sgima=1), "did you mean 'sigma'"),
        (lambda: evolve(FIT, generations=1, start="zero"), "no .* called 'zero'"),
        (lambda: evolve(FIT, generations=1, start=np.zeros(3)), "22 parameters .* got 3"),
        (lambda: evolve(FIT, generations=1, seed=-1), "seed must be"),
        (lambda: evolve(FIT, "openai-es", seconds=1, schedule="cosine"), "set generations"),
        (lambda: descend(FIT, "adan", generations=1), "did you mean 'adam'"),
        (lambda: descend(FIT, generations=1, precision="float32"), "no option of adam"),
        (lambda: descend(FIT, generations=1, gradient="exact"), "no gradient called 'exact'"),
        (lambda: descend(FIT, generations=1, learning_rate=0), "learning_rate"),
    ],
)
def test_what_cannot_be_trained_is_refused(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()


def test_a_budget_counts_what_was_spent():
    history = History([1.0], [2.0], [0], [0])
    assert Budget(seconds=2.5).lasts(history) and not Budget(seconds=2.0).lasts(history)
    assert Budget(2, 2.5).lasts(history) and not Budget(1, 2.5).lasts(history)


@pytest.mark.nightly
def test_backpropagation_on_the_spiral_comes_to_the_published_losses():
    """Hazelden et al. 2023, the code before: 4 to 5e-3; a decaying learning rate undercuts it."""
    field = VectorField(2, 1000, 1, power=3)
    fit = Fit(spiral(), field, Windows(20, 10), "rk4", {"precision": "float32"})
    options = {"learning_rate": 1e-3, "decay": 0.99, "alternate": True, "start": "torchdiffeq"}
    constant, cosine = (
        descend(fit, "rmsprop", generations=2000, schedule=schedule, progress=False, **options)
        for schedule in ("constant", "cosine")
    )
    assert 3.5e-3 < constant.history.last(50) < 5.5e-3
    assert 2.5e-4 < cosine.history.last(50) < 1e-3
