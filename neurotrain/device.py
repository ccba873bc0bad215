"""A Brian2 device that runs an unchanged script through the fused kernel.

Importing this module makes the device known to Brian2::

    from brian2 import *
    import neurotrain.device
    set_device('neurotrain')
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from brian2 import Network, Quantity, second
from brian2.core.base import BrianObject
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.namespace import get_local_namespace
from brian2.devices.device import RuntimeDevice, all_devices

from neurotrain.errors import CompilerNotFound, UnsupportedModel
from neurotrain.executions.fused import gather
from neurotrain.executions.fused.kernel import Kernel
from neurotrain.executions.fused.noise import trial_keys
from neurotrain.executions.fused.outcome import Outcome
from neurotrain.executions.fused.schedule import event_clock, is_late, listed_events, schedule
from neurotrain.executions.fused.values import Clock, Span, Values
from neurotrain.lowering.checks import WAY_OUT
from neurotrain.lowering.network import Lowered, lower
from neurotrain.lowering.program import Propagation
from neurotrain.monitors import write_log, write_sample
from neurotrain.reporting import reported

_WAY_OUT = "Use set_device('runtime'), which runs every Brian2 script."


class NeurotrainDevice(RuntimeDevice):
    """Runs networks in double precision through the fused kernel.

    Noise is drawn from neurotrain's own generators, seeded by Brian2's ``seed()``.
    """

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

        With `profile`, the network's profiling information is the time of all objects together.

        Raises
        ------
        UnsupportedModel
            For objects that the fused execution does not cover.
        """
        started = perf_counter()
        if namespace is None:
            namespace = get_local_namespace(level=level + 2)
        try:
            _Run(net, float(duration), namespace).execute(report, float(report_period))
        except (UnsupportedModel, CompilerNotFound) as error:
            told = str(error).replace(WAY_OUT, _WAY_OUT)
            raise type(error)(
                told.replace("execution='brian2'", "set_device('runtime')")
            ) from error
        # One entry: all objects run in the same loops.
        spent = (perf_counter() - started) * second
        net._profiling_info = [("fused", spent)] if profile else None


class _Run:
    def __init__(self, net: Network, duration: float, namespace: Mapping[str, Any]) -> None:
        self.net, self.duration = net, duration
        objects = [one for one in net.sorted_objects if one.active]
        self.clocks = {one.clock.name: one.clock for one in objects}
        self.start = float(net.t_)
        self.end = self.start + duration
        for clock in self.clocks.values():
            clock.set_interval(self.start * second, self.end * second)
        self.lowered: Lowered = lower(net, namespace)
        self.ticking = self._ticking()

    def _ticking(self) -> tuple[Clock, ...]:
        found = self.lowered.clocks
        if not found:
            return ()
        firsts = [_integer(clock, "timestep") for clock in found]
        return gather.clocks(found, firsts, [int(clock._i_end) for clock in found])

    def execute(self, report: Any, report_period: float) -> None:
        steps = [k.offset + (k.ticks - 1) * k.every + 1 for k in self.ticking if k.ticks > 0]
        if steps:
            first_step = self.ticking[0].first_step
            span = Span(max(steps), first_step, ends_failed=False, keeps_states=True)
            kernel, values = Kernel(self.lowered.program, "float64"), self._values()

            def run(progress: np.ndarray) -> Outcome:
                return kernel.run(values, span, progress=progress)

            outcome = reported(run, span.n_steps, self.start, self.duration, report, report_period)
            self._write(outcome)
            self._write_events(outcome, values)
        self._advance_clocks()

    def _values(self) -> Values:
        lowered, ticking = self.lowered, self.ticking
        return Values(
            constants=lowered.constant_values(),
            sizes=gather.sizes(lowered),
            arrays=gather.arrays(lowered),
            inputs=np.zeros((1, 1, 0)),
            input_weights=np.zeros((1, 0, 0)),
            keys=self._keys(),
            clocks=ticking,
            connections=gather.connections(lowered),
            queues=gather.queues(lowered),
            logged=gather.logged(lowered),
            chosen=gather.chosen(lowered, ticking),
            tables=gather.tables(lowered),
            generated=gather.generated(gather.generators(lowered), ticking),
            before=gather.before(lowered),
        )

    def _keys(self) -> np.ndarray:
        # A network without noise draws nothing, as in Brian2.
        stochastic = self.lowered.program.is_stochastic
        return trial_keys(_drawn_seed() if stochastic else 0, 1)[np.newaxis]

    def _write(self, outcome: Outcome) -> None:
        for symbol, values in outcome.states.items():
            variable = self.lowered.arrays[symbol]
            variable.set_value(values[0, 0].astype(variable.dtype))
        for monitor, samples in zip(self.lowered.samples, outcome.samples, strict=True):
            write_sample(monitor, samples, self._clock_of(monitor))
        for monitor, (entries, values) in zip(self.lowered.logs, outcome.notes, strict=True):
            write_log(monitor, entries, values, self._clock_of(monitor))

    def _write_events(self, outcome: Outcome, values: Values) -> None:
        """Leave spikes that are under way in Brian2's own queues."""
        program = self.lowered.program
        for one in program.operations:
            if isinstance(one, Propagation):
                pending = gather.still_pending(
                    values.queues[one.queue],
                    self.ticking[one.clock].ticks,
                    outcome.last_events[one.event],
                    is_late(program, one),
                )
                gather.restore_pending(self.lowered.queues[one.queue], pending)
        gather.mark_generated(self.lowered, self.ticking)
        gather.restore_events(self.lowered, self._last(outcome))

    def _last(self, outcome: Outcome) -> dict[str, np.ndarray]:
        """Return the elements of the events of the last step, where they were listed."""
        program, last = self.lowered.program, {}
        for symbol in listed_events(program, schedule(program)):
            found, clock = outcome.last_events[symbol], self.ticking[event_clock(program, symbol)]
            if clock.ticks:
                last[symbol] = np.sort(found["element"][found["tick"] == clock.ticks - 1])
        return last

    def _clock_of(self, one: BrianObject) -> Clock:
        names = [clock.name for clock in self.lowered.clocks]
        return self.ticking[names.index(one.clock.name)]

    def _advance_clocks(self) -> None:
        for clock in self.clocks.values():
            clock.variables["timestep"].set_value(clock._i_end)
            clock.variables["t"].set_value(clock._i_end * clock.dt_)
        self.net.t_ = self.end


def _drawn_seed() -> int:
    """Draw a seed from the generator that Brian2's seed() sets."""
    draw = DEFAULT_FUNCTIONS["rand"].implementations["numpy"].get_code(None)
    return int(2**53 * draw([0])[0])


def _integer(owner: Any, name: str) -> int:
    return int(np.asarray(owner.variables[name].get_value()).item())


all_devices["neurotrain"] = NeurotrainDevice()
