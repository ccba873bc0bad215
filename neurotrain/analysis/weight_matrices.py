"""Weights between neurons as matrices, sorted by population."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.style import INK, SHADE, new_figure, on_axes, paper_style
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Labels = Sequence[Any] | np.ndarray
EXCITATORY, INHIBITORY = "E", "I"
MAX_MATRICES = 4


@on_axes(75, 66)
def weight_matrix(
    weights: np.ndarray,
    *,
    post: Labels | None = None,
    pre: Labels | None = None,
    largest: float | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw weights to each row from each column, red where positive and blue where negative.

    Parameters
    ----------
    weights : (post, pre) array
        In any unit; NaN is where there is no synapse.
    post, pre : sequence, optional
        The population of each neuron. Those of a population are drawn together, populations in
        the order in which they first appear, with lines between them.
    largest : float, optional
        The size of weights where colors end; by default that of the largest.
    axes : Axes, optional
        By default those of a new figure. The colors are those of ``axes.images[0]``, for a
        color bar.

    Raises
    ------
    InvalidInput
        If the weights are no matrix or infinite, or there is not one population for each neuron.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.ndim != 2 or not weights.size or np.isinf(weights).any():
        raise InvalidInput(f"Weights must be finite, (post, pre), got shape {weights.shape}.")
    rows, columns = (
        _sorted_by(labels, n, name)
        for labels, n, name in zip((post, pre), weights.shape, ("post", "pre"), strict=True)
    )
    if largest is None:
        largest = np.nanmax(abs(weights), initial=0) or 1.0
    how = {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
    axes.imshow(weights[np.ix_(rows, columns)], aspect="auto", interpolation="none", **how)
    axes.set(facecolor=SHADE, xlabel="from neuron", ylabel="to neuron")
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_major_locator().set_params(integer=True)
    if pre is not None:
        _draw_populations(axes.xaxis, axes.axvline, np.asarray(pre)[columns])
    if post is not None:
        _draw_populations(axes.yaxis, axes.axhline, np.asarray(post)[rows])
    return axes


def populations_by_sign(weights: np.ndarray) -> np.ndarray | None:
    """Return 'E' or 'I' for each presynaptic neuron, (pre,).

    None unless each neuron's weights have one sign, and there are neurons of both kinds.
    """
    positive, negative = (weights > 0).any(axis=0), (weights < 0).any(axis=0)
    if (positive & negative).any() or not (positive.any() and negative.any()):
        return None
    return np.where(negative, INHIBITORY, EXCITATORY)


@paper_style()
def weights_figure(result: Any) -> "Figure | None":
    """Return the trained weights between neurons and from inputs; None if there are none.

    Each matrix has colors of its own, in SI units; where all neurons obey Dale's law they are
    sorted into those that excite and those that inhibit.
    """
    matrices = trained_matrices(result.circuit, result.parameters)
    if not matrices:
        return None
    figure = new_figure(12 + 74 * len(matrices), 68)
    panels = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axes, (name, weights) in zip(panels, matrices.items(), strict=True):
        pre = populations_by_sign(weights)
        post = pre if weights.shape[0] == weights.shape[1] else None
        weight_matrix(weights, post=post, pre=pre, axes=axes)
        axes.set_title(name)
        if name == "input.weight":
            axes.set_xlabel("from channel")
        figure.colorbar(axes.images[0], ax=axes, shrink=0.9, label="weight (SI)")
    return figure


def trained_matrices(circuit: Any, blocks: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return trained weights as matrices (post, pre), NaN where there is no synapse; at most 4."""
    from brian2 import Synapses

    found = {}
    for name, values in blocks.items():
        owner = circuit.objects.get(name.partition(".")[0])
        if name == "input.weight":
            found[name] = values
        elif isinstance(owner, Synapses):
            found[name] = _as_matrix(owner, values)
    return dict([*found.items()][:MAX_MATRICES])


def _as_matrix(synapses: Any, values: np.ndarray) -> np.ndarray:
    """Return (synapse,) values as (post, pre); those of several synapses of a pair are summed."""
    matrix = np.zeros((len(synapses.target), len(synapses.source)))
    at = np.asarray(synapses.j), np.asarray(synapses.i)
    np.add.at(matrix, at, values)
    is_there = np.zeros(matrix.shape, dtype=bool)
    is_there[at] = True
    return np.where(is_there, matrix, np.nan)


def _sorted_by(labels: Labels | None, n_neurons: int, name: str) -> np.ndarray:
    """Return the neurons population by population, each in order of their number."""
    if labels is None:
        return np.arange(n_neurons)
    if len(labels) != n_neurons:
        raise InvalidInput(
            f"'{name}' must name the population of each of {n_neurons} neurons, got {len(labels)}."
        )
    _, first, group = np.unique(np.asarray(labels), return_index=True, return_inverse=True)
    return np.argsort(first[group], kind="stable")


def _draw_populations(axis: Any, draw_line: Any, labels: np.ndarray) -> None:
    """Name each population in the middle of its sorted neurons, with lines between them."""
    borders = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    edges = np.concatenate([[0], borders, [len(labels)]])
    for border in borders:
        draw_line(border - 0.5, color=INK, linewidth=0.6)
    axis.set_ticks((edges[:-1] + edges[1:] - 1) / 2, [str(label) for label in labels[edges[:-1]]])
    axis.set_tick_params(length=0)
