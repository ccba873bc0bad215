"""Rules that are learned: coefficients of plasticity terms, by what is learned with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.learning_rules.episodes import Episode, Episodes
from neurotrain.learning_rules.feedback import Feedback, make_feedback
from neurotrain.learning_rules.learner import are_right
from neurotrain.learning_rules.network import FeedforwardNetwork
from neurotrain.learning_rules.rule import Rule
from neurotrain.learning_rules.terms import PUBLISHED_TERMS, Term
from neurotrain.learning_rules.unrolled import unroll
from neurotrain.required_torch import require_torch
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from torch import Tensor


class Outcome(NamedTuple):
    """What came of rules on new episodes.

    Parameters
    ----------
    loss : (rule,) array
        Cross-entropy of the queries and penalty, a mean over episodes.
    accuracy : (rule,) array
        On the queries.
    """

    loss: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True, eq=False)
class MetaLearning:
    """What a rule is to be good for: to learn episodes, each with new weights.

    After Shervani-Tabar & Rosenbaum (2023, doi:10.1038/s41467-023-37562-1). The same coefficients
    hold in all layers.

    Parameters
    ----------
    episodes : Episodes
    network : FeedforwardNetwork
        With an input for each pixel and an output for each class of the images.
    terms : sequence of Term
        Whose coefficients are learned; by default all ten.
    feedback : str or Feedback
    penalty : float
        By what the sum of the coefficients' absolute values is multiplied before it is added to
        the loss, so that terms that do not help vanish.
    together : int
        Episodes over which the loss is averaged.
    segment : int
        See `unroll`.

    Raises
    ------
    InvalidInput
        If the network does not fit the images, or a number is out of range.
    """

    episodes: Episodes
    network: FeedforwardNetwork
    terms: Sequence[Term] = PUBLISHED_TERMS
    feedback: str | Feedback = "feedback-alignment"
    penalty: float = 0.0
    together: int = 1
    segment: int = 16

    def __post_init__(self) -> None:
        images = self.episodes.images
        wanted = images.pixels.shape[1], len(images.classes)
        if (self.network.sizes[0], self.network.sizes[-1]) != wanted:
            raise InvalidInput(
                f"Images of {wanted[0]} pixels and {wanted[1]} classes need a network with as many "
                f"inputs and outputs, got the sizes {self.network.sizes}."
            )
        if not self.terms:
            raise InvalidInput("A rule must have at least one term to be learned.")
        require_number("penalty", self.penalty, least=0)
        require_whole("together", self.together)
        object.__setattr__(self, "terms", tuple(self.terms))
        object.__setattr__(self, "feedback", make_feedback(self.feedback))

    def rule(self, coefficients: Sequence[Any]) -> Rule:
        """Return the rule with these coefficients, one for each term."""
        return sum((c * t for c, t in zip(coefficients, self.terms, strict=True)), Rule(()))

    def evaluate(self, coefficients: np.ndarray, seed: int, generation: int) -> Outcome:
        """Return what comes of rules, all on the same episodes of a generation.

        Parameters
        ----------
        coefficients : (rule, term) array
        seed, generation : int
            What decides on the episodes, their weights and feedback weights.
        """
        with require_torch().no_grad():
            given = self.network.tensor(coefficients)
            loss, accuracy = self._outcome(given, seed, generation)
        return Outcome(loss.numpy(), accuracy.numpy())

    def differentiate(
        self, coefficients: np.ndarray, seed: int, generation: int
    ) -> tuple[Outcome, np.ndarray]:
        """Return the same of one rule (term,), and the gradient (term,) of its loss."""
        given = self.network.tensor(coefficients)[None].requires_grad_()
        loss, accuracy = self._outcome(given, seed, generation)
        loss.sum().backward()
        return Outcome(loss.detach().numpy(), accuracy.numpy()), given.grad[0].numpy()

    def _outcome(
        self, coefficients: "Tensor", seed: int, generation: int
    ) -> tuple["Tensor", "Tensor"]:
        torch = require_torch()
        rules, n = len(coefficients), self.together
        drawn = [self._draw(seed, generation, k) for k in range(n)]
        seeds = [one for one, _ in drawn]
        # Networks side by side: of each rule one for every episode.
        weights = [w.repeat(rules, 1, 1) for w in self.network.draw_weights(seeds)]
        carriers = self.feedback.draw(self.network, seeds)
        carriers = carriers and [c.repeat(rules, 1, 1) for c in carriers]
        train, query = (
            tuple(
                self._stacked(episodes, what).repeat(rules, 1, 1) for what in ("pixels", "targets")
            )
            for episodes in ([one.train for _, one in drawn], [one.query for _, one in drawn])
        )
        rule = self.rule(coefficients.repeat_interleave(n, 0).unbind(1))
        how = {"segment": self.segment}
        learned = unroll(self.network, rule, self.feedback, weights, carriers, train, **how)
        loss = self.network.loss(learned, *query).reshape(rules, n).mean(1)
        with torch.no_grad():
            outputs = self.network.activities(learned, query[0])[-1]
            right = are_right(outputs, query[1].argmax(-1))
        accuracy = right.to(loss.dtype).mean(-1).reshape(rules, n).mean(1)
        return loss + self.penalty * coefficients.abs().sum(1), accuracy

    def _draw(self, seed: int, generation: int, k: int) -> tuple[int, Episode]:
        rng = generator(seed, "learning-episodes", generation, k)
        return int(rng.integers(2**63)), self.episodes.draw(rng)

    def _stacked(self, images: Sequence[Any], what: str) -> "Tensor":
        arrays = [one.pixels if what == "pixels" else one.one_hot() for one in images]
        return self.network.tensor(np.stack(arrays))
