"""The operations that steps are made of, on tensors (candidate, trial, element)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurotrain.executions.fused.values import Connections, Queue, Table, Values
from neurotrain.executions.torch.expressions import _FOLDED

_SAME = (
    "exp", "expm1", "log", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "arcsin", "arccos", "arctan", "abs", "sign", "floor", "ceil", "trunc", "sigmoid", "pow",
    "where",
)  # fmt: skip
# Below, a series in its place is exact, and has a derivative.
_SMALL = 1e-3


def library(values: Values, dtype: torch.dtype) -> dict[str, Any]:
    """Return all that the source of a step mentions."""

    def tensor(value: float | bool) -> Tensor:
        return torch.tensor(value, dtype=torch.bool if isinstance(value, bool) else dtype)

    tables = {name: _TableLookup(table, dtype) for name, table in values.tables.items()}
    return {
        **{f"op_{name}": getattr(torch, name) for name in _SAME},
        **{f"number_{name}": _on_numbers(f) for name, f in _FOLDED.items()},
        "op_recip": torch.reciprocal,
        "op_mod": torch.remainder,
        "op_floordiv": lambda x, y: torch.div(x, y, rounding_mode="floor"),
        "op_number": lambda x: x.to(dtype),
        "op_clip": _clip,
        "op_exprel": exprel,
        "op_chosen": lambda spike, new, old: torch.lerp(old, new, spike),
        "op_matmul": lambda x, matrix, _: x @ matrix,
        "op_full": lambda value, size: torch.full(
            (1, 1, size), value, dtype=torch.bool if isinstance(value, bool) else dtype
        ),
        "op_gather": lambda x, at: x.index_select(-1, at),
        "op_scatter": _scatter,
        "op_slice": lambda x, part: x[..., part[0] : part[0] + part[1]],
        "op_part": _part,
        "op_beside": lambda *parts: torch.cat(torch.broadcast_tensors(*parts), -1),
        "op_matrix": Matrices(values),
        "op_table": lambda *args: tables[args[-1]].tensor(*args[:-1]),
        "number_table": lambda *args: tables[args[-1]].number(*args[:-1]),
        "op_binomial": lambda u, name: tables[name].quantile(u),
        "add": torch.add,
        "addcmul": torch.addcmul,
        "tensor": tensor,
    }


def _on_numbers(function: Callable) -> Callable:
    def call(*args: float) -> float | bool:
        with np.errstate(all="ignore"):
            return np.asarray(function(*map(np.float64, args))).item()

    return call


def _clip(x: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    if isinstance(low, Tensor) or isinstance(high, Tensor) or not isinstance(x, Tensor):
        x, low, high = (torch.as_tensor(one) for one in (x, low, high))
        return torch.minimum(torch.maximum(x, low), high)
    return torch.clamp(x, low, high)


def exprel(x: Tensor) -> Tensor:
    """Return (exp(x) - 1)/x, and 1 at 0."""
    is_small = x.abs() < _SMALL
    safe = torch.where(is_small, 1.0, x)
    series = 1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5)))
    return torch.where(is_small, series, torch.expm1(safe) / safe)


def _scatter(x: Tensor, at: Tensor, size: int) -> Tensor:
    x = x.expand(*x.shape[:-1], len(at))
    return x.new_zeros((*x.shape[:-1], size)).index_add(-1, at, x)


def _part(whole: Tensor, part: Tensor, first: int) -> Tensor:
    shape = torch.broadcast_shapes(whole.shape[:-1], part.shape[:-1])
    whole, part = whole.expand(*shape, whole.shape[-1]), part.expand(*shape, part.shape[-1])
    return torch.cat([whole[..., :first], part, whole[..., first + part.shape[-1] :]], -1)


class Matrices:
    """Makes matrices (candidate, source, target) of weights (candidate, 1, synapse)."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def __call__(self, weight: Tensor, place: tuple) -> Tensor:
        """Return the matrix of the synapses of a sum, or of one delay of a pathway."""
        if place[0] == "table":
            one: Connections = self.values.connections[place[1]]
            return _matrix(weight, one.pre, one.post, one.n_pre, one.n_post)
        _, number, targets, n_targets, delay = place
        queue: Queue = self.values.queues[number]
        chosen = np.flatnonzero(queue.delays == np.unique(queue.delays)[delay])
        to = np.asarray(self.values.arrays[targets])[chosen]
        every = weight.expand(*weight.shape[:-1], len(queue.sources))
        if len(chosen) < len(queue.sources):
            every = every[..., torch.from_numpy(chosen)]
        return _matrix(every, queue.sources[chosen], to, queue.n_sources, n_targets)


def _matrix(weight: Tensor, source: Any, target: Any, n_source: int, n_target: int) -> Tensor:
    at = np.asarray(source, np.int64) * n_target + np.asarray(target)
    weight = weight[:, 0].expand(-1, len(at))
    if len(at) != n_source * n_target or (at != np.arange(len(at))).any():
        empty = weight.new_zeros((len(weight), n_source * n_target))
        weight = empty.index_add(1, torch.from_numpy(at), weight)
    return weight.reshape(-1, n_source, n_target)


class _TableLookup:
    """A TimedArray, or a binomial distribution."""

    def __init__(self, table: Table, dtype: torch.dtype) -> None:
        self.table, self.dtype = table, dtype
        self.values = torch.as_tensor(np.asarray(table.values, float))

    def _rows(self, t: Any) -> Any:
        return (t / self.table.epsilon + 0.5) / self.table.factor

    def number(self, t: float, column: float = 0.0) -> float:
        row = min(max(int(self._rows(t)), 0), len(self.values) - 1)
        values = self.values[row]
        return values[int(column)].item() if values.ndim else values.item()

    def tensor(self, t: Any, column: Tensor | None = None) -> Tensor:
        rows = torch.as_tensor(self._rows(t)).to(torch.int64).clamp(0, len(self.values) - 1)
        if column is None:
            return self.values[rows].to(self.dtype)
        return self.values[rows, torch.as_tensor(column).to(torch.int64)].to(self.dtype)

    def quantile(self, uniform: Tensor) -> Tensor:
        return torch.searchsorted(self.values, uniform.double(), right=True).to(self.dtype)
