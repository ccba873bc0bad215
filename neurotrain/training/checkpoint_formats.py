"""Earlier formats of checkpoints, and what makes the present one of them."""

from collections.abc import Callable, Mapping

import numpy as np

from neurotrain.training.run_folder import RunFolder

FORMAT = 2

Arrays = Mapping[str, np.ndarray]


def migrated(content: Arrays, folder: RunFolder) -> dict[str, np.ndarray]:
    """Return what a checkpoint of an earlier format says, in the present one.

    Parameters
    ----------
    content : mapping of str to array
        The arrays of the checkpoint, of a format in `MIGRATIONS`.
    folder : RunFolder
        The run that it belongs to, which knows what early formats did not hold.
    """
    while content["format"] != FORMAT:
        content = MIGRATIONS[int(content["format"])](content, folder)
    return dict(content)


def _from_1(content: Arrays, folder: RunFolder) -> Arrays:
    """Optimizers did not say their names then, and at first nothing was counted."""
    changed = {"format": np.array(2), "optimizer.method": np.array("OpenAIES")}
    if "optimizer.losses" in content:
        # The only other method of that time; the generations of its losses have one size.
        changed["optimizer.method"] = np.array("CMAES")
        changed["optimizer.losses"] = content["optimizer.losses"].reshape(-1, 1)
    if "trial_simulations" not in content:
        changed |= _counted(content, folder)
        if "best.weights" in content:
            changed["best.validations"] = np.array(1)
    return {**content, **changed}


def _counted(content: Arrays, folder: RunFolder) -> Arrays:
    """Return what the run had spent, and whether it was at its end."""
    config, generation = folder.config, int(content["generation"])
    population_size, at_end = int(content["optimizer.population_size"]), config["generations"]
    # Every so many generations and after the last one, the guess alone was validated.
    validations = generation // config["validation_every"]
    validations += generation == at_end and generation % config["validation_every"] > 0
    trials = generation * population_size * config["trials"]
    failed = sum(line["failed_share"] for line in folder.metrics.read()[:generation])
    return {
        "trial_simulations": np.array(trials + validations * config["validation_trials"]),
        "failed_candidates": np.array(round(failed * population_size)),
        "ended": np.array("generations" if generation == at_end else ""),
    }


MIGRATIONS: Mapping[int, Callable[[Arrays, RunFolder], Arrays]] = {1: _from_1}
