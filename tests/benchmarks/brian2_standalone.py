"""Brian2's C++ standalone mode: the trials of one candidate in one NeuronGroup, or one alone."""

import time
from pathlib import Path

from brian2 import Network, defaultclock, device, ms, prefs, set_device

from neurotrain.benchmarks.brian2_objects import build_objects
from neurotrain.benchmarks.cases import Case
from neurotrain.benchmarks.networks import NETWORKS
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import Variant

# Brian2 runs the project as a process of its own, which says itself how large it became.
SAVE_STATUS = """{
std::ifstream status("/proc/self/status");
std::ofstream copy("status.txt");
copy << status.rdbuf();
}"""


class Standalone:
    """A compiled project, with Brian2's default flags."""

    note = "Brian2's own clock, without starting the process"

    def __init__(self, case: Case, variant: Variant, values: Values, folder: Path) -> None:
        prefs.devices.cpp_standalone.extra_make_args_unix = ["-j"]
        self.project = folder / "project"
        set_device("cpp_standalone", directory=str(self.project), build_on_run=False)
        defaultclock.dt = NETWORKS[case.network].dt_ms * ms
        trials = 1 if variant.one_trial else case.trials
        self.share = (1, trials)
        self.objects = build_objects(case, values, trials)
        network = Network(*self.objects.timed, self.objects.voltage)
        network.run(case.steps * defaultclock.dt, namespace={})
        device.insert_code("before_end", SAVE_STATUS)
        device.build(directory=str(self.project), compile=True, run=False, with_output=False)

    def compare(self) -> Outcome:
        """Run once and read the results."""
        self.run()
        return self.objects.outcome()

    def run(self) -> Seconds:
        """Return the time that Brian2 reports; starting and reading count as preparation."""
        start = time.perf_counter()
        device.run(with_output=False)
        seconds = float(device._last_run_time)
        return Seconds(seconds, seconds, time.perf_counter() - start - seconds)

    def peak_memory_mb(self) -> float:
        """Return the peak resident set of the project's own process."""
        return peak_memory_mb(self.project / "status.txt")


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> Standalone:
    """Write and compile the project."""
    return Standalone(case, variant, values, folder)
