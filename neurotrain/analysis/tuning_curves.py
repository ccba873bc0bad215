"""How firing rates depend on a condition of the trials."""

from dataclasses import dataclass

import numpy as np

from neurotrain.analysis.counts import checked_values
from neurotrain.analysis.time_histograms import standard_error
from neurotrain.errors import InvalidInput


@dataclass(frozen=True)
class Tuning:
    """Firing rates of each neuron against a condition.

    Parameters
    ----------
    value : (value,) array
        The values of the condition, sorted.
    n : (value,) int array
        Number of trials.
    rate_hz, standard_error_hz : (value, neuron) array
        Mean over trials and its standard error, NaN where there is a single trial.
    preferred : (neuron,) array
        The value at which the rate is highest, the first of equals.
    eta_squared : (neuron,) array
        Share of the variance between trials that the condition explains, 0 to 1; NaN for a neuron
        that fires alike on all trials. Without any tuning it is on average
        ``(values - 1)/(trials - 1)``, not 0.
    f : (neuron,) array
        F statistic of the one-way analysis of variance.
    p_value : (neuron,) array
        Its probability without tuning, if rates are normal with equal variances; not corrected
        for the number of neurons.
    """

    value: np.ndarray
    n: np.ndarray
    rate_hz: np.ndarray
    standard_error_hz: np.ndarray
    preferred: np.ndarray
    eta_squared: np.ndarray
    f: np.ndarray
    p_value: np.ndarray


def tuning(rate_hz: np.ndarray, values: np.ndarray) -> Tuning:
    """Return how the firing rate of each neuron depends on a condition.

    Parameters
    ----------
    rate_hz : (trial, neuron) array
        Such as from `firing_rates`.
    values : (trial,) array
        The condition: numbers or texts, of which there are few.

    Raises
    ------
    InvalidInput
        If shapes disagree, something is not finite, there is only one value, or no value has two
        trials.

    Notes
    -----
    One-way analysis of variance, as ``scipy.stats.f_oneway``; eta squared as in Cohen (1973),
    DOI 10.1177/001316447303300111.
    """
    rates = np.asarray(rate_hz, dtype=float)
    if rates.ndim != 2 or not rates.size or not np.isfinite(rates).all():
        raise InvalidInput(f"Rates must be finite, (trial, neuron), got shape {rates.shape}.")
    shown, group, n = np.unique(
        checked_values(values, len(rates), least=2), return_inverse=True, return_counts=True
    )
    if n.max() < 2:
        raise InvalidInput(
            "Each trial has a value of its own, so that nothing tells tuning from chance; put "
            "neighbors together."
        )
    of_groups = [rates[group == k] for k in range(len(shown))]
    means = np.stack([each.mean(axis=0) for each in of_groups])
    errors = np.stack([standard_error(each) for each in of_groups])
    preferred = shown[means.argmax(axis=0)]
    return Tuning(shown, n, means, errors, preferred, *_variance_explained(rates, means, group, n))


def _variance_explained(
    rates: np.ndarray, means: np.ndarray, group: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return eta squared, F and its probability, each (neuron,)."""
    from scipy.stats import f as distribution

    within = ((rates - means[group]) ** 2).sum(axis=0)
    between = n @ (means - rates.mean(axis=0)) ** 2
    # What rounding leaves of rates that are all the same is no variance.
    varies = np.ptp(rates, axis=0) > 0
    free = len(n) - 1, len(rates) - len(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta_squared = np.where(varies, between / (between + within), np.nan)
        f = np.where(varies, (between / free[0]) / (within / free[1]), np.nan)
    return eta_squared, f, distribution.sf(f, *free)
