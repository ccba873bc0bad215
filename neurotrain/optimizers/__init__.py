"""Methods that train parameters, from losses alone or by gradients, found by their public names."""

from functools import partial
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.base import Optimizer, check_optimizer
from neurotrain.user_file import call, find_function, is_in_file

__all__ = [
    "AskTell",
    "Optimizer",
    "check_optimizer",
    "gradient_descent_names",
    "make_optimizer",
    "optimizer_class",
    "optimizer_names",
    "optimizer_options",
]

# Where each method that needs nothing but losses lives: it is imported when it is used.
_CLASSES = {
    "ars": ("neurotrain.optimizers.ars", "ARS"),
    "cma-es": ("neurotrain.optimizers.cma_es", "CMAES"),
    "cr-fm-nes": ("neurotrain.optimizers.cr_fm_nes", "CRFMNES"),
    "guided-es": ("neurotrain.optimizers.guided_es", "GuidedES"),
    "lm-ma-es": ("neurotrain.optimizers.lm_ma_es", "LMMAES"),
    "noise-reuse-es": ("neurotrain.optimizers.noise_reuse_es", "NoiseReuseES"),
    "openai-es": ("neurotrain.optimizers.openai_es", "OpenAIES"),
    "persistent-es": ("neurotrain.optimizers.persistent_es", "PersistentES"),
    "pgpe": ("neurotrain.optimizers.pgpe", "PGPE"),
    "random-search": ("neurotrain.optimizers.random_search", "RandomSearch"),
    "sep-cma-es": ("neurotrain.optimizers.sep_cma_es", "SepCMAES"),
    "snes": ("neurotrain.optimizers.snes", "SNES"),
    "song": ("neurotrain.optimizers.song", "SONG"),
    "vkd-cma-es": ("neurotrain.optimizers.vkd_cma_es", "VkDCMAES"),
    "xnes": ("neurotrain.optimizers.xnes", "XNES"),
}

# And each that follows the gradient of the loss.
_GRADIENT_CLASSES = {
    "adam": ("neurotrain.optimizers.gradient_descent", "AdamDescent"),
    "rmsprop": ("neurotrain.optimizers.gradient_descent", "RMSpropDescent"),
    "sgd": ("neurotrain.optimizers.gradient_descent", "SGDDescent"),
}


def optimizer_names() -> list[str]:
    """Return the public names of all optimizers that learn from losses, without importing any."""
    return sorted(_CLASSES)


def gradient_descent_names() -> list[str]:
    """Return the public names of those that follow gradients of the loss."""
    return sorted(_GRADIENT_CLASSES)


def optimizer_class(name: str) -> type[Optimizer]:
    """Return the class of the optimizer called `name`; refuse an unknown name.

    It may also be ``LIBRARY:ALGORITHM``, such as ``evosax:CR_FM_NES``: an algorithm of
    evosax, nevergrad or cmaes, if that is installed; or ``FILE.py:CLASS``, one of the user's.
    """
    if is_in_file(name):
        return _class_in_file(name)
    if ":" in name:
        return import_module("neurotrain.optimizers.adapters").adapted_class(name)
    classes = _CLASSES | _GRADIENT_CLASSES
    if name not in classes:
        raise unknown_name("optimizer", name, classes)
    module, attribute = classes[name]
    return getattr(import_module(module), attribute)


def _class_in_file(name: str) -> type[Optimizer]:
    found = find_function(name)
    # Of a class, a protocol with attributes cannot tell.
    if not isinstance(found, type) or not all(hasattr(found, each) for each in ("ask", "tell")):
        raise InvalidInput(
            f"'{name}' must be the class of an optimizer, with ask and tell; derive it from "
            "neurotrain.optimizers.AskTell."
        )
    return found


def optimizer_options(name: str) -> dict[str, Any]:
    """Return the options of the optimizer called `name` with their defaults."""
    options: dict[str, Any] = {}
    for one in optimizer_class(name).__mro__:
        parameters = signature(one).parameters.values()
        options = {p.name: p.default for p in parameters if _is_option(p)} | options
        # A class that takes any more hands them on to the one above it.
        if not any(p.kind is Parameter.VAR_KEYWORD for p in parameters):
            break
    return options


def _is_option(parameter: Parameter) -> bool:
    return parameter.kind is Parameter.KEYWORD_ONLY and parameter.default is not Parameter.empty


def make_optimizer(
    name: str, start: np.ndarray, scale: np.ndarray, *, seed: int, **options: Any
) -> Optimizer:
    """Return a new optimizer.

    Parameters
    ----------
    name : str
        One of `optimizer_names` or `gradient_descent_names`, or ``LIBRARY:ALGORITHM`` or
        ``FILE.py:CLASS`` as in `optimizer_class`.
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter, above zero.
    seed : int
        The run's seed.
    options
        Those of the optimizer's class.

    Raises
    ------
    InvalidInput
        If the name or an option is unknown, or a value lies outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = make_optimizer("snes", np.zeros(3), np.ones(3), seed=0, sigma=0.3)
    >>> for _ in range(100):
    ...     candidates = optimizer.ask()
    ...     optimizer.tell(((candidates - 1) ** 2).sum(axis=1))
    >>> optimizer.guess.round(3)
    array([1., 1., 1.])
    """
    known = optimizer_options(name)
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {name}", option, known)
    make = partial(optimizer_class(name), start, scale)
    if is_in_file(name):
        return call(name, make, {"seed": seed, **options})
    return make(seed=seed, **options)
