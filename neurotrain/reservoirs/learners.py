"""Three ways in which what reads a reservoir learns, and their constants."""

from dataclasses import dataclass, replace
from typing import Self

from neurotrain.errors import InvalidInput, require_number
from neurotrain.reservoirs.movements import Movement, Pen

# As published: between updates of mastery, in steps, and with which P begins, the identity by it.
UPDATE_EVERY, ALPHA = 10, 10.0


@dataclass(frozen=True)
class Learner:
    """What of the output is there, what of it learns, and how fast.

    The output is z = z1 + z2, mastery and exploration. Exploration, z2 = W2 r + noise, learns from
    the fluctuations that came with smaller errors; mastery, z1 = W1 r, learns by recursive least
    squares to do what exploration does, while errors are small, or, with a `teacher`, from the
    target itself. In every step the error e is low-passed, m <- m + `reward_low_pass` (e - m), and
    z2 likewise, y <- y + `output_low_pass` (z2 - y); then, with d = e - m, ::

        W2 <- W2 - exploration_rate sign(d) |d|^reward_power (z2 - y) r',

    and the noise is uniform between minus and plus amplitude (10 m)^amplitude_power. Every ten
    steps mastery learns, by `mastery_rate` times what least squares say, if m < `threshold`.

    Parameters
    ----------
    name : str
    mastery, exploration : bool
        Which of the two pathways there are; without one that learned before, it is lesioned.
    teacher : bool
        Whether mastery is told the target, which then must be what the outputs are.
    amplitude, amplitude_power : float
    exploration_rate, reward_power : float
    only_improvements : bool
        Whether exploration learns only where d <= 0.
    reward_low_pass, output_low_pass : float
        Shares per step.
    threshold, mastery_rate : float
    smooth_teacher : bool
        Whether mastery learns from y in the place of z2.
    reward_noise : float
        What corrupts the error that is told, uniform between minus and plus this.
    """

    name: str
    mastery: bool = True
    exploration: bool = True
    teacher: bool = False
    amplitude: float = 0.025
    amplitude_power: float = 1 / 4
    exploration_rate: float = 0.0025
    reward_power: float = 1 / 4
    only_improvements: bool = False
    reward_low_pass: float = 0.2
    output_low_pass: float = 0.2
    threshold: float = 0.0015
    mastery_rate: float = 0.5
    smooth_teacher: bool = False
    reward_noise: float = 0.0

    def __post_init__(self) -> None:
        if not (self.mastery or self.exploration):
            raise InvalidInput("Without mastery and without exploration there is no output.")
        for name in ("amplitude", "exploration_rate", "mastery_rate", "reward_noise", "threshold"):
            require_number(name, getattr(self, name), least=0)
        for name in ("amplitude_power", "reward_power"):
            require_number(name, getattr(self, name), above=0, most=1)
        for name in ("reward_low_pass", "output_low_pass"):
            require_number(name, getattr(self, name), above=0, most=1)

    def lesioned(self, *, mastery: bool = True, exploration: bool = True) -> Self:
        """Return the same without one of its pathways."""
        return replace(
            self,
            mastery=self.mastery and mastery,
            exploration=self.exploration and exploration,
        )


def supertrex(movement: Movement, *, original: bool = False) -> Learner:
    """Return SUPERTREX (Pyle & Rosenbaum 2019, arXiv:1803.03304) for a movement.

    Parameters
    ----------
    movement : Pen or Arm
    original : bool
        Whether to take the published constants. By default they are those with which arms of more
        than two segments and costs were learned when the work was replicated (Sankar et al. 2021):
        slower exploration, and a threshold ten times as high.
    """
    if isinstance(movement, Pen):
        return Learner("supertrex", only_improvements=original)
    return _for_arm(movement, original)


def _for_arm(arm: Movement, original: bool) -> Learner:
    has_costs, segments = any(arm.costs), len(arm.lengths)
    learner = Learner(
        "supertrex",
        amplitude=0.005 if has_costs else 0.01,
        amplitude_power=1 / 4 if has_costs else 1 / 5,
        output_low_pass=0.2 if has_costs else 0.1,
        exploration_rate=0.0025 * (0.5 if has_costs else 1.0),
        mastery_rate=0.9 if has_costs else 0.5,
        threshold=0.015 if has_costs else 0.0015,
        smooth_teacher=True,
    )
    if original:
        return learner
    rate = 0.0025
    if has_costs:
        rate *= 0.5 / segments
    elif segments > 2:
        rate *= 0.1 / segments
    return replace(learner, exploration_rate=rate, threshold=0.015)


def rmhl(movement: Movement, *, original: bool = False) -> Learner:
    """Return the exploratory pathway alone (after Hoerzer, Legenstein & Maass 2014)."""
    return replace(supertrex(movement, original=original), name="rmhl", mastery=False)


def force(movement: Movement) -> Learner:
    """Return the mastery pathway alone, told the target (Sussillo & Abbott 2009).

    Raises
    ------
    InvalidInput
        For an arm, whose angles nobody knows.
    """
    if not isinstance(movement, Pen):
        raise InvalidInput("FORCE must be told the outputs, which are known for a Pen only.")
    return Learner("force", exploration=False, teacher=True, mastery_rate=1.0)
