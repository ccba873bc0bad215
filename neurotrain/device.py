"""A Brian2 device that runs an unchanged script through the fused kernel.

Importing this module makes the device known to Brian2::

    from brian2 import *
    import neurotrain.device
    set_device('neurotrain')

The script must then consist of one NeuronGroup, summed Synapses on itself, and spike and
state monitors.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    second,
)
from brian2.core.namespace import get_local_namespace
from brian2.devices.device import RuntimeDevice, all_devices

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.base import Activity, Request
from neurotrain.executions.fused.execution import weight_matrix
from neurotrain.executions.fused.kernel import Kernel, Values
from neurotrain.lowering.network import Lowered, lower
from neurotrain.lowering.statements import WAY_OUT

_WAY_OUT = "Use set_device('runtime'), which runs every Brian2 script."


class NeurotrainDevice(RuntimeDevice):
    """Runs networks in double precision through the fused kernel."""

    def network_run(
        self,
        net: Network,
        duration: Quantity,
        report: Any = None,
        report_period: Quantity = 10 * second,
        namespace: Mapping[str, Any] | None = None,
        profile: bool | None = None,
        level: int = 0,
    ) -> None:
        """Simulate for `duration` and leave states, monitors and clocks as Brian2 would.

        Raises
        ------
        UnsupportedModel
            For objects that the fused execution does not cover, and for `report`.
        """
        if report is not None:
            raise UnsupportedModel(
                f"run(report=...) is not covered by the neurotrain device. {_WAY_OUT}"
            )
        if namespace is None:
            namespace = get_local_namespace(level=level + 2)
        _Run(net, float(duration), namespace).execute()


class _Run:
    def __init__(self, net: Network, duration: float, namespace: Mapping[str, Any]) -> None:
        self.net, self.namespace = net, namespace
        self.group = self._only_group()
        self.synapses = tuple(self._objects(Synapses))
        self.spike_monitors = self._objects(SpikeMonitor)
        self.state_monitors = self._objects(StateMonitor)
        self._check_objects()
        start = net.t
        self.clocks = {one.clock for one in net.sorted_objects}
        for clock in self.clocks:
            clock.set_interval(start, start + duration * second)
        self.end = float(start) + duration
        clock = self.group.clock
        self.first_step = _integer(clock, "timestep")
        self.n_steps = int(clock._i_end) - self.first_step

    def _objects(self, kind: type) -> list[Any]:
        return sorted((o for o in self.net.objects if isinstance(o, kind)), key=lambda o: o.name)

    def _only_group(self) -> NeuronGroup:
        groups = self._objects(NeuronGroup)
        if len(groups) != 1:
            raise UnsupportedModel(
                f"The network has {len(groups)} NeuronGroups; the neurotrain device runs exactly "
                f"one. {_WAY_OUT}"
            )
        return groups[0]

    def _check_objects(self) -> None:
        covered = (NeuronGroup, Synapses, SpikeMonitor, StateMonitor)
        known = [one for one in self.net.objects if isinstance(one, covered)]
        parts = {part for one in known for part in one.contained_objects}
        for one in sorted(self.net.objects, key=lambda o: o.name):
            if one not in known and one not in parts:
                self._refuse(f"'{one.name}' is a {type(one).__name__}")
        for monitor in self.spike_monitors:
            if set(monitor.record_variables) - {"i", "t"}:
                self._refuse(f"'{monitor.name}' records more than spikes")
        for monitor in (*self.spike_monitors, *self.state_monitors):
            if monitor.source is not self.group:
                self._refuse(f"'{monitor.name}' does not record from '{self.group.name}' itself")
        for monitor in self.state_monitors:
            if monitor.when != "start":
                self._refuse(f"'{monitor.name}' records in the slot '{monitor.when}'")

    @staticmethod
    def _refuse(what: str) -> None:
        raise UnsupportedModel(f"{what}, which the neurotrain device does not cover. {_WAY_OUT}")

    def execute(self) -> None:
        observed = tuple(dict.fromkeys(v for m in self.state_monitors for v in m.record_variables))
        lowered = self._lower(observed)
        if self.n_steps > 0:
            kernel = Kernel(lowered.program, "float64")
            activity = kernel.run(
                self._values(lowered), self._request(observed), first_step=self.first_step
            )
            self._write_states(kernel)
            self._write_spikes(activity)
            self._write_traces(activity)
        self._advance_clocks()

    def _lower(self, observed: tuple[str, ...]) -> Lowered:
        try:
            return lower(self.group, self.synapses, (), observed, self.namespace, keep_coupled=True)
        except UnsupportedModel as error:
            raise UnsupportedModel(str(error).replace(WAY_OUT, _WAY_OUT)) from error

    def _request(self, observed: tuple[str, ...]) -> Request:
        steps = range(1, self.n_steps + 1) if self.spike_monitors else (self.n_steps,)
        return Request(
            dt=self.group.clock.dt_,
            n_steps=self.n_steps,
            steps_per_input=self.n_steps,
            bin_stops=tuple(steps),
            observed=observed,
            sample_every=1 if observed else 0,
            ends_failed=False,
        )

    def _values(self, lowered: Lowered) -> Values:
        constants = lowered.constant_values()
        program, n = lowered.program, len(self.group)
        kept = (*program.names("state"), *program.names("coupled"))
        return Values(
            constants=constants,
            weights=tuple(
                weight_matrix(term, self.synapses[term.synapses], {}, constants)
                for term in program.terms
            ),
            input_weights=np.zeros((1, n, 0)),
            inputs=np.zeros((1, 1, 0)),
            parameters={name: self._array(name) for name in program.names("parameter")},
            states={name: self._array(name) for name in kept},
        )

    def _array(self, name: str) -> np.ndarray:
        return np.array(self.group.variables[name].get_value())[np.newaxis]

    def _write_states(self, kernel: Kernel) -> None:
        for name, values in kernel.final_state.items():
            variable = self.group.variables[name]
            variable.set_value(values[0, 0].astype(variable.dtype))

    def _write_spikes(self, activity: Activity) -> None:
        steps, neurons = np.nonzero(activity.spike_count[0, 0])
        times = (self.first_step + steps) * self.group.clock.dt_
        for monitor in self.spike_monitors:
            before = _integer(monitor, "N")
            if monitor.record:
                monitor.resize(before + len(steps))
                for name, values in (("i", neurons), ("t", times)):
                    if name in monitor.record_variables:
                        monitor.variables[name].get_value()[before:] = values
            monitor.variables["N"].set_value(before + len(steps))
            count = monitor.variables["count"].get_value()
            count += np.bincount(neurons, minlength=len(count)).astype(count.dtype)

    def _write_traces(self, activity: Activity) -> None:
        dt = self.group.clock.dt_
        for monitor in self.state_monitors:
            first, stop = self._span(monitor)
            times = np.arange(first, stop) * monitor.clock.dt_
            steps = np.round(times / dt).astype(int) - self.first_step
            before = _integer(monitor, "N")
            monitor.resize(before + len(times))
            monitor.variables["t"].get_value()[before:] = times
            for name in monitor.record_variables:
                trace = activity.samples[name][0, 0]
                monitor.variables[name].get_value()[before:] = trace[steps][:, monitor.record]

    def _span(self, monitor: StateMonitor) -> tuple[int, int]:
        clock = monitor.clock
        ratio = clock.dt_ / self.group.clock.dt_
        if abs(ratio - round(ratio)) > 1e-6 or ratio < 0.5:
            self._refuse(
                f"The dt of '{monitor.name}' is not a multiple of that of '{self.group.name}'"
            )
        return _integer(clock, "timestep"), int(clock._i_end)

    def _advance_clocks(self) -> None:
        for clock in self.clocks:
            clock.variables["timestep"].set_value(clock._i_end)
            clock.variables["t"].set_value(clock._i_end * clock.dt_)
        self.net.t_ = self.end


def _integer(owner: Any, name: str) -> int:
    return int(np.asarray(owner.variables[name].get_value()).item())


all_devices["neurotrain"] = NeurotrainDevice()
