"""Code objects of Brian2 as operations of a program."""

from collections.abc import Callable
from typing import Any

from brian2 import Synapses

from neurotrain.errors import UnsupportedModel
from neurotrain.lowering.capture import CodeObject
from neurotrain.lowering.checks import WAY_OUT, explained
from neurotrain.lowering.program import (
    Event,
    Generator,
    Log,
    Operation,
    Propagation,
    Reaction,
    Sample,
    Sum,
    Threshold,
    Update,
)
from neurotrain.lowering.statements import translate
from neurotrain.lowering.summed import SummedExpression
from neurotrain.lowering.symbols import Symbols

# Of so many possible connections, fewer are cheaper one by one than as a matrix.
DENSE_FROM = 0.25


def whole(group: Any) -> Any:
    """Return the group that a subgroup is part of, or the group itself."""
    return getattr(group, "source", group) if hasattr(group, "_sub_idx") else group


class Operations:
    """Makes operations, and keeps what they refer to by position.

    Parameters
    ----------
    symbols : Symbols
        Takes note of all names.

    Attributes
    ----------
    events : dict of str to Event
    generators : dict of str to SpikeGeneratorGroup
    queues, tables, logs, samples : list
        As in `Lowered`.
    """

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.events: dict[str, Event] = {}
        self.generators: dict[str, Any] = {}
        self.queues: list[Any] = []
        self.tables: list[Any] = []
        self.logs: list[Any] = []
        self.samples: list[Any] = []

    def of(self, codes: list[CodeObject]) -> tuple[Operation, ...]:
        """Return the operation of each code object."""
        # Which synaptic variables change must be known before weights are told from them.
        later = [k for k, one in enumerate(codes) if one.template == "summed_variable"]
        order = [*(k for k in range(len(codes)) if k not in later), *later]
        operations = {k: self._operation(codes[k], f"b{k}") for k in order}
        return tuple(operations[k] for k in sorted(operations))

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
        with explained(f"'{code.runner.name}'"):
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
