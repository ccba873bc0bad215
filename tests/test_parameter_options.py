"""What optimizers are told of the blocks: shapes for low-rank noise, and a sigma for each."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain import catalog
from neurotrain.cli import main
from neurotrain.distributions import Normal
from neurotrain.errors import InvalidInput
from neurotrain.optimizers import make_optimizer, optimizer_names, optimizer_options
from neurotrain.optimizers.noise import LowRankNoise
from neurotrain.parameters.constraints import constrained_block
from neurotrain.parameters.layout import Layout
from neurotrain.parameters.matrices import PartOfMatrix
from neurotrain.parameters.space import Block, ParameterSpace
from neurotrain.tasks import StimulusIntegration
from neurotrain.training.parameter_options import with_one_sigma, with_shapes
from neurotrain.training.plan import make_plan
from neurotrain.training.settings import Settings

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
TASK = StimulusIntegration(words=4, channels=4, bin_ms=1.0, decision_ms=1.0)
SETTINGS = Settings(3, 8, 20, 2, 30, 0, "fused")


def plan(optimizer="openai-es", circuit=None, **options):
    circuit = circuit or catalog.find("models", STUB)(channels=4, classes=3, readout="graded")
    no_options = {"model_options": {}, "task_options": {}, "loss_options": {}}
    return make_plan(
        circuit, TASK, None, optimizer, SETTINGS, optimizer_options=options, **no_options
    )


def ranks(candidates, guess, shape, scale):
    """Return the ranks of how (candidate, parameter) candidates differ from a guess in a block."""
    n = int(np.prod(shape))
    matrices = ((candidates - guess) / scale)[:, :n].reshape(-1, *shape)
    return [np.linalg.matrix_rank(matrix, tol=1e-9) for matrix in matrices]


def entries(layout_matrix, values):
    """Return the matrix that a vector of values lies in, with NaN where there is no entry."""
    if not isinstance(layout_matrix, PartOfMatrix):
        return values.reshape(layout_matrix)
    matrix = np.full((layout_matrix.rows, layout_matrix.columns), np.nan)
    matrix[layout_matrix.row, layout_matrix.column] = values
    return matrix


@given(st.integers(1, 5), st.integers(1, 5), st.booleans(), st.integers(0, 2**32))
def test_a_layout_knows_its_matrix(n_pre, n_post, by_pre, seed):
    pre, post = (index.ravel() for index in np.indices((n_pre, n_post)))
    if not by_pre:
        post, pre = (index.ravel() for index in np.indices((n_post, n_pre)))
    layout = Layout((pre.size,), pre, post, n_pre, n_post)
    weights = np.random.default_rng(seed).standard_normal((n_pre, n_post))
    whole = entries(layout.matrix(), weights[pre, post])
    assert np.array_equal(whole, weights) or np.array_equal(whole, weights.T)
    chosen = np.random.default_rng(seed).permutation(pre.size)[: max(1, pre.size // 2)]
    part = entries(layout.matrix(chosen), weights[pre, post][chosen])
    known = ~np.isnan(part)
    assert known.sum() == chosen.size
    assert any(
        np.array_equal(part[known], one[known])
        for one in (weights, weights.T)
        if one.shape == part.shape
    )


def test_what_connects_nothing_or_twice_is_no_matrix():
    assert Layout((6,)).matrix() is None
    one = np.zeros(2, dtype=int)
    assert Layout((2,), one, one, 3, 3).matrix() is None


def recurrent(parameter):
    """Return the block of 6 neurons that reach all 6 in the order of Brian2."""
    pre, post = (index.ravel() for index in np.indices((6, 6)))
    layout = Layout((36,), pre, post, 6, 6, pre == post)
    initial = parameter.initial or nt.Normal(0, 0.3)
    return constrained_block("recurrent.weight", layout, parameter, initial)


@pytest.mark.parametrize(
    ("parameter", "shape"),
    [
        (nt.Parameter(dale=0.5), (6, 6)),
        (nt.Parameter(nt.Uniform(0.1, 0.2), transform="exp"), (6, 6)),
        (nt.Parameter(shared=np.arange(36).reshape(6, 6) // 2), (18,)),
        (nt.Parameter(encoding=nt.LowRank(2)), (24,)),
    ],
)
def test_constrained_blocks_know_whether_they_are_matrices(parameter, shape):
    assert recurrent(parameter).coordinate_shape == shape


@pytest.mark.parametrize(
    "parameter", [nt.Parameter(autapses=False), nt.Parameter(mask=0.6, dale=0.5)]
)
def test_noise_of_masked_blocks_is_a_part_of_a_matrix_of_low_rank(parameter):
    """Where a matrix of rank 1 has no entry 0, its 2 by 2 minors vanish."""
    block = recurrent(parameter)
    part = block.coordinate_shape
    assert part.size == block.size < 36
    noise = LowRankNoise(3, block.size, 1, [part])
    for _ in noise.draw(np.random.default_rng(1)):
        pass
    for _, directions in noise.held():
        for direction in directions:
            matrix = entries(part, direction)
            minors = matrix[:-1, :-1] * matrix[1:, 1:] - matrix[1:, :-1] * matrix[:-1, 1:]
            assert np.isfinite(minors).sum() >= 4
            np.testing.assert_allclose(minors[np.isfinite(minors)], 0, atol=1e-12)
    # In the values that they become, the entries are where the mask leaves them.
    free = np.flatnonzero(np.ravel(block.decode(np.full(block.size, 0.7))) != 0)
    pre, post = np.divmod(free, 6)
    np.testing.assert_array_equal(part.row, post)
    np.testing.assert_array_equal(part.column, pre)


def test_blocks_of_a_circuit_know_their_shapes():
    circuit = nt.models.morris_lecar(5, channels=4)
    shapes = dict(zip(circuit.parameters.names, circuit.parameters.shapes, strict=True))
    assert shapes == {
        "recurrent.weight": (5, 5),
        "neurons.bias": (5,),
        "input.weight": (5, 4),
        "readout.weight": (3, 5),
        "readout.bias": (3,),
    }
    fixed = recurrent(nt.Parameter(fixed=True))
    free = Block("neurons.bias", (6,), Normal(0, 1), 1.0)
    assert ParameterSpace((fixed, free)).shapes == [(6,)]


@pytest.mark.parametrize("name", ["openai-es", "pgpe", "snes", "ars"])
def test_rank_needs_no_shapes(name):
    made = plan(name, rank=1).make_optimizer()
    candidates, scale = made.ask(), plan().circuit.parameters.scale
    assert set(ranks(candidates, made.guess, (3, 4), scale)) == {1}
    # Negative control: without the option the noise is of full rank.
    full = plan(name).make_optimizer()
    assert set(ranks(full.ask(), full.guess, (3, 4), scale)) == {3}


def test_shapes_that_are_given_are_kept():
    made = plan(rank=1, shapes=[(2, 3), (9,)]).make_optimizer()
    scale = plan().circuit.parameters.scale
    assert set(ranks(made.ask(), made.guess, (2, 3), scale)) == {1}
    assert max(ranks(made.ask(), made.guess, (3, 4), scale)) > 1


def test_rank_without_a_matrix_is_refused():
    space = ParameterSpace((Block("neurons.bias", (5,), Normal(0, 1), 1.0),))
    with pytest.raises(InvalidInput, match="nothing that is trained is one"):
        with_shapes({"rank": 1, "shapes": None}, space)
    assert with_shapes({"rank": None, "shapes": None}, space) == {"rank": None, "shapes": None}
    assert with_shapes({"sigma": 1.0}, space) == {"sigma": 1.0}


@pytest.mark.parametrize("name", optimizer_names())
def test_a_sigma_for_one_block_is_its_width_in_every_method(name):
    """Standard deviations of 400 candidates have a standard error of 4 %.

    They are compared within 30 %, of 12 parameters each; false alarms: fewer than one in
    10**9, and the seed is fixed. A block that keeps the method's own width is the control.
    """
    space = ParameterSpace(
        (Block("a.w", (4, 3), Normal(0, 2), 2.0), Block("b.w", (12,), Normal(0, 0.1), 0.1))
    )
    defaults = optimizer_options(name)
    one, scale = with_one_sigma({"sigma": {"b.w": 0.02}}, defaults, space)
    made = make_optimizer(name, np.zeros(24), scale, seed=1, population_size=400, **one)
    usual = make_optimizer(name, np.zeros(24), space.scale, seed=1, population_size=400)
    spread, width = made.ask().std(axis=0), usual.ask().std(axis=0)
    np.testing.assert_allclose(spread[:12], width[:12], rtol=0.3)
    np.testing.assert_allclose(spread[12:], width[12:] * 0.02 / defaults["sigma"], rtol=0.3)


def test_a_number_as_sigma_leaves_the_scale():
    space = ParameterSpace((Block("a.w", (3,), Normal(0, 2), 2.0),))
    options, scale = with_one_sigma({"sigma": 0.3}, {"sigma": 0.1}, space)
    assert options == {"sigma": 0.3}
    np.testing.assert_array_equal(scale, [2, 2, 2])


@pytest.mark.parametrize(
    ("sigma", "words"),
    [
        ({"input.wait": 0.1}, "did you mean 'input.weight'"),
        ({"input.weight": 0}, "sigma of 'input.weight' must be a finite number above 0, got 0"),
        ({"input.weight": "much"}, "sigma of 'input.weight' must be"),
    ],
)
def test_wrong_sigmas_are_refused(sigma, words):
    with pytest.raises(InvalidInput, match=words):
        plan(sigma=sigma)


def test_from_the_command_line_and_loaded_again(tmp_path, capsys):
    options = ["--option", "optimizer.rank=1"]
    options += ["--option", 'optimizer.sigma={"input.weight"=0.01}']
    options += ["--option", "task.words=4", "--option", "task.channels=4"]
    options += ["--model", STUB, "--generations", "3", "--trials", "8", "--population", "6"]
    arguments = [*options, "--out", str(tmp_path / "run"), "--json"]
    assert main(["train", "stimulus-integration", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["generations"] == 3
    loaded = nt.Result.load(tmp_path / "run")
    made = loaded.plan.make_optimizer()
    apart = (made.ask() - made.guess)[:, :12].reshape(-1, 3, 4)
    assert {np.linalg.matrix_rank(one) for one in apart} == {1}
    assert 0.002 < apart.std() < 0.05
    assert loaded.plan.choices["optimizer"].options["sigma"] == {"input.weight": 0.01}
    assert "shapes" not in loaded.plan.choices["optimizer"].options
