"""Training from rates to spikes, from the first trial to the result."""

import os
from pathlib import Path

from neurotrain.kept_training import EveryFewSeconds
from neurotrain.progress import open_bar
from neurotrain.rate_to_spike.result import RateToSpike
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.target_task import TargetTask
from neurotrain.rate_to_spike.training import PHASES, Training
from neurotrain.rate_to_spike.training_file import read_training, write_training

_FORMAT = "{desc} {n_fmt}/{total_fmt} {bar:8} {remaining} left, {rate_fmt}{postfix}"


def fit(
    task: TargetTask,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    folder: str | os.PathLike | None = None,
    progress: bool = True,
) -> RateToSpike:
    """Train a spiking network on the principal components of a driven rate network.

    Parameters
    ----------
    task : TargetTask
        What is to be produced.
    settings : Settings, optional
    seed : int
        Of networks, trials and update times.
    folder : path, optional
        Where the training is kept every few seconds; the same call goes on with it, to the
        result that it would have had without interruption.
    progress : bool
        Whether to show the progress on stderr, where somebody looks.

    Raises
    ------
    InvalidInput
        If settings do not fit each other.
    RunFolderError
        If the folder holds another training, or cannot be read or written.
    TrainingFailed
        If voltages grow without bounds.
    """
    training = Training(task, settings or Settings(), seed)
    path = None if folder is None else Path(folder)
    if path is not None:
        read_training(path, training)
    began_done, keeping, bar = training.done, EveryFewSeconds(), _Bar(training, progress)
    try:
        while not training.done:
            training.advance()
            bar.update(training)
            if path is not None:
                keeping.call(write_training, path, training)
    finally:
        bar.close()
    if path is not None and not began_done:
        write_training(path, training)
    return RateToSpike(training)


class _Bar:
    """Trials of all phases, with the phase and the last normalized error."""

    def __init__(self, training: Training, shown: bool) -> None:
        behind = sum(training.trials[: training.phase]) + training.trial
        total = sum(training.trials)
        self._bar = open_bar(shown, initial=behind, total=total, unit="trial", form=_FORMAT)

    def update(self, training: Training) -> None:
        if self._bar is None:
            return
        self._bar.set_description_str(PHASES[min(training.phase, 3)], refresh=False)
        losses = training.losses["test"] or training.losses["training"]
        if losses:
            self._bar.set_postfix_str(f"nMSE {losses[-1]:.3g}", refresh=False)
        self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
