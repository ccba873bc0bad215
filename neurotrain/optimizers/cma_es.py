"""CMA-ES, by way of pycma where it is not separable, every bit of which follows from the seed."""

import numpy as np

from neurotrain.optimizers.cma_family import CMAFamily

# Learning a full covariance matrix takes about d**2 evaluations, so this many
# parameters need 10**5 of them; it also costs d**3 operations per update.
FULL_COVARIANCE_LIMIT = 300


class CMAES(CMAFamily):
    """Covariance matrix adaptation (Hansen 2016, arXiv:1604.00772), minimizing.

    Only the order of the losses counts; equal losses rank in a random order. Without
    restarts, termination criteria are not consulted: whoever calls owns the loop. A
    distribution that collapsed to a point, or grew beyond 10**30 times the scale, then
    stays as it is.

    The saved state is the history of losses, and loading it repeats all updates:
    that takes the time that the method itself took so far, without any
    simulation. On another processor or with another version of NumPy or pycma
    the repetition may end elsewhere; this is noticed and refused.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates, at least 4; by default ``4 + floor(3 ln d)`` for d
        parameters (Hansen 2016, equation 48).
    sigma : float
        First standard deviation of the candidates, in units of `scale`.
    diagonal : bool, optional
        Whether to learn only the diagonal of the covariance matrix, as sep-cma-es does;
        by default from `FULL_COVARIANCE_LIMIT` parameters on.
    restarts : {'none', 'ipop', 'bipop'}
        Whether to begin anew where a run converged or stagnates: with twice as many
        candidates (Auger & Hansen 2005, doi:10.1109/CEC.2005.1554902), or in turns with
        many and with few (Hansen 2009, doi:10.1145/1570256.1570333). `population_size`
        then changes between generations.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
        diagonal: bool | None = None,
        restarts: str = "none",
    ) -> None:
        size = np.size(start)
        self.diagonal = size >= FULL_COVARIANCE_LIMIT if diagonal is None else bool(diagonal)
        self.covariance = "diagonal" if self.diagonal else "full"
        super().__init__(
            start,
            scale,
            seed=seed,
            population_size=population_size,
            sigma=sigma,
            restarts=restarts,
        )
