"""What networks learn about where they come to rest: linear fixed points, and digits."""

from collections.abc import Mapping
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.experiments.measurements import measured
from neurotrain.experiments.report import Setting
from neurotrain.learning_rules import digits, mnist_5k
from neurotrain.learning_rules.fixed_point_rules import fixed_point_change
from neurotrain.learning_rules.fixed_points import (
    FixedPoints,
    solve_fixed_points,
    spectral_abscissa,
)
from neurotrain.required_torch import require_torch, torch_threads
from neurotrain.seeding import generator

TEST, QUICK_TEST = 1000, 500
TOLERANCE = 1e-6

Outcome = Mapping[str, Any]


class Linear(NamedTuple):
    """A linear problem: how many neurons, inputs and steps, and which learning rates."""

    neurons: int = 100
    inputs: int = 50
    steps: int = 2000
    rates: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0)


class Digits(NamedTuple):
    """A problem of images: how many neurons, images in a batch and steps; learning rates."""

    neurons: int
    batch: int
    steps: int
    rates: Mapping[str, tuple[float, ...]]
    seeds: tuple[int, ...]


def learn_linear(setting: Setting, problem: Linear, rule: str, rate: float, seed: int) -> Outcome:
    """Return the losses of a linear network as it learns, J = mean |r - target|²."""

    def learn() -> dict[str, Any]:
        began, losses = process_time(), []
        weights, inputs, targets = _linear_problem(problem, seed)
        for _ in range(problem.steps):
            points = solve_fixed_points(
                weights, inputs, "identity", method="direct", tolerance=TOLERANCE
            )
            missing = points.activity - targets
            losses.append(float((missing**2).sum(-1).mean()))
            weights = weights + fixed_point_change(rule, weights, points, 2 * missing, rate)
        thinned = losses[:: max(1, problem.steps // 200)]
        ms = 1e3 * (process_time() - began) / problem.steps
        return {"losses": thinned, "loss": losses[-1], "ms_per_step": ms}

    with torch_threads(1):
        return measured(setting, f"linear-{problem.neurons}-{rule}-{rate}-seed{seed}", learn)


def _linear_problem(problem: Linear, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return initial weights, inputs, and where a teacher comes to rest, but for some noise."""
    n, m, rng = problem.neurons, problem.inputs, generator(seed, "learning-weights")
    inputs, teacher = 0.1 * rng.normal(size=(m, n)), 0.5 * rng.normal(size=(n, n)) / n**0.5
    targets = np.linalg.solve(np.eye(n) - teacher, inputs.T).T + 0.01 * rng.normal(size=(m, n))
    return 0.75 * rng.normal(size=(n, n)) / n**0.5, inputs, targets


def learn_digits(setting: Setting, size: Digits, rule: str, rate: float, seed: int) -> Outcome:
    """Return what a network comes to that tells digits apart, and what a step costs."""

    def learn() -> dict[str, Any]:
        return _Course(setting.quick, size, seed).learn(rule, rate)

    with torch_threads(1):
        return measured(setting, f"digits-{size.neurons}-{rule}-{rate}-seed{seed}", learn)


class _Course:
    """A network of tanh neurons and the images that it learns."""

    def __init__(self, quick: bool, size: Digits, seed: int) -> None:
        images, n_test = (digits(), QUICK_TEST) if quick else (mnist_5k(), TEST)
        train, self._test = images.split(n_test, seed)
        rng, n = generator(seed, "learning-weights"), size.neurons
        pixels = train.pixels.shape[1]
        into = rng.normal(size=(n, pixels)) / pixels**0.5
        tensor = require_torch().tensor
        self._readout = tensor(rng.normal(size=(len(train.classes), n)) / n**0.5)
        self._weights = tensor(0.5 * rng.normal(size=(n, n)) / n**0.5)
        self._inputs, self._targets = tensor(train.pixels @ into.T), tensor(train.one_hot())
        self._test_inputs = tensor(self._test.pixels @ into.T)
        self._size, self._seed = size, seed

    def learn(self, rule: str, rate: float) -> dict[str, Any]:
        """Return the accuracy in the end, or where the network last came to rest with a batch."""
        began, before, done = process_time(), self._weights, 0
        for batch in self._batches():
            points = self._points(self._inputs[batch])
            output = (points.activity @ self._readout.mT).softmax(-1)
            slope = (output - self._targets[batch]) @ self._readout
            try:
                change = fixed_point_change(rule, self._weights, points, slope, rate)
            except InvalidInput:
                # No point to go on from; what it could do a step before is what counts.
                self._weights = before
                break
            before, self._weights, done = self._weights, self._weights + change, done + 1
        return {"steps": done, "ms_per_step": 1e3 * (process_time() - began) / max(1, done)} | (
            self._tested()
        )

    def _batches(self) -> list[np.ndarray]:
        size, n = self._size, len(self._inputs)
        epochs = range(-(-size.steps * size.batch // n) + 1)
        order = np.concatenate(
            [generator(self._seed, "learning-samples", k).permutation(n) for k in epochs]
        )
        return np.split(order[: size.steps * size.batch], size.steps)

    def _points(self, inputs: Any) -> FixedPoints:
        return solve_fixed_points(self._weights, inputs, tolerance=TOLERANCE, steps=500)

    def _tested(self) -> dict[str, Any]:
        points = self._points(self._test_inputs)
        right = (points.activity @ self._readout.mT).argmax(-1).numpy() == self._test.labels
        abscissa = spectral_abscissa(self._weights, points.slopes[:20]).max()
        return {
            "accuracy": float((right & points.converged.numpy()).mean()),
            "abscissa": float(abscissa),
        }
