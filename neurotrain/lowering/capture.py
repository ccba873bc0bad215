"""What Brian2 would compile for each object of a network, caught before it is compiled."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from brian2 import BrianObject, Network, SpikeGeneratorGroup, Synapses
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.base import BrianObjectException
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import Resetter, Thresholder
from brian2.synapses.synapses import SynapticPathway

from neurotrain.errors import UnsupportedModel
from neurotrain.lowering.checks import WAY_OUT, explained, require_no_texts


@dataclass(frozen=True)
class CodeObject:
    """The code of one Brian2 object, with every name resolved.

    Parameters
    ----------
    runner : CodeRunner
    template : str
        Which of Brian2's templates would carry the code.
    code : str
        Abstract code.
    variables : mapping of str to Brian2 variable or function
    indices : mapping of str to str
        The index of each variable: '_idx', '0', or the name of an array of positions.
    options : mapping of str to object
        What the template is given besides.
    unconditional : frozenset of str
        Conditions of writing that do not count here.
    """

    runner: CodeRunner
    template: str
    code: str
    variables: Mapping[str, Any]
    indices: Mapping[str, str]
    options: Mapping[str, Any]
    unconditional: frozenset[str]


# The package's attribute of this name is a stand-in for the active device.
_devices = import_module("brian2.devices.device")


class _Nothing:
    """Stands for compiled code."""

    def before_run(self) -> None:
        """Do nothing."""


class _Recorder:
    """Brian2's device, but that it keeps code instead of compiling it."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self.kept: dict[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)

    def code_object_class(self, *_: Any, **__: Any) -> type:
        return NumpyCodeObject

    def code_object(self, owner: Any, name: str, **kept: Any) -> _Nothing:
        del owner, name
        self.kept = kept
        return _Nothing()


@contextmanager
def _recording() -> Iterator[_Recorder]:
    device = _devices.active_device
    recorder = _Recorder(device)
    _devices.active_device = recorder
    try:
        yield recorder
    finally:
        _devices.active_device = device


def capture(
    network: Network, namespace: Mapping[str, Any], strict: bool = True
) -> list[CodeObject]:
    """Return the code objects of a network in the order of a step.

    Unless `strict`, equations that another library would integrate have the code of Euler's
    method in their place.

    Raises
    ------
    InvalidInput
        Where Brian2 itself refuses the model.
    UnsupportedModel
        For objects that run Python.
    """
    with _recording() as recorder:
        found = [_captured(one, dict(namespace), recorder, strict) for one in _active(network)]
    return [one for one in found if one is not None]


def _active(network: Network) -> list[BrianObject]:
    return [one for one in network.sorted_objects if one.active]


def _captured(
    one: BrianObject, namespace: dict[str, Any], recorder: _Recorder, strict: bool
) -> CodeObject | None:
    if not isinstance(one, CodeRunner):
        _prepare(one, namespace)
        return None
    if strict:
        _refuse_gsl(one)
    recorder.kept = None
    before = one.codeobj, list(one.code_objects)
    try:
        require_no_texts(_what(one), _written(one))
        with explained(_what(one)), _without_gsl(one), _not_begun(one):
            if isinstance(one, SynapticPathway):
                _check_connected(one)
                one.create_default_code_object(namespace)
            else:
                one.before_run(namespace)
    finally:
        one.codeobj, one.code_objects[:] = before
    kept = recorder.kept
    if kept is None:
        return None
    return CodeObject(
        runner=one,
        template=kept["template_name"],
        code=kept["abstract_code"][None],
        variables=kept["variables"],
        indices=kept["variable_indices"],
        options=kept["template_kwds"] or {},
        unconditional=frozenset(kept["override_conditional_write"] or ()),
    )


def _prepare(one: BrianObject, namespace: dict[str, Any]) -> None:
    # Groups do nothing themselves, and clocks and other objects nothing that could be run.
    if type(one).run is not BrianObject.run:
        raise UnsupportedModel(
            f"'{one.name}' ({type(one).__name__}) runs Python in every step, which the fused "
            f"execution cannot. {WAY_OUT}"
        )
    with explained(f"the model of '{one.name}'"):
        one.before_run(namespace)


def _written(one: CodeRunner) -> str:
    """Return the code of an object before Brian2 has looked at it."""
    # Brian2 writes the code of a threshold only where its units agree, that of a reset later.
    if isinstance(one, Thresholder):
        return str(one.group.events[one.event])
    if isinstance(one, Resetter):
        return str(one.group.event_codes.get(one.event) or "")
    return str(getattr(one, "code", None) or one.abstract_code or one.user_code or "")


def _what(one: CodeRunner) -> str:
    code = " ".join(_written(one).split())
    return f"'{one.name}'" + (f", '{code}'" if code and len(code) < 120 else "")


def _check_connected(pathway: SynapticPathway) -> None:
    synapses: Synapses = pathway.synapses
    if not len(synapses) and not synapses._connect_called:
        raise BrianObjectException(
            f"'{synapses.name}' has no synapses; call its connect() before.", pathway
        )


@contextmanager
def _not_begun(one: CodeRunner) -> Iterator[None]:
    """Let a generator of spikes not skip what is past at the time that its clock shows."""
    if not isinstance(one, SpikeGeneratorGroup):
        yield
        return
    last, changed = one.variables["_lastindex"], one._spikes_changed
    before = np.array(last.get_value())
    try:
        yield
    finally:
        last.set_value(before)
        one._spikes_changed = changed


def _uses_gsl(one: CodeRunner) -> bool:
    method = getattr(one, "method_choice", None)
    return isinstance(method, str) and method.startswith("gsl")


@contextmanager
def _without_gsl(one: CodeRunner) -> Iterator[None]:
    if not _uses_gsl(one):
        yield
        return
    method, options = one.method_choice, one.method_options
    one.method_choice, one.method_options = "euler", None
    try:
        yield
    finally:
        one.method_choice, one.method_options = method, options


def _refuse_gsl(one: CodeRunner) -> None:
    if _uses_gsl(one):
        raise UnsupportedModel(
            f"'{one.group.name}' is integrated by the GNU Scientific Library "
            f"(method='{one.method_choice}'), which the fused execution does not cover. Choose "
            f"another method, such as 'rk4'. Or, where that library is installed: {WAY_OUT}"
        )
