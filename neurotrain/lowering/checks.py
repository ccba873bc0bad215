"""What the lowering covers today; everything else is refused with the object and the way out."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from brian2 import DimensionMismatchError, NeuronGroup, Synapses
from brian2.equations.unitcheck import check_units_statements
from brian2.groups.neurongroup import Resetter, StateUpdater, Thresholder
from brian2.stateupdaters.base import UnsupportedEquationsException

from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.lowering.statements import WAY_OUT, Scope


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what Brian2 raises about a part of the model into one line that names the part."""
    try:
        yield
    except DimensionMismatchError as error:
        raise InvalidInput(f"Units do not agree in {what}: {_line(error)}") from error
    except KeyError as error:
        if "could not be resolved" not in _line(error):
            raise
        raise InvalidInput(
            f"A name has no value in {what}: {_line(error.args[0])} Pass it in namespace={{...}}."
        ) from error
    except (UnsupportedEquationsException, NotImplementedError, SyntaxError, TypeError) as error:
        raise InvalidInput(f"Brian2 cannot translate {what}: {_line(error)}") from error


def _line(message: object) -> str:
    return " ".join(str(message).split())


def check_group(group: NeuronGroup) -> None:
    """Raise `UnsupportedModel` if the group does more than equations, threshold and reset."""
    covered = (StateUpdater, Thresholder, Resetter)
    for part in group.contained_objects:
        if not isinstance(part, covered):
            raise UnsupportedModel(
                f"'{group.name}' contains '{part.name}' ({type(part).__name__}), which the fused "
                f"execution does not cover. {WAY_OUT}"
            )
    method = group.state_updater.method_choice
    if isinstance(method, str) and method.startswith("gsl"):
        raise UnsupportedModel(
            f"'{group.name}' is integrated by the GNU Scientific Library (method='{method}'), "
            f"which the fused execution does not cover. {WAY_OUT}"
        )
    other_events = set(group.events) - {"spike"}
    if other_events:
        raise UnsupportedModel(
            f"'{group.name}' has the custom event '{sorted(other_events)[0]}', which the fused "
            f"execution does not cover. {WAY_OUT}"
        )
    if group.equations.stochastic_variables:
        raise UnsupportedModel(
            f"The equations of '{group.name}' contain noise "
            f"({', '.join(sorted(group.equations.stochastic_variables))}), which the fused "
            f"execution does not cover. {WAY_OUT}"
        )


def check_synapses(synapses: Synapses, group: NeuronGroup) -> None:
    """Raise `UnsupportedModel` unless these are summed synapses of `group` on itself."""
    if synapses.source is not group or synapses.target is not group:
        raise UnsupportedModel(
            f"'{synapses.name}' does not connect '{group.name}' with itself; the fused execution "
            f"covers one NeuronGroup. {WAY_OUT}"
        )
    if synapses._pathways:
        raise UnsupportedModel(
            f"'{synapses.name}' acts on spikes (on_pre, on_post); the fused execution covers "
            f"'(summed)' coupling. {WAY_OUT}"
        )
    if synapses.state_updater is not None or not synapses.summed_updaters:
        raise UnsupportedModel(
            f"'{synapses.name}' needs exactly '(summed)' variables and synaptic parameters for "
            f"the fused execution. {WAY_OUT}"
        )
    for part in synapses.contained_objects:
        if part not in synapses.summed_updaters.values():
            raise UnsupportedModel(
                f"'{synapses.name}' contains '{part.name}' ({type(part).__name__}), which the "
                f"fused execution does not cover. {WAY_OUT}"
            )
    for name, updater in synapses.summed_updaters.items():
        if not name.endswith("_post"):
            raise UnsupportedModel(
                f"'{name}' of '{synapses.name}' sums over the presynaptic side; the fused "
                f"execution covers sums over the postsynaptic side. {WAY_OUT}"
            )
        assert updater.target is group


def owner_name(variable: Any) -> str | None:
    """Return the name of the group that a variable belongs to, which may be gone."""
    try:
        return None if variable.owner is None else variable.owner.name
    except ReferenceError:
        return "a group that no longer exists"


def check_arrays(arrays: Iterable[tuple[str, Any]], group: NeuronGroup) -> None:
    """Raise `UnsupportedModel` for variables that belong to another group."""
    for name, variable in arrays:
        linked = owner_name(variable) not in (None, group.name)
        if linked or group.variables.indices[name] not in ("_idx", "0"):
            raise UnsupportedModel(
                f"'{name}' of '{group.name}' is linked to another group, which the fused "
                f"execution does not cover. {WAY_OUT}"
            )


def check_units(group: NeuronGroup, namespace: Mapping[str, Any], scope: Scope) -> None:
    """Raise `InvalidInput` where units do not agree in equations, threshold or reset."""
    with explained(f"the equations of '{group.name}'"):
        group.equations.check_units(group, run_namespace=dict(namespace))
    for event, code in (("threshold", "_cond = {}"), ("reset", "{}")):
        source = (group.events if event == "threshold" else group.event_codes).get("spike")
        if source:
            with explained(f"the {event} of '{group.name}', '{_line(source)}'"):
                code = code.format(source)
                check_units_statements(code, scope.variables(code))
