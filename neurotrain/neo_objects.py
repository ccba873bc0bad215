"""Spike trains, signals and annotations as Neo wants them, for every export."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import neo


def spike_trains(
    times_ms: np.ndarray,
    neurons: np.ndarray,
    n_neurons: int,
    stop_ms: float,
    population: Sequence[str] = (),
) -> "list[neo.SpikeTrain]":
    """Return a spike train for every neuron, also for one that is silent.

    Parameters
    ----------
    times_ms, neurons : (spike,) array
        When each spike was, in order, and whose.
    n_neurons : int
    stop_ms : float
        When the trial stops.
    population : sequence of str, optional
        Which population each neuron is of, for an annotation.
    """
    import neo
    import quantities

    order = np.argsort(neurons, kind="stable")
    edges = np.searchsorted(neurons[order], np.arange(1, n_neurons))
    return [
        neo.SpikeTrain(
            its_ms * quantities.ms,
            t_stop=stop_ms * quantities.ms,
            name=f"neuron {neuron}",
            neuron=neuron,
            **({"population": population[neuron]} if len(population) else {}),
        )
        for neuron, its_ms in enumerate(np.split(times_ms[order], edges))
    ]


def pooled_spike_train(
    times_ms: np.ndarray, neurons: np.ndarray, stop_ms: float, population: str
) -> "neo.SpikeTrain":
    """Return the spikes of a population as one train, which says of each spike whose it is.

    Parameters
    ----------
    times_ms, neurons, stop_ms
        As for `spike_trains`, of its spikes.
    population : str
    """
    import neo
    import quantities

    return neo.SpikeTrain(
        times_ms * quantities.ms,
        t_stop=stop_ms * quantities.ms,
        name=population,
        population=population,
        array_annotations={"neuron": neurons},
    )


def analog_signal(
    name: str,
    values: np.ndarray,
    period_ms: float,
    units: Any = "dimensionless",
    **array_annotations: Any,
) -> "neo.AnalogSignal":
    """Return what channels do, (time, channel), from time 0 on.

    Parameters
    ----------
    name : str
    values : (time, channel) array
    period_ms : float
        Between two samples.
    units : str or quantity
        Of the values.
    array_annotations
        Of the channels, each with one item for each.
    """
    import neo
    import quantities

    return neo.AnalogSignal(
        values,
        units=units,
        sampling_period=period_ms * quantities.ms,
        name=name,
        array_annotations=array_annotations,
    )


def all_objects(block: "neo.Block") -> Iterator[Any]:
    """Yield a Block and everything in it that can be annotated."""
    yield from (block, *block.groups)
    for segment in block.segments:
        yield segment
        yield from chain(segment.spiketrains, segment.events, segment.epochs)
        yield from chain(segment.analogsignals, segment.irregularlysampledsignals)


def plain_annotations(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return annotations that every file format takes: numbers, texts, and lists of these.

    Names within names are joined by ``_``. What is None or empty is left out, anything else is
    told as text.
    """
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            inner = plain_annotations(value)
            plain |= {f"{name}_{key}": told for key, told in inner.items()}
        elif value is not None and not (np.ndim(value) and not np.size(value)):
            plain[name] = _plain(value)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bool | int | float | str):
        return value
    kinds = {type(one) for one in value} if isinstance(value, list | tuple) else set()
    return list(value) if kinds in ({int}, {float}, {str}) else str(value)
