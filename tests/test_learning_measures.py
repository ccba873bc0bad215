"""Measures of weights and activity, against cases whose values are known; courses of learning."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules import (
    FeedforwardNetwork,
    Images,
    Learner,
    angle,
    effective_rank,
    learn,
    measure_layers,
    orthonormality_error,
    participation_ratio,
    term,
)

torch = pytest.importorskip("torch")

GRADIENT, OJA = term("pseudo-gradient"), term("oja")


def rows(count, size, seed=0):
    """Return orthonormal rows."""
    drawn = np.random.default_rng(seed).normal(size=(size, size))
    return torch.tensor(np.linalg.qr(drawn)[0][:count])


def test_orthonormal_rows_have_no_error():
    assert orthonormality_error(rows(3, 7)).item() == pytest.approx(0, abs=1e-14)
    # Rows of norm 2 among each other: a diagonal of 3.
    assert orthonormality_error(2 * rows(4, 7)).item() == pytest.approx(3)
    both = torch.stack([rows(3, 7), 2 * rows(3, 7)])
    assert orthonormality_error(both).tolist() == pytest.approx([0, 3], abs=1e-12)


def test_dimensions_are_those_of_known_spectra():
    # Centered and orthogonal over samples, so that the variances are the squared factors.
    signs = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=torch.float64)
    equal = signs @ (2 * rows(3, 6)) + 5
    assert participation_ratio(equal).item() == pytest.approx(3)
    assert effective_rank(equal).item() == pytest.approx(3)
    factors = torch.tensor([3.0, 1.0, 0.0], dtype=torch.float64)
    uneven = (signs * factors) @ rows(3, 6)
    assert participation_ratio(uneven).item() == pytest.approx((9 + 1) ** 2 / (81 + 1))
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert effective_rank(uneven).item() == pytest.approx(np.exp(entropy))


def test_a_network_that_ran_away_has_no_dimension_and_spares_the_others():
    activity = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    wanted = participation_ratio(activity[0])
    activity[1, 2, 1] = torch.inf
    found = participation_ratio(activity)
    assert found[0] == wanted
    assert found[1].isnan()


def test_angles_are_in_degrees():
    one, other = torch.eye(3)[:2]
    assert angle(one, other).item() == pytest.approx(90)
    assert angle(one, one + other).item() == pytest.approx(45, abs=1e-4)
    assert angle(one, -2 * one).item() == pytest.approx(180)


def small(feedback="backpropagation", rule=GRADIENT, seeds=(0, 1)):
    return Learner.start(FeedforwardNetwork((6, 5, 4, 3)), rule, feedback, seeds=seeds)


def test_layers_are_measured():
    learner = small("feedback-alignment")
    rng = np.random.default_rng(0)
    inputs, targets = rng.uniform(size=(9, 6)), np.eye(3)[rng.integers(3, size=9)]
    found = measure_layers(learner, inputs, targets)
    assert {values.shape for values in found.values()} == {(2, 3)}
    exact = measure_layers(small(), inputs, targets)
    assert np.abs(exact["error_angle"]).max() < 1e-5
    assert found["error_angle"][:, -1].max() < 1e-5
    assert found["error_angle"][:, :-1].min() > 1
    weights = [one.clone().requires_grad_() for one in learner.weights]
    batch = [learner.network.tensor(values).expand(2, 9, -1) for values in (inputs, targets)]
    learner.network.loss(weights, *batch).sum().backward()
    for k, one in enumerate(weights):
        norms = one.grad.pow(2).mean((1, 2)).sqrt()
        np.testing.assert_allclose(found["gradient_norm"][:, k], norms, rtol=1e-10)
        ours = orthonormality_error(learner.weights[k])
        np.testing.assert_allclose(found["orthonormality_error"][:, k], ours)
    outputs = learner.outputs(inputs)
    root = outputs.pow(2).mean((1, 2)).sqrt()
    np.testing.assert_allclose(found["activity_norm"][:, -1], root)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    pixels = np.clip(np.eye(6)[labels] + rng.uniform(0, 0.3, (60, 6)), 0, 1)
    return Images(pixels, labels, ("a", "b", "c"), (2, 3)).split(15)


def test_a_course_is_what_was_measured_on_the_way(images):
    train, test = images
    network = FeedforwardNetwork((6, 8, 3), "tanh")
    learner = Learner.start(network, 0.3 * GRADIENT, seeds=(0, 1))
    course = learn(learner, train, test, 600, checkpoints=(0, 100))
    assert course.samples.tolist() == [0, 100, 600]
    assert course.accuracy.shape == (3, 2)
    assert course.measures["error_angle"].shape == (3, 2, 2)
    np.testing.assert_array_equal(course.accuracy[-1], learner.accuracy(test.pixels, test.labels))
    assert course.accuracy[-1].min() > 0.9
    assert course.accuracy[0].max() < 0.8


def test_networks_side_by_side_see_what_they_would_alone(images):
    together = learn(small(rule=0.3 * GRADIENT), *images, 90)
    for k in (0, 1):
        alone = learn(small(rule=0.3 * GRADIENT, seeds=[k]), *images, 90)
        np.testing.assert_allclose(
            together.measures["activity_norm"][:, k],
            alone.measures["activity_norm"][:, 0],
            rtol=1e-10,
        )


class Noted:
    """A learner's place, to see what it is given."""

    def __init__(self, learner):
        self.learner, self.steps = learner, []
        self.network, self.seeds, self.accuracy = learner.network, learner.seeds, learner.accuracy

    def step(self, inputs, targets):
        self.steps.append(inputs)

    def __getattr__(self, name):
        return getattr(self.learner, name)


@pytest.mark.parametrize("batch", [1, 9])
def test_each_epoch_has_all_images_in_another_order(images, batch):
    train, test = images
    noted = Noted(small())
    learn(noted, train, test, 90, batch=batch)
    assert len(noted.steps) == 90 // batch
    seen = torch.cat(noted.steps, 1).numpy()
    for network in seen:
        epochs = network[:45], network[45:]
        for epoch in epochs:
            assert sorted(map(bytes, epoch)) == sorted(map(bytes, train.pixels))
        assert not np.array_equal(*epochs)
    assert not np.array_equal(seen[0], seen[1])


@pytest.mark.parametrize(
    ("samples", "batch", "checkpoints"), [(0, 1, ()), (10, 0, ()), (10, 3, ()), (9, 3, (10,))]
)
def test_impossible_courses_are_refused(images, samples, batch, checkpoints):
    with pytest.raises(InvalidInput):
        learn(small(), *images, samples, batch=batch, checkpoints=checkpoints)
