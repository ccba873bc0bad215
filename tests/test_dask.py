"""Workers of Dask: a scheduler elsewhere, one that vanishes and returns, and who may listen."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from short_plan import learned, plan_of

from neurotrain.cli import main
from neurotrain.errors import InvalidInput
from neurotrain.training.executors.opening import open_engine
from neurotrain.training.executors.workers import Workers, WorkersFailed
from neurotrain.training.learning import Learning
from neurotrain.training.training_state import TrainingState

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

PID = re.compile(r"pid=(\d+),")


def free_port():
    """Return a port of this machine that nobody listens to."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def started(*arguments):
    """Run a command of Dask, and kill it in the end."""
    given = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def cluster(port):
    """Run a scheduler and a worker on this machine."""
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    worker = ("worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1", "--no-dashboard")
    with started(*scheduler), started(*worker):
        yield


@pytest.mark.nightly
def test_a_scheduler_may_vanish_and_return():
    plan, port = plan_of(), free_port()
    expected = learned(plan, generations=4)[0]
    learning = None
    metrics = []
    with cluster(port):
        engine = open_engine("dask", scheduler=f"tcp://127.0.0.1:{port}")
        learning = Learning(plan, TrainingState(plan.make_optimizer()), Workers(engine, plan, 7))
        metrics += [learning.learn(1), learning.learn(2)]
    time.sleep(0.5)
    with cluster(port):
        metrics += [learning.learn(3), learning.learn(4)]
        engine.close()
    assert metrics == expected


@pytest.mark.nightly
def test_a_scheduler_that_stays_away_ends_the_run(monkeypatch):
    monkeypatch.setattr("neurotrain.training.executors.dask.PATIENCE_SECONDS", 2.0)
    plan, port = plan_of(), free_port()
    with cluster(port):
        engine = open_engine("dask", scheduler=f"tcp://127.0.0.1:{port}")
        learning = Learning(plan, TrainingState(plan.make_optimizer()), Workers(engine, plan, 7))
        learning.learn(1)
    with pytest.raises(WorkersFailed, match="No Dask scheduler answers"):
        learning.learn(2)
    engine.close()


def test_no_scheduler_is_told_at_once(monkeypatch):
    monkeypatch.setattr("neurotrain.training.executors.dask.PATIENCE_SECONDS", 1.0)
    with pytest.raises(InvalidInput, match="No Dask scheduler answers"):
        open_engine("dask", scheduler=f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(InvalidInput, match="No Dask scheduler answers"):
        open_engine("dask", scheduler="node1")


@pytest.fixture
def certificate(tmp_path):
    """Return the files of a certificate of this machine, signed by itself, and of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed.")
    files = {name: str(tmp_path / f"{name}.pem") for name in ("cert", "key")}
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    what = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", *kind, *what, "-out", files["cert"], "-keyout", files["key"]]
    subprocess.run(made, check=True, capture_output=True)
    return files


def of_tls(certificate):
    """Return what Dask's configuration says of certificates."""
    who = ("client", "scheduler", "worker")
    named = {f"{each}.{name}": path for each in who for name, path in certificate.items()}
    named["ca-file"] = certificate["cert"]
    return {f"distributed.comm.tls.{name}": path for name, path in named.items()}


def test_workers_are_reached_by_tls_as_the_configuration_of_dask_says(certificate):
    import dask
    from distributed import LocalCluster

    plan = plan_of()
    expected = learned(plan, generations=1)
    here = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "host": "127.0.0.1"}
    with (
        dask.config.set(of_tls(certificate)),
        LocalCluster(protocol="tls://", dashboard_address=None, **here) as workers,
        closing(open_engine("dask", scheduler=workers.scheduler_address)) as engine,
    ):
        assert workers.scheduler_address.startswith("tls://")
        assert learned(plan, Workers(engine, plan), generations=1) == expected


@pytest.mark.parametrize(
    ("named", "words"), [({}, "not named"), ({"cert": "a.pem", "key": "b.pem"}, "cannot be read")]
)
def test_tls_without_certificates_is_told_at_once(named, words, tmp_path, monkeypatch, capsys):
    import dask

    monkeypatch.chdir(tmp_path)
    arguments = ["train", "stimulus-integration", "--neurons", "4", "--out", "run"]
    with dask.config.set(of_tls(named) if named else {}):
        assert main([*arguments, "--scheduler", "tls://127.0.0.1:1"]) == 2
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert words in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("address", ["node1", "foo://node1:8786"])
def test_what_is_no_address_leaves_no_client_behind(address, monkeypatch):
    """Which would take minutes to end, and print a traceback."""
    monkeypatch.setattr("distributed.Client", lambda *_, **__: pytest.fail("was made"))
    with pytest.raises(InvalidInput, match="No Dask scheduler answers"):
        open_engine("dask", scheduler=address)


def listening():
    """Return address and process of all that listens on this machine."""
    told = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    return {(line.split()[3], pid) for line in told.splitlines() for pid in PID.findall(line)}


def test_what_is_started_here_listens_here_alone():
    if shutil.which("ss") is None:
        pytest.skip("ss is not installed.")
    # Other tests may have left something behind, as MPI does.
    before = listening()
    with closing(open_engine("dask", workers=1)) as engine:
        assert engine.count == 1
        pids = {str(os.getpid()), *map(str, engine._client.run(os.getpid).values())}
        own = {address for address, pid in listening() - before if pid in pids}
        assert own
        assert all(address.startswith("127.0.0.1:") for address in own)
