"""All optimizers keep the promises of check_optimizer, which finds those that do not."""

import re
import subprocess
import sys

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.optimizers import (
    check_optimizer,
    make_optimizer,
    optimizer_class,
    optimizer_names,
    optimizer_options,
)
from neurotrain.optimizers.openai_es import OpenAIES

# What users get, the variants of each method, and larger steps where the published
# ones would take longer than the check does.
SETTINGS = {
    "ars": [{}, {"population_size": 32, "top_directions": 4}],
    "cma-es": [{}, {"diagonal": True}, {"restarts": "ipop"}, {"restarts": "bipop"}],
    "guided-es": [{}, {"alpha": 1.0, "gradient_optimizer": "sgd"}],
    "noise-reuse-es": [{"learning_rate": 0.1}, {"learning_rate": 0.1, "episode_length": 3}],
    "openai-es": [
        {},
        {"mirrored": False},
        {"gradient_optimizer": "clipup", "sigma_schedule": "linear", "generations": 100},
        {"gradient_optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.5},
    ],
    "persistent-es": [{"learning_rate": 0.1}, {"learning_rate": 0.1, "episode_length": 3}],
    "pgpe": [{"sigma": 0.4}, {"sigma": 0.4, "gradient_optimizer": "adam"}],
    "random-search": [{}],
    "snes": [{}, {"population_size": 32}],
    "song": [{}, {"gradient_optimizer": "sgd", "sigma": 0.5, "learning_rate": 0.01}],
    "cr-fm-nes": [{}],
    "lm-ma-es": [{}],
    "sep-cma-es": [{}, {"restarts": "bipop"}],
    "vkd-cma-es": [{}, {"restarts": "ipop"}],
    "xnes": [{}],
}
USE_MORE_THAN_RANKS = {"ars", "guided-es", "noise-reuse-es", "persistent-es", "song"}
CASES = [(name, options) for name in optimizer_names() for options in SETTINGS[name]]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_conformance(name, options):
    check_optimizer(
        lambda start, scale, seed: make_optimizer(name, start, scale, seed=seed, **options),
        rank_based=name not in USE_MORE_THAN_RANKS,
    )


LOW_RANK = {"rank": 1, "shapes": [(2, 2), (1,)]}


# Options that name the five parameters of the check one by one.
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ars", LOW_RANK),
        ("openai-es", LOW_RANK),
        ("pgpe", {"sigma": 0.4, **LOW_RANK}),
        ("snes", {"population_size": 32, **LOW_RANK}),
        ("song", {"blocks": [2, 3], "sigma": 0.5, "learning_rate": 0.2}),
    ],
)
def test_conformance_with_blocks(name, options):
    test_conformance(name, options)


class Writeable(OpenAIES):
    def ask(self):
        return super().ask().copy()


class Sharing(OpenAIES):
    def state_dict(self):
        return super().state_dict() | {"adam_first": self._descent.method.first}


class Resampling(OpenAIES):
    asked = 0

    def ask(self):
        self.asked += 1
        return super().ask() + self.asked


class Seedless(OpenAIES):
    def _rng(self, generation):
        return np.random.default_rng(generation)


class Forgetful(OpenAIES):
    def _restore(self, state):
        super()._restore(state)
        self._descent.method.first[:] = 0


class Unasked(OpenAIES):
    def load_state_dict(self, state):
        super().load_state_dict({**state, "asked": np.array(False)})


class Lenient(OpenAIES):
    def tell(self, losses):
        super().tell(np.resize(losses, self.population_size))


class Drifting(OpenAIES):
    def _update(self, losses):
        super()._update(np.zeros_like(losses) if np.isnan(losses).all() else losses)


class Believing(OpenAIES):
    def _keep_best(self, losses):
        super()._keep_best(np.where(np.isnan(losses), -1.0, losses))


class Hopeful(OpenAIES):
    def _update(self, losses):
        super()._update(np.where(np.isnan(losses), np.nanmean(losses), losses))


class Averaging(OpenAIES):
    def _update(self, losses):
        finite = np.isfinite(losses)
        if finite.any():
            losses = np.where(finite & (losses <= losses[finite].mean()), losses, 1e3)
            super()._update(losses)


class Maximizing(OpenAIES):
    def _update(self, losses):
        super()._update(-losses)


class Decaying(OpenAIES):
    def __init__(self, *args, **options):
        super().__init__(*args, weight_decay=0.1, **options)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        (Writeable, "read-only"),
        (Sharing, "shared"),
        (Resampling, "ask twice"),
        (Seedless, "Other seeds"),
        (Forgetful, "resumed run"),
        (Unasked, "ask before every tell"),
        (Lenient, "wrong number"),
        (Drifting, "teaches nothing"),
        (Believing, "never be the best"),
        (Hopeful, "must mean the same"),
        (Averaging, "Only the order"),
        (Maximizing, "must get closer"),
        (Decaying, "must move the run"),
    ],
)
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_check_optimizer_finds_planted_faults(fault, promise):
    def make(start, scale, seed):
        return fault(start, scale, seed=seed, population_size=32)

    with pytest.raises((AssertionError, InvalidInput), match=promise):
        check_optimizer(make)


def test_methods_that_use_more_than_ranks_may_say_so():
    check_optimizer(
        lambda start, scale, seed: Averaging(start, scale, seed=seed, population_size=32),
        rank_based=False,
    )


@pytest.mark.parametrize(("name", "options"), CASES)
def test_resume_from_a_file_without_pickle(tmp_path, name, options):
    def make():
        return make_optimizer(name, np.zeros(7), np.ones(7), seed=2**70, **options)

    whole, resumed = make(), make()
    for optimizer, generations in ((whole, range(4)), (resumed, range(4, 8)), (whole, range(4, 8))):
        if optimizer is resumed:
            np.savez(tmp_path / "state.npz", **whole.state_dict())
            with np.load(tmp_path / "state.npz", allow_pickle=False) as state:
                resumed.load_state_dict(dict(state))
        for generation in generations:
            losses = (optimizer.ask() ** 2).sum(axis=1)
            losses[: 3 if generation != 2 else None] = np.nan
            optimizer.tell(losses)
    np.testing.assert_array_equal(whole.guess, resumed.guess)
    np.testing.assert_array_equal(whole.best[0], resumed.best[0])
    assert whole.best[1] == resumed.best[1]
    assert whole.generation == resumed.generation == 8


@pytest.mark.parametrize("name", optimizer_names())
def test_best_is_the_point_that_had_the_lowest_loss(name):
    optimizer = make_optimizer(name, np.ones(4), np.ones(4), seed=1)
    assert optimizer.best[1] == np.inf
    points, losses = [], []
    for penalty in (1.0, 0.0, 0.01, 1.0):
        points.extend(optimizer.ask())
        told = (optimizer.ask() ** 2).sum(axis=1) + penalty
        losses.extend(told)
        optimizer.tell(told)
    point, loss = optimizer.best
    assert loss == min(losses)
    np.testing.assert_array_equal(point, points[int(np.argmin(losses))])


@pytest.mark.parametrize("name", optimizer_names())
def test_state_of_another_run_is_refused(name):
    def make(size=5, seed=1, population_size=8, of=name):
        return make_optimizer(
            of, np.zeros(size), np.ones(size), seed=seed, population_size=population_size
        )

    before = make().ask()
    for other, words in (
        (make(seed=2), "with seed 2, this optimizer has seed 1"),
        (make(population_size=10), "with population_size 10"),
        (make(size=6), r"shape \(6,\)"),
        *((make(of=other), "not one of") for other in optimizer_names() if other != name),
    ):
        optimizer = make()
        with pytest.raises(InvalidInput, match=words):
            optimizer.load_state_dict(other.state_dict())
        np.testing.assert_array_equal(optimizer.ask(), before)


@pytest.mark.parametrize("name", optimizer_names())
@pytest.mark.parametrize(
    ("start", "scale", "options", "words"),
    [
        ([0, np.nan], [1, 1], {}, "start must be finite, got nan at parameter 1"),
        ([0, 0], [1, np.inf], {}, "scale must be finite, got inf at parameter 1"),
        ([0, 0], [0, 1], {}, "scale must be above 0, got 0.0 at parameter 0"),
        ([0, 0], [1], {}, "one value for each parameter"),
        ([], [], {}, r"shape \(parameter,\)"),
        ([[0, 0]], [[1, 1]], {}, r"shape \(parameter,\)"),
        ([0, 0], [1, 1], {"population_size": 0}, "population_size"),
        ([0, 0], [1, 1], {"sigma": 0.0}, "sigma must be a finite number above 0"),
        ([0, 0], [1, 1], {"sigma": np.nan}, "sigma"),
        ([0, 0], [1, 1], {"sigma": "0.1"}, "sigma"),
        ([0, 0], [1, 1], {"seed": -1}, "seed must be a whole number"),
        ([0, 0], [1, 1], {"sigam": 1.0}, "no option of .* 'sigam'; did you mean 'sigma'"),
    ],
)
def test_bad_input_is_refused(name, start, scale, options, words):
    with pytest.raises(InvalidInput, match=words) as refusal:
        make_optimizer(name, np.array(start), np.array(scale), **{"seed": 1, **options})
    assert "\n" not in str(refusal.value)


def test_every_optimizer_is_on_its_page_whose_examples_run(top):
    page = (top / "docs" / "optimizers.md").read_text()
    for name in optimizer_names():
        assert f"| `{name}` |" in page
    names: dict = {}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example, "optimizers.md", "exec"), names)
        if "guess" in example:
            assert np.allclose(names["optimizer"].guess, 1, atol=0.5)


def test_unknown_names_are_refused():
    with pytest.raises(InvalidInput, match="no optimizer called 'cmaes'; did you mean 'cma-es'"):
        optimizer_class("cmaes")


@pytest.mark.parametrize("name", optimizer_names())
def test_options_are_those_of_the_constructor(name):
    options = optimizer_options(name)
    assert {"population_size", "sigma"} <= options.keys()
    assert not {"start", "scale", "seed", "self"} & options.keys()
    make_optimizer(name, np.zeros(3), np.ones(3), seed=0, **options)


def test_pycma_is_imported_only_when_it_is_used():
    code = """
import sys, numpy as np
from neurotrain.optimizers import make_optimizer, optimizer_names
optimizer_names()
make_optimizer("openai-es", np.zeros(2), np.ones(2), seed=1)
print({"cma", "scipy"} & set(sys.modules))
make_optimizer("cma-es", np.zeros(2), np.ones(2), seed=1)
print("cma" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["set()", "True"], done.stderr


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("openai-es", "shaping"),
        ("openai-es", "gradient_optimizer"),
        ("openai-es", "schedule"),
        ("sep-cma-es", "restarts"),
    ],
)
@pytest.mark.parametrize("value", [{}, ["adam"], 3])
def test_what_is_no_name_is_refused(name, option, value):
    with pytest.raises(InvalidInput, match="is called by its name, got"):
        make_optimizer(name, np.zeros(2), np.ones(2), seed=0, **{option: value})
