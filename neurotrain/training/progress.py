"""The progress of a training, shown on stderr."""

import sys

from neurotrain.progress import open_bar
from neurotrain.readouts import reads_spikes_only
from neurotrain.training.budget import expected_generations
from neurotrain.training.metrics_file import Metrics
from neurotrain.training.plan import Plan

# A short bar, and what matters most first: a narrow terminal cuts the rest off.
_FORMAT = (
    "{percentage:3.0f}% {bar:8} {n_fmt}/{total_fmt} in {elapsed}, {remaining} left, "
    "{desc}{rate_fmt}{postfix}"
)
SILENT = (
    "No neuron has fired in the first generation, whatever the weights, and only spikes are read "
    "out: there is nothing to choose by. Stop, and see 'Nothing fires' in docs/faq.md."
)


class Progress:
    """The share done, the time so far and the time left, with the state of the training.

    Parameters
    ----------
    done : int
        Generations behind.
    plan : Plan
        What is trained, and how long.
    shown : bool
        Whether to show it.
    """

    def __init__(self, done: int, plan: Plan, shown: bool) -> None:
        self._plan, self._validated = plan, ""
        total = plan.settings.generations
        self._bar = open_bar(shown, initial=done, total=total, unit="gen", form=_FORMAT)

    def update(self, metrics: Metrics, wall_seconds: float) -> None:
        """Show one more generation, after so many seconds of training in all sittings."""
        bar = self._bar
        if bar is None:
            return
        measure = "accuracy" if self._plan.task.classes else "score"
        if "validation_accuracy" in metrics:
            self._validated = f" (valid {format_score(metrics['validation_accuracy'], measure)})"
        bar.total = expected_generations(self._plan.settings, metrics, wall_seconds)
        bar.set_description_str(
            f"loss {_shown(metrics['loss'], '.3g')}, "
            f"{measure} {format_score(metrics['accuracy'], measure)}{self._validated}, ",
            refresh=False,
        )
        bar.set_postfix_str(_activity(metrics), refresh=False)
        bar.update()
        if metrics["generation"] == 1 and self._is_silent(metrics):
            bar.write(SILENT, file=sys.stderr)

    def _is_silent(self, metrics: Metrics) -> bool:
        """Whether no neuron fired where nothing but spikes is read."""
        never = metrics["silent_share"] == 1 and metrics["failed_share"] != 1
        return never and reads_spikes_only(self._plan.circuit.readout)

    def close(self, last: str | None = None) -> None:
        """Leave the bar as it stands, with a last line below it."""
        if self._bar is not None:
            self._bar.close()
            if last is not None:
                print(last, file=sys.stderr)


def format_score(value: float | None, measure: str) -> str:
    """Return an accuracy in percent, a score of trajectories as a number."""
    return _shown(value, ".0%" if measure == "accuracy" else ".3f")


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _activity(metrics: Metrics) -> str:
    return (
        f"spikes/neuron {_shown(metrics['spikes_per_neuron'], '.2g')} "
        f"silent {_shown(metrics['silent_share'], '.0%')} "
        f"blocked {_shown(metrics['blocked_share'], '.0%')} "
        f"failed {_shown(metrics['failed_share'], '.0%')} "
        f"trials {metrics['trial_simulations']:.2g}"
    )
