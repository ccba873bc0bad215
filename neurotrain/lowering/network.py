"""A Brian2 network lowered to a Program."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, Synapses

from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.lowering.capture import CodeObject, capture
from neurotrain.lowering.checks import WAY_OUT
from neurotrain.lowering.program import (
    Event,
    Generator,
    Log,
    Operation,
    Program,
    Propagation,
    Reaction,
    Sample,
    Sum,
    Threshold,
    Update,
)
from neurotrain.lowering.statements import translate
from neurotrain.lowering.summed import SummedExpression
from neurotrain.lowering.symbols import Symbols, kind_of

# Of so many possible connections, fewer are cheaper one by one than as a matrix.
DENSE_FROM = 0.25


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


def whole(group: Any) -> Any:
    """Return the group that a subgroup is part of, or the group itself."""
    return getattr(group, "source", group) if hasattr(group, "_sub_idx") else group


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
        self.events: dict[str, Event] = {}
        self.generators: dict[str, Any] = {}
        self.queues: list[Any] = []
        self.tables: list[Any] = []
        self.logs: list[Any] = []
        self.samples: list[Any] = []

    def run(self, codes: list[CodeObject]) -> Lowered:
        if self.main is not None:
            self.symbols.owner(self.main)
        driven = self._driven()
        # Which synaptic variables change must be known before weights are told from them.
        operations: dict[int, Operation] = {}
        later = [k for k, one in enumerate(codes) if one.template == "summed_variable"]
        for k in [*(k for k in range(len(codes)) if k not in later), *later]:
            operations[k] = self._operation(codes[k], f"b{k}")
        self._check_driven(driven, codes)
        return self._lowered(tuple(operations[k] for k in sorted(operations)), driven)

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
        symbols = self.symbols
        arrays = symbols.lowered_arrays(driven)
        counted = f"spike_{symbols.owner(self.main)}" if self.main is not None else ""
        program = Program(
            constants=tuple(
                (name, kind_of(variable.dtype)) for name, variable in sorted(symbols.constants.items())
            ),
            arrays=arrays,
            functions=tuple(lowered for _, (lowered, _) in sorted(symbols.functions.items())),
            events=tuple(self.events.values()),
            operations=operations,
            n_clocks=len(symbols.clocks),
            n_owners=len(symbols.owners),
            n_queues=len(self.queues),
            n_tables=len(self.tables),
            n_logs=len(self.logs),
            n_samples=len(self.samples),
            inputs=driven,
            counted=counted if counted in self.events else "",
            averaged=self.samples.index(self.averaged) if self.averaged in self.samples else -1,
        )
        return Lowered(
            program,
            constants=symbols.constants,
            arrays=symbols.arrays,
            owners=tuple(symbols.owners),
            clocks=tuple(symbols.clocks),
            functions={name: found for name, (_, found) in symbols.functions.items()},
            generators=self.generators,
            queues=tuple(self.queues),
            tables=tuple(self.tables),
            logs=tuple(self.logs),
            samples=tuple(self.samples),
        )

    def _operation(self, code: CodeObject, block: str) -> Operation:
        known: dict[str, Callable[[CodeObject, str], Operation]] = {
            "stateupdate": self._update,
            "threshold": self._threshold,
            "reset": self._reaction,
            "synapses": self._propagation,
            "summed_variable": self._sum,
            "spikegenerator": self._generator,
            "spikemonitor": self._log,
            "ratemonitor": self._log,
            "statemonitor": self._sample,
        }
        if code.template not in known:
            raise UnsupportedModel(
                f"'{code.runner.name}' ({type(code.runner).__name__}) needs Brian2's "
                f"'{code.template}', which the fused execution does not cover. {WAY_OUT}"
            )
        return known[code.template](code, block)

    def _clock(self, code: CodeObject) -> int:
        return self.symbols.clock(code.runner.clock)

    def _event(self, group: Any, name: str) -> str:
        owner = self.symbols.owner(whole(group))
        symbol = f"{name}_{owner}"
        self.events.setdefault(symbol, Event(symbol, owner))
        return symbol

    def _update(self, code: CodeObject, block: str) -> Update:
        owner = self.symbols.owner(code.runner.group)
        return Update(owner, translate(code, self.symbols, block), self._clock(code))

    def _threshold(self, code: CodeObject, block: str) -> Threshold:
        owner = self.symbols.owner(code.runner.group)
        refractory = None
        if code.options["_uses_refractory"]:
            refractory = tuple(
                self.symbols.array(code.variables[n]) for n in ("lastspike", "not_refractory")
            )
            self.symbols.written.update(refractory)
        return Threshold(
            owner,
            translate(code, self.symbols, block),
            self._clock(code),
            self._event(code.runner.group, code.runner.event),
            refractory,
        )

    def _reaction(self, code: CodeObject, block: str) -> Reaction:
        owner = self.symbols.owner(code.runner.group)
        event = self._event(code.runner.group, code.runner.event)
        return Reaction(owner, translate(code, self.symbols, block), self._clock(code), event)

    def _generator(self, code: CodeObject, block: str) -> Generator:
        del block
        event = self._event(code.runner, "spike")
        self.generators[event] = code.runner
        return Generator(self.symbols.owner(code.runner), self._clock(code), event)

    def _propagation(self, code: CodeObject, block: str) -> Propagation:
        pathway = code.runner
        self.queues.append(pathway)
        return Propagation(
            self.symbols.owner(pathway.group),
            translate(code, self.symbols, block),
            self._clock(code),
            self._event(pathway.source, pathway.event),
            len(self.queues) - 1,
        )

    def _sum(self, code: CodeObject, block: str) -> Sum:
        synapses: Synapses = code.runner.group
        target = self.symbols.array(code.options["_target_var"])
        expression = SummedExpression(code, self.symbols)
        terms = expression.terms(block)
        general = None if terms else translate(code, self.symbols, block)
        self.symbols.written.add(target)
        ends = {"pre": synapses.source, "post": synapses.target}
        self.tables.append((synapses, expression.post_side))
        possible = len(ends["pre"]) * len(ends["post"])
        dense = possible and len(synapses) >= DENSE_FROM * possible
        return Sum(
            self.symbols.owner(synapses),
            self._clock(code),
            target,
            len(self.tables) - 1,
            self.symbols.owner(whole(ends[expression.pre_side])),
            self.symbols.owner(whole(ends[expression.post_side])),
            whole(ends[expression.post_side]) is ends[expression.post_side],
            "dense" if dense and terms else "sparse",
            terms,
            general,
        )

    def _log(self, code: CodeObject, block: str) -> Log:
        monitor = code.runner
        self.logs.append(monitor)
        values = sorted(getattr(monitor, "record_variables", set()) - {"i", "t"})
        text = "\n".join(f"_to_record_{name} = _source_{name}" for name in values)
        return Log(
            self.symbols.owner(whole(monitor.source)),
            translate(code, self.symbols, block, text),
            self._clock(code),
            self._event(monitor.source, getattr(monitor, "event", "spike")),
            len(self.logs) - 1,
            tuple(values),
        )

    def _sample(self, code: CodeObject, block: str) -> Sample:
        monitor = code.runner
        self.samples.append(monitor)
        return Sample(
            self.symbols.owner(monitor.source),
            translate(code, self.symbols, block),
            self._clock(code),
            len(self.samples) - 1,
            tuple(monitor.record_variables),
        )

