"""How well signals are produced, and in how many dimensions networks produce them."""

from collections.abc import Sequence

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.rate_to_spike.signals import Signals


def nmse(
    outputs: np.ndarray, signals: Signals, channels: Sequence[int] | None = None
) -> np.ndarray:
    """Return the normalized error of each trial, (trial,): sum (z - F)**2 / sum F**2.

    Sums are over the steps that are scored and over channels, without subtracting means, as in
    the code of DePasquale, Churchland & Abbott (2016), arXiv:1601.07620. A trial whose targets
    are zero throughout has none, NaN.

    Parameters
    ----------
    outputs : (time, output) array
        What a network produced.
    signals : Signals
        What it was to produce.
    channels : sequence of int, optional
        The outputs that count; by default all.

    Raises
    ------
    InvalidInput
        If the shape of the outputs is not that of the signals', or there is no such channel.
    """
    which = list(range(signals.outputs.shape[1]) if channels is None else channels)
    bad = [one for one in which if not 0 <= one < signals.outputs.shape[1]]
    if bad or not which:
        raise InvalidInput(
            f"channels must be some of 0 to {signals.outputs.shape[1] - 1}, got {which}."
        )
    counts = signals.scored[:, np.newaxis]
    error = (signals.matching(outputs) - signals.outputs)[:, which] ** 2 * counts
    power = signals.outputs[:, which] ** 2 * counts
    starts = [each.start for each in signals.slices]
    error, power = (np.add.reduceat(each.sum(axis=1), starts) for each in (error, power))
    return np.divide(error, power, out=np.full(len(power), np.nan), where=power > 0)


def variance_curve(values: np.ndarray) -> np.ndarray:
    """Return the share of power in the leading components, (component,), rising to 1.

    Components are eigenvectors of the second moments, without subtracting means, as in
    arXiv:1601.07620.

    Parameters
    ----------
    values : (time, neuron) array
        Currents, rates or filtered spikes.

    Raises
    ------
    InvalidInput
        If they are zero throughout, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> variance_curve(np.array([[3.0, 0.0], [0.0, 1.0]]))
    array([0.9, 1. ])
    """
    values = _activity("values", values)
    variances = np.linalg.eigvalsh(values.T @ values)[::-1].clip(0)
    if not variances.sum() > 0:
        raise InvalidInput("Values that are zero throughout have no components.")
    return np.cumsum(variances) / variances.sum()


def principal_angles(one: np.ndarray, other: np.ndarray, components: int = 10) -> np.ndarray:
    """Return the angles between what two networks do in time, (component,), in degrees, rising.

    Of each network the leading components are taken as functions of time; the angles are those
    between the two subspaces that they span (Björck & Golub 1973, DOI 10.2307/2005662). So
    networks may differ in size.

    Parameters
    ----------
    one, other : (time, neuron) array
        Activity of each network at the same times.
    components : int
        How many of each are taken.

    Raises
    ------
    InvalidInput
        If times differ, or one of the networks has fewer components than that.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> other = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> principal_angles(one, other, components=2)
    array([ 0., 45.])
    """
    from scipy.linalg import subspace_angles

    require_whole("components", components)
    one, other = _activity("one", one), _activity("other", other)
    if len(one) != len(other):
        raise InvalidInput(
            f"Both networks must be seen at the same times, got {len(one)} and {len(other)} steps."
        )
    spans = [_time_courses(values, components) for values in (one, other)]
    return np.degrees(np.sort(subspace_angles(*spans)))


def trial_to_trial_variability(values: np.ndarray) -> float:
    """Return which share of the power of repeated trials is not in their mean, 0 to 1.

    Parameters
    ----------
    values : (trial, time, channel) array
        At least two trials of one condition, such as outputs, or the summed spikes of a neuron.

    Raises
    ------
    InvalidInput
        If there are less than two trials, or they are zero throughout.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 3 or len(values) < 2:
        raise InvalidInput(
            "values must have shape (trial, time, channel) with at least two trials, "
            f"got shape {values.shape}."
        )
    total = float((values**2).mean(axis=0).sum())
    if not total > 0:
        raise InvalidInput("Values that are zero throughout have no variability.")
    return float(values.var(axis=0).sum()) / total


def _time_courses(values: np.ndarray, components: int) -> np.ndarray:
    """Return the leading components in time, (time, component)."""
    if components > min(values.shape):
        raise InvalidInput(
            f"{components} components cannot be taken of {values.shape[1]} neurons "
            f"at {values.shape[0]} steps."
        )
    variances, vectors = np.linalg.eigh(values.T @ values)
    leading = slice(-components, None)
    if not variances[leading][0] > 1e-12 * variances[-1]:
        raise InvalidInput(f"The activity has fewer than {components} components.")
    return values @ vectors[:, leading] / np.sqrt(variances[leading])


def _activity(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise InvalidInput(
            f"{name} must be finite numbers of shape (time, neuron), got shape {values.shape}."
        )
    return values
