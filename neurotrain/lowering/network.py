"""A Brian2 network lowered to a Program."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup

from neurotrain.errors import InvalidInput
from neurotrain.lowering.capture import CodeObject, capture
from neurotrain.lowering.operations import Operations
from neurotrain.lowering.program import Operation, Program
from neurotrain.lowering.symbols import Symbols, kind_of


@dataclass(frozen=True)
class Lowered:
    """A program and, for its values, where in Brian2 they stand.

    Parameters
    ----------
    program : Program
    constants, arrays : mapping of str to Brian2 variable
        By symbol.
    owners, clocks : tuple of Brian2 objects
        By position.
    functions : mapping of str to (Brian2 function, CodeRunner)
    generators : mapping of str to SpikeGeneratorGroup
        By event.
    queues : tuple of SynapticPathway
    tables : tuple of (Synapses, 'pre' or 'post')
        The synapses of each sum, and on which side of them it is.
    logs, samples : tuple of monitors
    """

    program: Program
    constants: Mapping[str, Any]
    arrays: Mapping[str, Any]
    owners: tuple[Any, ...]
    clocks: tuple[Any, ...]
    functions: Mapping[str, Any]
    generators: Mapping[str, Any]
    queues: tuple[Any, ...]
    tables: tuple[Any, ...]
    logs: tuple[Any, ...]
    samples: tuple[Any, ...]

    def constant_values(self) -> dict[str, float]:
        """Return the value in SI units of every constant, as it is now."""
        return {name: np.asarray(v.get_value()).item() for name, v in self.constants.items()}


def lower(
    network: Network,
    namespace: Mapping[str, Any],
    main: NeuronGroup | None = None,
    inputs: Iterable[str] = (),
    averaged: Any = None,
    strict: bool = True,
) -> Lowered:
    """Lower a network to a `Program`.

    Parameters
    ----------
    network : Network
    namespace : mapping
        Values of names that the objects do not define themselves.
    main : NeuronGroup, optional
        The group whose spikes are counted and whose variables `inputs` are set from input
        channels.
    inputs : iterable of str
    averaged : StateMonitor, optional
        The one whose variables are averaged too.
    strict : bool
        Whether to refuse what only Brian2 itself can run. If not, such a program describes the
        network and cannot be executed.

    Raises
    ------
    UnsupportedModel
        For everything that the fused execution does not cover.
    InvalidInput
        Where units do not agree, or a name has no value.
    """
    lowering = _Lowering(main, tuple(inputs), averaged, strict)
    return lowering.run(capture(network, namespace, strict))


class _Lowering:
    def __init__(
        self,
        main: NeuronGroup | None,
        inputs: tuple[str, ...],
        averaged: Any,
        strict: bool,
    ) -> None:
        self.main, self.inputs, self.averaged = main, inputs, averaged
        self.symbols = Symbols(strict)
        self.operations = Operations(self.symbols)

    def run(self, codes: list[CodeObject]) -> Lowered:
        if self.main is not None:
            self.symbols.owner(self.main)
        driven = self._driven()
        operations = self.operations.of(codes)
        self._check_driven(driven, codes)
        return self._lowered(operations, driven)

    def _driven(self) -> tuple[str, ...]:
        return tuple(self.symbols.array(self.main.variables[name]) for name in self.inputs)

    def _check_driven(self, driven: tuple[str, ...], codes: list[CodeObject]) -> None:
        for symbol in sorted(set(driven) & self.symbols.written):
            name = self.symbols.arrays[symbol].name
            targets = {
                one.options["_target_var"].name: one.runner.group.name
                for one in codes
                if one.template == "summed_variable"
            }
            if name in targets:
                raise InvalidInput(
                    f"'{name}' is set by the input and by '{targets[name]}'; give each a "
                    "variable of its own."
                )
            raise InvalidInput(
                f"'{name}' of '{self.main.name}' is set by the input in every step and changed "
                "by the network; give each a variable of its own."
            )

    def _lowered(self, operations: tuple[Operation, ...], driven: tuple[str, ...]) -> Lowered:
        symbols, found = self.symbols, self.operations
        arrays = symbols.lowered_arrays(driven)
        counted = f"spike_{symbols.owner(self.main)}" if self.main is not None else ""
        samples = found.samples
        program = Program(
            constants=tuple(
                (name, kind_of(one.dtype)) for name, one in sorted(symbols.constants.items())
            ),
            arrays=arrays,
            functions=tuple(lowered for _, (lowered, _) in sorted(symbols.functions.items())),
            events=tuple(found.events.values()),
            operations=operations,
            n_clocks=len(symbols.clocks),
            n_owners=len(symbols.owners),
            n_queues=len(found.queues),
            n_tables=len(found.tables),
            n_logs=len(found.logs),
            n_samples=len(samples),
            inputs=driven,
            counted=counted if counted in found.events else "",
            averaged=samples.index(self.averaged) if self.averaged in samples else -1,
        )
        return Lowered(
            program,
            constants=symbols.constants,
            arrays=symbols.arrays,
            owners=tuple(symbols.owners),
            clocks=tuple(symbols.clocks),
            functions={name: function for name, (_, function) in symbols.functions.items()},
            generators=found.generators,
            queues=tuple(found.queues),
            tables=tuple(found.tables),
            logs=tuple(found.logs),
            samples=tuple(samples),
        )
