"""Optimizers of other libraries, each tested where its library is installed."""

import importlib.util
import subprocess
import sys
import warnings

import numpy as np
import pytest

from neurotrain import catalog
from neurotrain.errors import InvalidInput
from neurotrain.optimizers import check_optimizer, make_optimizer, optimizer_class
from neurotrain.optimizers.adapters import _told

ALGORITHMS = {
    "cmaes": ["CMA", "SepCMA", "XNES", "DXNESIC"],
    "evosax": ["CMA_ES", "CR_FM_NES", "SNES", "Sep_CMA_ES", "DifferentialEvolution"],
    "nevergrad": ["CMA", "TwoPointsDE", "OnePlusOne", "PSO"],
}
# JAX compiles each of them for many seconds.
SLOW = {"evosax:CMA_ES", "evosax:CR_FM_NES", "evosax:Sep_CMA_ES"}
# It takes arrays of one number for numbers, which newer NumPy refuses.
OLD_NUMPY = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) >= "2.5.0", reason="cmaes' DXNESIC needs NumPy below 2.5"
)
MARKS = {name: pytest.mark.nightly for name in SLOW} | {"cmaes:DXNESIC": OLD_NUMPY}
NAMES = [
    pytest.param(name, marks=MARKS[name]) if name in MARKS else name
    for library, names in ALGORITHMS.items()
    for name in (f"{library}:{algorithm}" for algorithm in names)
]


def installed(name):
    library = name.partition(":")[0]
    pytest.importorskip(library)


@pytest.fixture(autouse=True)
def quiet():
    """Let warnings of other libraries pass; they are theirs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def sphere(candidates):
    return (candidates**2).sum(axis=-1)


def advance(optimizer, generations, fail=()):
    for generation in range(generations):
        losses = sphere(optimizer.ask())
        losses[: 3 if generation not in fail else None] = np.nan
        optimizer.tell(losses)
    return optimizer


@pytest.mark.parametrize("name", NAMES)
def test_conformance(name):
    installed(name)
    options = {"population_size": 16, "sigma": 0.5}
    check_optimizer(
        lambda start, scale, seed: make_optimizer(name, start, scale, seed=seed, **options),
        rank_based=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_resume_from_arrays_without_pickle(name, tmp_path):
    installed(name)

    def make():
        return make_optimizer(name, np.ones(4), np.ones(4), seed=2**70, population_size=8)

    whole = advance(make(), 4, fail=[2])
    np.savez(tmp_path / "state.npz", **whole.state_dict())
    resumed = make()
    with np.load(tmp_path / "state.npz", allow_pickle=False) as state:
        resumed.load_state_dict(dict(state))
    advance(whole, 3)
    advance(resumed, 3)
    np.testing.assert_array_equal(whole.guess, resumed.guess)


@pytest.mark.parametrize("name", NAMES)
def test_the_global_generator_is_neither_used_nor_changed(name):
    installed(name)
    before, guesses = np.random.get_state(), []
    try:
        for seed in (1, 2):
            np.random.seed(seed)
            state = np.random.get_state()
            optimizer = make_optimizer(name, np.ones(4), np.ones(4), seed=3, population_size=8)
            guesses.append(advance(optimizer, 4).guess)
            for was, is_now in zip(state, np.random.get_state(), strict=True):
                np.testing.assert_array_equal(was, is_now)
    finally:
        np.random.set_state(before)
    np.testing.assert_array_equal(*guesses)


@pytest.mark.parametrize("name", NAMES)
def test_first_candidates_have_the_width_that_was_asked_for(name):
    """Within a factor of three, as some libraries begin with mirrored or shifted candidates."""
    installed(name)
    scale = np.array([0.1, 1.0, 10.0, 100.0])
    optimizer = make_optimizer(name, np.ones(4), scale, seed=1, population_size=40, sigma=0.3)
    spread = np.std(optimizer.ask(), axis=0) / scale
    assert (abs(np.log(spread / 0.3)) < np.log(3)).all()


def test_cmaes_is_the_library_itself():
    cmaes = pytest.importorskip("cmaes")
    ours = make_optimizer("cmaes:CMA", np.ones(4), np.ones(4), seed=1, population_size=8)
    strategy = ours._strategy._strategy
    theirs = cmaes.CMA(np.zeros(4), 1.0, population_size=8)
    for _ in range(10):
        # Before the candidates are drawn: the library's generator is seeded then.
        candidates = ours.ask()
        theirs.tell(list(zip(strategy._asked, sphere(candidates), strict=True)))
        ours.tell(sphere(candidates))
    np.testing.assert_allclose(ours.guess, 1 + 0.5 * theirs.mean)


def test_options_are_those_of_the_library():
    pytest.importorskip("cmaes")

    def make(options):
        return make_optimizer(
            "cmaes:CMA", np.ones(3), np.ones(3), seed=1, algorithm_options=options
        )

    assert make({"lr_adapt": True})._strategy._strategy._optimizer._lr_adapt
    with pytest.raises(InvalidInput, match="cmaes cannot make CMA for 3 parameters.*lr_adopt"):
        make({"lr_adopt": True})


def test_what_a_library_cannot_make_is_refused():
    pytest.importorskip("cmaes")
    with pytest.raises(InvalidInput, match="larger than 1"):
        make_optimizer("cmaes:XNES", np.ones(1), np.ones(1), seed=1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("evosacks:SNES", "library of optimizers called 'evosacks'; did you mean 'evosax'"),
        ("cmaes:SepCNA", "optimizer of cmaes called 'SepCNA'; did you mean 'SepCMA'"),
        ("evosax:CRFMNES", "did you mean 'CR_FM_NES'"),
        ("nevergrad:TwoPointDE", "did you mean 'TwoPointsDE'"),
    ],
)
def test_unknown_names_are_refused(name, words):
    if name != "evosacks:SNES":
        installed(name)
    with pytest.raises(InvalidInput, match=words):
        optimizer_class(name)


@pytest.mark.parametrize("library", ALGORITHMS)
def test_a_library_that_is_missing_is_named_with_the_remedy(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    optimizer_class.__globals__["import_module"](
        "neurotrain.optimizers.adapters"
    ).adapted_class.cache_clear()
    with pytest.raises(InvalidInput, match=rf"{library} cannot be used.*pip install {library}"):
        optimizer_class(f"{library}:CMA")


def test_the_trainer_finds_them_by_name():
    pytest.importorskip("cmaes")
    assert catalog.find("optimizers", "cmaes:CMA") is optimizer_class("cmaes:CMA")
    assert catalog.takes_option("optimizers", "cmaes:CMA", "population_size")


def test_failures_are_told_as_worst():
    losses = np.array([3.0, np.nan, 1.0, np.inf, -np.inf])
    np.testing.assert_array_equal(_told(losses), [3.0, 5.0, 1.0, 5.0, 5.0])
    np.testing.assert_array_equal(_told(np.array([2.0, np.nan])), [2.0, 3.0])


def test_libraries_are_imported_only_when_they_are_used():
    if not importlib.util.find_spec("cmaes"):
        pytest.skip("cmaes is not installed")
    code = """
import sys
import neurotrain.optimizers.adapters
from neurotrain.optimizers import optimizer_class, optimizer_names
optimizer_names()
print({"cmaes", "evosax", "nevergrad", "jax"} & set(sys.modules))
optimizer_class("cmaes:CMA")
print("cmaes" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["set()", "True"], done.stderr
