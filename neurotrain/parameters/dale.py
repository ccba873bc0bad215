"""Dale's law: all synapses that a neuron makes have one sign; and rows in balance."""

from collections.abc import Sequence

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.parameters.layout import Layout


def presynaptic_signs(
    name: str, dale: float | str | Sequence[float] | np.ndarray, layout: Layout
) -> np.ndarray:
    """Return +1 or -1 for every presynaptic neuron.

    Parameters
    ----------
    name : str
        The block, for errors.
    dale : float, str or (presynaptic neuron,) array
        The share of excitatory neurons, the first ones; the parameter of the presynaptic group
        that holds the signs; or the signs.
    layout : Layout
        Of the block.

    Raises
    ------
    InvalidInput
        If there is no such parameter, or something else than signs in it.
    """
    if isinstance(dale, str):
        signs = layout.presynaptic_parameter(name, dale)
    elif np.ndim(dale) == 0:
        signs = _signs_of_share(name, float(dale), layout.n_pre)
    else:
        signs = np.asarray(dale, dtype=float)
    if signs.shape != (layout.n_pre,) or not np.isin(signs, (-1.0, 1.0)).all():
        raise InvalidInput(
            f"Dale's law for '{name}' needs +1 or -1 for each of its {layout.n_pre} presynaptic "
            f"neurons, got {_described(signs, layout.n_pre)}."
        )
    return signs


def balance_rows(magnitudes: np.ndarray, signs: np.ndarray, post: np.ndarray) -> np.ndarray:
    """Return magnitudes whose inhibition cancels the excitation of every postsynaptic neuron.

    Inhibitory magnitudes are multiplied by one factor in each row. With rows that sum to zero
    the spectrum has no eigenvalue outside its disk (Rajan and Abbott 2006,
    doi:10.1103/PhysRevLett.97.188104, equation 5). Rows without synapses of both signs stay.

    Parameters
    ----------
    magnitudes, signs : (entry,) array
        Of each synapse.
    post : (entry,) array of int
        The row of each synapse: its postsynaptic neuron.
    """
    excites = signs > 0
    n_rows = int(post.max()) + 1 if post.size else 0
    excitation = np.bincount(post[excites], magnitudes[excites], n_rows)
    inhibition = np.bincount(post[~excites], magnitudes[~excites], n_rows)
    both = (excitation > 0) & (inhibition > 0)
    factor = np.divide(excitation, inhibition, out=np.ones(n_rows), where=both)
    return np.where(excites, magnitudes, magnitudes * factor[post])


def _signs_of_share(name: str, share: float, n_pre: int) -> np.ndarray:
    if not 0 <= share <= 1:
        raise InvalidInput(
            f"Dale's law for '{name}': the share of excitatory neurons must be from 0 to 1, got "
            f"{share}."
        )
    # As many inhibitory neurons as in the models that ship, also where the share is halved.
    return np.where(np.arange(n_pre) < n_pre - round(n_pre * (1 - share)), 1.0, -1.0)


def _described(signs: np.ndarray, n_pre: int) -> str:
    if signs.shape != (n_pre,):
        return f"shape {signs.shape}"
    return f"{signs[~np.isin(signs, (-1.0, 1.0))][0]}"
