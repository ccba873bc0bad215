"""Trials of a trained circuit as Neo objects."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.export.neo_form import neo_form
from neurotrain.export.trial_block import groups, new_block, segments
from neurotrain.progress import open_bar
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    import neo

# Spikes of every step, and states of every sample, are in memory for as many trials at a time.
CHUNK_NUMBERS = 2**25


def block_of_run(
    result: Any,
    n_trials: int = 20,
    *,
    states: Sequence[str] = (),
    sample_ms: float | None = None,
    trains: str = "neuron",
    annotations: Mapping[str, Any] | None = None,
    progress: bool = False,
) -> "neo.Block":
    """Return trials of the trained circuit as a Block, a few of them simulated at a time.

    Parameters
    ----------
    result : Result
    n_trials : int
        How many; the first ones of those meant for figures.
    states : sequence of str
        Variables of the neurons to record besides spikes.
    sample_ms : float, optional
        Time between two samples of them; a step by default.
    trains : {'neuron', 'population'}
        As for `to_neo`.
    annotations : mapping, optional
        Of the Block, beside what its parts and options, seed, results and versions were.
    progress : bool
        Whether to show a bar.
    """
    require_whole("The number of trials", n_trials)
    form = neo_form(result.circuit.n_neurons, result.circuit, trains=trains)
    block = new_block({**described(result), **(annotations or {})})
    ended = (result.folder / "result.json").stat().st_mtime
    block.rec_datetime = datetime.fromtimestamp(int(ended), UTC)
    bar = open_bar(progress, initial=0, total=n_trials, unit="trial", form="{l_bar}{bar}{r_bar}")
    for recording, trials in _recorded(result, n_trials, tuple(states), sample_ms):
        first = len(block.segments)
        block.segments.extend(segments(recording, trials, form, first=first))
        if bar is not None:
            bar.update(trials.n_trials)
    if bar is not None:
        bar.close()
    block.groups.extend(groups(block, form))
    return block


def described(result: Any) -> dict[str, Any]:
    """Return what a run was and came to: its parts and their options, results, and versions."""
    options = {part: choice.options for part, choice in result.plan.choices.items()}
    return {**result.summary, **options_by_part(options)}


def options_by_part(options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return options under names such as ``task_delay_ms``, since ``task`` itself is a name."""
    return {f"{part}_{name}": value for part, of in options.items() for name, value in of.items()}


def _recorded(
    result: Any, n_trials: int, states: tuple[str, ...], sample_ms: float | None
) -> Iterator[tuple[Recording, Trials]]:
    circuit, settings = result.circuit, result.plan.settings
    trials, state = result.draw(n_trials)
    steps_ms = np.arange(0, trials.duration_ms, circuit.dt_ms)
    numbers = circuit.n_neurons * len(steps_ms) * (1 + len(states))
    size = max(1, CHUNK_NUMBERS // numbers)
    for first in range(0, n_trials, size):
        chosen = slice(first, first + size)
        some = trials.select(chosen)
        recording = circuit.simulate(
            result.weights[np.newaxis],
            some,
            {name: values[chosen] for name, values in state.items()},
            states=states,
            sample_ms=sample_ms,
            bins_ms=steps_ms,
            execution=settings.execution,
            threads=settings.threads,
        )
        yield recording, some
