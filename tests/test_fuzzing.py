"""Whatever is in a folder, a file, an equation or on the command line: one line, and no harm.

By default a few hundred inputs; ``pytest -m nightly`` tries 100,000 of them. One that takes too
long is told with the error; where not even an error gets through, the process ends, and the input
is in ``hanging.txt`` in pytest's temporary folder.
"""

import os
import shutil
import string
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

import numpy as np
import pytest
import tomli_w
from audited import LOADED, Deadline, at_most, audited, ended, within
from fuzzed import PATHS, SCALARS, VALUES, WORDS, damaged, wrong_archives
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_text import NEURONS, ON_PRE, RESET, foreign, make_network, source_of

import neurotrain as nt
from neurotrain import experiments
from neurotrain.analysis.page import page_of_run, require_told
from neurotrain.cli import main
from neurotrain.commands import COMMANDS
from neurotrain.errors import NeurotrainError, TrainingFailed
from neurotrain.kept_training import read_kept, write_kept
from neurotrain.plain_data import parse_toml
from neurotrain.training.checkpoint import read_checkpoint, read_latest_checkpoint
from neurotrain.training.result import Result
from neurotrain.training.run_folder import RunFolder
from neurotrain.training.sweep_file import read_sweep_file
from neurotrain.training.weights_file import read_weights

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
SECONDS = 20
# More than any input needs, and less than would harm the machine.
MEMORY_BYTES = 3 * 2**30
SWEEP = """
generations = 2
[model.options]
neurons = 4
[task]
name = "stimulus-integration"
[task.options]
words = 4
[curriculum]
setting = "words"
values = [2, 3]
[sweep]
seed = [0, 1]
"optimizer.sigma" = [0.1]
"""


def inputs(by_default: int, by_night: int) -> Callable:
    """Give a test the number of inputs that it tries."""
    by_night = pytest.param(by_night, marks=pytest.mark.nightly)
    return pytest.mark.parametrize("n_inputs", [by_default, by_night])


@pytest.fixture
def attack(n_inputs, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "hanging.txt"
    with open(path, "w", encoding="utf-8", errors="backslashreplace") as note:
        yield partial(attacked, n_inputs=n_inputs, note=note)


def attacked(
    check: Callable, *, n_inputs: int, note: TextIO, seconds: float = SECONDS, **strategies
) -> None:
    """Call `check` with so many inputs; any error that is not neurotrain's is a fault."""

    def tried(**drawn: object) -> None:
        told = f"took longer than {seconds} s: {drawn!r}"
        with ended(2 * LOADED * seconds, told, note), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with within(seconds):
                    check(**drawn)
            except Deadline:
                # Hypothesis would not tell the input, and makes none smaller.
                raise Deadline(told) from None

    profile = {"suppress_health_check": list(HealthCheck), "database": None}
    with at_most(MEMORY_BYTES):
        settings(max_examples=n_inputs, **profile)(given(**strategies)(tried))()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A complete run, trained in a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        top = tmp_path_factory.mktemp("fuzzing")
        patch.setenv("NEUROTRAIN_CACHE", str(top / "cache"))
        task = nt.tasks.StimulusIntegration(words=4, channels=4, bin_ms=1.0, decision_ms=1.0)
        sizes = {"trials": 4, "validation_trials": 4, "test_trials": 4, "checkpoint_every": 2}
        made = {"generations": 4, "validation_every": 2, "optimizer_options": {"sigma": 0.1}}
        nt.train(STUB, task, out=top / "run", progress=False, **sizes, **made)
        yield top / "run"


@pytest.fixture
def place(run, tmp_path, monkeypatch):
    """An empty folder to be in."""
    (tmp_path / "place").mkdir()
    monkeypatch.chdir(tmp_path / "place")
    return tmp_path / "place"


def refused_or_read(read: Callable, place: Path, *others: Path) -> None:
    """Call `read`, which may refuse what it is given in a line, and do nothing outside `place`."""
    with audited(place, *others) as found:
        try:
            read()
        except NeurotrainError as error:
            assert str(error).strip()
    assert found == []


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)


@inputs(60, 20_000)
def test_checkpoints(attack, run, place):
    whole = max(run.glob("checkpoint-*.npz"))
    path = place / whole.name

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refused_or_read(lambda: read_checkpoint(path), place)
        refused_or_read(lambda: read_latest_checkpoint(place), place)
        assert not (place / "trace").exists()

    content = st.one_of(
        st.binary(max_size=200),
        damaged(whole.read_bytes()),
        wrong_archives(arrays_of(whole), place / "trace"),
    )
    attack(check, content=content)


@inputs(40, 10_000)
def test_weights_and_kept_trainings(attack, run, place):
    weights, path = arrays_of(run / "weights.npz"), place / "file.npz"
    write_kept(path, {"w": np.zeros(3)}, {"seed": 1})
    kept = arrays_of(path)

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refused_or_read(lambda: read_weights(path, str(weights["fingerprint"])), place)
        refused_or_read(lambda: read_kept(path, {"seed": 1}), place)
        assert not (place / "trace").exists()

    content = st.one_of(
        damaged((run / "weights.npz").read_bytes()),
        damaged(path.read_bytes()),
        wrong_archives(weights, place / "trace"),
        wrong_archives(kept, place / "trace"),
    )
    attack(check, content=content)


@st.composite
def changed_tables(draw, text: str) -> bytes:
    """Return TOML in which a few values, of whatever depth, are others, missing or moved."""
    content = parse_toml(text)
    for _ in range(draw(st.integers(1, 3))):
        table = content
        while True:
            inner = [key for key, value in table.items() if isinstance(value, dict)]
            if not inner or draw(st.booleans()):
                break
            table = table[draw(st.sampled_from(inner))]
        if not table:
            continue
        key = draw(st.sampled_from(sorted(table)))
        how = draw(st.sampled_from(("change", "drop", "rename", "nest")))
        value = table.pop(key)
        if how == "change":
            table[key] = draw(VALUES)
        elif how == "rename":
            table[draw(st.sampled_from(PATHS + WORDS))] = value
        elif how == "nest":
            table[key] = {key: value}
    return tomli_w.dumps(content).encode(errors="surrogatepass")


def settings_texts(text: str) -> st.SearchStrategy[bytes]:
    return st.one_of(
        st.binary(max_size=100), damaged(text.encode()), changed_tables(text), changed_tables(text)
    )


@inputs(40, 10_000)
def test_files_of_sweeps(attack, run, place):
    path = place / "sweep.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refused_or_read(lambda: read_sweep_file(path), place)

    attack(check, content=settings_texts(SWEEP))


def leave_out(*_: object, **__: object) -> None:
    raise TrainingFailed("Left out.")


@pytest.fixture
def unopened(monkeypatch):
    """Simulations, figures and long work, which take time and are tested elsewhere, left out."""
    trained = SimpleNamespace(summary={}, folder=Path("run"), plot=lambda: None)
    engine = SimpleNamespace(close=lambda: None)
    spared = {
        "neurotrain.training.loop.Training.run": trained,
        "neurotrain.training.executors.opening.open_engine": engine,
        "neurotrain.training.result.Result.evaluate": {},
        "neurotrain.training.result.Result.to_neo": None,
        "neurotrain.training.watch_figures.WatchFigures.draw": {},
        "neurotrain.analysis.figures.save_figures": None,
        "neurotrain.analysis.report.save_report": None,
        "neurotrain.commands.training._print_result": None,
        "neurotrain.commands.training._print_files": None,
        "neurotrain.commands.exporting._told": {},
        "neurotrain.export.files.write_block": "file",
        "neurotrain.doctor.examine": [],
        "neurotrain.training.plan.check_probe": None,
    }
    monkeypatch.setattr("neurotrain.experiments.comparison.train_tuned", leave_out)
    known = experiments.find_experiment
    monkeypatch.setattr(experiments, "find_experiment", lambda name: known(name) and leave_out)
    for name, given_back in spared.items():
        monkeypatch.setattr(name, lambda *_, given_back=given_back, **__: given_back)


def command(arguments: list[str], capsys, place: Path, *others: Path) -> int:
    """Give a command, and return its exit code; what goes wrong must be said in one line."""
    # What is named on the command line is to be read.
    words = {*arguments, *(word.partition("=")[2] for word in arguments)}
    named = (each for each in words if each in PATHS + WORDS or each.startswith("/"))
    named = (path for path in named if "\0" not in path)
    typed = tuple(Path(each) for path in named for each in (path, path.partition(":")[0]))
    with audited(place, *others, readable=typed) as found:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code
    text = capsys.readouterr().err
    assert found == []
    assert code in (0, 1, 2)
    assert "Traceback" not in text
    # Of a size that was asked for, but not of what was read.
    assert "not enough memory" not in text or "--neurons" in arguments
    said = [line for line in text.splitlines() if line.startswith("neurotrain: ")]
    assert not [line for line in said if line.startswith("neurotrain: failed: ")]
    # A run of a sweep may fail without the others.
    told = ("error: ", ": failed, ", "no sign of life")
    assert code == 0 or [line for line in said if any(each in line for each in told)]
    return code


VERBS = ("resume", "evaluate", "plot", "report", "watch", "export", "train")


@inputs(60, 20_000)
def test_run_folders(attack, run, place, unopened, capsys, monkeypatch):
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(run.parent / "cache"))
    folder = place / "stranger"
    monkeypatch.setattr("os.nice", lambda niceness: None)

    def check(verb: str, damage: tuple[str, bytes], is_complete: bool) -> None:
        for left in (folder, place / "other"):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(run, folder)
        (folder / damage[0]).write_bytes(damage[1])
        if not is_complete:
            (folder / "result.json").unlink()
        arguments = {
            "watch": ["watch", "stranger", "--once"],
            "export": ["export", "stranger", "trials.csv"],
            "train": ["train", "--config", "stranger/config.toml", "--out", "other"],
        }.get(verb, [verb, "stranger"])
        command(arguments, capsys, place, run.parent / "cache")

    texts = {name: (run / name).read_text() for name in ("config.toml", "result.json")}
    metrics = (run / "metrics.jsonl").read_bytes()
    damages = st.one_of(
        st.tuples(st.just("config.toml"), settings_texts(texts["config.toml"])),
        st.tuples(st.just("result.json"), damaged(texts["result.json"].encode())),
        st.tuples(st.just("metrics.jsonl"), damaged(metrics)),
        *(
            st.tuples(st.just(path.name), wrong_archives(arrays_of(path), place / "trace"))
            for path in (run / "weights.npz", max(run.glob("checkpoint-*.npz")))
        ),
    )
    attack(check, verb=st.sampled_from(VERBS), damage=damages, is_complete=st.booleans())


@inputs(40, 10_000)
def test_pages_of_runs(attack, run, place, monkeypatch):
    """What is told of a run is text on its page, whatever it is."""
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(run.parent / "cache"))
    result = Result.load(run)

    def check(changed: dict) -> None:
        other = Result(run, result.plan, result.weights, [], {**result.summary, **changed})
        pages = []

        def write() -> None:
            require_told(other)
            pages.append(page_of_run(other, {}))

        refused_or_read(write, run)
        assert all("<script" not in page for page in pages)

    names = st.sampled_from(sorted(result.summary))
    attack(check, changed=st.dictionaries(names, VALUES, min_size=1, max_size=3))


PIECES = (*"+-*/%()<>=;,.'\"", "**", "//", "/*", "*/", " and ", " not ", "\n", "#include <x>")
PIECES += (
    "v",
    "w",
    "m",
    "u",
    "total",
    "bias",
    "s",
    "weight",
    "_idx",
    "t",
    "dt",
    "i",
    "N",
    "xi",
    "ms",
)
PIECES += (
    "exp",
    "rand()",
    "randn()",
    "int",
    "clip",
    "system",
    "abort",
    "asm",
    "T",
    "VI",
    "run",
    "é",
)
PIECES += ("1", "2.5", "1e400", "0x1f", "True", "None", "...", "lambda: 1", "__import__", "\\", "@")


@inputs(8, 3_000)
def test_equations(attack, place):
    """What Brian2 takes leads to a kernel of its own statements, or is refused in a line."""
    texts = {"neurons": NEURONS, "threshold": "v > 1", "reset": RESET, "on_pre": ON_PRE}

    def check(part: str, at: float, cut: int, pieces: list[str]) -> None:
        text, first = texts[part], int(at * len(texts[part]))
        text = text[:first] + "".join(pieces) + text[first + cut :]
        try:
            network = make_network(**{part: text})
        # Brian2 itself refuses it, in its own words.
        except Exception:
            return
        sources = []
        refused_or_read(lambda: sources.append(source_of(network)), place)
        assert all(foreign(source) == [] for source in sources)

    attack(
        check,
        part=st.sampled_from(sorted(texts)),
        at=st.floats(0, 1, exclude_max=True),
        cut=st.integers(0, 3),
        pieces=st.lists(st.sampled_from(PIECES), max_size=4),
    )


FLAGS = sorted(
    {
        *("--model", "--optimizer", "--loss", "--generations", "--trial-simulations", "--seconds"),
        *("--patience", "--candidate-seconds", "--population", "--trials", "--neurons", "--sigma"),
        *("--learning-rate", "--option", "--seed", "--execution", "--workers", "--config", "--out"),
        *("--no-figures", "--json", "--every", "--once", "--only", "--list", "--condition"),
        *("--state", "--sample-ms", "--trains", "--quick", "--full", "--repeats", "--help", "-h"),
        *("--version", "--seeds", "--nonsense", "-x", "--", "-"),
        *("--executor", "--scheduler", "--chunk"),
    }
)
# `--debug` shows tracebacks, and `bench` takes minutes.
VERBS_OF_ALL = sorted({*COMMANDS} - {"bench", "compare", "sweep"}) + ["compare", "sweep", "bnech"]
LINES = ("file.toml", "stranger", "stimulus-integration", "task.words=3", "model.dale=0.8")
LINES += ("pattern-generation", "task.target=/etc/passwd", "task.target=/dev/zero")
LINES += ("curriculum.values=[1]", "optimizer.sigma={}", "trials.nix")
LINES += ("processes", "dask", "mpi", "tcp://127.0.0.1:1", "tls://127.0.0.1:1")
LINES += ("loss.x=1", "1", "0", "-1", "3.5", "losses", "oja", "morris-lecar", "openai-es")


def words() -> st.SearchStrategy[str]:
    plain = st.text(string.printable, max_size=6)
    return st.one_of(
        st.sampled_from(LINES), st.sampled_from(PATHS + WORDS), SCALARS.map(str), plain
    )


@inputs(60, 27_000)
def test_command_lines(attack, run, place, unopened, capsys, monkeypatch):
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(run.parent / "cache"))
    monkeypatch.setattr("os.nice", lambda niceness: None)
    (place / "file.toml").write_text(SWEEP)
    shutil.copytree(run, place / "stranger")

    def check(verb: str, task: str, rest: list[tuple[str, str]]) -> None:
        arguments = [verb, task, *(each for pair in rest for each in pair)]
        if verb == "watch":
            arguments.append("--once")
        with_out = verb in ("train", "sweep", "compare", "reproduce", "watch")
        command(arguments + ["--out", "other"] * with_out, capsys, place, run.parent / "cache")
        shutil.rmtree(place / "other", ignore_errors=True)

    attack(
        check,
        verb=st.sampled_from(VERBS_OF_ALL),
        task=words(),
        rest=st.lists(st.tuples(st.sampled_from(FLAGS), words()), max_size=4),
    )


def test_a_folder_that_is_read_without_care_is_found(run, place):
    """The control: each kind of harm is noted."""
    outside = place.parent / "outside"
    harms = {
        "open": lambda: outside.write_text("x"),
        "os.remove": lambda: outside.unlink(),
        "os.mkdir": lambda: outside.mkdir(),
        "open of a secret": lambda: Path("/etc/passwd").read_text(),
        "exec": lambda: exec(compile("x = 1", str(outside), "exec")),
    }
    for name, harm in harms.items():
        with audited(place) as found:
            harm()
        assert len(found) == 1, name
        assert found[0].startswith(name.split()[0])
    assert RunFolder(run).is_complete


def spin() -> None:
    while True:
        pass


@pytest.mark.parametrize("endless", [spin, lambda: time.sleep(30)], ids=["works", "waits"])
def test_what_takes_too_long_is_told(endless, tmp_path):
    drawn = {"n_inputs": 1, "seconds": 0.1, "word": st.just("endless")}
    told = pytest.raises(Deadline, match="took longer than 0.1 s: {'word': 'endless'}")
    with open(tmp_path / "note", "w") as note, told:
        attacked(lambda word: endless(), note=note, **drawn)


def test_what_no_error_gets_into_is_ended_and_told(tmp_path):
    """As where a loop in C never looks for signals."""
    code = f"""
import signal, time
from audited import ended, within
with ended(0.2, "endless", open({str(tmp_path / "note")!r}, "w")), within(0.01):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(30)
"""
    tests = str(Path(__file__).parent)
    ran = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": tests})
    told = (tmp_path / "note").read_text()
    assert ran.returncode == 1
    assert told.startswith("endless\n")
    assert "<string>" in told


def test_more_memory_than_an_input_needs_is_not_given():
    with at_most(2**28), pytest.raises(MemoryError):
        np.ones(2**28)
    np.ones(2**20)
