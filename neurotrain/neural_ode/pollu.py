"""POLLU: 25 reactions of 20 species of air pollution."""

from functools import cache

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.reference import reference_problem

# Verwer 1994 (doi:10.1137/0915076): rate constant, what reacts, what comes out, in
# the order of the publication. Species are numbered from 1 as there; units are ppm and minutes.
# Species that no equation mentions are left out of what comes out.
REACTIONS = (
    (0.35, (1,), (2, 3)),
    (26.6, (2, 4), (1,)),
    (12.3e3, (5, 2), (6, 1)),
    (0.86e-3, (7,), (5, 5, 8)),
    (0.82e-3, (7,), (8,)),
    (15e3, (7, 6), (5, 8)),
    (0.13e-3, (9,), (10, 5, 8)),
    (24e3, (9, 6), (11,)),
    (16.5e3, (11, 2), (1, 10, 12)),
    (9e3, (11, 1), (13,)),
    (0.022, (13,), (11, 1)),
    (12e3, (10, 2), (14, 1)),
    (1.88, (14,), (7, 5)),
    (16.3e3, (1, 6), (15,)),
    (4.8e6, (3,), (4,)),
    (0.35e-3, (4,), (16,)),
    (0.0175, (4,), (3,)),
    (0.1e9, (16,), (6, 6)),
    (0.444e12, (16,), (3,)),
    (1.24e3, (17, 6), (18, 5)),
    (2.1, (19,), (2,)),
    (5.78, (19,), (1, 3)),
    (0.0474, (1, 4), (19,)),
    (1.78e3, (19, 1), (20,)),
    (3.12, (20,), (19, 1)),
)
N_SPECIES = 20
# Verwer 1994, in ppm: NO, O3, HCHO, CO, ALD and SO2; of all else there is nothing.
FIRST = {2: 0.2, 4: 0.04, 7: 0.1, 8: 0.3, 9: 0.01, 17: 0.007}
END = 60.0


@cache
def pollu(points: int = 20) -> OdeProblem:
    """Return the pollution problem of Verwer 1994, at equal distances over 60 minutes.

    Errors are divided by the range of each species, as in Kim et al. 2021
    (doi:10.1063/5.0060697).

    Parameters
    ----------
    points : int
        Number of times, the first and the last included.

    Raises
    ------
    InvalidInput
        If there are less than two.
    """
    require_whole("points", points, 2)
    start = np.zeros(N_SPECIES)
    for species, concentration in FIRST.items():
        start[species - 1] = concentration
    times = np.linspace(0.0, END, points)
    return reference_problem("pollu", _right_hand_side, _jacobian, start, times, scale="range")


def stoichiometry() -> np.ndarray:
    """Return the (species, reaction) change of each species by each reaction."""
    changes = np.zeros((N_SPECIES, len(REACTIONS)))
    for column, (_, reactants, products) in enumerate(REACTIONS):
        np.add.at(changes[:, column], np.array(reactants) - 1, -1)
        np.add.at(changes[:, column], np.array(products) - 1, 1)
    return changes


_CHANGES = stoichiometry()
_CONSTANTS = np.array([constant for constant, _, _ in REACTIONS])
# A second reactant that is not there has index N_SPECIES, whose concentration is 1.
_REACTANTS = np.array([(*one, N_SPECIES + 1)[:2] for _, one, _ in REACTIONS]) - 1


def _right_hand_side(time: float, state: np.ndarray) -> np.ndarray:
    return _CHANGES @ (_CONSTANTS * np.append(state, 1.0)[_REACTANTS].prod(axis=1))


def _jacobian(time: float, state: np.ndarray) -> np.ndarray:
    first, second = np.append(state, 1.0)[_REACTANTS].T
    by_state = np.zeros((len(REACTIONS), N_SPECIES + 1))
    rows = np.arange(len(REACTIONS))
    np.add.at(by_state, (rows, _REACTANTS[:, 0]), _CONSTANTS * second)
    np.add.at(by_state, (rows, _REACTANTS[:, 1]), _CONSTANTS * first)
    return _CHANGES @ by_state[:, :N_SPECIES]
