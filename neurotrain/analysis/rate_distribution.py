"""How the firing rates of neurons are spread, over the generations of a run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.style import TRAINING, on_axes
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def has_rates(metrics: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a validation of the run has kept how the rates are spread."""
    return any(each.get("rate_quantiles_hz") for each in metrics)


@on_axes(85, 62)
def rate_distribution(
    metrics: Sequence[Mapping[str, Any]], *, axes: "Axes | None" = None
) -> "Axes":
    """Draw the firing rates of the neurons at each validation: median, quartiles, and tails.

    Parameters
    ----------
    metrics : sequence of mappings
        Those of a run, ``result.metrics``; of them ``rate_quantiles_hz``.
    axes : Axes, optional
        By default those of a new figure.

    Raises
    ------
    InvalidInput
        If no generation has kept the rates, as in runs of earlier versions.
    """
    if not has_rates(metrics):
        raise InvalidInput(
            "No generation has 'rate_quantiles_hz'; runs of earlier versions did not keep it."
        )
    kept = [each for each in metrics if each.get("rate_quantiles_hz")]
    at = [each["generation"] for each in kept]
    p5, p25, p50, p75, p95 = np.array([each["rate_quantiles_hz"] for each in kept]).T
    how = {"color": TRAINING, "linewidth": 0}
    axes.fill_between(at, p5, p95, alpha=0.15, label="5 to 95% of neurons", **how)
    axes.fill_between(at, p25, p75, alpha=0.35, label="25 to 75%", **how)
    axes.plot(at, p50, color=TRAINING, marker=".", markersize=4, label="median")
    if len(at) == 1:
        # A band needs two generations.
        axes.vlines(at * 2, [*p5, *p25], [*p95, *p75], color=TRAINING, alpha=0.5)
        axes.set_xlim(at[0] - 1, at[0] + 1)
    axes.set(xlabel="generation", ylabel="firing rate of a neuron (Hz)")
    axes.set_ylim(0, 1.1 * p95.max() or 1)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    return axes
