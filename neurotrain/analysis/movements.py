"""Paths of movements beside where they should have gone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import FAINT, class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 5


@paper_style()
def paths_figure(paths: Mapping[str, Sequence[Sequence[float]]], target: np.ndarray) -> "Figure":
    """Return one panel for each path, with the target behind it.

    Parameters
    ----------
    paths : mapping of str to (point, 2) sequence
    target : (time, 2) array
    """
    columns = min(len(paths), _COLUMNS)
    rows = -(-len(paths) // columns)
    figure = new_figure(36 * columns, 40 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for one, (name, path) in zip(panels, paths.items(), strict=False):
        one.plot(*target.T, color=FAINT, linewidth=2.5, alpha=0.5)
        one.plot(*np.array(path).T, color=class_color(0), linewidth=0.8)
        one.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal", xticks=[], yticks=[])
        one.set_title(_in_lines(name))
    for one in panels:
        one.axis("off")
    return figure


def _in_lines(name: str) -> str:
    """Return a name in two lines if it is long."""
    if len(name) < 18:
        return name
    middle = len(name) // 2
    spaces = [k for k, letter in enumerate(name) if letter == " "]
    cut = min(spaces, key=lambda k: abs(k - middle))
    return f"{name[:cut]}\n{name[cut + 1 :]}"
