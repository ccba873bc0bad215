"""Where a threshold's condition holds, as 1 and 0 with a surrogate derivative."""

from collections.abc import Collection

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.torch.expressions import STEP, Expressions

_FLAT = {"trunc", "floor", "ceil", "sign", "number", "floordiv", "table", "binomial"}


class Spikes:
    """Turns conditions into spikes.

    Parameters
    ----------
    graph : Expressions
    has_surrogate : bool
        Whether spikes have a derivative.
    """

    def __init__(self, graph: Expressions, has_surrogate: bool) -> None:
        self.graph, self.has_surrogate = graph, has_surrogate

    def of(self, condition: int, event: str, states: Collection[int]) -> int:
        """Return 1 where the condition of an event holds and 0 elsewhere.

        Truth values among `states`, such as ``not_refractory``, have no derivative.

        Raises
        ------
        UnsupportedModel
            Where a derivative is asked for and the condition compares no real numbers.
        """
        if not self.has_surrogate:
            return self.graph.call("number", condition)
        self._event, self._count, self._states = event, 0, states
        soft = self._soft(condition)
        if not self._count:
            raise UnsupportedModel(
                "A surrogate derivative needs a threshold that compares states, as 'v > v_th', "
                "and this one does not; choose surrogate='none'."
            )
        return soft

    def _has_derivative(self, number: int) -> bool:
        node = self.graph.nodes[number]
        return node.op in ("<", "<=", ">", ">=") and any(self._moves(k) for k in node.args)

    def _moves(self, number: int) -> bool:
        """Return whether a number changes smoothly with states."""
        node = self.graph.nodes[number]
        if node.op == "leaf":
            return node.data[0] in ("state", "input", "parameter") and node.data[2] == "float"
        return node.op not in _FLAT and any(self._moves(k) for k in node.args)

    def _soft(self, number: int) -> int:
        graph, node = self.graph, self.graph.nodes[number]
        if number in self._states:
            return graph.call("number", number)
        if node.op == "and":
            return graph.times(*(self._soft(k) for k in node.args))
        if node.op == "or":
            first, second = (self._soft(k) for k in node.args)
            both = graph.times(first, second)
            return graph.total([(1.0, first), (1.0, second), (-1.0, both)])
        if node.op == "not":
            return graph.total([(-1.0, self._soft(node.args[0]))], 1.0)
        if self._has_derivative(number):
            left, right = node.args if ">" in node.op else reversed(node.args)
            distance = graph.total([(1.0, left), (-1.0, right)])
            if graph.stages[distance] == STEP:
                self._count += 1
                return graph.call("spike", number, distance, data=(self._event, self._count))
        return graph.call("number", number)

    def hard(self, spike: int) -> int:
        """Return spikes as truth values."""
        node = self.graph.nodes[spike]
        if node.op == "number":
            return node.args[0]
        return self.graph.call("!=", spike, self.graph.constant(0.0))

    def chosen(self, spike: int, new: int, old: int) -> int:
        """Return the new value where there is a spike and the old one elsewhere."""
        if self.has_surrogate:
            return self.graph.call("chosen", spike, new, old)
        return self.graph.call("where", self.hard(spike), new, old)
