"""What the fused kernel does on a processor and not yet on a device."""

from collections.abc import Iterator

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.fused.values import Span
from neurotrain.lowering.program import Log, Program

_INSTEAD = "use execution='fused' or 'fused-float64' instead."
# A word of the generated code that a device has not.
_IN_ORDER = "each_row_of_block_in_order<"


def require_device_can(program: Program, source: str, span: Span) -> None:
    """Raise `UnsupportedModel` for what a device cannot do."""
    for reason in _reasons(program, source, span):
        raise UnsupportedModel(f"The execution 'fused-cuda' {reason}; {_INSTEAD}")


def _reasons(program: Program, source: str, span: Span) -> Iterator[str]:
    for one in program.functions:
        if one.kind == "user":
            yield f"cannot call the C++ function '{one.symbol}', which was written for a processor"
    if any(isinstance(one, Log) for one in program.operations):
        yield "does not note the times of single spikes; it counts them in bins"
    if _IN_ORDER in source:
        yield "cannot sum inputs of neurons that read one another's states in the same equations"
    if span.keeps_states:
        yield "does not give back the last states, which a script's next run would begin with"
    if span.trial_seconds:
        yield "has no limit of time for a trial (trial_seconds)"
