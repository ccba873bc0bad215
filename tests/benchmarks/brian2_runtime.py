"""Brian2's Cython runtime: the trials of one candidate in one NeuronGroup, or one alone.

The second is what a user does at first: a loop over candidates and trials that simulates one
network at a time. Each pass sets weights, stimulus and initial state, and runs.
"""

import time
from pathlib import Path

from brian2 import Network, defaultclock, ms, prefs

from neurotrain.benchmarks.brian2_objects import build_objects
from neurotrain.benchmarks.cases import Case
from neurotrain.benchmarks.networks import NETWORKS
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import Variant


class Runtime:
    """A network that is run again and again."""

    note = "time steps alone; Brian2's preparation of each run is apart"
    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, variant: Variant, values: Values) -> None:
        prefs.codegen.target = "cython"
        defaultclock.dt = NETWORKS[case.network].dt_ms * ms
        self.case, self.values = case, values
        self.share = (1, 1 if variant.one_trial else case.trials)
        self.objects = build_objects(case, values, self.share[1])
        self.network = Network(*self.objects.timed)
        self.network.store()

    def compare(self) -> Outcome:
        """Run with a monitor of the voltage."""
        self.network.add(self.objects.voltage)
        self._run()
        outcome = self.objects.outcome()
        self.network.remove(self.objects.voltage)
        return outcome

    def run(self) -> Seconds:
        """Set the values, as each pass of a user's loop does, and time the steps alone."""
        start = time.perf_counter()
        self.network.restore()
        self.objects.set_values(self.values)
        seconds = self._run()
        seconds.preparation = time.perf_counter() - start - seconds.wall
        return seconds

    def _run(self) -> Seconds:
        seconds = Seconds()

        def report(elapsed, completed: float, start, duration) -> None:
            # Called just before the first step and just after the last.
            sign = 1 if completed == 1 else -1 if completed == 0 else 0
            seconds.cpu += sign * time.process_time()
            seconds.wall += sign * time.perf_counter()

        duration = self.case.steps * defaultclock.dt
        self.network.run(duration, report=report, report_period=1e9 * ms, namespace={})
        return seconds


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> Runtime:
    """Return the network of a case, which the first run compiles."""
    return Runtime(case, variant, values)
