"""What is random in a training from rates to spikes, drawn from its settings."""

from collections.abc import Callable

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.factors import Factors, random_spread
from neurotrain.rate_to_spike.rate_network import RateNetwork
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.simulations import make_simulation
from neurotrain.rate_to_spike.spiking_network import Connections, SpikingNetwork
from neurotrain.rate_to_spike.target_sources import SignalTargets, SpikingTargets, Targets
from neurotrain.rate_to_spike.target_task import TargetTask
from neurotrain.rate_to_spike.targets import DrivenNetwork

# The order is part of a run's randomness: append, never reorder.
PARTS = ("source", "spread", "random-slow", "random-fast", "pool", "connections")
Generators = Callable[[str], np.random.Generator]


def draw_targets(
    task: TargetTask, settings: Settings, rngs: Generators, state: np.random.Generator
) -> Targets:
    """Draw what the method of the settings takes targets from, or find it in the trials.

    Parameters
    ----------
    task : TargetTask
    settings : Settings
    rngs : callable
        Gives the generator of each of `PARTS`.
    state : numpy.random.Generator
        Of the source's initial state.

    Raises
    ------
    InvalidInput
        If trials come with currents, and the method takes others.
    """
    if task.given is not None:
        return _given_targets(task, settings, rngs)
    draw = {"factors": _rate_targets, "full-force": _spiking_targets, "force": _output_targets}
    return draw[settings.method](task, settings, rngs, state)


def _rate_targets(
    task: TargetTask, settings: Settings, rngs: Generators, state: np.random.Generator
) -> Targets:
    s = settings
    network = RateNetwork.draw(
        s.rate_units,
        task.n_outputs + task.n_hints,
        task.n_inputs,
        rngs("source"),
        gain=s.rate_gain,
        tau_ms=s.rate_tau_ms,
    )
    source = DrivenNetwork(network, state.normal(size=s.rate_units))
    spread = random_spread(s.neurons, s.rate_units, rngs("spread"), s.target_gain)
    return Targets(source, spread, spread @ network.input_weights)


def _given_targets(task: TargetTask, settings: Settings, rngs: Generators) -> Targets:
    given, n = task.given, settings.neurons
    if settings.method != "factors":
        raise InvalidInput(
            f"The trials come with currents to be learned, which method='{settings.method}' "
            "does not use; take 'factors', or leave the currents out."
        )
    # Of whatever size they are: in mV, their root mean square over neurons is the gain.
    gain = settings.target_gain / given.rms * np.sqrt(max(n, given.units) / given.units)
    spread = random_spread(n, given.units, rngs("spread"), gain)
    others = task.n_inputs - given.input_weights.shape[1]
    drawn = _uniform(settings, others, rngs("source"))
    return Targets(
        SignalTargets("currents"), spread, np.hstack([spread @ given.input_weights, drawn])
    )


def _spiking_targets(
    task: TargetTask, settings: Settings, rngs: Generators, state: np.random.Generator
) -> Targets:
    s, n = settings, settings.neurons
    network = SpikingNetwork(
        encoders=_uniform(s, task.n_outputs + task.n_hints, rngs("source")),
        input_weights=_uniform(s, task.n_inputs, rngs("spread")),
        bias=np.zeros(n),
        inhibition=s.inhibition_mv / n,
        # Nothing is read out.
        pool=np.zeros(1, int),
        neuron=s.neuron,
        **_random_weights(s, rngs),
    )
    simulation = make_simulation(network, 0, task.dt_ms, s.alpha, state)
    return Targets(SpikingTargets(simulation), np.eye(n), network.input_weights)


def _output_targets(
    task: TargetTask, settings: Settings, rngs: Generators, state: np.random.Generator
) -> Targets:
    fed_back = _uniform(settings, task.n_outputs, rngs("source"))
    inputs = _uniform(settings, task.n_inputs, rngs("spread"))
    return Targets(SignalTargets("outputs"), fed_back, inputs)


def _uniform(settings: Settings, channels: int, rng: np.random.Generator) -> np.ndarray:
    return settings.target_gain * rng.uniform(-1, 1, (settings.neurons, channels))


def draw_network(
    settings: Settings, targets: Targets, factors: Factors, bias: np.ndarray, rngs: Generators
) -> SpikingNetwork:
    """Draw the network that learns, whose constant currents are `bias` (neuron,)."""
    s, n = settings, settings.neurons
    pool = np.sort(rngs("pool").permutation(n)[: max(1, round(s.pool * n))])
    # In full-FORCE, what random weights do is learned.
    random = {} if s.method == "full-force" else _random_weights(s, rngs)
    return SpikingNetwork(
        encoders=targets.spread @ factors.components,
        input_weights=targets.input_weights,
        bias=bias,
        inhibition=s.inhibition_mv / max(1, n - s.excitatory_neurons),
        excitatory=s.excitatory_neurons,
        pool=pool,
        connections=_connections(s, pool, rngs("connections")),
        traces=s.traces,
        neuron=s.neuron,
        **random,
    )


def _random_weights(settings: Settings, rngs: Generators) -> dict[str, np.ndarray]:
    s, n = settings, settings.neurons
    scales = {"random_slow": s.random_slow_mv, "random_fast": s.random_fast_mv}
    return {
        name: rngs(name.replace("_", "-")).normal(0, scale / np.sqrt(n), (n, n))
        for name, scale in scales.items()
        if scale
    }


def _connections(
    settings: Settings, pool: np.ndarray, rng: np.random.Generator
) -> Connections | None:
    s = settings
    if s.excitatory is None and s.connections is None:
        return None
    kinds = 2 if s.traces == "both" else 1
    count = max(1, round((s.connections or 1) * kinds * len(pool)))
    everything = np.tile(np.arange(kinds * len(pool)), (s.neurons, 1))
    sources = np.sort(rng.permuted(everything, axis=1)[:, :count], axis=1)
    signs = np.zeros(len(pool))
    if s.excitatory is not None:
        signs = np.where(pool < s.excitatory_neurons, 1, -1)
    return Connections(sources, np.tile(signs, kinds))
