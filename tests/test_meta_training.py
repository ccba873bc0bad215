"""Coefficients of a rule are learned: gradients, evolution, and a training that goes on."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.learning_rules.data import Images
from neurotrain.learning_rules.episodes import Episodes
from neurotrain.learning_rules.meta_learning import MetaLearning
from neurotrain.learning_rules.meta_training import meta_learn
from neurotrain.learning_rules.network import FeedforwardNetwork
from neurotrain.learning_rules.terms import PUBLISHED_TERMS, term

pytest.importorskip("torch")

TERMS = (term("pseudo-gradient"), term("ehebb"), term("oja"))
NETWORK = FeedforwardNetwork((6, 5, 4, 3))


def images():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 12)
    pixels = np.clip(np.eye(6)[labels] + rng.uniform(0, 0.4, (36, 6)), 0, 1)
    return Images(pixels, labels, ("a", "b", "c"), (2, 3))


def problem(**options):
    episodes = Episodes(images(), ways=3, shots=6, queries=4)
    return MetaLearning(episodes, **{"network": NETWORK, "terms": TERMS, **options})


POINT = np.array([0.1, -0.05, 0.03])


@pytest.mark.parametrize("feedback", ["backpropagation", "direct-feedback-alignment"])
@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_gradients_are_those_of_differences(feedback, penalty):
    one = problem(feedback=feedback, penalty=penalty, together=2, segment=4)
    outcome, gradient = one.differentiate(POINT, 1, 2)
    assert outcome.loss == pytest.approx(one.evaluate(POINT[None], 1, 2).loss)
    steps = 1e-6 * np.eye(3)
    above, below = (one.evaluate(POINT + sign * steps, 1, 2).loss for sign in (1, -1))
    np.testing.assert_allclose(gradient, (above - below) / 2e-6, rtol=1e-5, atol=1e-7)


def test_rules_side_by_side_are_judged_as_alone():
    one = problem(terms=PUBLISHED_TERMS, together=3)
    rules = np.random.default_rng(0).normal(size=(4, 10)) * 0.03
    both = one.evaluate(rules, 0, 1)
    alone = [one.evaluate(rule[None], 0, 1) for rule in rules]
    np.testing.assert_allclose(both.loss, [a.loss[0] for a in alone], rtol=1e-10)
    np.testing.assert_array_equal(both.accuracy, [a.accuracy[0] for a in alone])


def test_a_loss_is_the_mean_over_episodes_with_the_penalty():
    plain = problem(together=2).evaluate(POINT[None], 0, 0).loss
    assert problem(together=2, penalty=2.0).evaluate(POINT[None], 0, 0).loss == pytest.approx(
        plain + 2 * 0.18
    )
    # Without learning, the loss is about that of guessing.
    still = problem(together=8).evaluate(np.zeros((1, 3)), 0, 0)
    assert still.loss == pytest.approx(np.log(3), abs=0.2)


def test_generations_and_seeds_have_episodes_of_their_own():
    losses = {
        float(problem().evaluate(POINT[None], seed, generation).loss[0])
        for seed, generation in ((0, 0), (0, 1), (1, 0))
    }
    assert len(losses) == 3


EASY = {"network": FeedforwardNetwork((6, 8, 3), "tanh"), "together": 4}


def accuracy_of(coefficients):
    return (
        problem(**{**EASY, "together": 30})
        .evaluate(np.asarray(coefficients)[None], 99, 0)
        .accuracy[0]
    )


@pytest.mark.parametrize(
    ("optimizer", "generations", "options"),
    [("adam", 25, {"learning_rate": 0.05}), ("snes", 25, {"population_size": 12, "sigma": 3.0})],
)
def test_learned_rules_learn_better(optimizer, generations, options):
    start = {"pseudo-gradient": 0.01}
    found = meta_learn(
        problem(**EASY), start, optimizer, generations=generations, progress=False, **options
    )
    assert found.generations == len(found.coefficients) == generations
    np.testing.assert_array_equal(found.coefficients[0], [0.01, 0, 0])
    assert accuracy_of(found.final) > accuracy_of([0.01, 0, 0]) + 0.2
    assert found.rule.coefficients(3)["oja"] == pytest.approx([found.final[2]] * 3)


@pytest.mark.parametrize("optimizer", ["adam", "snes"])
def test_a_training_that_was_stopped_goes_on(tmp_path, optimizer):
    def train(folder, generations):
        start = {"oja": 0.02}
        how = {"generations": generations, "folder": folder, "progress": False, "seed": 3}
        return meta_learn(problem(), start, optimizer, **how)

    half = train(tmp_path / "parts", 3)
    parts, whole = train(tmp_path / "parts", 6), train(tmp_path / "whole", 6)
    np.testing.assert_array_equal(parts.coefficients, whole.coefficients)
    np.testing.assert_array_equal(parts.final, whole.final)
    np.testing.assert_array_equal(half.final, whole.coefficients[3])
    assert (parts.loss, parts.accuracy) == (whole.loss, whole.accuracy)
    with pytest.raises(RunFolderError, match="another training"):
        meta_learn(
            problem(penalty=1),
            {"oja": 0.02},
            optimizer,
            generations=7,
            seed=3,
            folder=tmp_path / "parts",
            progress=False,
        )


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "training.npz").write_bytes(b"x")
    with pytest.raises(RunFolderError, match="cannot be read"):
        meta_learn(problem(), {}, generations=1, folder=tmp_path, progress=False)


def test_a_rule_that_was_found_is_written_without_what_vanished():
    found = meta_learn(problem(), {"pseudo-gradient": 0.05}, generations=1, progress=False)
    found.final = np.array([0.05, -0.0001, 0.004])
    assert found.formula(0.001) == "ΔW = 0.05 (-e y'ᵀ) + 0.004 (y y'ᵀ - y yᵀW)"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: problem(network=FeedforwardNetwork((5, 3))), "6 pixels and 3 classes"),
        (lambda: problem(terms=()), "at least one term"),
        (lambda: problem(penalty=-1), "penalty"),
        (lambda: problem(together=0), "together"),
        (lambda: meta_learn(problem(), {"decay": 1}, generations=1), "decay"),
        (lambda: meta_learn(problem(), {}, "adma", generations=1), "adma"),
        (lambda: meta_learn(problem(), {}, generations=0), "generations"),
    ],
)
def test_what_is_wrong_is_said(make, said):
    with pytest.raises(InvalidInput, match=said):
        make()
