"""What is to be trained on what, and how: every part resolved, and checked to fit together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.losses import Loss
from neurotrain.optimizers import Optimizer, gradient_descent_names
from neurotrain.seeding import generator
from neurotrain.task import Task
from neurotrain.training.budget import with_length
from neurotrain.training.by_gradient import check_gradients
from neurotrain.training.choices import (
    Choice,
    choose,
    choose_circuit,
    choose_optimizer,
    choose_task,
    default_loss,
    fields_of,
    require_circuit,
)
from neurotrain.training.curriculum import Curriculum, make_curriculum
from neurotrain.training.fit import check_fit, check_loss_suits, check_probe
from neurotrain.training.generation import simulates_guess
from neurotrain.training.guide import Guide, check_guide, guiding_gradients
from neurotrain.training.named_files import trust_named_files
from neurotrain.training.run_optimizer import (
    GradientBlocks,
    make_gradient_blocks,
    make_run_optimizer,
    require_whole_episodes,
)
from neurotrain.training.settings import Settings
from neurotrain.training.start import drawn_start, resolved_start
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.gradients.rule_gradient import RuleGradient

PARTS = ("model", "task", "loss", "optimizer")

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """The parts of a run; `choices` says how each of them was chosen.

    `guide` gives the optimizer gradients, if it takes any.
    With a `curriculum` training goes through `levels`, tasks of which the last is `task`.
    Blocks of `gradient` follow their gradient, beside the optimizer.
    Training starts at `given_start`, (parameter,), where it is not drawn.
    """

    circuit: Any
    task: Task
    loss: Loss
    settings: Settings
    choices: Mapping[str, Choice]
    guide: Guide | None = None
    curriculum: Curriculum | None = None
    gradient: GradientBlocks | None = None
    given_start: np.ndarray | None = None

    @cached_property
    def levels(self) -> tuple[Task, ...]:
        """The tasks that are trained on, one after the other."""
        return (self.task,) if self.curriculum is None else self.curriculum.levels(self.task)

    @cached_property
    def start(self) -> np.ndarray:
        """The untrained weights, (parameter,)."""
        drawn = drawn_start(self.circuit.parameters, self.settings.seed)
        return drawn if self.given_start is None else self.given_start

    @cached_property
    def rule_gradient(self) -> "RuleGradient":
        """What a learning rule makes of weights and trials, where the optimizer follows one."""
        from neurotrain.gradients.rule_gradient import RuleGradient

        rule = self.make_optimizer().learning_rule
        return RuleGradient(self.circuit, self.loss, **rule, seed=self.settings.seed)

    @property
    def uses_torch(self) -> bool:
        """Whether what comes out depends on PyTorch."""
        descends = self.choices["optimizer"].name in gradient_descent_names()
        return descends or simulates_guess(self) or "torch" in self.settings.execution

    def make_optimizer(self) -> Optimizer:
        """Return the optimizer before its first generation."""
        choice, parameters = self.choices["optimizer"], self.circuit.parameters
        return make_run_optimizer(
            choice.name, choice.options, self.gradient, parameters, self.start, self.settings
        )

    def draw_training_trials(
        self, generation: int, level: int = -1
    ) -> tuple[Trials, dict[str, np.ndarray]]:
        """Return the trials of a generation, and their initial states.

        One state for all candidates: what differs between their losses is their weights.

        Parameters
        ----------
        generation : int
        level : int
            Of the curriculum.
        """
        n_trials, seed = self.settings.trials, self.settings.seed
        trials = self.levels[level].draw(n_trials, generator(seed, "training-trials", generation))
        rng = generator(seed, "training-state", generation)
        return trials, self.circuit.draw_initial_state(n_trials, rng)

    def draw_figure_trials(
        self, n_trials: int, seed: int | None = None
    ) -> tuple[Trials, dict[str, np.ndarray]]:
        """Return trials meant for figures, the same ones every time, and their initial states."""
        seed = self.settings.seed if seed is None else seed
        trials = self.task.draw(n_trials, generator(seed, "figure-trials"))
        state = self.circuit.draw_initial_state(n_trials, generator(seed, "figure-state"))
        return trials, state

    def config(self) -> dict[str, Any]:
        """Return all that config.toml says about the parts."""
        settings = {f.name: getattr(self.settings, f.name) for f in fields(Settings)}
        parts = {part: choice.config() for part, choice in self.choices.items()}
        known = {name: value for name, value in settings.items() if value is not None}
        if self.curriculum is not None:
            known["curriculum"] = fields_of(self.curriculum)
        if self.gradient is not None:
            known["gradient"] = self.gradient.config()
        return {**known, **parts, "circuit": {"fingerprint": self.circuit.fingerprint}}


def make_plan(
    circuit: Any,
    task: Any,
    loss: Any,
    optimizer: str,
    settings: Settings,
    *,
    model_options: Options,
    task_options: Options,
    loss_options: Options,
    optimizer_options: Options,
    guide: Guide | None = None,
    curriculum: Curriculum | Options | None = None,
    gradient: Sequence[str] | Options | None = None,
    start: np.ndarray | Mapping[str, np.ndarray] | None = None,
) -> Plan:
    """Build what is given by name, and check that all parts fit.

    Raises
    ------
    InvalidInput
        If a name or option is unknown, or two parts do not fit; nothing has been
        written by then.
    """
    task, task_choice = choose_task(task, task_options, settings.seed)
    require_circuit(circuit)
    if loss is None:
        loss = default_loss(circuit, model_options, task)
    loss, loss_choice = choose("losses", loss, loss_options)
    check_loss_suits(loss, task)
    circuit, model_choice = choose_circuit(circuit, model_options, task, loss)
    choices = {
        "model": model_choice,
        "task": task_choice,
        "loss": loss_choice,
        "optimizer": choose_optimizer(optimizer, optimizer_options),
    }
    trust_named_files(*(each.name for each in choices.values() if not each.in_python))
    plan = Plan(
        circuit,
        task,
        loss,
        settings,
        choices,
        guide=guide,
        curriculum=make_curriculum(curriculum),
        gradient=make_gradient_blocks(gradient, optimizer),
        given_start=resolved_start(circuit.parameters, start, settings.seed),
    )
    made = plan.make_optimizer()
    check_guide(guide, made, optimizer)
    # For a curriculum, and for a gradient, the guess is simulated beside the candidates.
    beside = (plan.curriculum is not None) + simulates_guess(plan)
    settings = with_length(settings, made.population_size + beside)
    plan = replace(plan, settings=settings)
    trials = [check_fit(circuit, level, loss, settings.seed) for level in plan.levels][-1]
    check_probe(circuit, task, loss, settings, plan.start, trials)
    check_gradients(plan, made, trials)
    if guide is not None:
        guiding_gradients(guide, plan.start, trials)
    require_whole_episodes(optimizer, plan.choices["optimizer"].options)
    return plan
