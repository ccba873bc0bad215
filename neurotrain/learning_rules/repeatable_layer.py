"""Layers that are random or keep statistics, run again as if it were for the first time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class RepeatableLayer:
    """A layer that is the same function whenever it is called.

    The first call is as ever. Further ones draw the same random numbers, so that a dropout has the
    same mask, and find and leave its buffers as they were: a batch normalization updates its
    running statistics once. PyTorch's random state is afterwards that of a single call.

    Parameters
    ----------
    layer : callable
        Random by PyTorch's global generators, or by none. Only of modules buffers are known.
    """

    def __init__(self, layer: Callable[["Tensor"], "Tensor"]) -> None:
        self._layer = layer
        self._called = False
        self._random_state: list[Tensor] | None = None
        self._buffers: dict[str, Tensor] = {}

    def __call__(self, given: "Tensor") -> "Tensor":
        """Return what the layer gives."""
        if not self._called:
            self._called = True
            return self._first(given)
        if self._random_state is None:
            return self._again(given)
        later = _random_state(given)
        _set_random_state(given, self._random_state)
        try:
            return self._again(given)
        finally:
            _set_random_state(given, later)

    def _first(self, given: "Tensor") -> "Tensor":
        import torch

        state, buffers = _random_state(given), self._named_buffers()
        kept = {name: buffer.clone() for name, buffer in buffers.items()}
        versions = {name: buffer._version for name, buffer in buffers.items()}
        output = self._layer(given)
        if not all(map(torch.equal, state, _random_state(given))):
            self._random_state = state
        now = self._named_buffers()
        if any(now[name] is not b or b._version != versions[name] for name, b in buffers.items()):
            self._buffers = kept
        return output

    def _again(self, given: "Tensor") -> "Tensor":
        from torch.func import functional_call

        if not self._buffers:
            return self._layer(given)
        copies = {name: buffer.clone() for name, buffer in self._buffers.items()}
        return functional_call(self._layer, copies, (given,))

    def _named_buffers(self) -> dict[str, "Tensor"]:
        import torch

        is_module = isinstance(self._layer, torch.nn.Module)
        return dict(self._layer.named_buffers()) if is_module else {}


def _random_state(given: "Tensor") -> list["Tensor"]:
    """Return the states of the generators of the CPU and of the device of a tensor."""
    import torch

    states = [torch.get_rng_state()]
    if given.device.type != "cpu":
        states.append(torch.get_device_module(given.device).get_rng_state())
    return states


def _set_random_state(given: "Tensor", states: list["Tensor"]) -> None:
    import torch

    torch.set_rng_state(states[0])
    if given.device.type != "cpu":
        torch.get_device_module(given.device).set_rng_state(states[1])
