"""Tasks together with the settings that are usual for them, by name."""

from dataclasses import dataclass, field
from typing import Any

from neurotrain.errors import unknown_name
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.target_task import TargetTask
from neurotrain.rate_to_spike.tasks import make_task


@dataclass(frozen=True)
class Preset:
    """What is trained, and how.

    Parameters
    ----------
    summary : str
        In a sentence.
    task : str
    settings : Settings
    task_settings : dict
    """

    summary: str
    task: str
    settings: Settings
    task_settings: dict[str, Any] = field(default_factory=dict)

    def make_task(self) -> TargetTask:
        """Return the task with its settings."""
        return make_task(self.task, **self.task_settings)


def preset_names() -> list[str]:
    """Return the names of all presets."""
    return sorted(_presets())


def find_preset(name: str) -> Preset:
    """Return the preset called `name`.

    Raises
    ------
    InvalidInput
        If there is none, with the nearest name.
    """
    known = _presets()
    if name not in known:
        raise unknown_name("preset of rate-to-spike", name, known)
    return known[name]


def _presets() -> dict[str, Preset]:
    return _oscillations() | _tasks()


def _oscillations() -> dict[str, Preset]:
    noise = {"random_slow_mv": 1.1, "random_fast_mv": 26.0}
    # Without a rate network, random weights are what makes neurons differ.
    alone = {"components": None, "pool": 1.0, "traces": "slow"}
    return {
        "osc4": Preset("The oscillation of the published code.", "four-sines", Settings()),
        "osc4-noise": Preset(
            "The same with random synapses, which make spikes irregular.",
            "four-sines",
            Settings(training_trials=300, **noise),
        ),
        "osc4-force": Preset(
            "The same by FORCE: the outputs are fed back, and nothing else is learned.",
            "four-sines",
            Settings(method="force", target_gain=30.0, random_slow_mv=1.4, **alone),
        ),
        "osc4-full-force": Preset(
            "The same by full-FORCE: all currents of driven spiking neurons are learned.",
            "four-sines",
            Settings(method="full-force", target_gain=20.0, random_slow_mv=1.7, **alone),
        ),
        "dale-sparse": _dale_sparse(),
        "paper-units": Preset(
            "The same with neurons and synapses in the units of the paper.",
            "four-sines",
            Settings(
                # A rest of -65 mV and a constant current of 10 mV.
                neuron=LifNeuron(rest_mv=-55.0, refractory_ms=2.0, tau_fast_ms=2.0),
                # All currents are multiplied by 7 mV; targets are 3 times as large as there.
                target_gain=3 * 7.0,
                inhibition_mv=-57 * 7.0,
                random_fast_mv=17 * 7.0,
                traces="slow",
                pool=1.0,
                alpha=5.0,
                training_trials=200,
            ),
        ),
    }


def _dale_sparse() -> Preset:
    return Preset(
        "The same by Dale's law: four of five neurons excite, of sparse connections.",
        "four-sines",
        Settings(
            neurons=300,
            rate_units=300,
            components=8,
            excitatory=0.8,
            connections=0.8,
            pool=1.0,
            traces="slow",
            # Updates are what it costs.
            update_every_ms=16.0,
            training_trials=250,
            demean_trials=20,
        ),
    )


def _tasks() -> dict[str, Preset]:
    memory = {"components": 0.99, "component_trials": 40}
    return {
        "reach": Preset(
            "Muscle activity of reaches into eight directions.",
            "reach",
            Settings(rate_units=300, neurons=400, pool=1.0, training_trials=160, **memory),
            {"mean_wait_ms": 800.0},
        ),
        "ready-set-go": Preset(
            "A response after the time between two pulses, with hints.",
            "ready-set-go",
            Settings(
                rate_units=300,
                neurons=600,
                pool=1.0,
                traces="slow",
                training_trials=250,
                settle_trials=3,
                **memory,
            ),
            {"mean_wait_ms": 300.0},
        ),
        "temporal-xor": Preset(
            "Whether two pulses last equally long, with hints.",
            "temporal-xor",
            Settings(neurons=800, pool=0.5, traces="slow", **memory),
        ),
        "delayed-match": Preset(
            "Whether two pulses have the same sign, with hints.",
            "delayed-match",
            Settings(training_trials=300, **memory),
        ),
        "three-bit-memory": Preset(
            "The signs of the last pulses of three inputs.", "three-bit-memory", Settings(**memory)
        ),
    }
