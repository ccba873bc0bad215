"""Values as compiled steps have them: (candidate, trial, element), elements in whole vectors."""

from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from neurotrain.executions.torch.kernel_source import KernelSource, Slot
from neurotrain.executions.torch.network import Carry


@dataclass(frozen=True)
class Sizes:
    """How many elements, candidates and trials there are, and how values are laid out.

    Parameters
    ----------
    elements : tuple of int
        Of each object.
    lanes : int
        Numbers in a vector.
    n_candidates, n_trials : int
    """

    elements: tuple[int, ...]
    lanes: int
    n_candidates: int
    n_trials: int

    @property
    def padded(self) -> list[int]:
        """Number of elements of each object in whole vectors."""
        return [-(-n // self.lanes) * self.lanes for n in self.elements]

    def offsets(self, source: KernelSource) -> list[int]:
        """Return where the slots, then sources and results of products lie, and the end."""
        ends = [end for one in source.products for end in (one.pre, one.post)]
        owners = [*(slot.owner for slot in source.slots), *ends]
        return [0, *accumulate(self.n_trials * self.padded[owner] for owner in owners)]

    def carried_size(self, source: KernelSource) -> int:
        """Return the size of what goes from step to step."""
        return self.offsets(source)[len(source.slots)]

    def _padded(self, values: Tensor, owner: int) -> Tensor:
        """Fill up vectors, with values that occur, so that nothing overflows there."""
        missing = self.padded[owner] - values.shape[-1]
        if not missing:
            return values
        last = values[..., -1:].detach()
        return torch.cat([values, last.expand(*last.shape[:-1], missing)], -1)

    def row(self, values: Tensor, owner: int, dtype: torch.dtype) -> Tensor:
        """Return what is the same in all steps and trials, (candidate, element)."""
        values = values.to(dtype).expand(-1, 1, self.elements[owner])[:, 0]
        return self._padded(values, owner).contiguous()

    def matrix(self, values: Tensor, owner: int) -> Tensor:
        """Return a matrix (candidate, source, target) with 0 in what is filled up."""
        missing = self.padded[owner] - values.shape[-1]
        return torch.nn.functional.pad(values, (0, missing)).contiguous()

    def rows(self, values: Tensor, owner: int) -> Tensor:
        """Return inputs (candidate, bin, trial, element)."""
        shape = (*values.shape[:2], self.n_trials, self.elements[owner])
        return self._padded(values.expand(shape), owner).contiguous()

    def frame(self, source: KernelSource, carry: Carry, dtype: torch.dtype) -> Tensor:
        """Return what goes from step to step as one row for each candidate."""
        parts = []
        for slot in source.slots:
            value = _value(carry, slot).to(dtype)
            value = value.expand(self.n_candidates, self.n_trials, self.elements[slot.owner])
            parts.append(self._padded(value, slot.owner).flatten(1))
        return torch.cat(parts, 1)

    def carried(self, source: KernelSource, before: Carry, frame: Tensor) -> Carry:
        """Return what goes on, from a row for each candidate."""
        offsets = self.offsets(source)
        states, past = dict(before.states), {name: list(t) for name, t in before.past.items()}
        for k, slot in enumerate(source.slots):
            value = frame[:, offsets[k] : offsets[k + 1]]
            value = value.unflatten(1, (self.n_trials, -1))[..., : self.elements[slot.owner]]
            if slot.name[0] == "past":
                past[slot.name[1]][slot.name[2] - 1] = value
            elif states[slot.name[1]].dtype == torch.bool:
                states[slot.name[1]] = value != 0
            else:
                states[slot.name[1]] = value
        return Carry(states, past)


def _value(carry: Carry, slot: Slot) -> Tensor:
    if slot.name[0] == "state":
        return carry.states[slot.name[1]]
    return carry.past[slot.name[1]][slot.name[2] - 1]
