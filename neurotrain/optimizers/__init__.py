"""Methods that train parameters from losses alone, found by their public names."""

from importlib import import_module
from inspect import Parameter, signature
from typing import Any

import numpy as np

from neurotrain.errors import unknown_name
from neurotrain.optimizers.base import Optimizer, check_optimizer

__all__ = [
    "Optimizer",
    "check_optimizer",
    "make_optimizer",
    "optimizer_class",
    "optimizer_names",
    "optimizer_options",
]

# Where each method lives: it is imported when it is used.
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


def optimizer_names() -> list[str]:
    """Return the public names of all optimizers, without importing any."""
    return sorted(_CLASSES)


def optimizer_class(name: str) -> type[Optimizer]:
    """Return the class of the optimizer called `name`; refuse an unknown name.

    It may also be ``LIBRARY:ALGORITHM``, such as ``evosax:CR_FM_NES``: an algorithm of
    evosax, nevergrad or cmaes, if that is installed.
    """
    if ":" in name:
        return import_module("neurotrain.optimizers.adapters").adapted_class(name)
    if name not in _CLASSES:
        raise unknown_name("optimizer", name, _CLASSES)
    module, attribute = _CLASSES[name]
    return getattr(import_module(module), attribute)


def optimizer_options(name: str) -> dict[str, Any]:
    """Return the options of the optimizer called `name` with their defaults."""
    parameters = signature(optimizer_class(name)).parameters.values()
    return {option.name: option.default for option in parameters if _is_option(option)}


def _is_option(parameter: Parameter) -> bool:
    return parameter.kind is Parameter.KEYWORD_ONLY and parameter.default is not Parameter.empty


def make_optimizer(
    name: str, start: np.ndarray, scale: np.ndarray, *, seed: int, **options: Any
) -> Optimizer:
    """Return a new optimizer.

    Parameters
    ----------
    name : str
        One of `optimizer_names`, or ``LIBRARY:ALGORITHM`` as in `optimizer_class`.
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
    """
    known = optimizer_options(name)
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {name}", option, known)
    return optimizer_class(name)(start, scale, seed=seed, **options)
