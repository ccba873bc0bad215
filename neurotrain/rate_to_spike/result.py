"""What came of a training from rates to spikes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.rate_to_spike.brian2_network import Brian2Network
from neurotrain.rate_to_spike.factors import Factors
from neurotrain.rate_to_spike.neo_block import neo_block
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork
from neurotrain.rate_to_spike.training import Shown, Training

if TYPE_CHECKING:
    import neo


@dataclass(frozen=True, eq=False)
class RateToSpike:
    """A trained spiking network, with the rate network that it was trained on.

    Parameters
    ----------
    training : Training
        That is done.
    """

    training: Training

    @property
    def nmse(self) -> float:
        """The median normalized error of the test trials, with frozen weights."""
        return float(np.median(self.test_nmse))

    @property
    def training_nmse(self) -> np.ndarray:
        """Normalized error of each training trial (trial,), while its weights changed."""
        return np.array(self.training.losses["training"])

    @property
    def test_nmse(self) -> np.ndarray:
        """Normalized error of each test trial (trial,), with frozen weights."""
        return np.array(self.training.losses["test"])

    @property
    def factors(self) -> Factors:
        """The principal components of the rate network's currents."""
        return self.training.factors

    @property
    def network(self) -> SpikingNetwork:
        """The spiking network, except for what was learned."""
        return self.training.simulation.network

    @property
    def decoders(self) -> np.ndarray:
        """What was learned: from traces to factors, then outputs (factor + output, regressor)."""
        return self.training.simulation.decoders

    def recurrent_weights(self) -> dict[str, np.ndarray]:
        """Return the learned weights as full matrices, in mV: to each neuron from each neuron.

        One for each kind of synaptic trace, 'slow' and 'fast', that is fed back. Without
        constraints their rank is the number of factors.
        """
        return self.network.by_neuron(self.training.simulation.recurrent)

    def output_weights(self) -> dict[str, np.ndarray]:
        """Return the weights (output, neuron) of each kind of synaptic trace."""
        return self.network.by_neuron(self.decoders[self.network.factors :])

    def test(self, trials: int = 1, seed: int = 0) -> Shown:
        """Run further trials with frozen weights, with their spikes.

        Parameters
        ----------
        trials : int
            After teacher-forced ones, in which the networks settle.
        seed : int
            Of the trials; each one differs from those of training and test.
        """
        return self.training.test(trials, seed)

    def to_brian2(self, trials: int = 1, seed: int = 0) -> Brian2Network:
        """Return the spiking network as plain Brian2 objects, which run without neurotrain.

        Parameters
        ----------
        trials, seed : int
            Its inputs and its initial state are those of `test` with these, and so are its
            outputs, until rounding has moved a spike.
        """
        return self.training.to_brian2(trials, seed)

    def to_neo(self, trials: int = 1, seed: int = 0, **annotations: Any) -> "neo.Block":
        """Return further trials as a Neo Block, with a Segment for each trial.

        A Segment has the spike train of each neuron, silent ones too, ``output``, ``target``,
        ``factors``, ``target factors`` and ``input`` as AnalogSignals, when outputs are scored as
        an Epoch, and as annotations the normalized error, the score and the conditions.

        Parameters
        ----------
        trials, seed : int
            As for `test`.
        annotations
            Of the Block, beside the task, the seeds, and the normalized error of the training's
            own test.
        """
        shown, task = self.test(trials, seed), self.training.task
        known = {"task": task.name, "seed": self.training.seed, "test_seed": seed}
        known |= {"nmse": self.nmse}
        score = task.score(shown.stretch.outputs, shown.signals)
        return neo_block(shown, score, {**known, **annotations})
