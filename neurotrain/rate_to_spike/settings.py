"""What a training from rates to spikes can be told."""

from dataclasses import dataclass, field

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.spiking_network import TRACES

METHODS = ("factors", "full-force", "force")


@dataclass(frozen=True)
class Settings:
    """Sizes, constants and durations; the defaults are those of the authors' code.

    Parameters
    ----------
    method : {'factors', 'full-force', 'force'}
        What is learned besides the outputs: principal components of a driven rate network's
        currents (DePasquale, Churchland and Abbott 2016, arXiv:1601.07620); all currents of a
        second network of such spiking neurons with random weights, which is driven with outputs
        and hints (full-FORCE, DePasquale and others 2018, doi:10.1371/journal.pone.0191527); or
        nothing, and the outputs are fed back (FORCE, Sussillo and Abbott 2009,
        doi:10.1016/j.neuron.2009.07.018).
    neurons, rate_units : int
        Sizes of the spiking network and of the rate network.
    components : int, float or None
        Principal components that become factors: how many; or, below 1, as many as it takes to
        have more than this part of the variance; or the currents themselves (None), as it must
        be with the other methods.
    rate_gain : float
        Of the rate network's random weights.
    rate_tau_ms : float
        Time constant of the rate units.
    target_gain : float
        What a current of 1 in the rate network is in the spiking network, in mV: the length of
        the columns of the random matrix between the two. With the other methods, the largest
        weight of outputs, hints and inputs, which are uniform. Of currents that come with the
        trials, their root mean square over neurons and time, in mV.
    neuron : LifNeuron or Brian2Neuron
    inhibition_mv : float
        What a spike adds to the current of all neurons, times the number of neurons; with Dale's
        law only spikes of inhibitory neurons do, and it is times their number.
    random_slow_mv, random_fast_mv : float
        Standard deviation of random weights that stay as they are, times the square root of the
        number of neurons. The authors use 1.1 and 26. In full-FORCE those of the second network.
    pool : float
        The part of the neurons that are read out and fed back.
    traces : {'slow', 'fast', 'both'}
        The synaptic traces that are read out and fed back.
    excitatory : float, optional
        Dale's law: this part of the neurons has weights that are positive or zero, the others
        negative or zero. By default signs are free.
    connections : float, optional
        Sparseness: each neuron receives this part of what is fed back, at random; by default all.
        With either, each neuron learns its own weights instead of all sharing the factors, which
        costs as many times more as there are neurons, on smaller matrices.
    alpha : float
        Learning starts with the inverse correlation matrix ``identity / alpha``.
    update_every_ms : float
        Mean time between two updates, which happen at random steps.
    settle_trials : int
        Teacher-forced, at the beginning of every phase.
    component_trials, demean_trials, training_trials, test_trials : int
        Those from which principal components come; those whose mean current every neuron is
        freed from; those with learning; those that are run afterwards with frozen weights.
    """

    method: str = "factors"
    neurons: int = 500
    rate_units: int = 500
    components: int | float | None = 12
    rate_gain: float = 1.4
    rate_tau_ms: float = 10.0
    target_gain: float = 6.0
    neuron: LifNeuron | Brian2Neuron = field(default_factory=LifNeuron)
    inhibition_mv: float = -60.0
    random_slow_mv: float = 0.0
    random_fast_mv: float = 0.0
    pool: float = 0.4
    traces: str = "both"
    excitatory: float | None = None
    connections: float | None = None
    alpha: float = 1.0
    update_every_ms: float = 2.0
    settle_trials: int = 10
    component_trials: int = 20
    demean_trials: int = 50
    training_trials: int = 200
    test_trials: int = 50

    def __post_init__(self) -> None:
        for name in ("neurons", "rate_units", "component_trials", "demean_trials"):
            require_whole(name, getattr(self, name))
        for name in ("training_trials", "test_trials"):
            require_whole(name, getattr(self, name))
        require_whole("settle_trials", self.settle_trials, least=0)
        for name in ("rate_tau_ms", "target_gain", "alpha", "update_every_ms"):
            require_number(name, getattr(self, name), above=0)
        for name in ("rate_gain", "random_slow_mv", "random_fast_mv"):
            require_number(name, getattr(self, name), least=0)
        require_number("inhibition_mv", self.inhibition_mv)
        require_number("pool", self.pool, above=0, most=1)
        for name in ("excitatory", "connections"):
            if getattr(self, name) is not None:
                require_number(name, getattr(self, name), above=0, most=1)
        self._require_method()
        self._require_dale()
        if self.traces not in TRACES:
            raise InvalidInput(f"traces must be one of {', '.join(TRACES)}, got {self.traces!r}.")

    def _require_method(self) -> None:
        if self.method not in METHODS:
            raise InvalidInput(f"method must be one of {', '.join(METHODS)}, got {self.method!r}.")
        if self.method == "factors":
            return
        if self.components is not None:
            raise InvalidInput(
                f"Principal components are for the method 'factors'; '{self.method}' learns all "
                "that there is: set components=None."
            )
        if not (self.random_slow_mv or self.random_fast_mv):
            raise InvalidInput(
                f"'{self.method}' relies on random weights; set random_slow_mv or random_fast_mv."
            )

    @property
    def excitatory_neurons(self) -> int:
        """How many neurons, the first ones, are excitatory by Dale's law; without it none."""
        return round((self.excitatory or 0) * self.neurons)

    def _require_dale(self) -> None:
        if self.excitatory is None:
            return
        names = ("random_slow_mv", "random_fast_mv")
        against = [name for name in names if getattr(self, name)]
        if against:
            raise InvalidInput(
                f"With excitatory={self.excitatory:g}, weights of both signs from one neuron break "
                f"Dale's law; set to zero: {', '.join(against)}."
            )
        if self.inhibition_mv > 0:
            raise InvalidInput(
                f"inhibition_mv comes from inhibitory neurons; with excitatory={self.excitatory:g} "
                f"it must be negative or zero, got {self.inhibition_mv:g}."
            )
        if self.inhibition_mv and self.excitatory_neurons == self.neurons:
            raise InvalidInput(
                f"With excitatory={self.excitatory:g}, none of {self.neurons} neurons inhibits; "
                "set inhibition_mv to zero, or excitatory lower."
            )
