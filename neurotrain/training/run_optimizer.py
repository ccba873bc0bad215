"""The optimizer of a run, and which of its blocks follow their gradient beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurotrain import catalog
from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.optimizers import (
    Optimizer,
    gradient_descent_names,
    make_optimizer,
    optimizer_options,
)
from neurotrain.optimizers.hybrid import Hybrid
from neurotrain.parameters.space import ParameterSpace
from neurotrain.training.budget import DEFAULT_GENERATIONS
from neurotrain.training.parameter_options import with_one_sigma, with_shapes
from neurotrain.training.settings import Settings

# A run knows its length, so that the learning rate can fall to zero over it.
OPTIMIZER_DEFAULTS = {"population_size": 64, "schedule": "cosine"}

Options = Mapping[str, Any]


@dataclass(frozen=True)
class GradientBlocks:
    """Blocks that follow their gradient, while an evolution strategy searches the others.

    Parameters
    ----------
    blocks : tuple of str
        Names of trained parameters.
    optimizer : str
        One of `gradient_descent_names`.
    options : mapping
        All options of it.
    """

    blocks: tuple[str, ...]
    optimizer: str = "adam"
    options: Options = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """Return what is written into config.toml, from which `make_gradient_blocks` makes it."""
        options = {key: value for key, value in self.options.items() if value is not None}
        return {"blocks": list(self.blocks), "optimizer": self.optimizer, **options}


def make_gradient_blocks(
    given: Sequence[str] | Options | None, optimizer: str
) -> GradientBlocks | None:
    """Return the blocks by gradient beside `optimizer`; None if there are none.

    Parameters
    ----------
    given : sequence of str, or mapping, optional
        Names of blocks; or a table of these, ``blocks``, of the method, ``optimizer``, and of
        options of it.
    optimizer : str
        The method of all other blocks.

    Raises
    ------
    InvalidInput
        If a name or option is unknown, or the two methods do not go together.
    """
    if given is None:
        return None
    table = dict(given) if isinstance(given, Mapping) else {"blocks": given}
    blocks, method = table.pop("blocks", ()), table.pop("optimizer", "adam")
    is_list = isinstance(blocks, list | tuple) and blocks
    if not is_list or not all(isinstance(one, str) for one in blocks):
        raise InvalidInput(
            "gradient must name trained parameters, such as ['readout.weight'], or be a table "
            f"with such 'blocks', got {given!r}."
        )
    if optimizer in gradient_descent_names():
        raise InvalidInput(
            f"{optimizer} follows the gradient in all blocks: leave gradient out, or choose an "
            "evolution strategy for the other ones."
        )
    if method not in gradient_descent_names():
        raise unknown_name("optimizer that follows gradients", method, gradient_descent_names())
    if table.get("rule") or table.get("feedback", "backpropagation") != "backpropagation":
        raise InvalidInput(
            "A learning rule changes all blocks: leave gradient out, and take "
            f"optimizer='{method}' with the rule."
        )
    return GradientBlocks(tuple(blocks), method, resolved_options(method, table))


def resolved_options(name: str, options: Options) -> dict[str, Any]:
    """Return all options of an optimizer: those given, those usual in a run, its own.

    Raises
    ------
    InvalidInput
        For an unknown name or option.
    """
    catalog.check_options("optimizers", name, options)
    own = optimizer_options(name)
    return {**{key: OPTIMIZER_DEFAULTS.get(key, value) for key, value in own.items()}, **options}


def make_run_optimizer(
    name: str,
    options: Options,
    gradient: GradientBlocks | None,
    parameters: ParameterSpace,
    start: np.ndarray,
    settings: Settings,
) -> Optimizer:
    """Return the optimizer before its first generation.

    Parameters
    ----------
    name : str
    options : mapping
        Those of the optimizer.
    gradient : GradientBlocks, optional
    parameters : ParameterSpace
    start : (parameter,) array
    settings : Settings

    Raises
    ------
    InvalidInput
        If a value is out of its range, or a block is unknown.
    """
    if gradient is None:
        return _make(name, options, parameters, start, settings)
    parameters.require(*gradient.blocks)
    sizes = [block.size for block in parameters.blocks]
    chosen = np.repeat([block.name in gradient.blocks for block in parameters.blocks], sizes)
    if chosen.all() or not chosen.any():
        raise InvalidInput(
            f"The blocks of gradient leave nothing for {name} to search: leave gradient out, and "
            f"take optimizer='{gradient.optimizer}'."
            if chosen.all()
            else "All values in the blocks of gradient are fixed; leave gradient out."
        )
    evolved, descended = (
        ParameterSpace(tuple(b for b in parameters.blocks if (b.name in gradient.blocks) is which))
        for which in (False, True)
    )
    return Hybrid(
        _make(name, options, evolved, start[~chosen], settings),
        _make(gradient.optimizer, gradient.options, descended, start[chosen], settings),
        chosen,
        parameters.scale,
        seed=settings.seed,
    )


def require_whole_episodes(name: str, options: Options) -> None:
    """Raise `InvalidInput` where an optimizer takes a trial for a part of an episode."""
    if options.get("episode_length", 1) != 1:
        raise InvalidInput(
            f"A training simulates whole trials, which {name} takes for episodes of one "
            "truncation: leave the optimizer's episode_length at 1, or call ask and tell yourself."
        )


def _make(
    name: str, options: Options, parameters: ParameterSpace, start: np.ndarray, settings: Settings
) -> Optimizer:
    defaults = optimizer_options(name)
    options = with_shapes({**defaults, **options}, parameters)
    options, scale = with_one_sigma(options, defaults, parameters)
    # A schedule that was not given a length of its own falls over the whole run.
    if "generations" in options and options["generations"] is None:
        options["generations"] = settings.generations or DEFAULT_GENERATIONS
    return make_optimizer(name, start, scale, seed=settings.seed, **options)
