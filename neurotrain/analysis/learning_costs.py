"""Learning curves of several methods against what they cost."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import class_color, draw_chance, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = Mapping[str, Sequence[float]]

_COSTS = {"seconds": "seconds of training", "trial_simulations": "simulations of a trial"}


@paper_style()
def learning_costs_figure(curves: Mapping[str, Sequence[Curve]], *, chance: float) -> "Figure":
    """Return accuracy against seconds and against simulations of a trial.

    Parameters
    ----------
    curves : mapping of str to sequence of mapping
        Of each method one for every training, with values at the validations:
        ``accuracy``, ``seconds`` and ``trial_simulations``. Medians end where the shortest
        training does; a method without any is left out.
    chance : float
        Accuracy of guessing.
    """
    from matplotlib.ticker import NullFormatter

    figure, curves = new_figure(140, 62), {name: each for name, each in curves.items() if each}
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (cost, label) in zip(panels, _COSTS.items(), strict=True):
        for k, (method, trainings) in enumerate(curves.items()):
            color = class_color(k)
            for one in trainings:
                axes.plot(one[cost], one["accuracy"], color=color, alpha=0.3, linewidth=0.6)
            shortest = min(len(one["accuracy"]) for one in trainings)
            at, accuracy = (
                np.median([one[name][:shortest] for one in trainings], axis=0)
                for name in (cost, "accuracy")
            )
            axes.plot(at, accuracy, color=color, label=method)
        draw_chance(axes, chance)
        axes.set(xlabel=label, xscale="log", ylim=(0, 1.02))
        axes.xaxis.set_minor_formatter(NullFormatter())
    panels[0].set_ylabel("accuracy (validation)")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(curves)
    )
    return figure
