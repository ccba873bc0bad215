"""Tell a training that was too short, which the errors of its own trials hide."""

import numpy as np

# Trials at the end of the training that its error is taken from.
LAST = 20
# A trained network is a little worse with frozen weights than while it learns; one whose weights
# still moved fails.
TIMES_WORSE, LEAST_NMSE = 4.0, 0.05


class ShortTraining(UserWarning):
    """The network produces its outputs only while it learns."""


def short_training(training_nmse: np.ndarray, test_nmse: np.ndarray) -> str | None:
    """Return what is wrong if outputs are right only while weights change, or None.

    Recursive least squares corrects every step by the error of that step, so a training can have
    tiny errors though its weights do not yet produce anything by themselves; only a test with
    frozen weights shows it.

    Parameters
    ----------
    training_nmse : (trial,) array
        Normalized error of each training trial, in order.
    test_nmse : (trial,) array
        That of trials with frozen weights.
    """
    training = float(np.nanmedian(np.asarray(training_nmse)[-LAST:]))
    test = float(np.nanmedian(test_nmse))
    if test <= max(LEAST_NMSE, TIMES_WORSE * training):
        return None
    return (
        f"The normalized error is {training:.2g} in the last training trials, but {test:.2g} in "
        "test trials with frozen weights: while it learned, changes of the weights held the "
        f"network on its targets. Train on more trials than {len(training_nmse)}, such as "
        f"{2 * len(training_nmse)}."
    )
