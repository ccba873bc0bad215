"""What every learning rule keeps to, and what each of them is, against formulas written out."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.activations import ACTIVATIONS, softplus
from neurotrain.learning_rules.feedback import (
    FEEDBACK,
    Backpropagation,
    DirectFeedbackAlignment,
    FeedbackAlignment,
)
from neurotrain.learning_rules.layer_view import LayerView
from neurotrain.learning_rules.learner import Learner, views
from neurotrain.learning_rules.network import FeedforwardNetwork
from neurotrain.learning_rules.rule import Rule
from neurotrain.learning_rules.terms import PUBLISHED_TERMS, Term, term, term_names

torch = pytest.importorskip("torch")

GRADIENT, EHEBB, OJA = term("pseudo-gradient"), term("ehebb"), term("oja")
SIZES = (6, 5, 4, 3)
POOL = sum((0.1 * (k + 1) * one for k, one in enumerate(PUBLISHED_TERMS)), Rule(()))
RULES = {one.name: one.as_rule() for one in PUBLISHED_TERMS} | {"pool": POOL}
# Each published term as the paper writes it, for one sample and in columns.
FORMULAS = {
    "pseudo-gradient": lambda e, y, e0, y0, w: -np.outer(e, y0),
    "exchanged-gradient": lambda e, y, e0, y0, w: -np.outer(y, e0),
    "ehebb": lambda e, y, e0, y0, w: -np.outer(e, e0),
    "decay": lambda e, y, e0, y0, w: -w,
    "pre-error": lambda e, y, e0, y0, w: -np.outer(np.ones_like(e), e0),
    "gradient-by-activity": lambda e, y, e0, y0, w: -e[:, None] * y.sum() @ y0[None],
    "exchanged-by-forward-error": lambda e, y, e0, y0, w: -np.outer(y, y) @ w @ np.outer(e0, e0),
    "gradient-by-forward-error": lambda e, y, e0, y0, w: -np.outer(e, y) @ w @ np.outer(e0, y0),
    "exchanged-by-drive-error": lambda e, y, e0, y0, w: -np.outer(y, y0) @ w.T @ np.outer(e, e0),
    "oja": lambda e, y, e0, y0, w: np.outer(y, y0) - np.outer(y, y) @ w,
}


def random_view(seed=0, samples=4, networks=(), post=3, pre=5):
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return torch.tensor(rng.normal(size=(*networks, *shape)))

    return LayerView(
        pre=draw(samples, pre),
        post=draw(samples, post),
        error=draw(samples, post),
        weights=draw(post, pre),
        pre_error=draw(samples, pre),
    )


def batch(network, samples=7, networks=1, seed=1):
    """Return random inputs between 0 and 1 and targets of random classes."""
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(size=(networks, samples, network.sizes[0]))
    labels = rng.integers(network.sizes[-1], size=(networks, samples))
    return network.tensor(inputs), network.tensor(np.eye(network.sizes[-1])[labels])


def changes(learner, inputs, targets):
    return [learner.rule.change(view) for view in learner.views(inputs, targets)]


def close(one, other, tolerance=1e-12):
    torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", FORMULAS)
def test_terms_are_those_of_the_paper(name):
    view = random_view()
    columns = zip(view.error, view.post, view.pre_error, view.pre, strict=True)
    weights = view.weights.numpy()
    wanted = [FORMULAS[name](*(c.numpy() for c in sample), weights) for sample in columns]
    close(RULES[name].change(view), torch.tensor(np.mean(wanted, 0)))


def test_all_ten_terms_have_names_and_numbers():
    assert term_names() == list(FORMULAS)
    assert [term(f"F{k}").name for k in range(10)] == term_names()


@pytest.mark.parametrize("feedback", FEEDBACK)
@pytest.mark.parametrize("name", RULES)
def test_every_rule_keeps_to_the_rules(name, feedback):
    network = FeedforwardNetwork(SIZES)
    start = partial(Learner.start, network, RULES[name], feedback)
    learner, inputs_targets = start(seeds=[3]), batch(network)
    found = changes(learner, *inputs_targets)
    assert [tuple(one.shape) for one in found] == [(1, 5, 6), (1, 4, 5), (1, 3, 4)]
    assert all(one.isfinite().all() and one.dtype == torch.float64 for one in found)
    # The same from the same seed, and another from another.
    for one, same, other in zip(
        found,
        changes(start(seeds=[3]), *inputs_targets),
        changes(start(seeds=[4]), *inputs_targets),
        strict=True,
    ):
        assert torch.equal(one, same)
        assert not torch.allclose(one, other)
    order = torch.tensor([3, 0, 6, 5, 1, 2, 4])
    permuted = changes(learner, *(values[:, order] for values in inputs_targets))
    each = [
        changes(learner, *(values[:, k : k + 1] for values in inputs_targets)) for k in range(7)
    ]
    for k, one in enumerate(found):
        close(permuted[k], one)
        close(torch.stack([single[k] for single in each]).mean(0), one)


@pytest.mark.parametrize("feedback", FEEDBACK)
@pytest.mark.parametrize("name", RULES)
def test_networks_side_by_side_learn_as_they_would_alone(name, feedback):
    network = FeedforwardNetwork(SIZES)
    together = Learner.start(network, 0.05 * RULES[name], feedback, seeds=[0, 1])
    alone = [Learner.start(network, 0.05 * RULES[name], feedback, seeds=[s]) for s in (0, 1)]
    for step in range(3):
        inputs, targets = batch(network, 2, networks=2, seed=step)
        together.step(inputs, targets)
        for k in range(2):
            alone[k].step(inputs[k : k + 1], targets[k : k + 1])
    for k in range(2):
        for one, other in zip(together.weights, alone[k].weights, strict=True):
            close(one[k], other[0])


@pytest.mark.parametrize("output", ["softmax", "identity"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(6, 3), (4, 7, 2), (3, 5, 4, 6, 3)])
def test_backpropagation_is_the_gradient(activation, output, sizes):
    network = FeedforwardNetwork(sizes, activation, output)
    learner = Learner.start(network, GRADIENT, seeds=[0, 1])
    inputs, targets = batch(network, networks=2)
    weights = [one.clone().requires_grad_() for one in learner.weights]
    network.loss(weights, inputs, targets).sum().backward()
    for one, exact in zip(changes(learner, inputs, targets), weights, strict=True):
        close(one, -exact.grad)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_derivatives(activation):
    made = ACTIVATIONS[activation]()
    drive = torch.linspace(-3, 3, 40, dtype=torch.float64).requires_grad_()
    activity = made.function(drive)
    (exact,) = torch.autograd.grad(activity.sum(), drive)
    close(made.slope(activity.detach()), exact, 1e-10)


def test_feedback_alignment_with_the_weights_is_backpropagation():
    network = FeedforwardNetwork(SIZES, "tanh")
    weights = network.draw_weights([0])
    transposed = [one.mT for one in weights]
    data = batch(network)
    one = views(network, FeedbackAlignment(), weights, transposed, data, True)
    other = views(network, Backpropagation(), weights, None, data, True)
    for ours, exact in zip(one, other, strict=True):
        close(ours.error, exact.error)
        close(ours.pre_error, exact.pre_error)


def test_direct_feedback_goes_to_each_layer():
    network = FeedforwardNetwork((6, 5, 3))
    weights, data = network.draw_weights([0]), batch(network)
    # With one hidden layer, its error comes from the output in any case.
    carriers = [network.tensor(np.zeros((1, 6, 3))), weights[1].mT]
    direct = views(network, DirectFeedbackAlignment(), weights, carriers, data, False)
    exact = views(network, Backpropagation(), weights, None, data, False)
    close(direct[0].error, exact[0].error)
    deep = FeedforwardNetwork((4, 5, 6, 7, 3))
    carriers = DirectFeedbackAlignment().draw(deep, [0])
    assert [tuple(one.shape) for one in carriers] == [(1, n, 3) for n in (4, 5, 6, 7)]
    seen = views(
        deep, DirectFeedbackAlignment(), deep.draw_weights([0]), carriers, batch(deep), True
    )
    output_error = seen[-1].error
    close(seen[0].error, output_error @ carriers[1].mT * seen[0].derivative)


def test_the_input_gets_errors_as_a_layer_would_if_a_rule_asks_for_them():
    network = FeedforwardNetwork(SIZES)
    asking = Learner.start(network, EHEBB, "feedback-alignment")
    inputs, targets = batch(network)
    seen = asking.views(inputs, targets)
    carried = seen[0].error @ asking.feedback_weights[0].mT
    close(seen[0].pre_error, carried * (1 - (-10 * inputs).exp()))
    assert seen[1].pre_error is seen[0].error
    other = Learner.start(network, GRADIENT, "feedback-alignment").views(inputs, targets)
    assert other[0].pre_error is None
    assert torch.equal(other[1].pre_error, seen[0].error)


def test_feedback_weights_are_none_of_the_weights_and_stay():
    network = FeedforwardNetwork(SIZES)
    learner = Learner.start(network, GRADIENT, "feedback-alignment")
    before = [one.clone() for one in learner.feedback_weights]
    for carrier, weights in zip(before, learner.weights, strict=True):
        assert carrier.shape == weights.mT.shape
        correlation = np.corrcoef(carrier[0].numpy().ravel(), weights[0].T.numpy().ravel())[0, 1]
        assert abs(correlation) < 0.7
    learner.step(*batch(network))
    assert all(map(torch.equal, before, learner.feedback_weights))


def test_oja_comes_to_the_leading_eigenvectors():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    spread = np.array([3, 2.5, 2, 0.7, 0.6, 0.5, 0.4, 0.3])
    inputs = rng.normal(size=(4000, 8)) * spread @ basis.T
    eigenvectors = np.linalg.eigh(inputs.T @ inputs)[1][:, -3:]
    network = FeedforwardNetwork((8, 3), output="identity")
    learner = Learner.start(network, 0.02 * OJA)
    for _ in range(800):
        learner.step(inputs[None], np.zeros((1, 4000, 3)))
    weights = learner.weights[0][0].numpy()
    assert np.abs(weights @ weights.T - np.eye(3)).max() < 1e-6
    cosines = np.linalg.svd(weights @ eigenvectors)[1]
    assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < 0.1


def test_oja_from_single_samples_comes_close():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(4000, 6)) * [2, 1.5, 0.4, 0.3, 0.2, 0.1]
    learner = Learner.start(FeedforwardNetwork((6, 2), output="identity"), 0.004 * OJA)
    for sample in inputs:
        learner.step(sample[None, None], np.zeros((1, 1, 2)))
    weights = learner.weights[0][0].numpy()
    assert np.abs(weights @ weights.T - np.eye(2)).max() < 0.02
    assert np.abs(weights[:, 2:]).max() < np.sin(np.radians(5))


def test_ehebb_with_a_negative_coefficient_brings_weights_to_the_feedback():
    network = FeedforwardNetwork((6, 5, 4), "identity", "identity")
    learner = Learner.start(network, -1 * EHEBB.on("last"), "feedback-alignment")
    # Errors at the output that are as large in every direction: targets on all axes, both ways.
    inputs = network.tensor(np.zeros((1, 8, 6)))
    targets = network.tensor(np.concatenate([np.eye(4), -np.eye(4)])[None])
    (_, change) = changes(learner, inputs, targets)
    close(change, learner.feedback_weights[1].mT / 4)


@given(
    first=st.floats(-2, 2),
    second=st.floats(-2, 2),
    names=st.tuples(st.sampled_from(term_names()), st.sampled_from(term_names())),
    seed=st.integers(0, 10),
)
def test_rules_add_with_coefficients(first, second, names, seed):
    view = random_view(seed)
    one, other = (term(name).as_rule().change(view) for name in names)
    rule = first * term(names[0]) + term(names[1]) * second
    close(rule.change(view), first * one + second * other, 1e-10)
    close((rule - rule).change(view), torch.zeros_like(one), 1e-10)
    close((-rule).change(view), -rule.change(view), 1e-12)
    close((np.float64(2) * rule).change(view), 2 * rule.change(view), 1e-12)


def test_coefficients_may_differ_between_layers_and_networks():
    view = random_view(networks=(2,))
    plain = POOL.change(view)
    per_network = torch.tensor([1.0, -3.0], dtype=torch.float64)
    close((per_network * POOL).change(view), per_network[:, None, None] * plain)
    network = FeedforwardNetwork(SIZES)
    data = batch(network)
    base = changes(Learner.start(network, POOL, seeds=[0]), *data)
    tensors = torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64).unbind()
    for factors in ([2, 0, -1], np.array([2.0, 0.0, -1.0]), tensors):
        scaled = changes(Learner.start(network, factors * POOL, seeds=[0]), *data)
        for one, other, factor in zip(scaled, base, (2, 0, -1), strict=True):
            close(one, factor * other)


@pytest.mark.parametrize(
    ("layers", "acting"),
    [("all", {0, 1, 2}), ("hidden", {0, 1}), ("last", {2}), ([0], {0}), ((1, -1), {1, 2})],
)
def test_rules_act_on_the_layers_that_they_are_for(layers, acting):
    network = FeedforwardNetwork(SIZES)
    found = changes(Learner.start(network, OJA.on(layers)), *batch(network))
    assert {k for k, one in enumerate(found) if one.abs().max() > 0} == acting
    wanted = [float(k in acting) for k in range(3)]
    assert OJA.on(layers).coefficients(3) == {"oja": wanted}


def test_coefficients_of_a_term_that_comes_twice_are_added():
    rule = GRADIENT + 0.5 * OJA.on("hidden") + [1, 2, 3] * GRADIENT
    assert rule.coefficients(3) == {"pseudo-gradient": [2, 3, 4], "oja": [0.5, 0.5, 0]}


def test_weights_change_in_place_as_they_change_otherwise():
    for networks in ((), (2,)):
        view = random_view(networks=networks)
        wanted = POOL.add_to(view.weights, view)
        close(wanted, view.weights + POOL.change(view))
        assert not torch.equal(view.weights, wanted)
        changed = POOL.add_to(view.weights, view, in_place=True)
        assert changed is view.weights
        close(changed, wanted)


def test_a_step_adds_the_changes_seen_before_it():
    network = FeedforwardNetwork(SIZES)
    learner, data = Learner.start(network, 0.1 * POOL), batch(network)
    wanted = [w + c for w, c in zip(learner.weights, changes(learner, *data), strict=True)]
    learner.step(*data)
    for one, other in zip(learner.weights, wanted, strict=True):
        close(one, other)


def test_gradients_flow_through_coefficients():
    network = FeedforwardNetwork((4, 3, 2))
    data, start = batch(network), network.draw_weights([0])
    carriers = FeedbackAlignment().draw(network, [0])

    def loss(coefficients):
        rule = sum((c * t for c, t in zip(coefficients, PUBLISHED_TERMS, strict=True)), Rule(()))
        weights = start
        for _ in range(2):
            seen = views(network, FeedbackAlignment(), weights, carriers, data, True)
            weights = [rule.add_to(w, v) for w, v in zip(weights, seen, strict=True)]
        return network.loss(weights, *data).sum()

    coefficients = torch.linspace(-0.1, 0.1, 10, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda c: loss(c.unbind()), coefficients)


def test_a_term_of_ones_own_is_as_good_as_any():
    mine = Term("mine", "3", lambda view: torch.full_like(view.weights, 3.0), False)
    view = random_view()
    close((2 * mine + OJA).change(view), 6 + OJA.as_rule().change(view))
    assert not (mine + OJA).needs_pre_error
    assert (mine + EHEBB).needs_pre_error


def test_rules_are_written_out():
    rule = 0.01 * GRADIENT - 0.015 * EHEBB + 0.004 * OJA.on("hidden") + [1, 2] * term("decay")
    assert rule.formula() == (
        "ΔW = 0.01 (-e y'ᵀ) + -0.015 (-e e'ᵀ) + 0.004 (y y'ᵀ - y yᵀW) in layers hidden "
        "+ [1, 2] (-W)"
    )
    assert Rule(()).formula() == "ΔW = 0"


def test_learning_lowers_the_loss_in_either_precision():
    for precision in ("float64", "float32"):
        network = FeedforwardNetwork((6, 8, 3), "tanh", precision=precision)
        learner = Learner.start(network, 0.5 * GRADIENT)
        inputs, targets = batch(network, 20)
        before = network.loss(learner.weights, inputs, targets)
        for _ in range(300):
            learner.step(inputs, targets)
        after = network.loss(learner.weights, inputs, targets)
        assert after < 0.5 * before
        assert str(after.dtype) == f"torch.{precision}"
        labels = targets[0].argmax(-1).numpy()
        assert learner.accuracy(inputs[0], labels)[0] > 0.8


def test_a_network_that_is_not_finite_is_right_about_nothing():
    network = FeedforwardNetwork((2, 3))
    learner = Learner.start(network, GRADIENT, seeds=[0, 1])
    learner.weights[0][1] = torch.nan
    accuracy = learner.accuracy(np.eye(2), np.zeros(2))
    assert accuracy[1] == 0


def test_weights_are_as_large_as_glorot_and_bengio_say():
    network = FeedforwardNetwork((300, 200, 100))
    for (post, pre), weights in zip(
        ((200, 300), (100, 200)), network.draw_weights([0], 0.5), strict=True
    ):
        bound = 0.5 * np.sqrt(6 / (post + pre))
        assert weights.abs().max() <= bound
        assert weights.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.02)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: term("oha"), "did you mean 'oja'"),
        (lambda: FeedforwardNetwork((3,)), "input and an output"),
        (lambda: FeedforwardNetwork((3, 0)), "size of a layer"),
        (lambda: FeedforwardNetwork((3, 2), "tahn"), "did you mean 'tanh'"),
        (lambda: FeedforwardNetwork((3, 2), output="linear"), "output must be one of"),
        (lambda: softplus(0), "beta"),
        (lambda: Learner.start(FeedforwardNetwork((3, 2)), OJA, "feedback"), "feedback-alignment"),
        (lambda: "x" * OJA, "A coefficient must be"),
        (lambda: [] * OJA, "A coefficient must be"),
        (lambda: [1, 2] * ([1, 2, 3] * OJA), "cannot be multiplied by 2"),
        (lambda: OJA.on("some"), "Layers must be one of"),
        (lambda: OJA.on([]), "Layers must be one of"),
        (lambda: OJA.on([3]).coefficients(3), "layer 3 of a network that has 3"),
        (lambda: ([1, 2] * OJA).coefficients(3), "coefficients of 2 layers"),
        (lambda: FeedforwardNetwork((3, 2)).draw_weights([0], 0), "gain"),
    ],
)
def test_what_is_wrong_is_said(make, said):
    with pytest.raises(InvalidInput, match=said):
        make()


def test_rules_cannot_be_multiplied_with_each_other():
    with pytest.raises(TypeError):
        OJA * EHEBB
    with pytest.raises(TypeError):
        OJA + 1
