"""Attempts to have something executed, read or written by what a stranger hands over."""

import os
import shutil
import subprocess
import sys
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from audited import audited, within
from kernel_text import NEURONS, ON_PRE, RESET, SUMMED, foreign, make_network, source_of

import neurotrain as nt
from neurotrain import catalog
from neurotrain.atomic import write_atomically
from neurotrain.cli import main
from neurotrain.errors import InvalidInput, NeurotrainError, RunFolderError, UntrustedFile
from neurotrain.plain_data import parse_toml
from neurotrain.quantities import with_quantities
from neurotrain.training.run_folder import RunFolder
from neurotrain.trust import require_trusted, trust

OWN = Path(__file__).with_name("stub_circuit.py")
STUB = f"{OWN}:linear"
TASK = {"words": 4, "channels": 4, "bin_ms": 1.0, "decision_ms": 1.0}
SIZES = {"trials": 2, "validation_trials": 2, "test_trials": 2, "generations": 2}
ACTIONS = ("resume", "evaluate", "plot", "report", "export")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of a user who has not used any file yet, in a folder to be in."""
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "cache"


def train(model=STUB, **options):
    task = nt.tasks.StimulusIntegration(**TASK)
    return nt.train(model, task, out="run", progress=False, **{**SIZES, **options})


def changed_config(run, **tables):
    """Change what a run's config.toml says, as a stranger may."""
    content = parse_toml((run / "config.toml").read_text())
    for name, table in tables.items():
        content[name] = {**content[name], **table} if isinstance(table, dict) else table
    (run / "config.toml").write_text(tomli_w.dumps(content))


def arguments_of(action, run="run"):
    return [action, run, "trials.csv"] if action == "export" else [action, run]


@pytest.fixture
def stranger(tmp_path):
    """A run whose model is in a file beside it, which leaves a trace when it is run."""
    train()
    run = Path("run")
    evil = run / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'trace')!r}, 'w').close()\n{OWN.read_text()}")
    changed_config(run, model={"name": f"{evil.resolve()}:linear"})
    shutil.rmtree(tmp_path / "cache")
    return tmp_path / "trace"


@pytest.mark.parametrize("action", ACTIONS)
def test_no_command_runs_a_file_that_only_a_folder_names(action, stranger, capsys):
    with audited(Path.cwd(), stranger.parent / "cache") as found:
        assert main(arguments_of(action)) == 2
    said = capsys.readouterr().err
    assert found == []
    assert said.count("\n") == 1
    assert f"neurotrain trust {Path('run/evil.py').resolve()}:linear" in said
    assert not stranger.exists()


def test_the_control_runs_it(stranger):
    with audited(Path.cwd()) as found:
        catalog.build("models", f"{Path('run/evil.py')}:linear", channels=1, classes=2, readout="x")
    assert stranger.exists()
    assert len(found) == 1
    assert found[0].startswith("open ")


@pytest.mark.parametrize("action", ["sweep", "train"])
def test_no_file_of_settings_runs_a_file_that_it_names(action, stranger, capsys):
    sweep = {"sweep": {"seed": [1, 2]}} if action == "sweep" else {}
    name = {"name": "run/evil.py:linear"}
    Path("given.toml").write_text(
        tomli_w.dumps({"task": {"name": "stimulus-integration"}, "model": name, **sweep})
    )
    given = ["sweep", "given.toml"] if action == "sweep" else ["train", "--config", "given.toml"]
    assert main(given) == 2
    assert "neurotrain trust" in capsys.readouterr().err
    assert not stranger.exists()


def test_who_watches_sees_curves_and_runs_nothing(stranger, capsys, monkeypatch):
    monkeypatch.setattr("os.nice", lambda niceness: None)
    assert main(["watch", "run", "--once"]) == 0
    assert "neurotrain trust" in capsys.readouterr().err
    assert not stranger.exists()


def test_what_was_trained_with_is_opened_without_a_question(cache, capsys):
    result = train()
    assert nt.Result.load("run").test_accuracy == result.test_accuracy
    # Another user, or machine, or after the cache was emptied.
    shutil.rmtree(cache)
    with pytest.raises(UntrustedFile, match="'run' runs '.*stub_circuit.py', a file that you have"):
        nt.Result.load("run")
    assert main(["trust", STUB]) == 0
    assert "trusted as it is now" in capsys.readouterr().out
    assert nt.Result.load("run").test_accuracy == result.test_accuracy


def test_a_file_that_was_changed_is_not_trusted(tmp_path):
    path = tmp_path / "own.py"
    path.write_text("def f(): pass\ndef g(): pass\n")
    trust(f"{path}:f")
    require_trusted(f"{path}:f", "run")
    # The stranger could choose any function of it.
    with pytest.raises(UntrustedFile):
        require_trusted(f"{path}:g", "run")
    path.write_text("def f(): import os\n")
    with pytest.raises(UntrustedFile):
        require_trusted(f"{path}:f", "run")


@pytest.mark.parametrize("name", ["\0.py:f", "~nobody-here/x.py:f", "x.py:f", ".py", "a.npy"])
def test_what_is_no_file_cannot_be_trusted(name):
    with pytest.raises(InvalidInput):
        trust(name)


@pytest.mark.parametrize("way", ["setting", "curriculum"])
def test_no_folder_reads_data_that_it_names(way, tmp_path):
    np.save(tmp_path / "secret.npy", np.arange(1.0, 9.0))
    task = nt.tasks.PatternGeneration(target=str(tmp_path / "secret.npy"))
    nt.train(STUB, task, out="run", progress=False, **SIZES)
    nt.Result.load("run")
    secret = str(tmp_path / "secret.npy")
    if way == "setting":
        options = parse_toml(Path("run/config.toml").read_text())["task"]["options"]
        changed_config(Path("run"), task={"options": {**options, "target": secret}})
    else:
        path = Path("run/config.toml")
        table = f'[curriculum]\nsetting = "target"\nvalues = ["{secret}"]\n'
        path.write_text(path.read_text() + table)
    refused = pytest.raises(UntrustedFile, match="reads '.*secret.npy'")
    with audited(Path("run"), tmp_path / "cache") as found, refused:
        nt.Result.load("run")
    assert found == []


LINKED = ("metrics.jsonl", "result.json", "weights.npz", ".result.json.part", "figures")
LINKED += ("watch", "index.html", "checkpoint-000009.npz", "figures/learning.png")


@pytest.mark.parametrize("name", LINKED)
def test_links_out_of_a_folder_are_not_followed(name, tmp_path):
    train()
    precious = tmp_path / "precious"
    precious.mkdir() if name in ("figures", "watch") else precious.write_text("precious")
    link = Path("run", name)
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(precious)
    for action in (nt.resume, nt.Result.load):
        with pytest.raises(RunFolderError, match="is a link to something outside"):
            action("run")


def test_what_never_ends_is_not_opened():
    train()
    os.mkfifo("run/checkpoint-000099.npz")
    with pytest.raises(RunFolderError, match="neither a file nor a folder"):
        nt.resume("run")


@pytest.mark.parametrize(
    "arguments",
    [
        ["sweep", "PATH"],
        ["train", "--config", "PATH"],
        ["trust", "PATH"],
        ["train", "pattern-generation", "--option", "task.target=PATH"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("what", ["device", "pipe"])
def test_what_never_ends_is_not_read_even_where_it_was_typed(what, arguments, tmp_path, capsys):
    path = "/dev/zero" if what == "device" else str(tmp_path / "pipe")
    if what == "pipe":
        os.mkfifo(path)
    with within(20):
        assert main([each.replace("PATH", path) for each in arguments]) == 2
    assert f"'{path}' is no file but a device or a pipe" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["evaluate", "resume", "plot", "watch", "sweep", "trust"])
def test_a_name_that_is_too_long_is_told_in_a_line(command, capsys):
    assert main([command, "1" * 400]) == 2
    said = capsys.readouterr().err
    assert said.startswith("neurotrain: error: ")
    assert said.count("\n") == 1


def test_a_folder_may_be_a_link_itself_and_hold_links_to_its_own_files():
    train()
    Path("link").symlink_to("run")
    Path("run/latest.npz").symlink_to("weights.npz")
    assert RunFolder("link").is_complete


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".x.part").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError):
        write_atomically(tmp_path / "x", lambda file: file.write(b"x"))
    assert (tmp_path / "precious").read_text() == "precious"


PREFERENCES = "core.default_float_dtype = __import__('os').mkdir('trace')\n"
COMMAND = "import sys; from neurotrain.cli import main; sys.exit(main())"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "leaves_a_trace"), [(COMMAND, False), ("import brian2", True)], ids=["ours", "control"]
)
def test_settings_of_brian2_that_lie_beside_are_not_executed(code, leaves_a_trace):
    train()
    Path("brian_preferences").write_text(PREFERENCES)
    done = subprocess.run(
        [sys.executable, "-c", code, "evaluate", "run"], capture_output=True, text=True
    )
    assert Path("trace").exists() == leaves_a_trace
    if not leaves_a_trace:
        assert done.returncode == 0
        assert "./brian_preferences, which may be a stranger's, is left alone" in done.stderr


def test_training_and_looking_at_it_uses_no_network(capsys, monkeypatch):
    """Neither does anything listen, nor is anything fetched; no process is started either."""
    monkeypatch.setattr("os.nice", lambda niceness: None)
    train()
    with audited(Path.cwd(), Path.home(), Path("/tmp")) as found:
        for action in ("evaluate", "watch"):
            assert main([*arguments_of(action), *["--once"] * (action == "watch")]) == 0
    assert not [each for each in found if each.startswith(("socket", "subprocess"))]
    # The control.
    import socket

    with audited() as found, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
    assert any(each.startswith("socket.bind") for each in found)


TEXTS = ('\'__import__("os").mkdir("trace")\'', '"v"', "'v*w'", "f'{v}'", "'1'")
PAYLOADS = (
    *("*/", "/* */", "//", "#include <cstdlib>", "#define v 1", "system(1)", "abort()", "exit(0)"),
    *("std::system(1)", "asm(1)", "v;}", "{v}", "v\\", "??/", "@STEP@", "__class__", "v.__class__"),
    *("[v][0]", "(lambda: v)()", "...", "é", "v if v else w", "(v := w)", "v, w", "v\0", "`v`"),
    *("__import__(1)", "run->x", "*v", "&v", "v<<1", "v in w", "1 ? v : w", "'", '"', "1e999"),
)
PLACES = {
    "neurons": (NEURONS, "tanh(v)"),
    "threshold": ("v > 1", "1"),
    "reset": (RESET, "rand()"),
    "summed": (SUMMED, "v_pre"),
    "on_pre": (ON_PRE, "randn()"),
}


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("place", PLACES)
def test_nothing_but_equations_gets_into_the_kernel(place, every):
    text, replaced = PLACES[place]
    # By default each place has payloads of its own.
    for payload in PAYLOADS[[*PLACES].index(place) :: every]:
        try:
            network = make_network(**{place: text.replace(replaced, payload)})
        except Exception:
            # Brian2 itself refuses it, where the user makes the object.
            continue
        try:
            source = source_of(network)
        except NeurotrainError as error:
            assert "\n" not in str(error)
        else:
            assert foreign(source) == [], payload


@pytest.mark.parametrize(
    ("place", "text"),
    [("reset", text) for text in TEXTS] + [("threshold", TEXTS[0]), ("on_pre", TEXTS[0])],
)
def test_texts_in_equations_are_not_executed(place, text):
    """SymPy, which Brian2 calls, would execute them as Python."""
    written, replaced = PLACES[place]
    network = make_network(**{place: written.replace(replaced, text)})
    with pytest.raises(NeurotrainError, match="text in quotes|Brian2"):
        source_of(network)
    assert not Path("trace").exists()


def test_what_is_foreign_in_a_kernel_is_found():
    """The control: every payload is found where it gets into the source."""
    source = source_of(make_network(reset="v = 2*w; extra = sinh(v); w = extra"))
    assert foreign(source) == []
    for payload in ('system("x");', "#include <x>", "abort();", "*/ x /*", "asm(1);", "é", "x\\"):
        assert foreign(f"{source}\n{payload}") != [], payload


@pytest.mark.parametrize("name", ["a b", "a;b", "a/*", "a\\", "é", "x\n", '"', "", "1a", "a-b"])
def test_names_of_objects_are_identifiers(name):
    from brian2 import NeuronGroup

    with pytest.raises(ValueError):
        NeuronGroup(1, "v : 1", name=name)


@pytest.mark.parametrize(
    "text", ["9**9**9", "1*" + "(" * 300, "1" + "-" * 9000 + "1", "1*__import__"]
)
def test_quantities_are_numbers_times_units(text):
    with pytest.raises(InvalidInput, match="must be a number times units"):
        with_quantities({"C": text})


SET = {"channels": 2, "classes": 2, "readout": "graded", "neurons": 4}


@pytest.mark.parametrize(
    "model",
    [
        "morris-lecar",
        *(pytest.param(m, marks=pytest.mark.nightly) for m in catalog.names("models")),
    ],
)
def test_options_of_models_are_no_equations(model):
    """Whatever option of a model is a text, it is never executed."""
    for option in signature(catalog.find("models", model)).parameters:
        try:
            catalog.build("models", model, **{**SET, option: TEXTS[0]})
        except NeurotrainError as error:
            assert str(error)
        assert not Path("trace").exists(), option
