"""sep-CMA-ES: a standard deviation for each parameter."""

from neurotrain.optimizers.cma_family import CMAFamily


class SepCMAES(CMAFamily):
    """Separable covariance matrix adaptation (Ros & Hansen 2008), minimizing.

    Source: doi:10.1007/978-3-540-87700-4_30. Only the diagonal of the covariance matrix is
    learnt, in time and memory linear in the number of parameters, and faster than the
    whole matrix. With the same noise it proposes the same candidates as pycma with
    ``CMA_diagonal``, in a fraction of the time. This is cma-es with ``diagonal=True``; what is
    said there of ranks, collapse and the saved state holds here.

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

    covariance = "diagonal"
