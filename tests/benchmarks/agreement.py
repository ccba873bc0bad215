"""Whether all variants compute the same, without which their times say nothing."""

import numpy as np

from neurotrain.benchmarks.outcome import Outcome

# A spike's upstroke takes 10 mV in a millisecond, so rounding shows there as a voltage.
TOLERANCE_MV = {"float32": 1.0, "float64": 1e-6}
# Share of neurons and trials that may differ by more: in single precision a spike may come a step
# sooner or later, and with it all that it causes.
DIFFERING = {"float32": 0.01, "float64": 0.0}


def disagreement(outcome: Outcome, truth: Outcome, precision: str) -> str:
    """Return in words how an outcome differs from the truth; empty where it is the same.

    Where one of them has fewer candidates or trials, the first ones are compared.
    """
    candidates = min(len(outcome.v_mV), len(truth.v_mV))
    trials = min(outcome.v_mV.shape[1], truth.v_mV.shape[1])
    one, other = (
        (np.asarray(o.v_mV, float)[:candidates, :trials], o.spike_count[:candidates, :trials])
        for o in (outcome, truth)
    )
    apart = np.abs(one[0] - other[0])
    voltages = 1 - np.mean(apart <= TOLERANCE_MV[precision])
    counts = np.mean(one[1] != other[1])
    if max(voltages, counts) <= DIFFERING[precision]:
        return ""
    return (
        f"computes something else: {voltages:.1%} of the voltages are more than "
        f"{TOLERANCE_MV[precision]:g} mV away, {counts:.1%} of the spike counts differ"
    )
