"""The way of a population's activity through its principal components."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_whole


@dataclass(frozen=True)
class PopulationTrajectories:
    """Activity of a population in its principal components, one trajectory a condition.

    Parameters
    ----------
    trajectory : (value, bin, component) array
    explained_variance_ratio : (component,) array
        Share of the variance over conditions and time that each component explains.
    component : (component, neuron) array
        Of length 1 each; the sign of a component has no meaning.
    mean : (neuron,) array
        What is subtracted before the projection.
    """

    trajectory: np.ndarray
    explained_variance_ratio: np.ndarray
    component: np.ndarray
    mean: np.ndarray

    def project(self, activity: np.ndarray) -> np.ndarray:
        """Return activity (..., neuron), such as of single trials, as (..., component).

        Raises
        ------
        InvalidInput
            If there is another number of neurons.
        """
        activity = np.asarray(activity, dtype=float)
        if activity.shape[-1:] != self.mean.shape:
            raise InvalidInput(
                f"Activity must be (..., neuron) of {len(self.mean)} neurons, got shape "
                f"{activity.shape}."
            )
        return (activity - self.mean) @ self.component.T


def population_trajectories(activity: np.ndarray, n_components: int = 3) -> PopulationTrajectories:
    """Return the trajectories of a population in its principal components.

    Parameters
    ----------
    activity : (value, bin, neuron) array
        Averages of conditions, such as ``psth(...).rate_hz``, or of single trials. Neurons count
        by their variance; divide by a measure of it if they are to count alike.
    n_components : int
        How many; the first ones explain most.

    Raises
    ------
    InvalidInput
        If activity is not finite or does not vary, or there are fewer neurons, or conditions and
        bins, than components.
    """
    from sklearn.decomposition import PCA

    activity = np.asarray(activity, dtype=float)
    require_whole("n_components", n_components)
    if activity.ndim != 3 or not activity.size or not np.isfinite(activity).all():
        raise InvalidInput(
            f"Activity must be finite, (value, bin, neuron), got shape {activity.shape}."
        )
    samples = activity.reshape(-1, activity.shape[2])
    if n_components > min(samples.shape):
        raise InvalidInput(
            f"{samples.shape[1]} neurons in {samples.shape[0]} conditions and bins have no "
            f"{n_components} principal components."
        )
    if not np.ptp(samples, axis=0).any():
        raise InvalidInput("Activity is the same in all conditions and bins: it has no components.")
    pca = PCA(n_components, svd_solver="full").fit(samples)
    trajectory = pca.transform(samples).reshape(*activity.shape[:2], n_components)
    return PopulationTrajectories(
        trajectory, pca.explained_variance_ratio_, pca.components_, pca.mean_
    )
