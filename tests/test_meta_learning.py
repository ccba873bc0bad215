"""Episodes, and learning that is differentiated through."""

from weakref import ref

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.data import Images, digits
from neurotrain.learning_rules.episodes import Episodes
from neurotrain.learning_rules.feedback import Backpropagation, FeedbackAlignment
from neurotrain.learning_rules.learner import Learner
from neurotrain.learning_rules.network import FeedforwardNetwork
from neurotrain.learning_rules.rule import Rule
from neurotrain.learning_rules.terms import PUBLISHED_TERMS, Term, term
from neurotrain.learning_rules.unrolled import unroll

torch = pytest.importorskip("torch")


def test_an_episode_has_images_of_few_classes_and_none_twice():
    images = digits()
    drawn = Episodes(images, ways=4, shots=9, queries=3).draw(np.random.default_rng(0))
    classes, counts = np.unique(drawn.train.labels, return_counts=True)
    assert (len(classes), set(counts)) == (4, {9})
    asked, counts = np.unique(drawn.query.labels, return_counts=True)
    np.testing.assert_array_equal(asked, classes)
    assert set(counts) == {3}
    everything = np.concatenate([drawn.train.pixels, drawn.query.pixels])
    assert len(np.unique(everything, axis=0)) == 48
    # Learned in no order of classes.
    assert np.count_nonzero(np.diff(drawn.train.labels)) > 15
    known = {bytes(p): label for p, label in zip(images.pixels, images.labels, strict=True)}
    for part in (drawn.train, drawn.query):
        assert [known[bytes(p)] for p in part.pixels] == part.labels.tolist()


def test_episodes_depend_on_their_generator():
    episodes = Episodes(digits(), shots=5, queries=2)
    one, same, other = (episodes.draw(np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.train.pixels, same.train.pixels)
    assert not np.array_equal(one.train.pixels, other.train.pixels)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ways": 11}, "11 classes cannot be drawn from 10"),
        ({"shots": 170}, "Class '8' has 174 images, too few for 170"),
        ({"shots": 0}, "shots"),
    ],
)
def test_episodes_that_cannot_be_are_refused(options, said):
    with pytest.raises(InvalidInput, match=said):
        Episodes(digits(), **options)


NETWORK = FeedforwardNetwork((5, 4, 3))


def samples(count, networks=2, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=(networks, count))
    inputs = rng.uniform(size=(networks, count, 5))
    return NETWORK.tensor(inputs), NETWORK.tensor(np.eye(3)[labels])


def pool(coefficients):
    return sum((c * t for c, t in zip(coefficients, PUBLISHED_TERMS, strict=True)), Rule(()))


def query_loss(coefficients, segment=3, count=8):
    feedback = FeedbackAlignment()
    weights, carriers = NETWORK.draw_weights([0, 1]), feedback.draw(NETWORK, [0, 1])
    batch = samples(count)
    learned = unroll(
        NETWORK, pool(coefficients.unbind()), feedback, weights, carriers, batch, segment=segment
    )
    return NETWORK.loss(learned, *samples(6, seed=1)).mean()


def coefficients():
    return torch.linspace(-0.05, 0.05, 10, dtype=torch.float64).requires_grad_()


def test_unrolled_learning_is_learning():
    rule = 0.1 * term("pseudo-gradient") - 0.05 * term("ehebb") + 0.05 * term("oja")
    learner = Learner.start(NETWORK, rule, "feedback-alignment", seeds=[0, 1])
    weights = [one.clone() for one in learner.weights]
    inputs, targets = samples(8)
    learned = unroll(
        NETWORK, rule, learner.feedback, weights, learner.feedback_weights, (inputs, targets)
    )
    before = [one.clone() for one in weights]
    for k in range(8):
        learner.step(inputs[:, k : k + 1], targets[:, k : k + 1])
    for one, other in zip(learned, learner.weights, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
    assert all(map(torch.equal, before, weights))


def test_the_gradient_through_learning_is_that_of_differences():
    assert torch.autograd.gradcheck(query_loss, coefficients(), atol=1e-8, rtol=1e-5)


@pytest.mark.parametrize("segment", [1, 5, 8, 100])
def test_segments_change_nothing(segment):
    one, other = coefficients(), coefficients()
    query_loss(one).backward()
    query_loss(other, segment).backward()
    torch.testing.assert_close(one.grad, other.grad, rtol=1e-10, atol=1e-12)


def most_weights_alive(segment, count=64):
    """Return how many weights of the first layer are held at once, in learning and its gradient."""
    seen, alive = [], []

    def watch(view):
        seen.append(ref(view.weights.untyped_storage()))
        alive.append(sum(one() is not None for one in seen))
        return torch.zeros_like(view.weights)

    watching = Term("watching", "0", watch, False).on([0])
    rule = torch.tensor(0.1, dtype=torch.float64).requires_grad_() * term("oja") + watching
    weights, batch = NETWORK.draw_weights([0, 1]), samples(count)
    learned = unroll(NETWORK, rule, Backpropagation(), weights, None, batch, segment=segment)
    learned[0].sum().backward()
    return max(alive)


def test_memory_is_bounded_by_segments():
    assert most_weights_alive(64) > 60
    # Eight between segments, eight within one, and few that are on their way.
    assert most_weights_alive(8) < 8 + 8 + 8


def test_images_of_ones_own_have_as_many_of_each_class_as_needed():
    images = Images(np.eye(6), [0, 0, 0, 1, 1, 1], ("a", "b"), (2, 3))
    drawn = Episodes(images, ways=2, shots=2, queries=1).draw(np.random.default_rng(0))
    assert (len(drawn.train), len(drawn.query)) == (4, 2)
