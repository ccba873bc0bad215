"""A reservoir that learns to move, as one writes it in NumPy: plain steps, plain matrices.

The tests hold the compiled one to it.
"""

from collections.abc import Callable

import numpy as np

from neurotrain.reservoirs import ReservoirTraining


class NumpyReservoir:
    """The same as a training that has not begun.

    Parameters
    ----------
    training : ReservoirTraining
    uniforms : callable
        Gives so many random numbers between -1 and 1.
    """

    def __init__(self, training: ReservoirTraining, uniforms: Callable[[int], np.ndarray]) -> None:
        arrays, reservoir = training.simulation.arrays, training.reservoir
        n, self.n_outputs = reservoir.units, training.movement.outputs
        self.training, self.learner, self.n = training, training.learner, n
        self.recurrent = reservoir.recurrent(training.seed)
        self.back = arrays["feedback_weights"][:, :n].T.copy()
        self.into = arrays["input_weights"][:, :n].T.copy()
        self.inputs = arrays["inputs"]
        self.x = arrays["x"][:n].copy()
        self.r = np.tanh(self.x)
        self.z = np.zeros(self.n_outputs)
        self.y, self.m = np.zeros(self.n_outputs), 0.0
        self.mean_z = np.zeros(self.n_outputs)
        self.w1, self.w2 = np.zeros((2, self.n_outputs, n))
        self.p = np.eye(n) / 10
        self.uniforms = uniforms

    def trial(self) -> tuple[np.ndarray, np.ndarray]:
        """Learn for a trial, and return outputs (time, output) and errors (time,)."""
        outputs, errors = [], []
        for t in range(len(self.training.target)):
            errors.append(self._step(t))
            outputs.append(self.z)
        return np.array(outputs), np.array(errors)

    def _step(self, t: int) -> float:
        learner, reservoir = self.learner, self.training.reservoir
        drive = self.recurrent @ self.r + self.back @ self.z
        if reservoir.phase_input:
            drive = drive + self.into @ self.inputs[t]
        self.x = self.x + reservoir.dt / reservoir.tau * (drive - self.x)
        self.r = np.tanh(self.x)
        if learner.exploration:
            self.r += reservoir.noise * self.uniforms(self.n)
        z2 = np.zeros(self.n_outputs)
        if learner.exploration:
            size = learner.amplitude * (10 * self.m) ** learner.amplitude_power
            noise = self.uniforms(self.n_outputs)
            z2 = self.w2 @ self.r + size * noise
        self.z = z2 + (self.w1 @ self.r if learner.mastery else 0)
        movement, target = self.training.movement, self.training.target[t]
        error = told = ((movement.position(self.z) - target) ** 2).sum()
        error = told = error + np.array(movement.costs) @ abs(self.z - self.mean_z)
        self.mean_z = self.mean_z + learner.output_low_pass * (self.z - self.mean_z)
        if learner.reward_noise:
            told = abs(error + learner.reward_noise * self.uniforms(1)[0])
        self.m += learner.reward_low_pass * (told - self.m)
        self.y = self.y + learner.output_low_pass * (z2 - self.y)
        worse = told - self.m
        if learner.exploration and not (learner.only_improvements and worse > 0):
            size = learner.exploration_rate * np.sign(worse) * abs(worse) ** learner.reward_power
            self.w2 = self.w2 - np.outer(size * (z2 - self.y), self.r)
        if t % 10 == 0 and learner.mastery:
            self._master(z2, target)
        return error

    def _master(self, z2: np.ndarray, target: np.ndarray) -> None:
        learner = self.learner
        gate = 0.5 * (1 - np.tanh(5e5 * (self.m - learner.threshold)))
        missing = self.y if learner.smooth_teacher else z2
        if learner.teacher:
            gate, missing = 1.0, target - self.z
        k = self.p @ self.r
        share = 1 / (1 + self.r @ k)
        self.p = self.p - gate * share * np.outer(k, k)
        self.w1 = self.w1 + learner.mastery_rate * gate * share * np.outer(missing, k)
