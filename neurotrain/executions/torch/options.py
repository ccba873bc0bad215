"""How gradients are taken through a circuit."""

from dataclasses import dataclass

from neurotrain.errors import InvalidInput, require_name, require_number, require_whole

# Steepness of each surrogate where none is given, in units of the natural scale.
SURROGATES = {
    "none": 0.0,
    "fast-sigmoid": 10.0,
    "sigmoid": 4.0,
    "arctan": 2.0,
    "triangle": 1.0,
}
PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class Differentiation:
    """How gradients are taken through a circuit.

    A spike is 1 where the threshold's condition holds and 0 elsewhere, whose derivative is zero
    almost everywhere. A surrogate replaces it, and nothing else. Where the condition compares
    two sides, ``v > v_th``, let x be their difference, left minus right, divided by its natural
    scale: the median of ``|v - v_th|`` over the neurons as the circuit's objects have them. With
    the slope k, the derivative of a spike by x is for

    - ``'none'``: 0, no gradient through spikes;
    - ``'fast-sigmoid'``: 1/(1 + k|x|)**2, k = 10: Zenke and Ganguli (2018),
      doi:10.1162/neco_a_01086;
    - ``'sigmoid'``: k*s*(1 - s) with s = 1/(1 + exp(-k*x)), k = 4: Neftci, Mostafa and Zenke
      (2019), doi:10.1109/MSP.2019.2931595;
    - ``'arctan'``: (k/2)/(1 + (pi*k*x/2)**2), k = 2: Fang et al. (2021), arXiv:2007.05785;
    - ``'triangle'``: 0.3*max(0, 1 - k|x|), k = 1: Bellec et al. (2018), arXiv:1803.09574.

    Parameters
    ----------
    surrogate : str
        The derivative of a spike, one of these.
    surrogate_slope : float, optional
        k above; by default the one given there.
    precision : {'float64', 'float32'}
    checkpoint_steps : int, optional
        Keep the states only every so many steps, and compute what is between them again for the
        gradient. By default as many as make the memory smallest, where it would be large; no
        less than the duration of a trial keeps everything.
    truncate_steps : int, optional
        Cut the gradient through the states every so many steps. By default it is whole.
    compiled : bool
        Whether to compile the steps first, where there is a compiler and all of them can be.
        Then they take a fraction of the time.

    Raises
    ------
    InvalidInput
        For an unknown name, or a number out of its range.
    """

    surrogate: str = "fast-sigmoid"
    surrogate_slope: float | None = None
    precision: str = "float64"
    checkpoint_steps: int | None = None
    truncate_steps: int | None = None
    compiled: bool = False

    def __post_init__(self) -> None:
        require_name("surrogate derivative", self.surrogate, SURROGATES)
        require_name("precision", self.precision, PRECISIONS)
        if self.surrogate_slope is not None:
            require_number("surrogate_slope", self.surrogate_slope, above=0)
        for name in ("checkpoint_steps", "truncate_steps"):
            if getattr(self, name) is not None:
                require_whole(name, getattr(self, name))
        if not isinstance(self.compiled, bool):
            raise InvalidInput(f"'compiled' must be True or False, got {self.compiled!r}.")

    @property
    def slope(self) -> float:
        """The slope that is used."""
        return self.surrogate_slope or SURROGATES[self.surrogate]
