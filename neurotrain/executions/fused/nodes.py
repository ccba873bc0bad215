"""The C++ of what is done in a step, node by node."""

from neurotrain.executions.fused.elements import Elements, indented
from neurotrain.executions.fused.events import EventNodes
from neurotrain.executions.fused.loops import Loops
from neurotrain.executions.fused.schedule import Loop, Node, Sources
from neurotrain.executions.fused.sums import Sums
from neurotrain.lowering.program import Generator, Log, Propagation, Reaction, Sample, Sum


class Nodes:
    """Emits the nodes of a program."""

    def __init__(self, elements: Elements) -> None:
        self.elements, self.sums = elements, Sums(elements)
        self.events = EventNodes(elements)
        self.emitters = {
            Sources: self.sums.sources,
            Loop: Loops(elements, self.sums).loop,
            Sum: self.sums.general,
            Generator: self.events.generator,
            Reaction: self.events.reaction,
            Propagation: self.events.propagation,
            Log: self.events.log,
            Sample: self.events.sample,
        }

    def emit(self, node: Node) -> list[str]:
        """Return the lines that do `node` if its clock ticks."""
        clock = node.sum.clock if isinstance(node, Sources) else node.clock
        condition = f"if (due_{clock}) " if self.elements.program.n_clocks > 1 else ""
        return [f"{condition}{{", *indented(self.emitters[type(node)](node)), "}", "barrier();"]
