"""VkD-CMA-ES: a standard deviation for each parameter and a few directions, by way of pycma."""

from neurotrain.optimizers.cma_family import CMAFamily


class VkDCMAES(CMAFamily):
    """Projection-based restricted covariance matrix adaptation (Akimoto & Hansen 2016), minimizing.

    Source: doi:10.1145/2908812.2908863, with as many directions as help
    (doi:10.1007/978-3-319-45823-6_1). The covariance matrix is ``D (identity + V.T S V) D``
    with a diagonal D and k rows in V; time and memory per candidate grow with k times the
    number of parameters. What is said of cma-es about ranks, collapse and the saved state
    holds here.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates, at least 4; by default ``4 + floor(3 ln d)`` for d parameters.
    sigma : float
        First standard deviation of the candidates, in units of `scale`.
    restarts : {'none', 'ipop', 'bipop'}
        As in cma-es.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    covariance = "vkd"
