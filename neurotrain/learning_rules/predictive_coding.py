"""Predictive coding: beliefs about each layer's activity, and learning from their errors.

A chain of L layers f_l predicts the activity of each layer from that of the one below. Beliefs v_l
relax until predictions and the loss agree, and each layer learns from its own error alone:
Whittington & Bogacz (2017), doi:10.1162/NECO_a_00949; Millidge, Tschantz & Buckley (2020),
arXiv:2006.04182; Rosenbaum (2022), doi:10.1371/journal.pone.0266102, whose notation this is.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name
from neurotrain.learning_rules.inference import Inference
from neurotrain.learning_rules.layer_chain import LayerChain, Stretch
from neurotrain.learning_rules.sweeps import in_one_sweep, relaxed, strict
from neurotrain.required_torch import require_torch

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.learning_rules.layer_chain import Layer, Loss

MODES = ("exact", "fixed-prediction", "strict")


def infer(
    model: "Iterable[Layer]",
    loss: "Loss",
    inputs: "Tensor",
    targets: Any,
    mode: str,
    eta: float = 0.1,
    n: int = 20,
    vinit: "Sequence[Tensor | None] | None" = None,
) -> Inference:
    """Return beliefs, errors, and gradients of all parameters; change nothing but what layers do.

    Parameters
    ----------
    model : torch.nn.Sequential or sequence of callables
        The chain. Each entry maps a tensor (sample, ...) to a tensor and is one layer of beliefs:
        put into one torch.nn.Sequential what belongs together. The same entry may occur several
        times, as that of a recurrent network does; its gradients are then summed.
    loss : callable
        ``loss(outputs, targets)``, a tensor of one number.
    inputs : tensor (sample, ...)
    targets : any
        Handed to the loss.
    mode : {'exact', 'fixed-prediction', 'strict'}
        Exact: errors are derivatives of the loss, which is backpropagation. Fixed prediction:
        beliefs relax with predictions and derivatives as in the forward pass. Strict: both are of
        the present beliefs.
    eta : float
        Step size of beliefs, above 0. Strict inference may diverge where it is large.
    n : int
        Sweeps over all layers. Errors are those of the last one, before beliefs move.
    vinit : sequence of L + 1 tensors, optional
        Where beliefs begin, such as the `beliefs` of another inference; None stands for those of
        the forward pass. The first and the last, input and output, are not looked at.

    Notes
    -----
    In a sweep ``v_l`` moves by ``eta * (error_l - J_{l+1}^T error_{l+1})``, with ``error_l = f_l -
    v_l`` and that of the output the derivative of the loss. With fixed predictions and beliefs
    that begin with them, ``error_l`` is the derivative of the loss times
    `share_of_backpropagation`, since all of it is linear; so a single sweep is made.
    In every mode dropout has one mask, and running statistics are updated once.

    Raises
    ------
    InvalidInput
        If the mode is unknown, a value is out of range, a shape is wrong, or a layer has no
        derivative.
    """
    torch = require_torch()
    if mode not in MODES:
        raise unknown_name("mode of predictive coding", str(mode), MODES)
    require_number("eta", eta, above=0)
    require_whole("n", n)
    if mode == "exact" and vinit is not None:
        raise InvalidInput("Exact errors depend on no beliefs; leave out vinit, or another mode.")
    with torch.enable_grad():
        chain = LayerChain(model, loss, targets, repeats=mode == "strict")
        forward = chain.run(inputs)
        begin = None if vinit is None else _checked(vinit, forward)
        if mode == "strict":
            return strict(chain, forward, eta, n, begin)
        if begin is not None:
            return relaxed(forward, eta, n, begin)
        layers = len(chain)
        if mode == "exact":
            return in_one_sweep(forward, [1.0] * layers, [0.0] + [1.0] * layers)
        now, next_ = (share_of_backpropagation(eta, count, layers) for count in (n, n + 1))
        return in_one_sweep(forward, now, [0.0, *next_[:-1], 0.0])


def share_of_backpropagation(eta: float, n: int, layers: int) -> list[float]:
    """Return by what each layer's exact gradient is multiplied with fixed predictions.

    Parameters
    ----------
    eta : float
        Step size of beliefs.
    n : int
        Sweeps.
    layers : int
        How many layers there are, L.

    Returns
    -------
    list of L floats
        Of layer l, from the first, the probability that so many as L - l of n - 1 trials succeed,
        each with probability eta. They are all 1 with eta = 1 and n = L.
    """
    shares = [0.0] * (layers - 1) + [1.0]
    for _ in range(n - 1):
        above = [*shares[1:], 1.0]
        shares = [(1 - eta) * one + eta * higher for one, higher in zip(shares, above, strict=True)]
        shares[-1] = 1.0
    return shares


def _checked(vinit: "Sequence[Tensor | None]", forward: list[Stretch]) -> list["Tensor"]:
    """Return where the beliefs of hidden layers begin."""
    import torch

    predictions = [stretch.input.detach() for stretch in forward]
    if not isinstance(vinit, Sequence) or len(vinit) != len(predictions):
        raise InvalidInput(
            f"vinit must have {len(predictions)} entries, of the input and of each layer; those "
            "that are None begin as in the forward pass."
        )
    begin = []
    for number, prediction in list(enumerate(predictions))[1:-1]:
        belief = prediction if vinit[number] is None else vinit[number]
        if not isinstance(belief, torch.Tensor) or belief.shape != prediction.shape:
            got = getattr(belief, "shape", None)
            told = type(belief).__name__ if got is None else f"one of shape {tuple(got)}"
            raise InvalidInput(
                f"vinit[{number}] must be a tensor of shape {tuple(prediction.shape)}, as layer "
                f"{number} gives, got {told}."
            )
        begin.append(belief.detach().to(prediction))
    return begin
