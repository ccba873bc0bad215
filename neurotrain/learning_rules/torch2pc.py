"""The entry point of Torch2PC, with its argument order, on our own predictive coding.

Rosenbaum (2022), doi:10.1371/journal.pone.0266102, came with the software Torch2PC, of which
scripts run with ``from neurotrain.learning_rules import torch2pc as T2PC``.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from neurotrain.errors import unknown_name
from neurotrain.learning_rules.predictive_coding import infer

if TYPE_CHECKING:
    from torch import Tensor

ERR_TYPES = {"Strict": "strict", "FixedPred": "fixed-prediction", "Exact": "exact"}


# Scripts may give arguments by these names.
def PCInfer(  # noqa: N802
    model: "Iterable[Callable[[Tensor], Tensor]]",
    LossFun: "Callable[[Tensor, Any], Tensor]",  # noqa: N803
    X: "Tensor",  # noqa: N803
    Y: Any,  # noqa: N803
    ErrType: str,  # noqa: N803
    eta: float = 0.1,
    n: int = 20,
    vinit: "Sequence[Tensor | None] | None" = None,
) -> "tuple[list[Tensor], Tensor, Tensor, list[Tensor], list[Tensor | None]]":
    """Add the gradients of predictive coding to ``.grad``, and return what was inferred.

    Parameters
    ----------
    model, LossFun, X, Y, eta, n, vinit
        As `infer` takes them.
    ErrType : {'Strict', 'FixedPred', 'Exact'}

    Returns
    -------
    vhat : list of L + 1 tensors (sample, ...)
        The input, and the activity of each layer in the forward pass.
    Loss : tensor of one number
    dLdy : tensor (sample, ...)
        Derivative of the loss by the last activity.
    v, epsilon : list of L + 1 tensors (sample, ...)
        Beliefs and errors; the first error is None.

    Raises
    ------
    InvalidInput
        A ValueError; as `infer`.

    Notes
    -----
    Other than in Torch2PC gradients are added to those that are there, so zero them before each
    step; and `vinit` is where beliefs begin, for fixed predictions too.
    """
    if ErrType not in ERR_TYPES:
        raise unknown_name("ErrType", str(ErrType), ERR_TYPES)
    found = infer(model, LossFun, X, Y, ERR_TYPES[ErrType], eta, n, vinit)
    found.accumulate()
    vhat, v, epsilon = map(list, (found.predictions, found.beliefs, found.errors))
    return vhat, found.loss, found.output_gradient, v, epsilon
