"""Learning rules: sums of plasticity terms with coefficients, for all layers or for some."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Self

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.layer_view import LayerView

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.learning_rules.terms import Term

Layers = Literal["all", "hidden", "last"] | tuple[int, ...]


class Summable(ABC):
    """What can be added to others of its kind and multiplied by coefficients."""

    # So that arrays of NumPy leave products to us, whichever side they are on.
    __array_ufunc__ = None

    @abstractmethod
    def as_rule(self) -> "Rule":
        """Return the same as a `Rule`."""

    def __add__(self, other: "Summable") -> "Rule":
        if not isinstance(other, Summable):
            return NotImplemented
        return Rule(self.as_rule().parts + other.as_rule().parts)

    def __sub__(self, other: "Summable") -> "Rule":
        return self + -1 * other if isinstance(other, Summable) else NotImplemented

    def __neg__(self) -> "Rule":
        return -1 * self

    def __mul__(self, coefficient: Any) -> "Rule":
        if isinstance(coefficient, Summable):
            return NotImplemented
        return Rule(tuple(part.times(coefficient) for part in self.as_rule().parts))

    __rmul__ = __mul__

    def on(self, layers: Literal["all", "hidden", "last"] | Sequence[int]) -> "Rule":
        """Return the same for these layers of weights only.

        Parameters
        ----------
        layers : {'all', 'hidden', 'last'} or sequence of int
            ``'hidden'`` are all but the last, whose post is the output; numbers are from 0, or
            from the last one, -1.
        """
        known = ("all", "hidden", "last")
        if not (layers in known if isinstance(layers, str) else _are_whole(layers)):
            raise InvalidInput(
                f"Layers must be one of {', '.join(known)}, or numbers, got {layers!r}."
            )
        chosen = layers if isinstance(layers, str) else tuple(layers)
        return Rule(tuple(replace(part, layers=chosen) for part in self.as_rule().parts))


@dataclass(frozen=True, eq=False)
class Part:
    """A term with its coefficients, one for each layer or one for all, and where it acts."""

    term: "Term"
    coefficients: tuple[Any, ...]
    layers: Layers = "all"

    def times(self, factor: Any) -> Self:
        """Return it with other coefficients."""
        factors = _as_coefficients(factor)
        ours = self.coefficients
        lengths = {len(factors), len(ours)} - {1}
        if len(lengths) > 1:
            raise InvalidInput(
                f"'{self.term.name}' has {len(ours)} coefficients, one for each layer, and cannot "
                f"be multiplied by {len(factors)}."
            )
        n = max(len(ours), len(factors))
        pairs = zip(_spread(ours, n), _spread(factors, n), strict=True)
        return replace(self, coefficients=tuple(a * b for a, b in pairs))

    def acts_on(self, layer: int, layers: int) -> bool:
        """Return whether it changes this one of so many layers."""
        if isinstance(self.layers, str):
            last = layer == layers - 1
            return self.layers == "all" or (self.layers == "last") == last
        outside = [k for k in self.layers if not -layers <= k < layers]
        if outside:
            raise InvalidInput(
                f"'{self.term.name}' is for layer {outside[0]} of a network that has {layers}."
            )
        return layer in {k % layers for k in self.layers}

    def coefficient(self, layer: int, layers: int) -> Any:
        """Return the coefficient of a layer."""
        if len(self.coefficients) not in (1, layers):
            raise InvalidInput(
                f"'{self.term.name}' has coefficients of {len(self.coefficients)} layers, the "
                f"network has {layers}."
            )
        return _spread(self.coefficients, layers)[layer]


@dataclass(frozen=True, eq=False)
class Rule(Summable):
    """A sum of plasticity terms with coefficients.

    Rules are made of terms: ``0.01*term('pseudo-gradient') + 0.004*term('oja').on('hidden')``.
    A coefficient is a number, a tensor through which a gradient may flow, with an axis of networks
    or without, or a sequence of either, one for each layer.

    Parameters
    ----------
    parts : tuple of Part
    """

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, term: "Term") -> Self:
        """Return the rule that is one term."""
        return cls((Part(term, (1.0,)),))

    def as_rule(self) -> Self:
        """Return itself."""
        return self

    @property
    def needs_pre_error(self) -> bool:
        """Whether one of its terms looks at the errors of the layer below."""
        return any(part.term.needs_pre_error for part in self.parts)

    def change(self, view: LayerView) -> "Tensor":
        """Return the change of the weights, (post, pre), the mean over samples."""
        return self.add_to(view.weights.new_zeros(view.weights.shape), view)

    def add_to(self, weights: "Tensor", view: LayerView, in_place: bool = False) -> "Tensor":
        """Return weights (post, pre) to which their change was added.

        Products of all terms are added at once, so that large weights are gone through once.
        """
        products, matrices = [], []
        for coefficient, term in self._acting(view):
            change = term.change(view)
            if isinstance(change, tuple):
                products.append((change.pre, scaled(change.post, coefficient)))
            else:
                matrices.append(scaled(change, coefficient))
        for matrix in matrices:
            weights = weights.add_(matrix) if in_place else weights + matrix
        return _add_products(weights, products, in_place) if products else weights

    def coefficients(self, layers: int) -> dict[str, list[Any]]:
        """Return the sum of each term's coefficients in every one of so many layers."""
        found: dict[str, list[Any]] = {}
        for part in self.parts:
            sums = found.setdefault(part.term.name, [0.0] * layers)
            for k in range(layers):
                if part.acts_on(k, layers):
                    sums[k] = sums[k] + part.coefficient(k, layers)
        return found

    def formula(self, digits: int = 3) -> str:
        """Return the rule as a text, such as ``ΔW = 0.01 (-e y'ᵀ) + 0.004 (y y'ᵀ - y yᵀW)``."""
        return "ΔW = " + (" + ".join(_written(part, digits) for part in self.parts) or "0")

    def _acting(self, view: LayerView) -> Iterator[tuple[Any, "Term"]]:
        for part in self.parts:
            if part.acts_on(view.layer, view.layers):
                yield part.coefficient(view.layer, view.layers), part.term


def _add_products(
    weights: "Tensor", products: list[tuple["Tensor", "Tensor"]], in_place: bool
) -> "Tensor":
    import torch

    # Terms that share what comes from below need one product.
    shared: dict[int, tuple[Tensor, Tensor]] = {}
    for pre, post in products:
        before = shared.get(id(pre))
        shared[id(pre)] = (pre, post if before is None else before[1] + post)
    pres, posts = zip(*shared.values(), strict=True)
    pre, post = (torch.cat(s, -2) if len(s) > 1 else s[0] for s in (pres, posts))
    share = 1 / pres[0].shape[-2]
    if in_place and weights.ndim == 3:
        return weights.baddbmm_(post.mT, pre, alpha=share)
    if in_place:
        return weights.add_(post.mT @ pre, alpha=share)
    return weights + share * (post.mT @ pre)


def scaled(values: "Tensor", coefficient: Any) -> "Tensor":
    """Return a multiple; coefficients with an axis of networks lie beside those of samples."""
    if getattr(coefficient, "ndim", 0):
        coefficient = coefficient[..., None, None]
    return values * coefficient


def _as_coefficients(factor: Any) -> tuple[Any, ...]:
    if isinstance(factor, Real) or hasattr(factor, "requires_grad"):
        return (factor,)
    try:
        factors = tuple(factor)
    except TypeError:
        factors = ()
    if not factors or not all(isinstance(f, Real) or hasattr(f, "requires_grad") for f in factors):
        raise InvalidInput(
            f"A coefficient must be a number, a tensor, or one of these for each layer, "
            f"got {factor!r}."
        )
    return factors


def _spread(values: tuple[Any, ...], n: int) -> tuple[Any, ...]:
    return values * n if len(values) == 1 else values


def _are_whole(layers: Sequence[int]) -> bool:
    return bool(layers) and all(isinstance(k, int) and not isinstance(k, bool) for k in layers)


def _written(part: Part, digits: int) -> str:
    values = [f"{float(value):.{digits}g}" for value in part.coefficients]
    number = values[0] if len(values) == 1 else f"[{', '.join(values)}]"
    where = "" if part.layers == "all" else f" in layers {part.layers}"
    inner = part.term.formula
    return f"{number} {inner if inner.startswith('(') else f'({inner})'}{where}"
