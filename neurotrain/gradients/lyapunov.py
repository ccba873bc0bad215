"""Lyapunov exponents of a circuit on its trials: how fast neighboring trajectories part."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.gradients.smooth_circuits import check_smooth, float_states
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

# Relative to the spread of each state: near the root of the rounding error, so that neither
# curvature nor rounding changes a growth by more than a part in ten million.
PERTURBATION = 1e-7


@dataclass(frozen=True)
class LyapunovExponents:
    """How perturbations grow in the course of a trial.

    Parameters
    ----------
    growth : (segment, trial, exponent) array
        Mean rate of growth within a segment, in 1/s, the largest exponent first. NaN from where a
        state is not finite.
    stop_ms : (segment,) array
        Where the segments end.
    """

    growth: np.ndarray
    stop_ms: np.ndarray

    def exponents(self, after_ms: float = 0.0) -> np.ndarray:
        """Return the mean rates of growth after a time, (trial, exponent), in 1/s.

        In the beginning a perturbation still turns into the direction that grows most.

        Raises
        ------
        InvalidInput
            If no segment begins so late.
        """
        start_ms = np.concatenate([[0.0], self.stop_ms[:-1]])
        late = start_ms >= after_ms - 1e-9
        if not late.any():
            raise InvalidInput(
                f"No segment begins at or after {after_ms:g} ms; the last one begins at "
                f"{start_ms[-1]:g} ms."
            )
        lasting = (self.stop_ms - start_ms)[late, np.newaxis, np.newaxis]
        return (self.growth[late] * lasting).sum(axis=0) / lasting.sum()


def lyapunov_exponents(
    circuit: "Circuit",
    candidate: np.ndarray,
    trials: Trials,
    initial_state: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    *,
    count: int = 1,
    bins_per_segment: int = 5,
    threads: int | None = None,
) -> LyapunovExponents:
    """Return the largest Lyapunov exponents of one candidate on every trial.

    Trajectories that begin a ten-millionth of the spread of the states apart are simulated beside
    that of the trial, with the same input. After every segment their differences are made
    orthogonal and as small as before: Benettin et al. (1980), doi:10.1007/BF02128236, with
    differences in place of tangent vectors.

    Parameters
    ----------
    circuit : Circuit
        Of which spikes change nothing but the counts.
    candidate : (parameter,) array
    trials : Trials
    initial_state : mapping of str to (trial, neuron) array
        As `Circuit.draw_initial_state` gives it.
    rng : numpy.random.Generator
        Draws the directions of the first perturbations.
    count : int
        How many exponents, the largest ones.
    bins_per_segment : int
        Duration of a segment, in bins of the trials. Nothing may shrink a millionfold meanwhile, or
        the smaller exponents are lost in rounding.
    threads : int, optional
        By default as many as there are cores.

    Raises
    ------
    InvalidInput
        If there are fewer state variables than exponents.
    UnsupportedModel
        If spikes act on the network, it is stochastic or depends explicitly on time, or another
        group than the first has states: then the difference of two trajectories does not tell how
        small perturbations grow, or a trial cannot be cut into segments.
    """
    require_whole("count", count)
    require_whole("bins_per_segment", bins_per_segment)
    check_smooth(circuit, "Lyapunov exponents")
    runner = _Segments(circuit, np.asarray(candidate, dtype=float), trials, count + 1, threads)
    reference = runner.flat(initial_state)
    n_trials, size = reference.shape
    if count > size:
        raise InvalidInput(f"There are no {count} exponents of {size} state variables.")
    scale = runner.spread(initial_state)
    directions = np.linalg.qr(rng.standard_normal((n_trials, size, count)))[0]
    growth, stops = [], range(bins_per_segment, trials.inputs.shape[1] + 1, bins_per_segment)
    for stop in stops:
        perturbed = reference[:, np.newaxis] + PERTURBATION * scale * directions.swapaxes(1, 2)
        states = np.concatenate([reference[:, np.newaxis], perturbed], axis=1)
        states = runner.advance(states, initial_state, stop - bins_per_segment, stop)
        reference = states[:, 0]
        apart = (states[:, 1:] - reference[:, np.newaxis]) / (PERTURBATION * scale)
        directions, lengths = _orthogonal(apart.swapaxes(1, 2))
        with np.errstate(divide="ignore"):
            growth.append(np.log(lengths) / (bins_per_segment * trials.bin_ms * 1e-3))
    if not growth:
        raise InvalidInput(
            f"A segment of {bins_per_segment} bins is longer than the trial of "
            f"{trials.inputs.shape[1]}; choose fewer bins_per_segment."
        )
    return LyapunovExponents(np.stack(growth), np.array(stops) * trials.bin_ms)


def _orthogonal(apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return orthonormal directions (trial, state, exponent), and lengths (trial, exponent)."""
    finite = np.isfinite(apart).all(axis=(1, 2))
    orthogonal, triangular = np.linalg.qr(np.where(finite[:, np.newaxis, np.newaxis], apart, 0.0))
    lengths = np.abs(np.diagonal(triangular, axis1=1, axis2=2))
    return orthogonal, np.where(finite[:, np.newaxis], lengths, np.nan)


class _Segments:
    """Simulates copies of each trial from one bin to another; flat states are (..., state)."""

    def __init__(
        self,
        circuit: "Circuit",
        candidate: np.ndarray,
        trials: Trials,
        copies: int,
        threads: int | None,
    ) -> None:
        self.circuit, self.candidate, self.trials = circuit, candidate[np.newaxis], trials
        self.copies, self.threads = copies, threads
        self.names = float_states(circuit)
        sizes = [len(circuit.neurons)] * len(self.names)
        self.ends = np.cumsum(sizes)

    def flat(self, states: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.concatenate([states[name] for name in self.names], axis=-1)

    def spread(self, initial_state: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the standard deviation of every state over the trials, (state,)."""
        sampled = self._simulate(self.trials, initial_state, self.trials.bin_ms)
        deviations = []
        for name in self.names:
            finite = sampled[name][np.isfinite(sampled[name])]
            deviation = float(finite.std()) if finite.size else 0.0
            deviations.append(deviation if deviation > 0 else 1.0)
        return np.repeat(deviations, len(self.circuit.neurons))

    def advance(
        self, states: np.ndarray, initial_state: Mapping[str, np.ndarray], start: int, stop: int
    ) -> np.ndarray:
        """Return states (trial, copy, state) after the bins from start to stop."""
        inputs = self.trials.inputs[:, start:stop]
        # A state is sampled at the beginning of a bin, so that there must be one more.
        inputs = np.concatenate([inputs, inputs[:, -1:]], axis=1)
        rows = states.reshape(-1, states.shape[-1])
        given = dict(zip(self.names, np.split(rows, self.ends[:-1], axis=-1), strict=True))
        others = {
            name: np.repeat(values, self.copies, axis=0)
            for name, values in initial_state.items()
            if name not in given
        }
        duration_ms = (stop - start) * self.trials.bin_ms
        trials = self._cut(np.repeat(inputs, self.copies, axis=0))
        sampled = self._simulate(trials, given | others, duration_ms)
        after = self.flat({name: values[0, :, -1] for name, values in sampled.items()})
        return after.reshape(states.shape)

    def _cut(self, inputs: np.ndarray) -> Trials:
        labels = None if self.trials.labels is None else np.zeros(len(inputs), int)
        targets = self.trials.targets
        return replace(
            self.trials,
            inputs=inputs,
            labels=labels,
            periods={"decision": (0.0, self.trials.bin_ms)},
            conditions={},
            targets=None if targets is None else np.zeros((*inputs.shape[:2], targets.shape[-1])),
            mask=None,
        )

    def _simulate(
        self, trials: Trials, initial_state: Mapping[str, np.ndarray], sample_ms: float
    ) -> Mapping[str, np.ndarray]:
        return self.circuit.simulate(
            self.candidate,
            trials,
            initial_state,
            execution="fused-float64",
            threads=self.threads,
            states=self.names,
            sample_ms=sample_ms,
        ).state
