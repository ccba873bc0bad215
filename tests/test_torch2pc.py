"""The entry point of Torch2PC: its arguments and results, and what is no longer wrong with it."""

import pytest

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules import torch2pc as T2PC  # noqa: N812
from neurotrain.learning_rules.predictive_coding import infer

torch = pytest.importorskip("torch")
nn = torch.nn
MODES = {"Strict": "strict", "FixedPred": "fixed-prediction", "Exact": "exact"}


@pytest.fixture
def given():
    """Return a model, a loss, inputs and labels, as scripts have them."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
            nn.Sequential(nn.Linear(27, 8), nn.ReLU()),
            nn.Linear(8, 4),
        )
        yield model, nn.CrossEntropyLoss(), torch.rand(5, 1, 8, 8), torch.randint(4, (5,))


@pytest.mark.parametrize("kind", MODES)
def test_arguments_and_results_are_those_of_scripts(kind, given):
    model, loss, inputs, labels = given
    vhat, Loss, dLdy, v, epsilon = T2PC.PCInfer(*given, kind, 0.2, 7)  # noqa: N806
    found = infer(*given, MODES[kind], 0.2, 7)
    assert [len(one) for one in (vhat, v, epsilon)] == [4, 4, 4]
    assert torch.equal(vhat[0], inputs)
    assert torch.equal(vhat[-1], model(inputs))
    assert Loss.item() == loss(model(inputs), labels).item()
    assert torch.equal(dLdy, found.output_gradient)
    assert all(map(torch.equal, v, found.beliefs))
    assert all(map(torch.equal, epsilon[1:], found.errors[1:]))
    for parameter in model.parameters():
        assert torch.equal(parameter.grad, found.gradients[parameter])


def test_arguments_may_be_given_by_name(given):
    model, loss, inputs, labels = given
    by_name = {"model": model, "LossFun": loss, "X": inputs, "Y": labels, "ErrType": "Strict"}
    usual = T2PC.PCInfer(*given, "Strict")
    named = T2PC.PCInfer(**by_name, eta=0.1, n=20, vinit=None)
    assert all(map(torch.equal, usual[3], named[3]))


def test_initial_beliefs_are_no_longer_ignored(given):
    _, _, _, v, epsilon = T2PC.PCInfer(*given, "Strict", 0.1, 5)
    shifted = [one + 0.1 for one in v]
    _, _, _, _, other = T2PC.PCInfer(*given, "Strict", 0.1, 5, vinit=shifted)
    assert not torch.allclose(epsilon[1], other[1])


def test_gradients_are_added_to_those_that_are_there(given):
    model = given[0]
    T2PC.PCInfer(*given, "Exact")
    once = [parameter.grad.clone() for parameter in model.parameters()]
    T2PC.PCInfer(*given, "Exact")
    for before, parameter in zip(once, model.parameters(), strict=True):
        assert torch.allclose(parameter.grad, 2 * before)


def test_frozen_parameters_do_no_harm(given):
    model = given[0]
    model[1].requires_grad_(False)
    T2PC.PCInfer(*given, "FixedPred")
    assert model[1][0].weight.grad is None
    assert model[0][0].weight.grad is not None


def test_unknown_kinds_are_value_errors_with_the_nearest(given):
    with pytest.raises(ValueError, match="did you mean 'FixedPred'"):
        T2PC.PCInfer(*given, "fixedpred")
    with pytest.raises(InvalidInput):
        T2PC.PCInfer(*given, None)
