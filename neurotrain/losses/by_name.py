"""Losses by their names, and sums of them in writing."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.losses.base import Loss
from neurotrain.losses.choices import CrossEntropy, ZeroOne
from neurotrain.losses.first_spikes import FirstSpikeLatency, FirstSpikeOrder
from neurotrain.losses.functions import as_loss
from neurotrain.losses.penalties import DepolarizationBlock, RateBand, Silence
from neurotrain.losses.spike_counts import SpikeCountCrossEntropy, SpikeCountMargin
from neurotrain.losses.spike_trains import RateMatching, VanRossum, VictorPurpura
from neurotrain.losses.sums import WeightedSum
from neurotrain.losses.trajectories import TrajectoryError
from neurotrain.user_file import call, find_function, is_in_file

LOSSES: Mapping[str, type[Loss]] = {
    "cross-entropy": CrossEntropy,
    "zero-one": ZeroOne,
    "spike-count-margin": SpikeCountMargin,
    "spike-count-cross-entropy": SpikeCountCrossEntropy,
    "first-spike-order": FirstSpikeOrder,
    "first-spike-latency": FirstSpikeLatency,
    "trajectory-error": TrajectoryError,
    "van-rossum": VanRossum,
    "victor-purpura": VictorPurpura,
    "rate-matching": RateMatching,
    "silence": Silence,
    "depolarization-block": DepolarizationBlock,
    "rate-band": RateBand,
}

_NUMBER = r"\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?"
_TERM = re.compile(rf"\s*(?:({_NUMBER})\s*\*\s*)?([A-Za-z][\w-]*)\s*")


def make_loss(name: str, **options: Any) -> Loss:
    """Return the loss called `name`, with its settings.

    Parameters
    ----------
    name : str
        One of `LOSSES`; or a sum of them, as ``'spike-count-margin + 0.1*silence'``; or
        ``'FILE.py:NAME'``, a loss of the user's: a function of a recording and its trials, a
        Loss, or a class of one.
    options
        Settings of the loss; for a sum by the names of its terms, as
        ``**{'spike-count-margin.margin': 3}``.

    Raises
    ------
    InvalidInput
        If there is no such loss, it has no such setting, or the value is out of range.

    Examples
    --------
    >>> make_loss("spike-count-margin", margin=3.0)
    SpikeCountMargin(margin=3.0)
    >>> make_loss("spike-count-margin + 0.1*silence").name
    'spike-count-margin + 0.1*silence'
    """
    if is_in_file(name):
        return _from_file(name, options)
    if "+" in name or "*" in name:
        return _make_sum(name, options)
    return _make_one(name, options)


def settings_of(loss: Loss) -> dict[str, Any]:
    """Return the settings from which `make_loss` makes a built-in loss again, given its name."""
    if isinstance(loss, WeightedSum):
        return {
            f"{term.name}.{setting}": value
            for _, term in loss.terms
            for setting, value in settings_of(term).items()
        }
    return {field.name: getattr(loss, field.name) for field in fields(loss)}


def is_built_in(loss: Loss) -> bool:
    """Whether `make_loss` makes the loss from its name and settings."""
    if not isinstance(loss, WeightedSum):
        return type(loss) is LOSSES.get(loss.name)
    names = {term.name for _, term in loss.terms}
    return len(names) == len(loss.terms) and all(is_built_in(term) for _, term in loss.terms)


def _make_one(name: str, options: Mapping[str, Any]) -> Loss:
    if name not in LOSSES:
        raise unknown_name("loss", name, LOSSES)
    known = [field.name for field in fields(LOSSES[name])]
    for option in options:
        if not known:
            raise InvalidInput(
                f"There is no option of loss '{name}' called '{option}'; leave it out."
            )
        if option not in known:
            raise unknown_name(f"option of loss '{name}'", option, known)
    return LOSSES[name](**options)


def _make_sum(text: str, options: Mapping[str, Any]) -> Loss:
    weights = _parse_sum(text)
    own: dict[str, dict[str, Any]] = {name: {} for name in weights}
    for option, value in options.items():
        name, dot, setting = option.partition(".")
        if not dot:
            raise InvalidInput(
                f"Say of which loss '{option}' is an option, as {next(iter(weights))}.{option}."
            )
        if name not in own:
            raise unknown_name(f"loss in the sum '{text}'", name, own)
        own[name][setting] = value
    terms = ((weight, _make_one(name, own[name])) for name, weight in weights.items())
    return WeightedSum(tuple(terms))


def _parse_sum(text: str) -> dict[str, float]:
    """Return the weights of the losses in ``2*loss + 0.1*penalty``."""
    weights: dict[str, float] = {}
    at = 0
    while True:
        term = _TERM.match(text, at)
        end = term.end() if term else at
        if not term or (end < len(text) and text[end] != "+"):
            raise InvalidInput(
                f"'{text}' is no sum of losses; write it as '2*spike-count-margin + 0.1*silence'."
            )
        number, name = term.groups()
        if name in weights:
            raise InvalidInput(f"Loss '{name}' is twice in the sum '{text}'; add up its weights.")
        weights[name] = float(number) if number else 1.0
        if end == len(text):
            return weights
        at = end + 1


def _from_file(name: str, options: Mapping[str, Any]) -> Loss:
    found = find_function(name)
    if isinstance(found, type):
        return as_loss(call(name, found, options))
    if options:
        raise InvalidInput(
            f"'{name}' is no class, so that it has no option '{next(iter(options))}'."
        )
    return as_loss(found)
