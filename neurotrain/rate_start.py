"""Weights with which a spiking network begins where a trained network of rate units ended.

A spiking neuron stands for each rate unit. What drives the unit, x, becomes a drive of the neuron,

    u = center + spread*x,

and the activity of the unit, r, is read from that of the neuron, a = baseline + slope*r. The last
two are those of the straight line that fits best the measured activity of uncoupled neurons at
steady drives. So W, b and U, the recurrent weights, biases and input weights, become

    W' = spread/slope*W,    b' = center + spread*(b - baseline/slope*W*1),    U' = spread*U,

and the weights and biases of the readout, R and c, become R' = R/slope and
c' = c - baseline/slope*R*1. This holds for steady activity, on average: a neuron that spikes is
neither as slow nor as smooth as the unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.seeding import generator
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

RECURRENT, INPUT, BIAS = "recurrent.weight", "input.weight", "neurons.bias"
READOUT, READOUT_BIAS = "readout.weight", "readout.bias"
BLOCKS = (RECURRENT, INPUT, BIAS, READOUT, READOUT_BIAS)
# What drives a unit, in units of its nonlinearity, where the line is fitted.
_DRIVES = np.linspace(-2, 2, 21)
ONSET = (-0.1, 0.1)
# Activity is averaged over the second half.
_TRIALS, _DURATION_MS = 4, 2000.0
# Weights so small that they do nothing, which keep their signs.
_UNCOUPLED = 1e-9


@dataclass(frozen=True, eq=False)
class RateStart:
    """Where a spiking network begins, and by which scaling.

    Parameters
    ----------
    blocks : mapping of str to array
        Values of the trained parameters, as `neurotrain.train` takes them for ``start``.
    center, spread : float
        Drive of a neuron where that of the unit is 0, and by how much it differs where it is 1.
    baseline, slope : float
        Activity of a neuron where that of the unit is 0, and by how much it differs where it is 1.
    explained : float
        Share of the variance of the neurons' activity, over steady drives, that is that of the
        line.
    """

    blocks: Mapping[str, np.ndarray]
    center: float
    spread: float
    baseline: float
    slope: float
    explained: float

    def __str__(self) -> str:
        return (
            f"drive {self.center:.3g} + {self.spread:.3g}*x, activity {self.baseline:.3g} + "
            f"{self.slope:.3g}*r ({self.explained:.0%} of the variance at steady drives)"
        )


def start_from_rates(
    rate: "Circuit",
    weights: np.ndarray,
    circuit: "Circuit",
    *,
    drive: tuple[float, float] = ONSET,
    seed: int = 0,
    execution: str = "fused",
    threads: int | None = None,
) -> RateStart:
    """Return weights with which `circuit` begins where a network of rate units ended.

    Parameters
    ----------
    rate : Circuit
        A trained network of rate units, such as `neurotrain.models.rate`.
    weights : (parameter,) array
        Its trained weights.
    circuit : Circuit
        A network of spiking neurons of the same size, synapses, inputs and readout, in which a
        neuron is driven by the weighted sum of the activity that is read out, as in
        `neurotrain.models.morris_lecar`.
    drive : (float, float)
        Drives of a neuron that stand for -1 and 1 in what drives a unit; by default around the
        onset of firing, which in models that ship is about 0. Try others, and validate.
    seed : int
        From which the initial states follow in which activity is measured.
    execution : str
    threads : int, optional
        As for `Circuit.simulate`.

    Raises
    ------
    InvalidInput
        If the two do not correspond, the drives do not increase, activity does not, or constraints
        on weights of `circuit` leave no such values.
    """
    low, high = drive
    require_number("drive", low)
    require_number("drive", high, above=low)
    given, values = rate.parameters.split(weights), _values_of(circuit, seed)
    _require_alike(rate, given, circuit, values)
    center, spread = (low + high) / 2, (high - low) / 2
    how = {"seed": seed, "execution": execution, "threads": threads}
    of_unit = _activity(rate, given, _DRIVES, **how)
    of_neuron = _activity(circuit, values, center + spread * _DRIVES, **how)
    baseline, slope, explained = _line(of_unit, of_neuron)
    per_neuron, shift = spread / slope, baseline / slope
    post, n_neurons = np.asarray(circuit.objects["recurrent"].j[:]), circuit.n_neurons
    total = np.bincount(post, weights=given[RECURRENT], minlength=n_neurons)
    blocks = {
        RECURRENT: per_neuron * given[RECURRENT],
        INPUT: spread * given[INPUT],
        BIAS: center + spread * (given[BIAS] - shift * total),
        READOUT: given[READOUT] / slope,
        READOUT_BIAS: given[READOUT_BIAS] - shift * given[READOUT].sum(axis=1),
    }
    # Constraints tell now what they would tell when training begins.
    circuit.parameters.join(blocks)
    return RateStart(blocks, center, spread, baseline, slope, explained)


def _values_of(circuit: "Circuit", seed: int) -> dict[str, np.ndarray]:
    parameters = circuit.parameters
    return parameters.split(parameters.draw(generator(seed, "rate-parameters")))


def _require_alike(
    rate: "Circuit",
    given: Mapping[str, np.ndarray],
    circuit: "Circuit",
    values: Mapping[str, np.ndarray],
) -> None:
    """Raise `InvalidInput` unless each value of one network has its place in the other."""
    for what, blocks in (("rate network", given), ("spiking network", values)):
        if set(blocks) != set(BLOCKS):
            raise InvalidInput(
                f"The {what} must train {', '.join(BLOCKS)} and nothing else, but trains "
                f"{', '.join(blocks)}; of the models, rate and morris-lecar with a graded readout "
                "do, and with one of trajectories."
            )
    for name in BLOCKS:
        if given[name].shape != values[name].shape:
            raise InvalidInput(
                f"'{name}' has shape {given[name].shape} in the rate network and "
                f"{values[name].shape} in the spiking one; make both of the same size."
            )
    one, other = rate.objects["recurrent"], circuit.objects["recurrent"]
    if not (np.array_equal(one.i[:], other.i[:]) and np.array_equal(one.j[:], other.j[:])):
        raise InvalidInput("The two networks connect other neurons, or in another order.")


def _activity(
    circuit: "Circuit",
    values: Mapping[str, np.ndarray],
    drives: np.ndarray,
    *,
    seed: int,
    execution: str,
    threads: int | None,
) -> np.ndarray:
    """Return the mean activity of uncoupled neurons at steady drives, (drive,)."""
    uncoupled = {name: np.repeat(one[np.newaxis], len(drives), 0) for name, one in values.items()}
    uncoupled[RECURRENT] = _UNCOUPLED * uncoupled[RECURRENT]
    uncoupled[BIAS] = np.repeat(drives[:, np.newaxis], circuit.n_neurons, axis=1)
    trials = Trials(
        inputs=np.zeros((_TRIALS, 1, circuit.channels)),
        bin_ms=_DURATION_MS,
        labels=np.zeros(_TRIALS, dtype=int),
        periods={"decision": (_DURATION_MS / 2, _DURATION_MS)},
    )
    recording = circuit.simulate(
        circuit.parameters.join(uncoupled),
        trials,
        circuit.draw_initial_state(_TRIALS, generator(seed, "rate-state")),
        states=("activity",),
        sample_ms=circuit.dt_ms,
        execution=execution,
        threads=threads,
    )
    late = recording.sample_ms >= _DURATION_MS / 2
    return recording.state["activity"][:, :, late].mean(axis=(1, 2, 3))


def _line(of_unit: np.ndarray, of_neuron: np.ndarray) -> tuple[float, float, float]:
    """Return the baseline and slope of the line that fits best, and what it explains."""
    if not (np.isfinite(of_unit).all() and np.isfinite(of_neuron).all()):
        raise InvalidInput("At some drives uncoupled neurons failed; take another range of drive.")
    slope, baseline = np.polyfit(of_unit, of_neuron, 1)
    if not slope > 0:
        raise InvalidInput(
            f"The activity of neurons does not increase with their drive (slope {slope:.3g}); take "
            "another range of drive."
        )
    explained = np.corrcoef(of_unit, of_neuron)[0, 1] ** 2
    return float(baseline), float(slope), float(explained)
