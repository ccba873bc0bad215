"""Vector fields: against PyTorch's modules, their scales, initial parameters and refusals."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.neural_ode import VectorField

FIELDS = [
    VectorField(3, 5, depth, activation=activation, power=power)
    for activation in ("tanh", "gelu", "relu")
    for depth, power in ((0, 1), (1, 3), (3, 1))
]


def name(field):
    return f"{field.activation}-{field.depth}-{field.power}"


def module(field):
    """Return the same network in PyTorch."""
    torch = pytest.importorskip("torch")
    activation = {
        "tanh": torch.nn.Tanh(),
        "gelu": torch.nn.GELU(approximate="tanh"),
        "relu": torch.nn.ReLU(),
    }[field.activation]
    layers = []
    for outputs, inputs in field.shapes:
        layers += [torch.nn.Linear(inputs, outputs, bias=field.biases), activation]
    return torch.nn.Sequential(*layers[:-1]).double()


@pytest.mark.parametrize("field", FIELDS, ids=name)
def test_field_is_that_of_pytorch(field):
    torch = pytest.importorskip("torch")
    rng, network = np.random.default_rng(1), module(field)
    parameters, states = rng.normal(size=(2, field.size)), rng.normal(size=(2, 4, 3))
    derivatives = field(parameters, states)
    jacobian = field.jacobian(parameters, states)
    for p, own in enumerate(torch.tensor(parameters)):
        # The order of PyTorch's own flat vectors.
        torch.nn.utils.vector_to_parameters(own, network.parameters())

        def function(y, network=network):
            return network(y**field.power)

        y = torch.tensor(states[p])
        np.testing.assert_allclose(derivatives[p], function(y).detach(), rtol=1e-12, atol=1e-12)
        expected = torch.func.vmap(torch.func.jacrev(function))(y)
        np.testing.assert_allclose(jacobian[p], expected.detach(), rtol=1e-10, atol=1e-12)


def test_sizes_are_the_published_ones():
    assert VectorField(3, 5, 6, activation="gelu").size == 188
    assert VectorField(20, 10, 3, activation="gelu").size == 650
    assert VectorField(2, 1000, 1).size == 5002
    assert VectorField(2, 1000, 1, biases=False).size == 4000


def test_layers_are_views_of_one_vector():
    field = VectorField(2, 3, 1)
    vector = np.arange(float(field.size))
    (w1, b1), (w2, b2) = field.layers(vector)
    assert w1.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert b1.tolist() == [6, 7, 8]
    assert w2.tolist() == [[9, 10, 11], [12, 13, 14]]
    b2[...] = -1
    assert vector[-2:].tolist() == [-1, -1]
    assert VectorField(2, 3, 1, biases=False).layers(np.zeros((7, 12)))[0][1] is None


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("biases", [True, False])
def test_scales_can_be_taken_into_the_parameters(depth, biases):
    scales = {"input_scale": (1, 4.0, 0.5), "output_scale": (2.0, 1e-6, 3.0)}
    plain = VectorField(3, 4, depth, biases=biases, power=2)
    scaled = VectorField(3, 4, depth, biases=biases, power=2, **scales)
    rng = np.random.default_rng(2)
    parameters, states = rng.normal(size=(2, plain.size)), rng.normal(size=(2, 5, 3))
    given = scaled(parameters, states)
    np.testing.assert_allclose(given, plain(parameters * scaled.factors(), states), rtol=1e-12)
    by_hand = plain(parameters, states * np.sqrt([1, 4.0, 0.5])) * [2.0, 1e-6, 3.0]
    np.testing.assert_allclose(given, by_hand, rtol=1e-9)
    step = 1e-5 * np.eye(3)[:, np.newaxis, np.newaxis]
    sides = [[scaled(parameters, states + s * one) for one in step] for s in (1, -1)]
    expected = np.moveaxis(np.subtract(*sides) / 2e-5, 0, -1)
    jacobian = scaled.jacobian(parameters, states)
    for row, own in enumerate(np.moveaxis(expected, -2, 0)):
        near = 1e-4 * abs(own).max() + 1e-12
        np.testing.assert_allclose(jacobian[..., row, :], own, atol=near)


def test_initial_parameters_are_drawn_as_published():
    field = VectorField(2, 1000, 1)
    drawn = {how: field.initial(np.random.default_rng(3), how) for how in ("torchdiffeq",)}
    (w1, b1), (w2, b2) = field.layers(drawn["torchdiffeq"])
    # Six standard errors: a false alarm in 5e8.
    assert abs(np.concatenate([w1.ravel(), w2.ravel()]).std() / 0.1 - 1) < 6 / np.sqrt(8000)
    assert not b1.any()
    assert not b2.any()
    for how, bounds in {
        "uniform": (1 / np.sqrt(1000), 1 / np.sqrt(2)),
        "glorot": (np.sqrt(6 / 1002),) * 2,
    }.items():
        layers = field.layers(field.initial(np.random.default_rng(4), how))
        for (weight, bias), bound in zip(layers, bounds, strict=True):
            # Of 2000 uniform numbers none is in the outer 2 % with a probability of 1e-17.
            assert 0.98 * bound < abs(weight).max() <= bound
            assert not bias.any()


def test_natural_size_of_parameters_is_by_inputs():
    (w1, b1), (w2, b2) = VectorField(4, 9, 1).layers(VectorField(4, 9, 1).parameter_scale())
    assert set(w1.ravel()) | set(b1) == {1 / 2}
    assert set(w2.ravel()) | set(b2) == {1 / 3}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"states": 0}, "states"),
        ({"width": 2.5}, "width"),
        ({"depth": -1}, "depth"),
        ({"power": 0}, "power"),
        ({"activation": "tahn"}, "did you mean 'tanh'"),
        ({"output_scale": (1.0, 2.0)}, "3 states"),
        ({"input_scale": np.nan}, "input_scale"),
    ],
)
def test_wrong_fields_are_refused(arguments, said):
    with pytest.raises(InvalidInput, match=said):
        VectorField(**({"states": 3, "width": 4, "depth": 1} | arguments))


def test_wrong_vectors_are_refused():
    with pytest.raises(InvalidInput, match="17 parameters"):
        VectorField(2, 3, 1).layers(np.zeros(16))
    with pytest.raises(InvalidInput, match="initialization"):
        VectorField(2, 3, 1).initial(np.random.default_rng(0), "zeros")
