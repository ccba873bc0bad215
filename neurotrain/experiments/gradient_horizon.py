"""How the gradient grows with the duration of trials, and with the gain of recurrent weights.

The network is the published one: 128 Morris-Lecar neurons with the initial weights of the
publication, which are ten times as strong as those that training starts from here, on stimulus
integration, whose 50 words are shown faster or slower. The gradient of the cross-entropy by the
recurrent weights is obtained by backpropagation through time in double precision. Beside the
norms stand those of another, hand-written simulation of that network; of such broadly distributed
numbers its medians over three seeds are themselves known to a factor of about three only. The
largest Lyapunov exponent tells how fast neighboring trajectories part. The figure
`gradient-horizon.png` is written beside the measurements.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurotrain.experiments.measurements import measured
from neurotrain.experiments.published_network import STEP_MS, PublishedNetwork
from neurotrain.experiments.report import Check, Findings, Setting, save_figure

REFERENCE = "a hand-written simulation"
# Median norms of the gradient by the recurrent weights, over three seeds, by duration in ms.
HORIZON = {20: 0.58, 40: 0.58, 100: 1.4, 200: 3.1, 400: 17.0, 1000: 340.0, 2000: 1.6e6}
# Likewise by duration in ms and gain.
GAIN = {
    200: {0: 1.6, 1: 3.1, 3: 960.0, 10: 3.6e6, 30: 2.1e9},
    1000: {0: 15.0, 1: 340.0, 3: 3.4e14, 10: 5e34, 30: 1.8e45},
}
# Asked for within a factor of 3.
ASKED = ((20, 1), (200, 1), (1000, 1), (2000, 1), (200, 10))
FACTOR = 3.0
SEEDS = tuple(range(15))
FEW_SEEDS = SEEDS[:3]
BLOCK = "recurrent.weight"


def run(setting: Setting) -> Findings:
    """Measure the gradient of the published network against the duration of trials and the gain."""
    from neurotrain.analysis.gradient_growth import gradient_growth_figure

    horizon, gains, seeds = [*HORIZON], dict(GAIN), SEEDS
    if setting.quick:
        horizon, gains, seeds = [20, 100, 200], {200: [0, 10]}, FEW_SEEDS
    rows = [_row(setting, duration, 1, [1], seeds) for duration in horizon]
    for duration, of_duration in gains.items():
        chosen = seeds if duration <= 200 else FEW_SEEDS
        others = [gain for gain in of_duration if gain != 1]
        rows += [_row(setting, duration, gain, others, chosen) for gain in others]
    by_setting = {(row["duration_ms"], row["gain"]): row for row in rows}
    # Three seeds are too few where the norm is that broadly distributed.
    asked = [key for key in ASKED if key in by_setting and not (setting.quick and key[1] > 1)]
    checks = [_check(by_setting[key]) for key in asked]
    save_figure(setting, "gradient-horizon", gradient_growth_figure(rows))
    return Findings((*checks, _chaos_check(rows)), tuple(rows))


def _row(
    setting: Setting, duration_ms: int, gain: int, gains: Sequence[int], seeds: Sequence[int]
) -> dict[str, Any]:
    found = [_measure(setting, duration_ms, gains, seed) for seed in seeds]
    of_gain = [one[gains.index(gain)] for one in found]
    norms = np.array([one["norms"][BLOCK] for one in of_gain])
    reference = GAIN[duration_ms][gain] if gain != 1 else HORIZON[duration_ms]
    median = float(np.median(norms))
    return {
        "duration_ms": duration_ms,
        "gain": gain,
        "seeds": len(seeds),
        "recurrent_weight": median,
        "lowest": float(norms.min()),
        "highest": float(norms.max()),
        "reference": reference,
        "factor": max(median / reference, reference / median),
        "input_weight": float(np.median([one["norms"]["input.weight"] for one in of_gain])),
        "readout_weight": float(np.median([one["norms"]["readout.weight"] for one in of_gain])),
        "lyapunov_per_s": float(np.median([one["lyapunov"] for one in of_gain])),
    }


def _measure(
    setting: Setting, duration_ms: int, gains: Sequence[int], seed: int
) -> list[dict[str, Any]]:
    """Return norms by block, and the largest Lyapunov exponent, with each gain."""
    name = f"{duration_ms}ms-gains{'-'.join(map(str, gains))}-dt{STEP_MS:g}-seed{seed}"

    def measure() -> list[dict[str, Any]]:
        network = PublishedNetwork(float(duration_ms), seed, setting.threads)
        candidates = network.candidates(gains)
        norms = network.gradient_norms(candidates)
        return [
            {
                "norms": {block: float(of_block[k]) for block, of_block in norms.items()},
                "lyapunov": network.lyapunov_exponent(candidates[k]),
            }
            for k in range(len(gains))
        ]

    return measured(setting, name, measure)


def _check(row: dict[str, Any]) -> Check:
    gain = f", gain {row['gain']}" if row["gain"] != 1 else ""
    return Check(
        f"norm after {row['duration_ms']} ms{gain}, {row['recurrent_weight']:.3g}, factor to the "
        f"reference {row['reference']:.3g}",
        row["factor"],
        FACTOR,
        False,
        REFERENCE,
    )


def _chaos_check(rows: list[dict[str, Any]]) -> Check:
    """Tell whether trajectories of the network with the largest gain part exponentially."""
    strongest = max(rows, key=lambda row: (row["gain"], row["duration_ms"]))
    return Check(
        f"largest Lyapunov exponent in 1/s, gain {strongest['gain']}",
        strongest["lyapunov_per_s"],
        0.0,
        True,
        "chaos",
    )
