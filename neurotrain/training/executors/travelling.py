"""The plan of a run as it travels to workers."""

from dataclasses import replace

from neurotrain.errors import InvalidInput
from neurotrain.executions.fused.snapshot import Snapshot
from neurotrain.training.by_gradient import takes_gradients
from neurotrain.training.choices import choose_circuit
from neurotrain.training.plan import Plan

WAY_OUT = "leave the executor out, and let threads of this machine simulate."


def check_distributable(plan: Plan) -> None:
    """Raise `InvalidInput` where a run needs more of its candidates than their scores."""
    if plan.gradient is not None or takes_gradients(plan.make_optimizer()):
        raise InvalidInput(
            "Workers tell how good candidates are, from which no gradient can be taken: choose an "
            f"evolution strategy without gradient, or {WAY_OUT}"
        )


def portable(plan: Plan) -> Plan:
    """Return a plan that can be packed, for a worker to complete by `with_circuit`.

    Raises
    ------
    InvalidInput
        If the circuit cannot travel.
    UnsupportedModel
        If the fused execution does not cover it.
    """
    start = plan.start
    if plan.settings.execution.startswith("fused"):
        circuit = Snapshot(plan.circuit)
    elif plan.choices["model"].in_python:
        raise InvalidInput(
            f"A circuit made in Python can travel to workers for execution='fused' only, not for "
            f"'{plan.settings.execution}': give the model by its name or file, or {WAY_OUT}"
        )
    else:
        # Brian2's objects cannot be packed; the worker makes them by the model's name.
        circuit = None
    return replace(plan, circuit=circuit, guide=None, given_start=start)


def with_circuit(plan: Plan) -> Plan:
    """Return the plan that `portable` was given, but for its guide."""
    if plan.circuit is not None:
        return plan
    choice = plan.choices["model"]
    return replace(
        plan, circuit=choose_circuit(choice.name, choice.options, plan.task, plan.loss)[0]
    )
