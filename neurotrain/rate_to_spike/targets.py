"""Trials of a task together with what the driven rate network makes of them."""

from collections.abc import Mapping

import numpy as np

from neurotrain.rate_to_spike.rate_network import RateNetwork
from neurotrain.rate_to_spike.signals import Signals

# A driven network forgets where it started; what is left below this is rounding.
SAME_STATE = 1e-9


class DrivenNetwork:
    """A rate network that trials are shown to, one after another.

    Trials of a periodic task bring it back to where it was: then it is not run again.

    Parameters
    ----------
    network : RateNetwork
    state : (unit,) array
        Where it starts.
    """

    def __init__(self, network: RateNetwork, state: np.ndarray) -> None:
        self.network = network
        self._state = np.array(state, float)
        self._start = np.full_like(self._state, np.nan)
        self._last: tuple[list[bytes], np.ndarray, np.ndarray] | None = None

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, as arrays that need no pickle."""
        return {"state": self._state.copy(), "start": self._start.copy()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        self._state, self._start = state["state"].copy(), state["start"].copy()
        self._last = None

    def currents(self, signals: Signals) -> np.ndarray:
        """Show the signals, and return the currents (time, unit) that they make circulate."""
        if np.abs(self._state - self._start).max() < SAME_STATE:
            # Exactly there, so that it does not matter whether the last trial is still at hand.
            self._state = self._start
        else:
            self._start, self._last = self._state, None
        drives = np.hstack([signals.outputs, signals.hints])
        told = [array.tobytes() for array in (drives, signals.inputs)]
        if self._last is None or self._last[0] != told:
            ran = self.network.currents(self._state, drives, signals.inputs, signals.dt_ms)
            self._last = (told, *ran)
        self._state = self._last[2]
        return self._last[1]
