"""How long networks remember: accuracy against the delay, with the state kept and reset."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurotrain.analysis.style import class_color, draw_chance, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@paper_style()
def memory_figure(rows: Sequence[Mapping[str, Any]], *, chance: float) -> "Figure":
    """Return accuracy against the delay of the test, a color for each delay of the training.

    Parameters
    ----------
    rows : sequence of mapping
        Of some networks trained with ``trained_delay_ms`` and tested with ``tested_delay_ms``,
        the median ``accuracy``, the ``lowest`` and the ``highest``, and ``state_reset``, the
        median where the state is reset in the middle of the delay.
    chance : float
        Accuracy of guessing.
    """
    figure = new_figure(90, 66)
    axes = figure.subplots()
    for k, trained_ms in enumerate(sorted({row["trained_delay_ms"] for row in rows})):
        chosen = [row for row in rows if row["trained_delay_ms"] == trained_ms]
        shown = {name: [row[name] for row in chosen] for name in chosen[0]}
        at, color = shown["tested_delay_ms"], class_color(k)
        axes.fill_between(
            at, shown["lowest"], shown["highest"], color=color, alpha=0.2, linewidth=0
        )
        name = f"trained with {trained_ms:g} ms"
        axes.plot(at, shown["accuracy"], color=color, marker="o", markersize=3, label=name)
        axes.plot(at, shown["state_reset"], color=color, linestyle=":", label="state reset")
    draw_chance(axes, chance)
    axes.set(xlabel="delay (ms)", ylabel="accuracy (share of trials)", ylim=(0, 1.02))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return figure
