"""Executors: whoever simulates, however candidates are divided, and whatever fails, scores are
the same to the bit."""

import asyncio
import os
import signal
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import current_thread, main_thread

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from short_plan import POPULATION, learned, plan_of

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.optimizers import make_optimizer, optimizer_names
from neurotrain.seeding import generator
from neurotrain.training.executors import worker
from neurotrain.training.executors.chunk import chunks_of
from neurotrain.training.executors.engines import Engine, GivenExecutor, Processes
from neurotrain.training.executors.messages import pack, unpack
from neurotrain.training.executors.opening import opened_workers
from neurotrain.training.executors.travelling import portable
from neurotrain.training.executors.workers import Workers, WorkersFailed
from neurotrain.training.learning import Learning
from neurotrain.training.plan import Plan
from neurotrain.training.training_state import TrainingState


@pytest.fixture(scope="module")
def plan():
    """Return the plan of a small run by openai-es."""
    return plan_of()


@pytest.fixture(scope="module")
def expected(plan):
    """Return what the run comes to without workers."""
    return learned(plan)


@pytest.fixture(scope="module")
def threads():
    """Return two threads of this process."""
    with ThreadPoolExecutor(2) as pool:
        yield GivenExecutor(pool)


@pytest.fixture(scope="module")
def processes():
    """Return two processes of this machine."""
    with closing(Processes(2)) as engine:
        yield engine


@pytest.fixture(scope="module")
def dask():
    """Return two workers of Dask on this machine."""
    pytest.importorskip("distributed")
    from neurotrain.training.executors.dask import Dask

    with closing(Dask(2)) as engine:
        yield engine


@pytest.mark.parametrize("chunk", [1, 7, None])
@pytest.mark.parametrize("engine", ["threads", "processes", "dask"])
def test_scores_are_those_without_workers(engine, chunk, plan, expected, request):
    workers = Workers(request.getfixturevalue(engine), plan, chunk)
    assert learned(plan, workers) == expected
    assert workers.traffic.generations == 3
    assert workers.traffic.candidates == 3 * POPULATION


@pytest.mark.parametrize("name", optimizer_names())
def test_every_method_can_be_distributed(name, threads):
    guide = (lambda weights, trials: np.sin(weights)) if name == "guided-es" else None
    plan = plan_of(name, model_options={"neurons": 4}, guide=guide)
    workers = Workers(threads, plan, 5)
    assert learned(plan, workers) == learned(plan)


def test_trials_are_drawn_by_workers_alone(plan, threads, monkeypatch):
    drew, draw = [], Plan.draw_training_trials

    def noted(*arguments):
        drew.append(current_thread())
        return draw(*arguments)

    monkeypatch.setattr(Plan, "draw_training_trials", noted)
    learned(plan, Workers(threads, plan))
    assert drew
    assert main_thread() not in drew


@pytest.mark.parametrize("name", optimizer_names())
def test_candidates_follow_from_little_more_than_the_guess(name):
    """But for methods that keep no such state, whose candidates travel themselves."""
    size = 200
    one, other = (make_optimizer(name, np.zeros(size), np.ones(size), seed=3) for _ in range(2))
    if one.sampling_state() is None:
        assert name in ("cma-es", "sep-cma-es", "vkd-cma-es")
        return
    for _ in range(4):
        made = other.sample_as(one.sampling_state())
        np.testing.assert_array_equal(made, one.ask())
        one.tell((one.ask() ** 2).sum(axis=1))


def test_traffic_of_a_large_generation_is_one_guess_for_each_worker():
    optimizer = make_optimizer(
        "openai-es", np.zeros(10_000), np.ones(10_000), seed=0, population_size=256
    )
    candidates, chosen = optimizer.ask(), np.ones(256, dtype=bool)
    sizes = [len(pack(c)) for c in chunks_of(optimizer, candidates, chosen, 128, 1, 0)]
    assert len(sizes) == 2
    # 80 kB is the guess.
    assert max(sizes) < 82e3
    few = next(
        chunks_of(
            make_optimizer("cma-es", np.zeros(50), np.ones(50), seed=0),
            np.zeros((4, 50)),
            np.ones(4, bool),
            2,
            1,
            0,
        )
    )
    assert few.state is None
    assert few.candidates.shape == (2, 50)


@pytest.mark.parametrize("model", ["morris-lecar", "rate"])
def test_a_snapshot_simulates_what_the_circuit_does(model):
    plan = plan_of(model=model, model_options={"neurons": 5})
    snapshot = unpack(pack(portable(plan))).circuit
    assert snapshot.fingerprint == plan.circuit.fingerprint
    recordings = []
    for circuit in (plan.circuit, snapshot):
        trials = plan.task.draw(3, generator(1, "figure-trials"))
        state = circuit.draw_initial_state(3, generator(1, "figure-state"))
        candidates = plan.make_optimizer().ask()[:2]
        recordings.append(circuit.simulate(candidates, trials, state))
    one, other = recordings
    np.testing.assert_array_equal(one.spike_count, other.spike_count)
    np.testing.assert_array_equal(one.readout, other.readout)
    np.testing.assert_array_equal(*(plan.circuit.blocked_share(each) for each in recordings))
    with pytest.raises(InvalidInput, match="no more"):
        snapshot.simulate(candidates, trials, state, states=("w", "x"))


class Faulty(Engine):
    """Runs calls at once, but for those that a fault is planted in, by their number."""

    name, count = "faulty", 2

    def __init__(self, faults):
        self.faults, self.calls, self.renewed = dict(faults), 0, 0

    def submit(self, label, avoided, call, *arguments):
        """Return a future that has ended, or never will."""
        fault = self.faults.get(self.calls)
        self.calls += 1
        future = Future()
        if fault == "refused":
            raise BrokenExecutor("all workers are dead")
        if fault == "stuck":
            return future
        if fault in _ERRORS:
            future.set_exception(_ERRORS[fault])
            return future
        if fault == "forgetful":
            worker._known.clear()
        future.set_result(_ANSWERS.get(fault, lambda answer: answer)(call(*arguments)))
        return future

    def renew(self):
        """Count how often."""
        self.renewed += 1
        return True

    def close(self):
        """There is nothing to close."""


_ERRORS = {
    "died": BrokenExecutor("a worker died"),
    "cancelled": asyncio.CancelledError("scheduler-connection-lost"),
    "vanished": OSError("connection lost"),
}
_ANSWERS = {
    "no compiler": lambda answer: {**answer, "kind": worker.NO_COMPILER, "problem": "no c++"},
    "rounds otherwise": lambda answer: {**answer, "kind": worker.NEEDS_CANDIDATES},
    "forgetful": lambda answer: answer,
}
FAULTS = ["refused", "stuck", *_ERRORS, *_ANSWERS]


@pytest.fixture
def hasty(monkeypatch):
    """Let nothing wait for workers that would have to start."""
    monkeypatch.setattr("neurotrain.training.executors.workers.START_SECONDS", 0.0)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_changes_nothing(fault, plan, expected, hasty):
    engine = Faulty({1: fault, 4: fault})
    workers = Workers(engine, plan, 7, chunk_seconds=0.05)
    assert learned(plan, workers) == expected
    assert engine.calls == 8


@given(st.dictionaries(st.integers(0, 12), st.sampled_from(FAULTS), max_size=8))
@settings(
    deadline=None,
    max_examples=15,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_runs_end_in_the_same_whatever_fails(plan, expected, hasty, faults):
    workers = Workers(Faulty(faults), plan, 7, chunk_seconds=0.02)
    try:
        assert learned(plan, workers) == expected
    except WorkersFailed:
        assert len(faults) >= 5


def test_what_fails_again_and_again_ends_the_run(plan):
    engine = Faulty(dict.fromkeys(range(99), "died"))
    with pytest.raises(WorkersFailed, match="5 times.*a worker died"):
        learned(plan, Workers(engine, plan))
    assert engine.renewed == 3


def test_a_worker_of_another_version_is_refused(plan, monkeypatch, threads):
    theirs = {**worker.versions(), "neurotrain": "0.0.1"}

    def other(common, *rest):
        return {"worker": "node7:12", "kind": worker.OTHER_VERSION, "versions": theirs}

    assert worker.work({"neurotrain": "0.0.1"}, "key", b"")["kind"] == worker.OTHER_VERSION
    monkeypatch.setattr(worker, "work", other)
    with pytest.raises(WorkersFailed, match="node7:12 has neurotrain 0.0.1"):
        learned(plan, Workers(threads, plan))


def test_an_error_of_the_users_task_is_raised_here(plan, monkeypatch, threads):
    def broken(*arguments):
        raise ZeroDivisionError("in a task")

    monkeypatch.setattr(worker, "scores_of", broken)
    with pytest.raises(ZeroDivisionError, match="in a task"):
        learned(plan, Workers(threads, plan))


@pytest.mark.nightly
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_is_killed_or_stopped_is_replaced(stop, plan, expected):
    with closing(Processes(2)) as engine:
        workers = Workers(engine, plan, 7, chunk_seconds=3.0)
        state = TrainingState(plan.make_optimizer())
        learning = Learning(plan, state, workers)
        metrics = [learning.learn(1)]
        pid = engine.submit("pid", set(), os.getpid).result()
        os.kill(pid, stop)
        metrics += [learning.learn(2), learning.learn(3)]
        assert metrics == expected[0]


def test_a_run_goes_on_with_other_workers(tmp_path):
    how = {
        "model_options": {"neurons": 6},
        "optimizer_options": {"population_size": POPULATION},
        "generations": 4,
        "trials": 4,
        "validation_trials": 4,
        "test_trials": 4,
        "progress": False,
    }
    parts = ("leaky-integrate-and-fire", "stimulus-integration")
    whole = nt.train(*parts, out=tmp_path / "whole", **how)

    class Dying:
        """An executor whose workers die after some calls."""

        left = 3

        def submit(self, call, *arguments):
            self.left -= 1
            future = Future()
            if self.left < 0:
                future.set_exception(BrokenExecutor("the node is down"))
            else:
                future.set_result(call(*arguments))
            return future

    with pytest.raises(WorkersFailed, match=r"the node is down.*after generation 1;.*resume"):
        nt.train(
            *parts, out=tmp_path / "run", executor=Dying(), executor_options={"workers": 2}, **how
        )
    with ThreadPoolExecutor(2) as pool:
        resumed = nt.resume(tmp_path / "run", executor=pool, progress=False)
    assert resumed.metrics == whole.metrics
    np.testing.assert_array_equal(resumed.weights, whole.weights)


@pytest.mark.parametrize(
    ("executor", "options", "words"),
    [
        ("proceses", {}, "did you mean 'processes'"),
        (3, {}, "submit"),
        ([], {"workers": 2}, "submit"),
        ("processes", {"worker": 2}, "did you mean 'workers'"),
        ("processes", {"workers": 0}, "workers must be"),
        ("processes", {"scheduler": "tcp://a:1"}, "goes with executor 'dask'"),
        ("mpi", {"workers": 2}, "goes with executor 'processes' or 'dask'"),
        ("threads", {"workers": 2}, "other than threads"),
        (ThreadPoolExecutor, {}, "submit"),
    ],
)
def test_what_cannot_be_is_refused(executor, options, words, plan):
    with pytest.raises(InvalidInput, match=words), opened_workers(executor, options, plan):
        pass


@pytest.mark.parametrize("executor", [None, "threads"])
def test_threads_of_this_process_need_no_workers(executor, plan):
    with opened_workers(executor, None, plan) as workers:
        assert workers is None


def test_what_workers_cannot_do_is_refused(threads):
    with pytest.raises(InvalidInput, match="no gradient can be taken"):
        Workers(threads, plan_of(gradient=["readout.weight"]))
    plan = plan_of(execution="brian2")
    assert portable(plan).circuit is None
    choice = replace(plan.choices["model"], in_python=True)
    with pytest.raises(InvalidInput, match="made in Python can travel"):
        portable(replace(plan, choices={**plan.choices, "model": choice}))
