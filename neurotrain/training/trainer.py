"""Train a circuit on a task, and go on with a training that was interrupted."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neurotrain.errors import InvalidInput
from neurotrain.losses import Loss
from neurotrain.task import Task
from neurotrain.training.checkpoint import read_latest_checkpoint
from neurotrain.training.curriculum import Curriculum
from neurotrain.training.executors.opening import opened_workers
from neurotrain.training.guide import Guide
from neurotrain.training.loop import Training
from neurotrain.training.plan import Plan, make_plan
from neurotrain.training.rebuild import plan_of_run, require_guide
from neurotrain.training.result import Result
from neurotrain.training.run_folder import RunFolder, require_unused, unused_folder
from neurotrain.training.settings import SETTINGS, Settings
from neurotrain.training.start import Start, write_start
from neurotrain.training.summary import versions


def train(
    circuit: Any,
    task: Task | str,
    *,
    loss: Loss | str | None = None,
    optimizer: str = "openai-es",
    model_options: Mapping[str, Any] | None = None,
    task_options: Mapping[str, Any] | None = None,
    loss_options: Mapping[str, Any] | None = None,
    optimizer_options: Mapping[str, Any] | None = None,
    guide: Guide | None = None,
    curriculum: Curriculum | Mapping[str, Any] | None = None,
    gradient: Sequence[str] | Mapping[str, Any] | None = None,
    start: Start | None = None,
    generations: int | None = None,
    trial_simulations: int | None = None,
    seconds: float | None = None,
    patience: int | None = None,
    candidate_seconds: float | None = None,
    trials: int = 32,
    validation_trials: int = 1000,
    validation_every: int = 20,
    test_trials: int = 2000,
    checkpoint_every: int | None = None,
    seed: int = 0,
    execution: str = "fused",
    threads: int | None = None,
    executor: Any = None,
    executor_options: Mapping[str, Any] | None = None,
    out: str | os.PathLike | None = None,
    progress: bool = True,
) -> Result:
    """Train a circuit on a task.

    Every generation, all candidates are simulated on the same trials from the same
    initial states. Every `validation_every` generations the optimizer's guess and the
    best one so far are validated on the same fresh trials; the one with the higher
    accuracy, of equals the one with the lower loss, is kept. What is best at the end is
    the result, tested on trials never used before. Interrupted or killed, a run goes on
    with `resume`.

    Parameters
    ----------
    circuit : Circuit or str
        What is trained: a circuit, the name of a model, or ``'FILE.py:FUNCTION'``.
    task : Task or str
        What it is trained on. One given by name gets the run's seed.
    loss : Loss or str, optional
        What is made small; by default the cross-entropy that suits the readout.
    optimizer : str
        The method. One that follows gradients, such as adam, takes them by backpropagation.
    model_options, task_options, loss_options, optimizer_options : mapping, optional
        Settings of those given by name. The optimizer's ``sigma`` may be a mapping from names
        of trained parameters to numbers: the noise in such a block, and the steps there, are
        multiplied by this sigma over the method's own, which all other blocks keep.
    guide : callable, optional
        For guided-es: ``guide(weights, trials)`` returns gradients of the loss at the guess,
        (parameter,) or (k, parameter), with respect to the coordinates of
        ``circuit.parameters``, on the trials of the generation. Their length and sign do not
        matter; those that hold NaN or infinity are left out. To resume a run bit for bit it
        must return the same for the same arguments.
    curriculum : Curriculum or mapping, optional
        Easier values of a setting of the task, with which training begins.
    gradient : sequence of str, or mapping, optional
        Names of trained parameters that follow their exact gradient, while the optimizer, an
        evolution strategy, searches the others: ``['readout.weight', 'readout.bias']``. Or a
        table of these ``blocks``, the ``optimizer`` that follows, by default adam, and its options.
    start : (parameter,) array, or mapping of str to array, optional
        Where training starts, instead of at weights drawn for the seed: a vector, such as the
        ``weights`` of another result of this circuit; or the values of some trained parameters
        by name, in SI units.
    generations : int, optional
        Length of the run, at most. By default 600, or what `trial_simulations` last for.
    trial_simulations : int, optional
        Most simulations of one candidate on one trial, those of validations included.
    seconds : float, optional
        After how much time in all sittings together the last generation ends.
    patience : int, optional
        After how many validations in a row without a better guess training ends.
    candidate_seconds : float, optional
        Most processor time of a candidate on the trials of a generation, in proportion also in
        validations and in the test. One that takes longer has failed, which stops nothing. Which
        ones do depends on the machine: a run with this limit can be repeated bit for bit only as
        long as no candidate reaches it. By default there is no limit.
    trials : int
        Trials of each generation.
    validation_trials, validation_every, test_trials : int
        Trials of a validation, generations between two of them, trials of the test.
    checkpoint_every : int, optional
        Generations between checkpoints. By default there is one after each generation, and of
        generations too short for that as many as take 3 % of the time.
    seed : int
        From which everything random follows.
    execution : str
        How circuits are simulated.
    threads : int, optional
        Threads of the simulation, or of each worker; by default all cores, or one for each
        worker. Does not change results.
    executor : str or object, optional
        Who simulates the candidates: ``'threads'`` of this process, the default; ``'processes'``
        of this machine; ``'dask'``; ``'mpi'``; a Dask client; or any executor with a method
        ``submit`` like those of `concurrent.futures`. Does not change results.
    executor_options : mapping, optional
        How many ``workers``; the address of a Dask ``scheduler``; how many candidates a worker
        simulates together at most, ``chunk_candidates``, by default all that is a worker's
        share; and after how many seconds these are given to another worker too,
        ``chunk_seconds``.
    out : path, optional
        The run folder, new or empty; by default ``runs/TASK-LOSS-seedK``, with a number behind
        it if that is taken.
    progress : bool
        Whether to show the progress on stderr: a bar on a terminal or in a notebook, elsewhere a
        line now and then.

    Raises
    ------
    InvalidInput
        If a name is unknown, a number out of range, or parts do not fit; nothing has
        been written by then.
    RunFolderError
        If the run folder is not empty, which is left as it is.
    NotWritten
        If a file of the run cannot be written any more, as on a full disk.
    TrainingFailed
        If no candidate could be used for many generations.
    """
    given = locals()
    settings = Settings(**{name: given[name] for name in SETTINGS})
    _require_usable(out)
    parts = (circuit, task, loss, optimizer)
    plan = make_plan(
        *parts,
        settings,
        model_options=model_options or {},
        task_options=task_options or {},
        loss_options=loss_options or {},
        optimizer_options=optimizer_options or {},
        guide=guide,
        curriculum=curriculum,
        gradient=gradient,
        start=start,
    )
    with opened_workers(executor, executor_options, plan) as workers:
        folder = _new_folder(out, plan)
        with folder.locked():
            return Training(plan, folder, progress, workers).run()


def resume(
    folder: str | os.PathLike,
    *,
    circuit: Any = None,
    task: Task | None = None,
    loss: Loss | None = None,
    guide: Guide | None = None,
    threads: int | None = None,
    executor: Any = None,
    executor_options: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> Result:
    """Go on with a run that was interrupted, as if it had not been.

    Parameters
    ----------
    folder : path
        The run folder. One of a complete run is left as it is.
    circuit, task, loss, guide
        The same objects again, where the run was given objects made in Python.
    threads : int, optional
        Another number of threads than before; does not change results.
    executor, executor_options
        As for `train`; another one than before does not change results.

    Raises
    ------
    RunFolderError
        If the folder holds no run, a run of another circuit, or no intact checkpoint;
        nothing in it is changed.
    NotWritten
        If a file of the run cannot be written, as on a full disk.
    """
    opened = RunFolder(folder)
    if opened.is_complete:
        return Result.load(folder, circuit=circuit, task=task, loss=loss)
    with opened.locked():
        # First, since it takes no time, and Brian2 swallows warnings once it is imported.
        checkpoint = read_latest_checkpoint(opened.path)
        plan = plan_of_run(
            opened, circuit=circuit, task=task, loss=loss, guide=guide, threads=threads
        )
        require_guide(opened, plan)
        with opened_workers(executor, executor_options, plan) as workers:
            training = Training(plan, opened, progress, workers)
            training.restore(checkpoint)
            return training.run()


def _require_usable(out: str | os.PathLike | None) -> None:
    if out is not None:
        if not os.fspath(out):
            raise InvalidInput("The name of the run folder is empty; give another one.")
        require_unused(Path(out))


def _new_folder(out: str | os.PathLike | None, plan: Plan) -> RunFolder:
    given = {} if plan.given_start is None else {"start_given": True}
    config = {**given, **plan.config(), "versions": versions(plan)}
    folder = RunFolder.create(_default_folder(plan) if out is None else out, config)
    if given:
        circuit = plan.circuit
        try:
            write_start(folder.path, circuit.parameters, plan.given_start, circuit.fingerprint)
        except OSError as error:
            raise folder.abandoned(error) from error
    return folder


def _default_folder(plan: Plan) -> Path:
    # Names of a user's own task or loss may hold anything.
    parts = [re.sub(r"[^A-Za-z0-9._-]+", "-", each.name) for each in (plan.task, plan.loss)]
    return unused_folder(Path("runs", f"{'-'.join(parts)}-seed{plan.settings.seed}"))
