"""Objects of the shape of NeuroGym's environments and PsychRNN's tasks, without either library."""

from types import SimpleNamespace

import numpy as np


class StandInEnvironment:
    """What NeuroGym's TrialEnv offers, for any periods, observations and ground truth.

    Observations are fixation, 1 up to the decision, and a noisy stimulus on one of two sides.
    A delay may be drawn, by a function that refers to the environment as NeuroGym's do.
    """

    periods = ("fixation", "stimulus", "delay", "decision")
    due = "decision"

    def __init__(self, dt=10, delay=(20, 60), names=None, n_actions=3, **durations):
        self.dt, self.n_actions = dt, n_actions
        self.timing = {"fixation": 20, "stimulus": 30, "decision": 20, **durations}
        self.timing["delay"] = lambda: self.rng.uniform(*delay)
        space = {"fixation": 0, "choice": [1, 2]} if names is None else names
        self.action_space = SimpleNamespace(n=n_actions, name=space)
        self.rng = np.random.RandomState()
        self.start_ind, self.end_ind, self.trial, self.n_drawn = {}, {}, None, 0

    @property
    def unwrapped(self):
        return self

    def seed(self, seed):
        self.rng = np.random.RandomState(seed)

    def new_trial(self):
        self.n_drawn += 1
        side = int(self.rng.randint(2))
        self.trial = {"ground_truth": side, "strength": self.rng.choice([0.5, 1.0]), "kind": "x"}
        self._lay_out()
        n_bins = max(self.end_ind.values())
        self.ob = np.zeros((n_bins, 3), dtype=np.float32)
        self.ob[: self.start_ind[self.due], 0] = 1
        stimulus = slice(self.start_ind["stimulus"], self.end_ind["stimulus"])
        self.ob[stimulus, 1 + side] = self.trial["strength"]
        self.ob[:, 1:] += 0.01 * self.rng.randn(n_bins, 2)
        self.gt = self.right(n_bins, side)
        return self.trial

    def right(self, n_bins, side):
        gt = np.zeros(n_bins, dtype=int)
        gt[self.start_ind[self.due] : self.end_ind[self.due]] = 1 + side
        return gt

    def _lay_out(self):
        start = 0
        for name in self.periods:
            duration = self.timing[name]
            stop = start + int((duration() if callable(duration) else duration) // self.dt)
            self.start_ind[name], self.end_ind[name] = start, stop
            start = stop


class GoNoGo(StandInEnvironment):
    """One action, or none: fixation is right on half of the trials."""

    def __init__(self, **options):
        super().__init__(n_actions=2, names={"fixation": 0, "go": 1}, **options)

    def right(self, n_bins, side):
        return (super().right(n_bins, side) > 0).astype(int) * side


class Timing(StandInEnvironment):
    """The right moment for the only action: one bin, somewhere in the decision period."""

    def right(self, n_bins, side):
        gt = np.zeros(n_bins, dtype=int)
        gt[self.start_ind[self.due] + side] = 1
        return gt


class Continuous(StandInEnvironment):
    """A continuous right action in each bin."""

    def right(self, n_bins, side):
        return np.outer(np.linspace(0, 1, n_bins), [1.0, side]).astype(np.float32)


class StandInTask:
    """What PsychRNN's Task offers; its randomness is NumPy's global generator."""

    N_in, N_out, N_batch = 2, 2, 5

    def __init__(self, dt=10, duration=100, mask=(1, 1)):
        self.dt, self.tau, self.T, self.mask = dt, 100, duration, mask
        self.N_steps = int(np.ceil(duration / dt))
        self.n_drawn = 0

    def generate_trial_params(self, batch, trial):
        self.n_drawn += 1
        return {"side": np.random.choice([0, 1]), "onset": np.random.uniform(10, 30), "name": "x"}

    def trial_function(self, time, params):
        x, y = 0.1 * np.random.randn(2), np.full(2, 0.2)
        if params["onset"] < time < 60:
            x[params["side"]] += 1
        y[params["side"]] = 1.0
        return x, y, np.array(self.mask) * float(time >= 60)
