"""Confusion matrices: which class is taken for which."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import INK, new_figure, paper_style
from neurotrain.analysis.tables import Table
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ConfusionMatrix:
    """How often each class was chosen in trials of each class.

    Parameters
    ----------
    count : (class, choice) int array
        Trials of a class, in rows, by the class that was chosen, in columns; the last column is
        no choice.
    """

    count: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """Share of the trials of each class, (class, choice); NaN for a class without trials."""
        n = self.count.sum(axis=1, keepdims=True)
        return np.divide(self.count, n, out=np.full(self.count.shape, np.nan), where=n > 0)

    def table(self) -> Table:
        """Return the columns to export, a row for each class and choice; -1 is no choice."""
        classes = len(self.count)
        label, choice = np.indices(self.count.shape)
        choice = np.where(choice == classes, -1, choice)
        columns = {"class": label, "choice": choice, "n": self.count, "share": self.share}
        return {name: values.ravel() for name, values in columns.items()}


def confusion_matrix(choices: np.ndarray, labels: np.ndarray, classes: int) -> ConfusionMatrix:
    """Return how often each class was taken for which.

    Parameters
    ----------
    choices : (trial,) int array
        The chosen classes; -1 is no choice.
    labels : (trial,) int array
        The correct classes.
    classes : int
        Number of classes.

    Raises
    ------
    InvalidInput
        If shapes disagree or a choice or label is no class.
    """
    choices, labels = np.asarray(choices), np.asarray(labels)
    if choices.shape != labels.shape or choices.ndim != 1:
        raise InvalidInput(
            f"A confusion matrix needs a choice and a label for each trial, got shapes "
            f"{choices.shape} and {labels.shape}."
        )
    if (choices < -1).any() or (choices >= classes).any():
        raise InvalidInput(f"Choices must be -1 to {classes - 1}, got others.")
    if (labels < 0).any() or (labels >= classes).any():
        raise InvalidInput(f"Labels must be 0 to {classes - 1}, got others.")
    count = np.zeros((classes, classes + 1), dtype=int)
    np.add.at(count, (labels, np.where(choices < 0, classes, choices)), 1)
    return ConfusionMatrix(count)


@paper_style()
def confusion_figure(matrix: ConfusionMatrix) -> "Figure":
    """Return the shares as a heat map, with the numbers of trials in its cells."""
    classes = len(matrix.count)
    figure = new_figure(34 + 11 * (classes + 1), 26 + 11 * classes)
    axes = figure.subplots()
    image = axes.imshow(matrix.share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), n in np.ndenumerate(matrix.count):
        color = "white" if matrix.share[row, column] > 0.5 else INK
        axes.text(column, row, str(n), ha="center", va="center", color=color, fontsize=6.5)
    axes.set_xticks(range(classes + 1), [*map(str, range(classes)), "none"])
    axes.set_yticks(range(classes))
    axes.set(xlabel="choice", ylabel="class")
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, label="share of the class")
    return figure
