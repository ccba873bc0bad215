"""The command line: exit codes, one-line errors, JSON, and runs that are killed and resumed."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from neurotrain import catalog
from neurotrain.cli import main
from neurotrain.doctor import Finding

STUBS = Path(__file__).with_name("stub_circuit.py")
STUB = f"{STUBS}:linear"
PYTHON = [sys.executable, "-c", "import sys; from neurotrain.cli import main; sys.exit(main())"]
CONFIG = """
validation_trials = 10
test_trials = 20
validation_every = 2
checkpoint_every = 3
[task]
name = "stimulus-integration"
[task.options]
words = 4
channels = 4
bin_ms = 1.0
decision_ms = 1.0
"""
SMALL = ["--population", "4", "--generations", "5", "--trials", "4", "--no-figures"]


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Change into a new folder beside a file with the settings of short runs."""
    path = tmp_path / "small.toml"
    path.write_text(CONFIG)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return str(path)


def train_arguments(config, *more, model=STUB):
    return ["train", "--config", config, "--model", model, *SMALL, *more]


def error_of(capsys) -> str:
    """Return the one line on stderr; stdout must be empty."""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err


def test_help_is_fast_and_imports_nothing_heavy():
    heavy = ["numpy", "brian2", "scipy", "matplotlib", "cma", "sklearn", "neo", "tqdm"]
    code = (
        "import sys\nfrom neurotrain.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        seconds.append(time.perf_counter() - started)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "evaluate" in done.stdout
    assert min(seconds) < 0.5


def test_list(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"models", "tasks", "optimizers", "losses", "experiments"}
    assert all(catalog.names(kind) == [*members] for kind, members in found.items())
    assert all(name in text for members in found.values() for name in members)
    assert main(["list", "losses", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"losses"}


def test_train_evaluate_resume(config, capsys):
    assert main(train_arguments(config, "--seed", "3", "--json")) == 0
    folder = Path("runs", "stimulus-integration-cross-entropy-seed3")
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert captured.err == ""
    assert result.pop("folder") == str(folder)
    assert result == json.loads((folder / "result.json").read_text())
    assert main(["evaluate", str(folder), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["test_accuracy"] == result["test_accuracy"]
    assert main(["evaluate", str(folder), "--trials", "7", "--seed", "9", "--json"]) == 0
    other = json.loads(capsys.readouterr().out)
    assert (other["test_trials"], other["test_seed"]) == (7, 9)
    assert json.loads((folder / "result.json").read_text()) == result
    assert main(["resume", str(folder), "--no-figures", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {**result, "folder": str(folder)}


def test_options_of_parts_and_budgets(config, capsys):
    more = ["--option", "model.neurons=5", "--option", "optimizer.schedule=constant"]
    more += ["--option", "task.words=5", "--trial-simulations", "70", "--patience", "9"]
    assert main(train_arguments(config, *more, "--out", "run", "--json")) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["ended_by"], result["generations"]) == ("trial-simulations", 2)
    assert result["trial_simulations"] <= 70
    written = tomllib.loads(Path("run/config.toml").read_text())
    assert written["model"]["options"] == {"neurons": 5}
    assert written["optimizer"]["options"]["schedule"] == "constant"
    assert written["task"]["options"]["words"] == 5
    assert (written["trial_simulations"], written["patience"]) == (70, 9)
    assert main(["train", "--config", "run/config.toml", "--out", "again", "--no-figures"]) == 0
    assert files(Path("run")) == files(Path("again"))


def test_the_table_says_what_to_do_next(config, capsys):
    assert main(train_arguments(config, "--out", "my run")) == 0
    text = capsys.readouterr().out
    for words in ("test accuracy", "my run", "figures", "neurotrain evaluate 'my run'"):
        assert words in text


def test_the_model_gets_the_readout_that_the_loss_needs(config, capsys):
    assert main(train_arguments(config, "--loss", "spike-count-margin", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["loss"] == "spike-count-margin"


def test_the_command_line_goes_before_the_file(config, tmp_path, capsys):
    path = tmp_path / "more.toml"
    path.write_text(
        Path(config).read_text()
        + "[optimizer]\nname = 'openai-es'\n[optimizer.options]\nbeta1 = 0.5\nsigma = 0.25\n"
    )
    assert main(train_arguments(str(path), "--sigma", "0.75", "--out", "a", "--json")) == 0
    text = Path("a/config.toml").read_text()
    assert "sigma = 0.75" in text
    assert "beta1 = 0.5" in text
    # The options in the file are those of its optimizer, not of another one.
    more = ["--optimizer", "cma-es", "--out", "b", "--json"]
    assert main(train_arguments(str(path), *more)) == 0
    assert "sigma = 0.5" in Path("b/config.toml").read_text()


def test_figures_that_fail_do_not_cost_the_training(config, capsys, monkeypatch):
    def fail(result):
        raise ImportError("no matplotlib")

    monkeypatch.setattr("neurotrain.training.result.Result.plot", fail)
    arguments = [a for a in train_arguments(config, "--json") if a != "--no-figures"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "test_accuracy" in json.loads(captured.out)
    assert re.fullmatch(
        "neurotrain: warning: no figures: ImportError: no matplotlib; "
        r"make them with: neurotrain plot runs/\S+\n",
        captured.err,
    )


def test_plot(config, capsys, monkeypatch):
    def save(result):
        folder = result.folder / "figures"
        folder.mkdir(exist_ok=True)
        (folder / "learning-curve.png").touch()
        return folder

    monkeypatch.setattr("neurotrain.training.result.Result.plot", save)
    assert main(train_arguments(config, "--out", "run")) == 0
    capsys.readouterr()
    assert main(["plot", "run", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    page = "run/index.html"
    assert shown == {"folder": "run/figures", "figures": ["learning-curve.png"], "page": page}
    assert main(["plot", "run"]) == 0
    assert capsys.readouterr().out == f"run/figures: learning-curve.png\n{page}\n"


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("advice", 0), ("problem", 1)])
def test_doctor(status, code, capsys, monkeypatch):
    findings = [Finding("python", "python", "3.11", status, "install it")]
    monkeypatch.setattr("neurotrain.doctor.examine", lambda: findings)
    assert main(["doctor"]) == code
    assert "install it" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["findings"][0]["status"] == status


WRONG_USE = {
    "nothing": ([], "Say what to do"),
    "command": (["trian"], "no command called 'trian'; did you mean 'train'"),
    "no task": (["train"], "Say which task"),
    "option": (["train", "x", "--generaton", "3"], "did you mean '--generations'"),
    "abbreviation": (["train", "x", "--gen", "3"], "did you mean '--generations'"),
    "too many": (["train", "x", "y"], "'y' is one argument too many"),
    "number": (["train", "x", "--seed", "one"], "invalid int value: 'one'"),
    "no value": (["train", "x", "--seed"], "expected one argument"),
    "kind": (["list", "model"], "did you mean 'models'"),
    "task": (["train", "stimulus"], "did you mean 'stimulus-integration'"),
    "optimizer": (["T", "--optimizer", "openaies"], "did you mean 'openai-es'"),
    "loss": (["T", "--loss", "margin"], "did you mean 'spike-count-margin'"),
    "model": (["T", "--model", "moris-lecar"], "did you mean 'morris-lecar'"),
    "generations": (["T", "--generations", "0"], "generations must be"),
    "trials": (["T", "--trials", "-1"], "trials must be"),
    "population": (["T", "--population", "0"], "population_size must be"),
    "odd": (["T", "--population", "7"], "population_size must be even, got 7"),
    "workers": (["T", "--workers", "0"], "threads must be"),
    "seed": (["T", "--seed", "-3"], "seed must be"),
    "sigma": (["T", "--sigma", "nan"], "sigma must be"),
    "learning rate": (["T", "--learning-rate", "-1"], "learning_rate must be"),
    "neurons": (["T", "--neurons", "0"], "too few neurons"),
    "rate of cma-es": (["T", "--optimizer", "cma-es", "--learning-rate", "1"], "'learning_rate'"),
    "seconds": (["T", "--seconds", "nan"], "seconds must be"),
    "simulations": (["T", "--trial-simulations", "3"], "trial_simulations must be at least 26"),
    "patience": (["T", "--patience", "0"], "patience must be"),
    "form of an option": (
        ["T", "--option", "neurons=3"],
        "takes PART.NAME=VALUE, .* got 'neurons=3'",
    ),
    "part": (["T", "--option", "modle.neurons=3"], "did you mean 'model'"),
    "its name": (["T", "--option", "model.neuron=3"], "did you mean 'neurons'"),
    "its value": (["T", "--option", "model.neurons=0"], "too few neurons"),
    "config": (["train", "--config", "none.toml"], "'none.toml' cannot be read: No such file"),
    "file": (["T", "--model", "none.py:f"], "There is no file 'none.py'"),
    "no function": (["T", "--model", str(STUBS)], "give it as FILE.py:FUNCTION"),
    "function": (["T", "--model", f"{STUBS}:linaer"], "did you mean 'linear'"),
    "units": (["T", "--model", f"{STUBS}:wrong_units"], "line .*DimensionMismatchError"),
    "keyword": (["T", "--model", f"{STUBS}:without_readout"], "must take .*'readout' is missing"),
    "no circuit": (["T", "--model", f"{STUBS}:not_a_circuit"], "must return a Circuit, got 42"),
    "out": (["T", "--out", ".."], "is not empty"),
    "resume": (["resume", "nowhere"], "'nowhere' is not a run folder"),
    "evaluate": (["evaluate", "nowhere"], "is not a run folder"),
    "plot": (["plot", "nowhere"], "is not a run folder"),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use_is_one_line_and_writes_nothing(case, config, capsys):
    arguments, message = WRONG_USE[case]
    if arguments[:1] == ["T"]:
        arguments = [*train_arguments(config), *arguments[1:]]
    assert main(arguments) == 2
    error = error_of(capsys)
    assert error.startswith("neurotrain: error: ")
    assert re.search(message, error), error
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:", "line 1, cannot be run: SyntaxError"),
        ("x = 1\nimport no_such_module", "line 2, cannot be run: ModuleNotFoundError"),
        ("import sys\nsys.exit(0)", "line 2, cannot be run: SystemExit"),
        ("def f(**options):\n    return options['x']", "line 2, failed: KeyError"),
        ("def f(**options):\n    raise Exception('a\\nb')", "line 2, failed: Exception: a b"),
    ],
)
def test_mistakes_in_a_users_file_are_named(text, message, config, tmp_path, capsys):
    path = tmp_path / "model of mine.py"
    path.write_text(text)
    assert main(train_arguments(config, model=f"{path}:f")) == 2
    error = error_of(capsys)
    assert str(path) in error
    assert message in error


def test_an_unexpected_failure_is_one_line_too(config, capsys, monkeypatch):
    def fail(*args, **options):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("neurotrain.training.loop.score", fail)
        assert main(train_arguments(config, "--out", "run")) == 1
        assert "failed: OSError: [Errno 5] Input/output error" in error_of(capsys)
        assert main(train_arguments(config, "--out", "other", "--debug")) == 1
        assert "Traceback" in capsys.readouterr().err
    assert main(["resume", "run", "--no-figures"]) == 0


def test_a_full_disk_is_one_line_that_says_how_to_go_on(config, capsys, monkeypatch):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("neurotrain.training.metrics_file.MetricsFile.append", full)
        assert main(train_arguments(config, "--out", "run")) == 1
    assert error_of(capsys) == (
        "neurotrain: error: 'run/metrics.jsonl' cannot be written: No space left on device. The "
        "run has stopped, its checkpoints are intact; make room or mend the disk, then go on with: "
        "neurotrain resume run\n"
    )
    assert main(["resume", "run", "--no-figures"]) == 0


@pytest.mark.filterwarnings("default")
def test_warnings_are_one_line(config, capsys):
    assert main(train_arguments(config, "--out", "run")) == 0
    Path("run/result.json").unlink()
    Path("run/checkpoint-000003.npz").write_bytes(b"damaged")
    capsys.readouterr()
    assert main(["resume", "run", "--no-figures"]) == 0
    error = capsys.readouterr().err
    assert error.startswith(
        "neurotrain: warning: Checkpoint 'run/checkpoint-000003.npz' is damaged"
    )
    assert error.count("\n") == 1


def test_interrupted(config, capsys):
    assert main(train_arguments(config, "--out", "r", model=f"{STUBS}:interrupts")) == 130
    error = error_of(capsys)
    assert "neurotrain: Stopped after generation" in error
    assert "neurotrain resume r" in error


def files(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("metrics.jsonl", "weights.npz")]


def start(arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [*PYTHON, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def n_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_for_lines(process, path: Path, lines: int) -> None:
    deadline = time.monotonic() + 60
    while n_lines(path) < lines and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def slow_training(config, out):
    """Return the arguments of a training whose generations take long enough to be killed in."""
    path = Path(config).with_name(f"{out}.toml")
    path.write_text(
        Path(config).read_text() + f"[model]\nname = '{STUB}'\n[model.options]\ndelay_ms = 3\n"
    )
    more = ["--generations", "40", "--population", "4", "--trials", "4", "--no-figures"]
    return ["train", "--config", str(path), "--out", out, *more]


def test_killed_at_any_moment_it_ends_the_same(config):
    assert main(slow_training(config, "whole")) == 0
    moments = random.Random(1)
    arguments = slow_training(config, "killed")
    metrics = Path("killed", "metrics.jsonl")
    kills = 0
    for lines in (1, 9, 17, 30):
        process = start(arguments)
        wait_for_lines(process, metrics, lines)
        time.sleep(0.01 * moments.random())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        arguments = ["resume", "killed", "--no-figures"]
    process = start(arguments)
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert kills >= 3
    assert files(Path("killed")) == files(Path("whole"))


def test_ctrl_c_saves_what_was_learned(config):
    assert main(slow_training(config, "whole")) == 0
    process = start(slow_training(config, "stopped"))
    wait_for_lines(process, Path("stopped", "metrics.jsonl"), 11)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert error.count("\n") == 1
    assert "go on with: neurotrain resume stopped" in error
    done = int(error.split("generation ")[1].split(";")[0])
    assert Path("stopped", f"checkpoint-{done:06d}.npz").is_file()
    assert main(["resume", "stopped", "--no-figures"]) == 0
    assert files(Path("stopped")) == files(Path("whole"))


def test_brian2_circuit_from_the_command_line(config, capsys):
    """The real thing: the same run for any number of threads, and in pieces."""
    arguments = ["train", "stimulus-integration", "--neurons", "8", *SMALL]
    path = Path(config)
    path.write_text(CONFIG.replace("channels = 4\nbin_ms = 1.0\ndecision_ms = 1.0", "bin_ms = 2.0"))
    arguments += ["--config", config]
    assert main([*arguments, "--workers", "1", "--out", "one"]) == 0
    process = start([*arguments, "--workers", "2", "--out", "two"])
    output, error = process.communicate()
    assert "test accuracy" in output
    # Neither Brian2 nor its dependencies have anything to say to the user.
    assert error == ""
    assert process.returncode == 0
    assert files(Path("one")) == files(Path("two"))
    Path("two", "result.json").unlink()
    Path("two", "weights.npz").unlink()
    Path("two", "checkpoint-000003.npz").write_bytes(b"damaged")
    process = start(["resume", "two", "--no-figures"])
    assert process.communicate()[1].count("\n") == 1
    assert process.returncode == 0
    assert files(Path("one")) == files(Path("two"))
    assert main(["evaluate", "two", "--trials", "10", "--seed", "1"]) == 0
    with np.load("one/weights.npz") as weights:
        assert weights["recurrent.weight"].size == 64
    assert "test accuracy" in capsys.readouterr().out


def test_missing_compiler_is_one_line_and_writes_nothing(tmp_path):
    done = subprocess.run(
        [*PYTHON, "train", "stimulus-integration", "--neurons", "3", "--out", tmp_path / "run"],
        capture_output=True,
        text=True,
        env={**os.environ, "CXX": "no-such-compiler", "NEUROTRAIN_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 2 and done.stdout == ""
    assert re.fullmatch(
        r"neurotrain: error: .*no-such-compiler.*execution='brian2'.*\n", done.stderr
    )
    assert not (tmp_path / "run").exists()
