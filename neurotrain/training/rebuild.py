"""The plan of a run that was started earlier, from its config.toml."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurotrain.errors import InvalidInput, NeurotrainError, RunFolderError
from neurotrain.task import Task
from neurotrain.training.choices import Choice, choose, choose_circuit
from neurotrain.training.curriculum import make_curriculum
from neurotrain.training.guide import Guide, check_guide
from neurotrain.training.named_files import require_named_files_trusted
from neurotrain.training.plan import PARTS, Plan
from neurotrain.training.run_folder import RunFolder
from neurotrain.training.run_optimizer import make_gradient_blocks
from neurotrain.training.settings import SETTINGS, Settings
from neurotrain.training.start import read_start


def plan_of_run(folder: RunFolder, **given: Any) -> Plan:
    """Return the plan of the run in `folder`.

    Parameters
    ----------
    given
        ``circuit``, ``task``, ``loss`` and ``guide`` that were made in Python; ``threads``.

    Raises
    ------
    RunFolderError
        If the configuration is damaged, a part is missing, or another one than in
        the run.
    """
    try:
        plan = _rebuild(folder, **given)
    except RunFolderError as error:
        raise RunFolderError(f"Run folder '{folder.path}': {error}") from error
    if not folder.config.get("start_given"):
        return plan
    return replace(plan, given_start=read_start(folder.path, plan.circuit.fingerprint))


def settings_of_run(folder: RunFolder) -> Settings:
    """Return the numbers of a run, also where parts of it were made in Python.

    Raises
    ------
    RunFolderError
        If the configuration is damaged.
    """
    try:
        return _settings(folder.config)
    except (TypeError, InvalidInput) as error:
        raise RunFolderError(
            f"Run folder '{folder.path}': config.toml is damaged or not complete: {error}."
        ) from error


def task_of_run(folder: RunFolder) -> Task | None:
    """Return the task of a run, None if it was made in Python or can no longer be made."""
    try:
        choice = Choice(**folder.config["task"])
        if choice.in_python:
            return None
        named = {"task": choice.name, "task_options": choice.options}
        require_named_files_trusted(named, folder.path)
        return choose("tasks", choice.name, choice.options)[0]
    except (KeyError, TypeError, NeurotrainError):
        return None


def require_guide(folder: RunFolder, plan: Plan) -> None:
    """Raise `RunFolderError` where a run cannot go on for want of the guide that it had."""
    try:
        check_guide(plan.guide, plan.make_optimizer(), plan.choices["optimizer"].name)
    except InvalidInput as error:
        raise RunFolderError(
            f"Run folder '{folder.path}': its guide was made in Python; go on in Python and give "
            "the same one again: neurotrain.resume(folder, guide=...)."
            if plan.guide is None
            else f"Run folder '{folder.path}': {error}"
        ) from error


def _rebuild(
    folder: RunFolder,
    *,
    circuit: Any = None,
    task: Any = None,
    loss: Any = None,
    guide: Guide | None = None,
    threads: int | None = None,
) -> Plan:
    """Return the plan that wrote the configuration of a run folder.

    Parameters
    ----------
    folder : RunFolder
    circuit, task, loss, guide
        The same objects again, where the run was given objects made in Python.
    threads : int, optional
        In place of those of the run.

    Raises
    ------
    RunFolderError
        If the configuration is not complete, a part is missing, or another one than
        in the run.
    UntrustedFile
        If it names a file that the user has not.
    """
    config = folder.config
    try:
        settings = _settings(config, threads)
        choices = {part: Choice(**config[part]) for part in PARTS}
        fingerprint = config["circuit"]["fingerprint"]
        curriculum = make_curriculum(config.get("curriculum"))
        gradient = make_gradient_blocks(config.get("gradient"), choices["optimizer"].name)
    except (KeyError, TypeError, InvalidInput) as error:
        raise RunFolderError(f"config.toml is damaged or not complete: {error}.") from error
    require_named_files_trusted(
        {
            **_named(choices, circuit=("model", circuit), loss=("loss", loss), task=("task", task)),
            "optimizer": choices["optimizer"].name,
            "task_options": choices["task"].options,
            "curriculum": config.get("curriculum"),
        },
        folder.path,
    )
    task = _same("task", "tasks", choices["task"], task)
    loss = _same("loss", "losses", choices["loss"], loss)
    circuit = _same_circuit(choices["model"], circuit, task, loss, fingerprint)
    return Plan(
        circuit,
        task,
        loss,
        settings,
        choices,
        guide=guide,
        curriculum=curriculum,
        gradient=gradient,
    )


def _named(choices: Mapping[str, Choice], **parts: tuple[str, Any]) -> dict[str, str | None]:
    """Return the names of parts that are made by name, for they were neither given nor made."""
    return {
        argument: None if given is not None or choices[part].in_python else choices[part].name
        for argument, (part, given) in parts.items()
    }


def _settings(config: Mapping[str, Any], threads: int | None = None) -> Settings:
    settings = {name: config[name] for name in SETTINGS if name in config}
    return Settings(**{**settings, **({"threads": threads} if threads else {})})


def _same(part: str, kind: str, choice: Choice, given: Any) -> Any:
    """Return the task or loss of the run."""
    if given is None:
        _require_named(part, choice)
        return choose(kind, choice.name, choice.options)[0]
    made, now = choose(kind, given, {})
    if now.config() != choice.config():
        raise RunFolderError(
            f"the {part} is not the one of the run: {now.name} {dict(now.options)} instead of "
            f"{choice.name} {dict(choice.options)}."
        )
    return made


def _same_circuit(choice: Choice, given: Any, task: Any, loss: Any, fingerprint: str) -> Any:
    if given is None:
        _require_named("circuit", choice)
        given = choose_circuit(choice.name, choice.options, task, loss)[0]
    if given.fingerprint != fingerprint:
        raise RunFolderError(
            "the circuit is not the one that was trained: its structure or constants differ; "
            "use the same model file and versions as then (see [versions] in config.toml)."
        )
    return given


def _require_named(part: str, choice: Choice) -> None:
    if choice.in_python:
        raise RunFolderError(
            f"its {part} {choice.name!r} was made in Python; open the run in Python and give the "
            f"same one again: neurotrain.resume(folder, {part}=...) or "
            f"neurotrain.Result.load(folder, {part}=...)."
        )
