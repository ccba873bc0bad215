"""The progress of a training, shown on stderr."""

from neurotrain.progress import open_bar
from neurotrain.training.metrics_file import Metrics

# A short bar: on a narrow terminal the numbers are worth more.
_FORMAT = "{n_fmt}/{total_fmt} {bar:8} {remaining} left, {rate_fmt}{postfix}"


class Progress:
    """A bar with the state of the training, its speed and the time left.

    Parameters
    ----------
    done, total : int
        Generations behind, and in all.
    shown : bool
        Whether to show it; it stays hidden where nobody looks, as in a log file.
    """

    def __init__(self, done: int, total: int, shown: bool) -> None:
        self._bar = open_bar(shown, initial=done, total=total, unit="gen", form=_FORMAT)
        self._validated = ""

    def update(self, metrics: Metrics) -> None:
        """Show one more generation."""
        if self._bar is None:
            return
        if "validation_accuracy" in metrics:
            self._validated = f" (valid {metrics['validation_accuracy']:.0%})"
        self._bar.set_postfix_str(_described(metrics, self._validated), refresh=False)
        self._bar.update()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


def _described(metrics: Metrics, validated: str) -> str:
    def shown(name: str, form: str) -> str:
        return "-" if metrics[name] is None else format(metrics[name], form)

    return (
        f"loss {shown('loss', '.3g')}, accuracy {shown('accuracy', '.0%')}{validated}, "
        f"spikes/neuron {shown('spikes_per_neuron', '.2g')} "
        f"silent {shown('silent_share', '.0%')} "
        f"blocked {shown('blocked_share', '.0%')} failed {shown('failed_share', '.0%')} "
        f"trials {metrics['trial_simulations']:.2g}"
    )
