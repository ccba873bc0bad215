"""Trainings of an experiment: begun, gone on with, or taken as they are."""

from typing import Any

from neurotrain.experiments.report import Setting
from neurotrain.training.result import Result
from neurotrain.training.run_folder import CONFIG
from neurotrain.training.trainer import resume, train


def trained(setting: Setting, name: str, **arguments: Any) -> Result:
    """Return the training called `name`, with `arguments` of `neurotrain.train`.

    The name must tell all that may differ between trainings of the experiment: one that is in
    the experiment's folder already is not begun anew.
    """
    how = {"threads": setting.threads, "progress": setting.progress}
    folder = setting.folder / name
    if (folder / CONFIG).is_file():
        return resume(folder, **how)
    return train(out=folder, **arguments, **how)
