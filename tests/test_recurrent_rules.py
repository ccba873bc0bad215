"""Learning rules on recurrent networks, against gradients and against formulas written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules import (
    RecurrentLearner,
    RecurrentNetwork,
    RecurrentWeights,
    Rule,
    rule_from_text,
    term,
)
from neurotrain.learning_rules.feedback import FEEDBACK
from neurotrain.learning_rules.terms import PUBLISHED_TERMS

torch = pytest.importorskip("torch")

POOL = sum((0.1 * (k + 1) * one for k, one in enumerate(PUBLISHED_TERMS)), Rule(()))
GRADIENT = term("pseudo-gradient").as_rule()


def made(rule=GRADIENT, feedback="backpropagation", seeds=(0,), *, neurons=5, **options):
    """Return a learner with biases and large weights."""
    network = RecurrentNetwork(3, neurons, 2, **options)
    learner = RecurrentLearner.start(network, rule, feedback, seeds=seeds, gain=1.3)
    rngs = [np.random.default_rng(seed) for seed in seeds]
    for weights in learner.weights:
        noise = [rng.normal(0, 0.2, weights.shape[1:]) for rng in rngs]
        weights += torch.tensor(np.stack(noise))
    return learner


def batch(networks=1, trials=4, steps=6, neurons=5, seed=1):
    """Return inputs, targets and states to begin with, of two classes."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(networks, trials, steps, 3))
    targets = np.eye(2)[rng.integers(2, size=(networks, trials))]
    return inputs, targets, rng.normal(size=(networks, trials, neurons))


@given(
    leak=st.sampled_from([1.0, 0.5, 0.1]),
    last=st.integers(1, 6),
    trials=st.integers(1, 4),
    neurons=st.integers(1, 6),
    activation=st.sampled_from(["tanh", "sigmoid", "identity", "relu"]),
    output=st.sampled_from(["softmax", "identity"]),
)
def test_pseudo_gradient_is_backpropagation_through_time(
    leak, last, trials, neurons, activation, output
):
    learner = made(neurons=neurons, activation=activation, leak=leak, output=output)
    network, given_batch = learner.network, batch(1, trials, 6, neurons)
    passage = learner.run(*given_batch, last=last)
    weights = RecurrentWeights(*(one.clone().requires_grad_() for one in learner.weights))
    activity = network.activity(weights, *map(network.tensor, given_batch[::2]))
    read = network.read_out(weights, activity[..., -last:, :].mean(-2, keepdim=True))[..., 0, :]
    loss = network.losses(read, network.tensor(given_batch[1])).mean()
    exact = torch.autograd.grad(loss, weights)
    for change, gradient in zip(learner.changes(passage), exact, strict=True):
        torch.testing.assert_close(change, -gradient, rtol=1e-10, atol=1e-13)


def test_states_follow_their_equation():
    learner = made(leak=0.3)
    (inputs, _, start), w = batch(), [one[0].numpy() for one in learner.weights]
    activity = learner.run(*batch()).activity[0].numpy()
    x = start[0]
    for k in range(inputs.shape[2]):
        x = 0.7 * x + 0.3 * (np.tanh(x) @ w[1].T + inputs[0, :, k] @ w[0].T + w[3])
        np.testing.assert_allclose(activity[:, k + 1], np.tanh(x), rtol=1e-12)


def test_feedback_alignment_is_backpropagation_if_its_weights_are_those_of_the_network():
    learner, aligned = made(POOL), made(POOL, "feedback-alignment")
    aligned.feedback_weights = [matrix.mT for matrix in learner.weights.layers]
    changes = [one.changes(one.run(*batch(), last=2)) for one in (learner, aligned)]
    for one, other in zip(*changes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_direct_feedback_alignment_goes_back_along_the_leak_only():
    learner = made(feedback="direct-feedback-alignment", leak=0.25)
    inputs, targets, start = batch()
    passage = learner.run(inputs, targets, start, last=3)
    carrier = learner.feedback_weights[-1][0].numpy()
    told = passage.output_error[0, :, 0].numpy() @ carrier.T / 3
    r = passage.activity[0].numpy()
    steps = inputs.shape[2]
    error = [
        sum(
            0.25 * 0.75 ** (later - k) * (1 - r[:, later] ** 2) * told
            for later in range(max(k, steps - 2), steps + 1)
        )
        for k in range(1, steps + 1)
    ]
    seen = learner.views(passage)[1].error.unflatten(-2, (4, steps))[0].numpy()
    np.testing.assert_allclose(seen.swapaxes(0, 1), error, rtol=1e-12)


@pytest.mark.parametrize("feedback", FEEDBACK)
def test_terms_see_the_neurons_a_step_earlier(feedback):
    rule = term("oja").on([1]) - 2 * term("ehebb").on([1])
    learner = made(rule, feedback)
    passage = learner.run(*batch())
    changes = learner.changes(passage)
    error = learner.views(passage)[1].error.unflatten(-2, (4, 6))[0].numpy()
    r, w = passage.activity[0].numpy(), learner.weights.recurrent[0].numpy()
    wanted = np.zeros_like(w)
    for trial in range(4):
        for k in range(6):
            before, after = r[trial, k], r[trial, k + 1]
            earlier = error[trial, k - 1] if k else np.zeros(len(w))
            wanted += np.outer(after, before) - np.outer(after, after) @ w
            wanted += 2 * np.outer(error[trial, k], earlier)
    np.testing.assert_allclose(changes.recurrent[0], wanted / 4, rtol=1e-10, atol=1e-13)
    for name in ("input", "readout", "bias", "readout_bias"):
        assert not getattr(changes, name).any(), name


@pytest.mark.parametrize("feedback", FEEDBACK)
def test_networks_learn_side_by_side_as_alone(feedback):
    together = made(0.01 * POOL, feedback, seeds=(3, 7), leak=0.5)
    inputs, targets, start = batch(networks=2)
    together.step(inputs, targets, start)
    for k, seed in enumerate((3, 7)):
        alone = made(0.01 * POOL, feedback, seeds=(seed,), leak=0.5)
        alone.step(inputs[k : k + 1], targets[k : k + 1], start[k : k + 1])
        for one, other in zip(together.weights, alone.weights, strict=True):
            torch.testing.assert_close(one[k], other[0], rtol=1e-10, atol=1e-12)


def test_coefficients_may_differ_between_networks():
    rates = torch.tensor([0.0, 0.1], dtype=torch.float64)
    learner = made(rates * term("pseudo-gradient"), seeds=(0, 0))
    before = [one.clone() for one in learner.weights]
    learner.step(*batch(networks=2))
    for one, other in zip(before, learner.weights, strict=True):
        assert torch.equal(one[0], other[0])
        assert not torch.equal(one[1], other[1])


def test_a_network_learns_to_recall():
    network = RecurrentNetwork(2, 16, 2)
    learner = RecurrentLearner.start(network, 0.03 * term("pseudo-gradient"))
    rng = np.random.default_rng(0)
    for _ in range(150):
        labels = rng.integers(2, size=(1, 8))
        inputs = np.zeros((1, 8, 6, 2))
        inputs[0, np.arange(8), 0, labels[0]] = 1
        learner.step(inputs, np.eye(2)[labels])
    output = learner.run(inputs, np.eye(2)[labels]).output[0, :, 0].numpy()
    assert (output.argmax(-1) == labels[0]).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda b: (b[0][0], b[1], b[2]), r"Inputs must be \(network, trial, step, input\)"),
        (lambda b: (b[0][..., :2], b[1], b[2]), "3 inputs"),
        (lambda b: (b[0], b[1][:, :2], b[2]), r"Targets must be .* \(1, 4, 2\)"),
    ],
)
def test_wrong_shapes_are_refused(change, told):
    with pytest.raises(InvalidInput, match=told):
        made().run(*change(batch()))


def test_no_more_can_be_read_than_there_is():
    with pytest.raises(InvalidInput, match="the last 7 cannot be read"):
        made().run(*batch(), last=7)


@pytest.mark.parametrize("leak", [0, 1.5])
def test_a_leak_out_of_range_is_refused(leak):
    with pytest.raises(InvalidInput, match="leak"):
        RecurrentNetwork(2, 3, 2, leak=leak)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("pseudo-gradient", GRADIENT),
        ("0.5 oja in recurrent", 0.5 * term("oja").on([1])),
        ("F0 - 1e-3*ehebb in hidden", GRADIENT - 1e-3 * term("ehebb").on("hidden")),
        ("F0+.2F9 in readout", GRADIENT + 0.2 * term("oja").on([2])),
        ("-decay + oja in input", -1 * term("decay") + term("oja").on([0])),
    ],
)
def test_rules_can_be_written_out(text, rule):
    assert rule_from_text(text).coefficients(3) == rule.coefficients(3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("F0 F1", "Cannot read the rule 'F0 F1' from"),
        ("F0 + 2 *", r"from '\+ 2 \*' on"),
        ("2 ojja", "plasticity term called 'ojja'"),
        ("oja in reccurrent", "layer of a recurrent network called 'reccurrent'"),
    ],
)
def test_rules_that_cannot_be_read_are_refused(text, told):
    with pytest.raises(InvalidInput, match=told):
        rule_from_text(text)
