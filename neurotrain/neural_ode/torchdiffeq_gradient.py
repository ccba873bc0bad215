"""Gradients by torchdiffeq, which must be installed: through its steps, or by the adjoint."""

from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.neural_ode.field import VectorField
from neurotrain.neural_ode.fit import Fit
from neurotrain.neural_ode.windows import Batch

# The defaults of `solve`.
_TOLERANCES = {"rtol": 1e-6, "atol": 1e-8}
_MAX_STEPS = 2000


class TorchdiffeqGradient:
    """The loss of a fit and its gradient, solved by torchdiffeq (Chen et al. 2018).

    Its error estimate is over all trajectories together, which take the same steps; its
    ``'rk4'`` is the 3/8 rule.

    Parameters
    ----------
    fit : Fit
        Solved by ``'dopri5'``, or by ``'rk4'`` with one step from each time to the next.
    adjoint : bool
        Whether to solve the adjoint equation backwards in time (arXiv:1806.07366, algorithm 1);
        otherwise automatic differentiation goes through the steps that were taken.

    Raises
    ------
    InvalidInput
        If torchdiffeq is not installed, or cannot solve the fit.
    """

    def __init__(self, fit: Fit, *, adjoint: bool) -> None:
        try:
            import torch
            import torchdiffeq
        except ImportError as error:
            raise InvalidInput(
                f"Gradients by torchdiffeq need the package torchdiffeq ({error}): "
                "pip install 'neurotrain[torch]'."
            ) from error
        self._torch = torch
        self._solve = torchdiffeq.odeint_adjoint if adjoint else torchdiffeq.odeint
        self._scale, self._how = fit.problem.scale, _options_of(fit)
        self._type = getattr(torch, fit.options.get("precision", "float64"))
        self._module = _module(fit.field, self._type)

    def __call__(self, parameters: np.ndarray, batch: Batch) -> tuple[float, np.ndarray]:
        """Return the loss of a (parameter,) array and its gradient; infinite and NaN if it failed.

        Raises
        ------
        InvalidInput
            If trajectories have times of their own: torchdiffeq solves all at the same ones.
        """
        times = batch.times - batch.times[:, :1]
        if not np.allclose(times, times[0], rtol=1e-9):
            raise InvalidInput(
                "torchdiffeq solves windows only if their times are equally far apart: use "
                "gradient='discrete'."
            )
        vector, targets, scale = map(self._tensor, (parameters, batch.targets, self._scale))
        with self._torch.no_grad():
            self._module.vector.copy_(vector)
        self._module.vector.grad = None
        try:
            states = self._solve(self._module, targets[:, 0], self._tensor(times[0]), **self._how)
            loss = ((states.movedim(0, 1) - targets).abs() / scale).mean()
            loss.backward()
        except AssertionError:
            # So torchdiffeq says that steps became too small or too many.
            return np.inf, np.full(parameters.shape, np.nan)
        gradient = self._module.vector.grad.numpy().astype(float)
        value = float(loss.detach())
        return (value if np.isfinite(value) else np.inf), gradient

    def _tensor(self, values: np.ndarray) -> Any:
        return self._torch.tensor(values, dtype=self._type)


def _options_of(fit: Fit) -> dict[str, Any]:
    """Return the arguments of torchdiffeq that solve as the fit says."""
    options = dict(fit.options)
    if fit.method == "rk4" and options.get("steps") in (None, 1) and not options.get("log_time"):
        return {"method": "rk4"}
    if fit.method != "dopri5" or options.get("steps") or options.get("log_time"):
        raise InvalidInput(
            "torchdiffeq solves here by method='dopri5', or by 'rk4' with one step from each time "
            "to the next, and not in log_time; for all else use gradient='discrete'."
        )
    tolerances = {name: options.get(name, value) for name, value in _TOLERANCES.items()}
    return {
        "method": "dopri5",
        **{name: float(np.min(value)) for name, value in tolerances.items()},
        "options": {"max_num_steps": options.get("max_steps", _MAX_STEPS)},
    }


def _module(field: VectorField, dtype: Any) -> Any:
    """Return the vector field as a PyTorch module with the flat vector as its parameter."""
    import torch

    activate = {
        "tanh": torch.tanh,
        "relu": torch.relu,
        "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    }[field.activation]
    factors = [torch.tensor(s, dtype=dtype) for s in (field.input_scale, field.output_scale)]

    class Module(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.vector = torch.nn.Parameter(torch.zeros(field.size, dtype=dtype))

        def forward(self, time: Any, states: Any) -> Any:
            x = states**field.power * factors[0]
            for k, (weight, bias) in enumerate(field.layers(self.vector)):
                x = torch.nn.functional.linear(activate(x) if k else x, weight, bias)
            return x * factors[1]

    return Module()
