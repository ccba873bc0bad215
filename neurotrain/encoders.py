"""How the signals of a task become input channels: currents, spikes, tuned populations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name


class Encoder(Protocol):
    """A step from signals to input channels; a frozen dataclass, whose fields are its settings.

    Attributes
    ----------
    kind : str
        Its name in a file of settings.
    is_random : bool
        Whether it draws from the generator.
    loses_negative : bool
        Whether signals below zero are cut off.
    """

    kind: ClassVar[str]
    is_random: ClassVar[bool]

    @property
    def loses_negative(self) -> bool: ...

    def n_channels(self, n_signals: int) -> int:
        """Return how many channels carry `n_signals` signals."""
        ...

    def encode(self, signals: np.ndarray, bin_ms: float, rng: np.random.Generator) -> np.ndarray:
        """Return (trial, bin, channel) inputs for (trial, bin, signal) signals."""
        ...


@dataclass(frozen=True)
class Current:
    """Each signal is a current of its own, ``gain*signal + offset``.

    Parameters
    ----------
    gain, offset : float
        As they are, by default.
    """

    kind: ClassVar[str] = "current"
    is_random: ClassVar[bool] = False
    loses_negative: ClassVar[bool] = False

    gain: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        require_number("gain", self.gain, above=0)
        require_number("offset", self.offset)

    def n_channels(self, n_signals: int) -> int:
        """Return the number of signals."""
        return n_signals

    def encode(self, signals: np.ndarray, bin_ms: float, rng: np.random.Generator) -> np.ndarray:
        """Return the currents, (trial, bin, signal)."""
        return self.gain * signals + self.offset


@dataclass(frozen=True)
class PoissonSpikes:
    """Each signal sets the rate of Poisson spike trains; a channel carries the spikes of a bin.

    The rate is ``max(0, baseline_hz + rate_hz*signal)``, and the input of a channel in a
    bin the number of its spikes times `amplitude`.

    Parameters
    ----------
    rate_hz : float
        How much the rate grows with a signal of 1, in spikes per second.
    baseline_hz : float
        Rate without a signal. For signals that go below zero it must be at least `rate_hz`.
    trains : int
        Independent spike trains, each a channel of its own, for each signal.
    amplitude : float
        Input that a spike gives, for the duration of its bin.
    """

    kind: ClassVar[str] = "poisson"
    is_random: ClassVar[bool] = True

    rate_hz: float = 100.0
    baseline_hz: float = 0.0
    trains: int = 1
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        require_number("rate_hz", self.rate_hz, above=0)
        require_number("baseline_hz", self.baseline_hz, least=0)
        require_whole("trains", self.trains)
        require_number("amplitude", self.amplitude, above=0)

    @property
    def loses_negative(self) -> bool:
        """Whether the baseline is too low for signals down to -1."""
        return self.baseline_hz < self.rate_hz

    def n_channels(self, n_signals: int) -> int:
        """Return `trains` for each signal."""
        return self.trains * n_signals

    def encode(self, signals: np.ndarray, bin_ms: float, rng: np.random.Generator) -> np.ndarray:
        """Return spikes times amplitude; the trains of a signal are neighbors."""
        rate_hz = np.maximum(0.0, self.baseline_hz + self.rate_hz * signals)
        expected = np.repeat(rate_hz * bin_ms * 1e-3, self.trains, axis=-1)
        return self.amplitude * rng.poisson(expected)


@dataclass(frozen=True)
class PopulationCode:
    """Each signal is carried by neurons with Gaussian tuning, whose preferred values differ.

    Neuron i is active with ``exp(-(signal - preferred_i)**2 / (2*width**2))``; the
    preferred values are evenly spaced from `low` to `high`.

    Parameters
    ----------
    neurons : int
        Channels for each signal, at least 2.
    low, high : float
        First and last preferred value. For signals that go below zero `low` must be negative.
    width : float, optional
        Of the tuning curves; by default the distance of the preferred values.
    """

    kind: ClassVar[str] = "population"
    is_random: ClassVar[bool] = False

    neurons: int = 8
    low: float = 0.0
    high: float = 1.0
    width: float | None = None

    def __post_init__(self) -> None:
        require_whole("neurons", self.neurons, 2)
        require_number("low", self.low)
        require_number("high", self.high, above=self.low)
        if self.width is not None:
            require_number("width", self.width, above=0)

    @property
    def loses_negative(self) -> bool:
        """Whether no neuron prefers a value below zero."""
        return self.low >= 0

    @property
    def preferred(self) -> np.ndarray:
        """The preferred values, (neuron,)."""
        return np.linspace(self.low, self.high, self.neurons)

    def n_channels(self, n_signals: int) -> int:
        """Return `neurons` for each signal."""
        return self.neurons * n_signals

    def encode(self, signals: np.ndarray, bin_ms: float, rng: np.random.Generator) -> np.ndarray:
        """Return the activities, 0 to 1; the neurons of a signal are neighbors."""
        width = self.width or (self.high - self.low) / (self.neurons - 1)
        distance = (signals[..., np.newaxis] - self.preferred) / width
        return np.exp(-0.5 * distance**2).reshape(*signals.shape[:-1], -1)


ENCODERS: Mapping[str, type[Encoder]] = {
    "current": Current,
    "poisson": PoissonSpikes,
    "population": PopulationCode,
}


def make_encoders(given: Any) -> tuple[Encoder, ...]:
    """Return the encoders that are given as such, by name, as a table, or as a list of these.

    Raises
    ------
    InvalidInput
        If a name or a setting is unknown, or a value cannot be used.
    """
    if isinstance(given, str | Mapping) or hasattr(given, "encode"):
        given = (given,)
    if not isinstance(given, Iterable):
        raise InvalidInput(f"'encoder' must be an encoder or a list of encoders, got {given!r}.")
    return tuple(_make_encoder(each) for each in given)


def _make_encoder(given: Any) -> Encoder:
    if hasattr(given, "encode") and not isinstance(given, str | type):
        return given
    table = {"kind": given} if isinstance(given, str) else given
    if not isinstance(table, Mapping) or not isinstance(table.get("kind"), str):
        raise InvalidInput(
            f"An encoder is a name, one of {', '.join(ENCODERS)}, or a table with a 'kind', "
            f"got {given!r}."
        )
    options = {name: value for name, value in table.items() if name != "kind"}
    kind = table["kind"]
    if kind not in ENCODERS:
        raise unknown_name("encoder", kind, ENCODERS)
    known = ENCODERS[kind].__dataclass_fields__
    for option in options:
        if option not in known:
            raise unknown_name(f"setting of encoder '{kind}'", option, known)
    return ENCODERS[kind](**options)


def require_no_loss(encoders: Iterable[Encoder]) -> None:
    """Raise `InvalidInput` if signals that go below zero would be cut off at zero."""
    for each in encoders:
        if each.loses_negative:
            remedy = "baseline_hz of at least rate_hz" if each.kind == "poisson" else "low of -1"
            raise InvalidInput(
                f"The signals of this task go below zero, where encoder '{each.kind}' would cut "
                f"them off; give it a {remedy}."
            )
        if not isinstance(each, Current):
            return
