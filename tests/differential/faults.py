"""Faults an engine could have, planted in a script: each must be found by comparing.

A fault takes a script and returns the script that a wrong engine would have run. Where nothing
in the script can show the fault, it returns it unchanged.
"""

import re
from collections.abc import Callable

Fault = Callable[[str], str]


def _before_run(script: str, lines: list[str]) -> str:
    """Put lines before the network is made."""
    head, made, tail = script.partition("network = Network(")
    return "\n".join([head.rstrip("\n"), *lines, made + tail])


def _scheduled(script: str, *slots: str) -> str:
    """Replace the schedule that the network has, whatever it is."""
    script = re.sub(r"network\.schedule = .*\n", "", script)
    return re.sub(r"(network = Network\(.*\)\n)", rf"\1network.schedule = {list(slots)}\n", script)


def _pathways(script: str) -> list[str]:
    """Return the pathways that are called pre and post, as the script names them."""
    made = re.split(r"(?m)^(?=\w+ = )", script)
    return [
        f"{one.partition(' ')[0]}.{end}"
        for one in made
        for end in ("pre", "post")
        if " = Synapses(" in one and f"on_{end}=" in one
    ]


def delay_off_by_one(script: str) -> str:
    """Deliver every spike a step late."""
    late = (f"{p}.delay = {p}.delay[:] + defaultclock.dt" for p in _pathways(script))
    return _before_run(script, list(late))


def reset_before_synapses(script: str) -> str:
    return _scheduled(script, "start", "groups", "thresholds", "resets", "synapses", "end")


def synapses_before_thresholds(script: str) -> str:
    return _scheduled(script, "start", "groups", "synapses", "thresholds", "resets", "end")


def refractory_variables_go_on(script: str) -> str:
    return script.replace(" (unless refractory)", "")


def refractory_for_a_step_more(script: str) -> str:
    return re.sub(r"refractory=([\d.]+\*ms)", r"refractory=\1 + defaultclock.dt", script)


def no_refractoriness_by_condition(script: str) -> str:
    return re.sub(r"refractory='\(?\w[^']* > [^']*', ", "refractory=False, ", script)


def runge_kutta_as_euler(script: str) -> str:
    return re.sub(r"method='rk[24]'", "method='euler'", script)


def exponential_euler_as_euler(script: str) -> str:
    return script.replace("method='exponential_euler'", "method='euler'")


def order_ignored(script: str) -> str:
    return re.sub(r", order=-?\d+", "", script)


def slot_ignored(script: str) -> str:
    return re.sub(r", when='\w+'", "", script)


def held_subexpressions_follow(script: str) -> str:
    return script.replace(" (constant over dt)", "")


def repeated_synapses_once(script: str) -> str:
    return script.replace(", n=2)", ")")


def division_of_integers_truncates(script: str) -> str:
    return re.sub(r"\(n/2\)", "(n//2)", script)


def floor_truncates(script: str) -> str:
    return script.replace("floor(", "int(")


def timed_array_a_step_late(script: str) -> str:
    return re.sub(r"(stimulus|field)\(t", r"\1(t - dt", script)


def regular_code_at_every_step(script: str) -> str:
    return re.sub(r"(run_regularly\('[^']*'), dt=\d+\*us", r"\1", script)


def single_precision_constants(script: str) -> str:
    return re.sub(r"^(k_?\d\w* = .*)$", r"\1*(1 + 6e-8)", script, flags=re.MULTILINE)


def linked_by_position(script: str) -> str:
    return re.sub(r", index=\[[\d, ]*\]", lambda m: re.sub(r"\d+", "0", m[0]), script)


def every_event_is_a_spike(script: str) -> str:
    return re.sub(r"on_event=\{[^}]*\}, ", "", script)


def traces_of_the_end_of_the_step(script: str) -> str:
    return re.sub(r"(StateMonitor\((?!.*when=).*), name=", r"\1, when='end', name=", script)


def summed_after_the_update(script: str) -> str:
    return re.sub(
        r"(Synapses\((?:.|\n)*?\(summed\)(?:.|\n)*?), name=", r"\1, order=5, name=", script
    )


def trace_of_plasticity_keeps(script: str) -> str:
    return script.replace("-trace_pre_/(3*ms)", "-trace_pre_/(30*ms)")


FAULTS: tuple[Fault, ...] = (
    delay_off_by_one,
    reset_before_synapses,
    synapses_before_thresholds,
    refractory_variables_go_on,
    refractory_for_a_step_more,
    no_refractoriness_by_condition,
    runge_kutta_as_euler,
    exponential_euler_as_euler,
    order_ignored,
    slot_ignored,
    held_subexpressions_follow,
    repeated_synapses_once,
    division_of_integers_truncates,
    floor_truncates,
    timed_array_a_step_late,
    regular_code_at_every_step,
    single_precision_constants,
    linked_by_position,
    every_event_is_a_spike,
    traces_of_the_end_of_the_step,
    summed_after_the_update,
    trace_of_plasticity_keeps,
)
