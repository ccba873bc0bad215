"""How networks change as they learn, by one rule and another."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import FAINT, class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = Mapping[str, Sequence[Sequence[float]]]
# Rules after so many have dashed lines, since colors come again.
_COLORS = 7


@paper_style()
def courses_figure(
    times: Sequence[int], panels: Mapping[str, Curves], unit: str = "samples"
) -> "Figure":
    """Return one panel for each measure: its median over networks, and all of them faintly.

    Parameters
    ----------
    times : sequence of int
        After which it was measured.
    panels : mapping of str to mapping
        By the name of a measure, for each rule one curve of every network, if it has any.
    unit : str
        Of what the times are numbers.
    """
    figure = new_figure(62 * len(panels), 62)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for one, (title, rules) in zip(axes, panels.items(), strict=True):
        for k, (name, curves) in enumerate(rules.items()):
            values = np.array(curves, dtype=float).reshape(-1, len(times))
            style = {"color": class_color(k), "linestyle": "-" if k < _COLORS else "--"}
            one.plot(times, values.T, linewidth=0.4, alpha=0.25, **style)
            middle = np.median(values, 0) if len(values) else np.full(len(times), np.nan)
            one.plot(times, middle, linewidth=1.2, label=name, **style)
        one.set(title=title, xlabel=unit)
        _show_most(one, [curve for curves in rules.values() for curve in curves])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _show_most(axes: object, curves: Sequence[Sequence[float]]) -> None:
    """Leave curves that run away outside, since one of them would flatten all others."""
    values = np.array(curves, dtype=float)
    values = values[np.isfinite(values)]
    if values.size and values.max() > 10 * np.median(values) > 0:
        axes.set_ylim(0, 4 * np.median(values))


@paper_style()
def depth_figure(
    accuracy: Mapping[str, Mapping[float, Sequence[float]]],
    across: Mapping[str, Mapping[str, Sequence[float]]],
    title: str,
) -> "Figure":
    """Return accuracies against the gain of initial weights, and measures across layers.

    Parameters
    ----------
    accuracy : mapping of str to mapping
        Of each kind of network by gain, one number for every network.
    across : mapping of str to mapping
        Of each measure by method, one number for every hidden layer.
    title : str
        Which network the measures are of.
    """
    figure = new_figure(58 * (1 + len(across)), 62)
    first, *others = figure.subplots(1, 1 + len(across))
    for k, (name, gains) in enumerate(accuracy.items()):
        means = [np.mean(each) for each in gains.values()]
        first.plot(list(gains), means, "o-", color=class_color(k), markersize=3, label=name)
        for gain, each in gains.items():
            first.plot([gain] * len(each), each, ".", color=class_color(k), markersize=2)
    first.set(xlabel="gain of initial weights", ylabel="accuracy", ylim=(0, 1))
    figure.legend(*first.get_legend_handles_labels(), loc="outside lower left", ncols=4)
    for one, (measure, methods) in zip(others, across.items(), strict=True):
        for k, (name, values) in enumerate(methods.items()):
            layers = range(1, len(values) + 1)
            one.plot(layers, values, "o-", color=class_color(k), markersize=3, label=name)
        one.set(title=title, xlabel="hidden layer", ylabel=measure)
        if "norm" in measure:
            one.set_yscale("log")
    others[0].legend()
    return figure


@paper_style()
def recall_figure(
    accuracy: Mapping[float, Mapping[str, Mapping[int, Sequence[float]]]], chance: float
) -> "Figure":
    """Return accuracies against the delay, a panel for each gain of initial recurrent weights.

    Parameters
    ----------
    accuracy : mapping of float to mapping
        By gain and method, at each delay one number for every network.
    chance : float
        Accuracy of guessing.
    """
    figure = new_figure(20 + 45 * len(accuracy), 58)
    panels = figure.subplots(1, len(accuracy), sharey=True, squeeze=False)[0]
    for one, (gain, methods) in zip(panels, accuracy.items(), strict=True):
        for k, (name, delays) in enumerate(methods.items()):
            means = [np.mean(each) for each in delays.values()]
            one.plot(list(delays), means, "o-", color=class_color(k), markersize=3, label=name)
            for delay, each in delays.items():
                one.plot([delay] * len(each), each, ".", color=class_color(k), markersize=2)
        one.axhline(chance, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        one.set(title=f"gain {gain:g}", xlabel="delay (steps)", ylim=(0, 1.02))
    panels[0].set_ylabel("accuracy (the line is chance)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


@paper_style()
def fixed_points_figure(
    losses: Mapping[float, Mapping[str, Sequence[Sequence[float]]]],
    accuracy: Mapping[str, Mapping[str, Mapping[float, Sequence[float]]]],
) -> "Figure":
    """Return losses as they fall, for the largest learning rates, and accuracies against rates.

    Parameters
    ----------
    losses : mapping of float to mapping
        By learning rate and rule, a curve for each network, from the first step to the last.
    accuracy : mapping of str to mapping
        By size, rule and learning rate, one number for every network.
    """
    shown = sorted(losses)[-3:]
    figure = new_figure(52 * (len(shown) + 1) + 30, 62)
    *panels, last = figure.subplots(1, len(shown) + 1)
    for one, rate in zip(panels, shown, strict=True):
        for k, (rule, curves) in enumerate(losses[rate].items()):
            style = {"color": class_color(k), "linestyle": ("-", "-", (0, (3, 2)))[k % 3]}
            times = np.linspace(0, 1, len(curves[0]))
            one.plot(times, np.median(curves, 0), label=rule, **style)
        one.set(yscale="log", xlabel="share of steps", title=f"linear, rate {rate:g}")
    panels[0].set_ylabel("loss")
    panels[0].legend()
    rules = [*losses[shown[0]]]
    for (size, found), mark in zip(accuracy.items(), ("o-", "s--"), strict=False):
        for rule, rates in found.items():
            means = [np.median(each) for each in rates.values()]
            color = class_color(rules.index(rule))
            last.plot([*rates], means, mark, color=color, markersize=3, label=f"{rule}, {size}")
    last.set(xscale="log", xlabel="learning rate", ylabel="accuracy", ylim=(0, 1), title="digits")
    last.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@paper_style()
def mistakes_figure(
    tasks: Mapping[str, Mapping[str, tuple[float, float, float]]], chance: float
) -> "Figure":
    """Return the share of wrong trials of each method, on a logarithmic axis, a panel for a task.

    Parameters
    ----------
    tasks : mapping of str to mapping
        By task and method, the largest share, the median and the smallest one.
    chance : float
        Share of guesses that are wrong.
    """
    methods = list(dict.fromkeys(name for found in tasks.values() for name in found))
    figure = new_figure(55 + 60 * len(tasks), 18 + 6 * len(methods))
    panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    for one, (task, found) in zip(panels, tasks.items(), strict=True):
        for name, shares in found.items():
            # So small a share cannot be told from none with some thousand trials.
            most, middle, least = (max(share, 1e-4) for share in shares)
            k = methods.index(name)
            one.plot([least, most], [k, k], color=class_color(0), alpha=0.5)
            one.plot([middle], [k], "o", color=class_color(0), markersize=4)
        one.axvline(chance, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        one.set(title=task, xlabel="share of wrong trials (line: guessing)", xscale="log")
    panels[0].set(yticks=range(len(methods)), yticklabels=methods)
    panels[0].set_ylim(len(methods) - 0.5, -0.5)
    return figure
