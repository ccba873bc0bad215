"""One Morris-Lecar neuron is to stop firing: backpropagation on a jagged loss.

The neuron of the publication has one trained parameter, the strength of its input current. The
loss is its mean output, a steep function of the voltage that is sampled each millisecond, so that
every spike that moves past a sample makes a jump. Smoothed, the loss falls towards weaker inputs.

Gradient descent from the same start follows the exact derivative, obtained by backpropagation
through time, or the derivative of the smoothed loss that an evolution strategy estimates. Both get
the published learning rate, and the best of several. The publication divides no current by the
capacitance, which is 1 uF/cm2 in effect; 20 uF/cm2, which it names, is measured too. The figure
`neuron-turn-off.png` is written beside the measurements.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.experiments.measurements import measured
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.turn_off_neuron import Neuron
from neurotrain.gradients.landscape import loss_landscape, smoothed
from neurotrain.gradients.smoothing import smoothed_gradient
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PUBLISHED = "Hazelden et al. (2023), the code before"
CAPACITANCES = (1.0, 20.0)
SEEDS = (0, 1, 2, 3, 4)
# Of the publication: where the loss is shown, how long a trial is, what smooths it.
STRENGTHS = (0.5, 1.5)
POINTS = 1000
LANDSCAPE_MS, NARROW = 3000.0, 0.003
# Of the publication: where descent begins, how long trials are, noise and number of candidates.
START, DESCENT_MS, ITERATIONS, SIGMA, PAIRS = 0.5, 500.0, 50, 0.2, 50
PUBLISHED_RATE = 0.01
RATES = (0.001, 0.01, 0.1, 1.0)
METHODS = ("backpropagation", "evolution strategy")
# Beyond, the neuron is in depolarization block and the loss is low.
FIRING = 0.9
QUOTIENT_STEP = 1e-8
# Strengths that the figure shows larger.
ZOOM = (0.6, 0.62)


def run(setting: Setting) -> Findings:
    """Turn one neuron off, by backpropagation and by an evolution strategy."""
    capacitances = CAPACITANCES[:1] if setting.quick else CAPACITANCES
    landscapes = {c: _landscape(setting, c) for c in capacitances}
    descents = {c: _descents(setting, c) for c in capacitances}
    rows = [row for c in capacitances for row in _rows(c, descents[c])]
    checks = [
        *_landscape_checks(landscapes[CAPACITANCES[0]]),
        *_descent_checks(rows, descents[CAPACITANCES[0]], setting.quick),
    ]
    figure = _figure(landscapes[CAPACITANCES[0]], descents[CAPACITANCES[0]], rows)
    save_figure(setting, "neuron-turn-off", figure)
    return Findings(tuple(checks), tuple(rows))


def _landscape(setting: Setting, capacitance: float) -> dict[str, Any]:
    """Return the loss of the first seed against the strength of the input."""
    duration_ms = DESCENT_MS if setting.quick else LANDSCAPE_MS
    name = f"landscape-capacitance{capacitance:g}-{duration_ms:g}ms-points{POINTS}"

    def measure() -> dict[str, Any]:
        neuron = Neuron(capacitance, duration_ms, SEEDS[:1], setting.threads)
        strengths = np.linspace(*STRENGTHS, POINTS)
        line = loss_landscape(
            lambda x: neuron.losses(x[:, 0])[:, 0], np.zeros(1), np.ones(1), strengths
        )
        return {"strengths": strengths.tolist(), "losses": line.losses.tolist()}

    return measured(setting, name, measure) | {"samples": duration_ms}


def _descents(setting: Setting, capacitance: float) -> dict[str, Any]:
    """Return strengths and losses (iteration, rate, seed) of each method."""
    duration_ms, iterations, seeds = DESCENT_MS, ITERATIONS, SEEDS
    if setting.quick:
        duration_ms, iterations, seeds = 100.0, 5, SEEDS[:1]
    name = f"descent-capacitance{capacitance:g}-{duration_ms:g}ms-iterations{iterations}"

    def measure() -> dict[str, Any]:
        neuron = Neuron(capacitance, duration_ms, seeds, setting.threads)
        return {
            METHODS[0]: _descend(neuron, iterations, neuron.backpropagated),
            METHODS[1]: _descend(neuron, iterations, _Smoothed(neuron)),
            "disagreement": _disagreement(neuron),
        }

    return measured(setting, f"{name}-seeds{len(seeds)}", measure)


def _descend(neuron: Neuron, iterations: int, derivatives: Any) -> dict[str, Any]:
    """Follow the derivative with every learning rate, for every seed's neuron."""
    rates = np.array(RATES)[:, np.newaxis]
    path = [np.full((len(RATES), neuron.n_seeds), START)]
    for _ in range(iterations):
        step = rates * derivatives(path[-1])
        # A step that is not finite leads nowhere.
        path.append(np.where(np.isfinite(step), path[-1] - step, path[-1]))
    return {
        "strengths": np.array(path).tolist(),
        "losses": neuron.own_losses(np.array(path)).tolist(),
    }


class _Smoothed:
    """Estimates of the derivative of the smoothed loss, with new noise in every iteration."""

    def __init__(self, neuron: Neuron) -> None:
        self.neuron, self.iteration = neuron, 0

    def __call__(self, strengths: np.ndarray) -> np.ndarray:
        self.iteration += 1
        found = np.empty_like(strengths)
        for (k, seed), strength in np.ndenumerate(strengths):
            found[k, seed] = smoothed_gradient(
                lambda x, seed=seed: self.neuron.losses(x[:, 0], seed)[:, 0],
                np.array([strength]),
                SIGMA,
                PAIRS,
                generator(seed, "optimizer", self.iteration),
            ).gradient[0]
        return found


def _disagreement(neuron: Neuron) -> float:
    """Return how far derivatives are from difference quotients, in units of their mean size."""
    strengths = np.repeat(np.linspace(START, FIRING, 9)[:, np.newaxis], neuron.n_seeds, axis=1)
    exact = neuron.backpropagated(strengths)
    above, below = (neuron.own_losses(strengths + s * QUOTIENT_STEP) for s in (1, -1))
    quotients = (above - below) / (2 * QUOTIENT_STEP)
    return float(np.abs(exact - quotients).mean() / np.abs(quotients).mean())


def _rows(capacitance: float, descents: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for method in METHODS:
        losses = np.array(descents[method]["losses"])
        for k, rate in enumerate(RATES):
            last = losses[-1, k]
            rows.append(
                {
                    "method": method,
                    "capacitance": capacitance,
                    "learning_rate": rate,
                    "loss_at_start": float(np.median(losses[0, k])),
                    "after_5": float(np.median(losses[5, k])),
                    "at_the_end": float(np.median(last)),
                    "lowest": float(last.min()),
                    "highest": float(last.max()),
                }
            )
    return rows


def _landscape_checks(landscape: dict[str, Any]) -> list[Check]:
    strengths, losses = (np.array(landscape[name]) for name in ("strengths", "losses"))
    firing = strengths <= FIRING
    # The published derivative is that of the sum over the samples.
    slopes = np.diff(losses[firing]) / np.diff(strengths[firing]) * landscape["samples"]
    narrow = smoothed(losses, strengths, NARROW)[firing]
    ratio = np.abs(np.diff(losses[firing])).sum() / np.abs(np.diff(narrow)).sum()
    return [
        Check(
            "largest difference quotient of the summed loss",
            float(np.abs(slopes).max()),
            1e4,
            True,
            PUBLISHED,
        ),
        Check("total variation, in units of the smoothed loss", float(ratio), 1.5, True, "ours"),
    ]


def _descent_checks(
    rows: list[dict[str, Any]], descents: dict[str, Any], quick: bool
) -> list[Check]:
    checks = [
        Check(
            "backpropagated derivative beside difference quotients, relative difference",
            descents["disagreement"],
            1e-3,
            False,
            "ours",
        )
    ]
    if quick:
        return checks
    published, tuned = ({m: _choose(rows, m, r) for m in METHODS} for r in (PUBLISHED_RATE, None))
    back, strategy = METHODS
    return [
        *checks,
        Check(
            f"loss of {back}, published rate",
            published[back]["at_the_end"],
            0.15,
            True,
            f"0.29, {PUBLISHED}",
        ),
        Check(
            f"loss of an {strategy}, best rate, after 5 iterations",
            tuned[strategy]["after_5"],
            0.01,
            False,
            f"0 after 4, {PUBLISHED}",
        ),
        Check(
            f"loss of an {strategy}, best rate, at the end",
            tuned[strategy]["at_the_end"],
            tuned[back]["at_the_end"],
            False,
            f"{back}, best rate",
        ),
    ]


def _choose(rows: list[dict[str, Any]], method: str, rate: float | None) -> dict[str, Any]:
    """Return the row of a method with a learning rate, or with the best one."""
    own = [
        row
        for row in rows
        if (row["method"], row["capacitance"]) == (method, CAPACITANCES[0])
        and rate in (None, row["learning_rate"])
    ]
    return min(own, key=lambda row: (row["at_the_end"], row["after_5"]))


def _figure(landscape: dict[str, Any], descents: dict[str, Any], rows: list[Any]) -> "Figure":
    from neurotrain.analysis.turn_off import turn_off_figure

    strengths, losses = (np.array(landscape[name]) for name in ("strengths", "losses"))
    curves = {sigma: smoothed(losses, strengths, sigma) for sigma in (NARROW, SIGMA)}
    return turn_off_figure(
        {"strengths": strengths, "losses": losses, "smoothed": curves},
        {
            label: {"losses": np.array(descents[method]["losses"])[:, RATES.index(rate)]}
            for label, method, rate in _shown(rows)
        },
        ZOOM,
    )


def _shown(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str, float]]:
    """Yield label, method and learning rate of the descents in the figure."""
    for method in METHODS:
        for rate in sorted({PUBLISHED_RATE, _choose(rows, method, None)["learning_rate"]}):
            yield f"{method}, learning rate {rate:g}", method, rate
