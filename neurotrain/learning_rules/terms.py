"""The ten plasticity terms of Shervani-Tabar & Rosenbaum (2023, doi:10.1038/s41467-023-37562-1)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from neurotrain.errors import unknown_name
from neurotrain.learning_rules.layer_view import LayerView
from neurotrain.learning_rules.rule import Rule, Summable

if TYPE_CHECKING:
    from torch import Tensor


class Product(NamedTuple):
    """The mean over samples of the outer products of two sides, which need never be made.

    Parameters
    ----------
    post : (sample, post) tensor
    pre : (sample, pre) tensor
    """

    post: "Tensor"
    pre: "Tensor"


@dataclass(frozen=True)
class Term(Summable):
    """One plasticity term, the simplest rule; terms are added and multiplied to give others.

    Parameters
    ----------
    name : str
    formula : str
        In ``e`` and ``y``, columns of errors and activity, after a layer and (``e'``, ``y'``)
        before it, and its weights ``W``; how rules are written out.
    change : callable
        Gives of a `LayerView` a `Product`, or the change as a tensor (post, pre).
    needs_pre_error : bool
        Whether it looks at `LayerView.pre_error`, which costs something in the first layer.
    """

    name: str
    formula: str
    change: "Callable[[LayerView], Product | Tensor]"
    needs_pre_error: bool = True

    def as_rule(self) -> Rule:
        """Return the rule that is this term, once, in all layers."""
        return Rule.of(self)


def _gradient(view: LayerView) -> Product:
    return Product(-view.error, view.pre)


def _exchanged(view: LayerView) -> Product:
    return Product(-view.post, view.pre_error)


def _ehebb(view: LayerView) -> Product:
    return Product(-view.error, view.pre_error)


def _decay(view: LayerView) -> "Tensor":
    return -view.weights


def _pre_error(view: LayerView) -> Product:
    return Product(-view.post.new_ones(view.post.shape), view.pre_error)


def _gradient_by_activity(view: LayerView) -> Product:
    return Product(-view.error * view.post.sum(-1, keepdim=True), view.pre)


def _exchanged_by_forward_error(view: LayerView) -> Product:
    return Product(-view.post * _dot(view.post, view.forward_error), view.pre_error)


def _gradient_by_forward_error(view: LayerView) -> Product:
    return Product(-view.error * _dot(view.post, view.forward_error), view.pre)


def _exchanged_by_drive_error(view: LayerView) -> Product:
    return Product(-view.post * _dot(view.drive, view.error), view.pre_error)


def _oja(view: LayerView) -> Product:
    return Product(view.post, view.pre - view.reconstruction)


def _dot(one: "Tensor", other: "Tensor") -> "Tensor":
    return (one * other).sum(-1, keepdim=True)


# In the order of the paper, whose numbers they have.
PUBLISHED_TERMS: tuple[Term, ...] = (
    Term("pseudo-gradient", "-e y'ᵀ", _gradient, False),
    Term("exchanged-gradient", "-y e'ᵀ", _exchanged),
    Term("ehebb", "-e e'ᵀ", _ehebb),
    Term("decay", "-W", _decay, False),
    Term("pre-error", "-1 e'ᵀ", _pre_error),
    Term("gradient-by-activity", "-e (1ᵀy) y'ᵀ", _gradient_by_activity, False),
    Term("exchanged-by-forward-error", "-y (yᵀW e') e'ᵀ", _exchanged_by_forward_error),
    Term("gradient-by-forward-error", "-e (yᵀW e') y'ᵀ", _gradient_by_forward_error),
    Term("exchanged-by-drive-error", "-y (y'ᵀWᵀe) e'ᵀ", _exchanged_by_drive_error),
    Term("oja", "(y y'ᵀ - y yᵀW)", _oja, False),
)


def term_names() -> list[str]:
    """Return the names of the ten published terms, in the order of their numbers."""
    return [term.name for term in PUBLISHED_TERMS]


def term(name: str) -> Term:
    """Return a published term by its name, or by its number in the paper, ``'F0'`` to ``'F9'``.

    Raises
    ------
    InvalidInput
        If there is none, with the nearest name.
    """
    numbered = {f"F{k}": one for k, one in enumerate(PUBLISHED_TERMS)}
    named = {one.name: one for one in PUBLISHED_TERMS}
    if name not in named and name not in numbered:
        raise unknown_name("plasticity term", name, named)
    return named.get(name) or numbered[name]
