"""What the user says of one trained variable: where it starts and what training may change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurotrain.distributions import Distribution
from neurotrain.errors import InvalidInput, require_whole
from neurotrain.parameters.encodings import Encoding, LowRank, RandomSubspace
from neurotrain.parameters.transforms import Transform, make_transform


@dataclass(frozen=True, eq=False)
class Parameter:
    """Where training of one variable starts, and what of it training may change.

    Arrays have the shape of the variable, or for weights ``(postsynaptic, presynaptic)``.

    Parameters
    ----------
    initial : Distribution or array, optional
        Where training starts; by default as in a plain list of names. Under Dale's law a
        distribution is that of the magnitudes, drawn and without sign.
    transform : {'identity', 'softplus', 'exp'} or Transform, optional
        From the searched coordinate to the value: by name, or ``Softplus(scale)``,
        ``Exponential(scale)``, ``Bounded(low, high)`` with quantities of the variable's unit.
        By default the identity, under Dale's law softplus.
    dale : float, str or (presynaptic neuron,) array, optional
        Dale's law: the share of excitatory neurons, which are the first; the parameter of the
        presynaptic group that holds +1 or -1; or these signs.
    balanced : bool
        Under Dale's law, whether inhibitory magnitudes that were drawn are multiplied so that
        they cancel excitation in every postsynaptic neuron.
    mask : float or bool array, optional
        The probability of a connection, or where there is one. All others are no coordinates of
        the search.
    masked_value : float, Quantity or array
        What masked entries have in every candidate.
    autapses : bool
        Whether a neuron may reach itself; if not, these entries are masked too.
    shared : int array, optional
        Entries with the same number share one coordinate; under Dale's law, each with its sign.
    encoding : RandomSubspace or LowRank, optional
        Search fewer coordinates than there are values.
    fixed : bool
        Keep the values where training would have started, drawn with `seed`.
    seed : int
        From which a random mask and fixed values follow, the same for every run.

    Raises
    ------
    InvalidInput
        If options contradict one another, or one is not as described.
    """

    initial: Distribution | np.ndarray | None = None
    transform: str | Transform | None = None
    dale: float | str | Sequence[float] | np.ndarray | None = None
    balanced: bool = True
    mask: float | np.ndarray | None = None
    masked_value: float | np.ndarray = 0.0
    autapses: bool = True
    shared: np.ndarray | None = None
    encoding: Encoding | None = None
    fixed: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("seed of a Parameter", self.seed, 0)
        if not isinstance(self.initial, Distribution | np.ndarray | None):
            raise InvalidInput(
                "initial must be a distribution such as nt.Normal(mean, std), or an array, got "
                f"{self.initial!r}."
            )
        for name in ("dale", "mask", "masked_value", "shared"):
            self._require_numbers(name)
        if self.transform is not None:
            make_transform(self.transform)
        for name in ("balanced", "autapses", "fixed"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise InvalidInput(f"{name} must be True or False, got {getattr(self, name)!r}.")
        if self.encoding is not None and not isinstance(self.encoding, RandomSubspace | LowRank):
            raise InvalidInput(
                f"encoding must be a RandomSubspace or a LowRank, got {self.encoding!r}."
            )
        if self.fixed and self.encoding is not None:
            raise InvalidInput("Fixed values are not searched; leave out the encoding.")
        if self.shared is not None and isinstance(self.encoding, LowRank):
            raise InvalidInput("A LowRank cannot have shared weights; leave out one of them.")

    def _require_numbers(self, name: str) -> None:
        value = getattr(self, name)
        is_name = name == "dale" and isinstance(value, str)
        if value is not None and not is_name and np.asarray(value).dtype.kind not in "biuf":
            raise InvalidInput(f"{name} must be a number or an array of numbers, got {value!r}.")

    @property
    def is_plain(self) -> bool:
        """Whether the coordinates are the values."""
        unmasked = self.mask is None and self.autapses
        unencoded = self.transform in (None, "identity") and self.encoding is None
        return (
            unmasked
            and unencoded
            and self.dale is None
            and self.shared is None
            and (not self.fixed)
        )
