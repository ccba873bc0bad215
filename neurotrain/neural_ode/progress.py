"""The progress of a training, shown on stderr."""

from neurotrain.neural_ode.history import History
from neurotrain.progress import open_bar

_FORMAT = "{n_fmt}/{total_fmt} {bar:8} {remaining} left, {rate_fmt}{postfix}"
_WITHOUT_END = "{n_fmt} in {elapsed}, {rate_fmt}{postfix}"


class Progress:
    """A bar with loss, lowest loss and failed solves; hidden where nobody looks.

    Parameters
    ----------
    history : History
        Of the generations behind.
    generations : int or None
        In all, if that is known.
    shown : bool
        Whether to show it.
    """

    def __init__(self, history: History, generations: int | None, shown: bool) -> None:
        form = _WITHOUT_END if generations is None else _FORMAT
        behind = history.generations
        self._bar = open_bar(shown, initial=behind, total=generations, unit="gen", form=form)

    def update(self, history: History, best_loss: float) -> None:
        """Show one more generation."""
        if self._bar is None:
            return
        self._bar.set_postfix_str(
            f"loss {history.loss[-1]:.3g}, lowest {best_loss:.3g}, "
            f"failed solves {sum(history.failed)}",
            refresh=False,
        )
        self._bar.update()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
