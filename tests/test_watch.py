"""Watching a run from another process: what is shown of it, and that nothing of it is touched."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from stub_circuit import StubCircuit

import neurotrain as nt
from neurotrain.analysis import figures as run_figures
from neurotrain.analysis import style, trial_activity
from neurotrain.cli import main
from neurotrain.commands.parser import Parser
from neurotrain.commands.watching import add_watch
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.file_locks import is_locked
from neurotrain.training import checkpoint as checkpoints
from neurotrain.training import standing as standings
from neurotrain.training import watch as watching
from neurotrain.training.checkpoint import read_checkpoint_meanwhile
from neurotrain.training.loop import Training
from neurotrain.training.run_folder import RunFolder
from neurotrain.training.standing import describe, standing_of
from neurotrain.training.watch import watch
from neurotrain.training.watch_page import render_page
from neurotrain.training.watched_run import WatchedRun

# The same on every Python.
pytestmark = pytest.mark.slow

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
PYTHON = [sys.executable, "-c", "import sys; from neurotrain.cli import main; sys.exit(main())"]
TASK = {"words": 4, "channels": 4, "bin_ms": 1.0, "decision_ms": 1.0}
SMALL = {
    "optimizer_options": {"population_size": 4},
    "generations": 5,
    "trials": 4,
    "validation_trials": 5,
    "validation_every": 2,
    "test_trials": 6,
    "checkpoint_every": 2,
    "progress": False,
}
OWN = ("config.toml", "metrics.jsonl", "weights.npz", "result.json")


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """Return the folder of a complete run of a circuit without neurons."""
    out = tmp_path_factory.mktemp("runs") / "complete"
    return nt.train(STUB, "stimulus-integration", task_options=TASK, out=out, **SMALL).folder


@pytest.fixture(scope="module")
def detailed(tmp_path_factory):
    """Return a complete run of a network of neurons."""
    return nt.train(
        "morris-lecar",
        "stimulus-integration",
        model_options={"neurons": 6},
        task_options={"words": 9, "channels": 4},
        out=tmp_path_factory.mktemp("runs") / "detailed",
        **{**SMALL, "generations": 2, "checkpoint_every": 1},
    )


@pytest.fixture
def run(complete, tmp_path):
    """Return a copy of the complete run that seems to have been made just now."""
    shutil.copytree(complete, tmp_path / "run")
    for path in (tmp_path / "run").iterdir():
        path.touch()
    return tmp_path / "run"


@pytest.fixture
def unfinished(run):
    """Return a run that has just written generation 5."""
    (run / "result.json").unlink()
    return run


@pytest.fixture
def told():
    return []


@pytest.fixture
def tell(told):
    return lambda standing, problem: told.append((standing, problem))


@pytest.fixture
def meanwhile(monkeypatch):
    """Return the list of what is done in place of pauses, one after the other."""
    done = []

    def pause(seconds):
        done.pop(0)()

    monkeypatch.setattr(watching, "time", SimpleNamespace(sleep=pause))
    return done


@pytest.fixture
def no_figures(monkeypatch):
    """Spare a test that is of something else the time that they take."""
    monkeypatch.setattr(watching.WatchFigures, "draw", lambda *_: {})


@pytest.fixture
def keep_priority(monkeypatch):
    """Keep the process of the tests from giving way to others."""
    monkeypatch.setattr(os, "nice", lambda _: 0)


def interrupt():
    raise KeyboardInterrupt


def keep_lines(run: Path, n: int) -> None:
    """Leave the first generations of a run, as they were before there was another."""
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (run / "metrics.jsonl").write_bytes(b"".join(lines[:n]))


def as_of_old(run: Path, seconds: float) -> None:
    for path in run.iterdir():
        os.utime(path, (time.time() - seconds,) * 2)


def standing(run: Path):
    watched = WatchedRun(run)
    return standing_of(watched, watched.look())


def page_of(folder: Path) -> str:
    return (folder / "watch.html").read_text()


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return what the files of a run hold, and when they were written."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


# How a run stands.


def test_standing_of_a_complete_run(complete):
    summary = json.loads((complete / "result.json").read_text())
    last = json.loads((complete / "metrics.jsonl").read_text().splitlines()[-1])
    found = standing(complete)
    assert (found.state, found.generation, found.generations) == ("complete", 5, 5)
    assert (found.loss, found.accuracy) == (last["loss"], last["accuracy"])
    assert (found.validation_generation, found.test_accuracy) == (5, summary["test_accuracy"])
    with np.load(complete / "checkpoint-000004.npz") as checkpoint:
        assert found.seconds_per_generation == checkpoint["wall_seconds"] / 4
    assert describe(found).startswith(f"generation 5/5 (100%), loss {last['loss']:.3g}, accuracy ")
    assert describe(found).endswith(f"complete: test accuracy {summary['test_accuracy']:.0%}")


def test_standing_in_the_middle(unfinished):
    keep_lines(unfinished, 3)
    found = standing(unfinished)
    assert (found.state, found.generation, found.generations) == ("training", 3, 5)
    assert (found.validation_generation, found.test_accuracy) == (2, None)
    assert found.seconds_left == pytest.approx(2 * found.seconds_per_generation)
    assert "(60%)" in describe(found) and describe(found).endswith(", 00:00 left")


def test_standing_before_the_first_generation(unfinished):
    for path in unfinished.iterdir():
        if path.name != "config.toml":
            path.unlink()
    found = standing(unfinished)
    assert (found.state, found.generation, found.loss) == ("waiting", 0, None)
    assert describe(found) == "generation 0/5 (0%), waiting for the first generation"


def test_a_line_that_is_half_written_does_not_count_yet(unfinished):
    with open(unfinished / "metrics.jsonl", "ab") as file:
        file.write(b'{"generation": 6, "lo')
    assert standing(unfinished).generation == 5


def test_lines_of_another_kind_are_one_error(unfinished):
    (unfinished / "metrics.jsonl").write_text("{}\n")
    with pytest.raises(RunFolderError, match=r"metrics\.jsonl' is damaged"):
        standing(unfinished)


def test_a_run_without_signs_of_life_has_stopped(unfinished, monkeypatch):
    as_of_old(unfinished, standings.SECONDS - 10)
    assert standing(unfinished).state == "training"
    as_of_old(unfinished, standings.SECONDS + 10)
    assert standing(unfinished).state == "stopped"
    # Slow generations give no more signs.
    monkeypatch.setattr(standings, "GENERATIONS", 1e9)
    assert standing(unfinished).state == "training"


def test_a_locked_run_trains_however_silent_it_is(unfinished):
    as_of_old(unfinished, 1e6)
    config = unfinished / "config.toml"
    assert not is_locked(config)
    with RunFolder(unfinished).locked():
        assert is_locked(config)
        assert standing(unfinished).state == "training"
    assert not is_locked(config)
    assert not is_locked(unfinished / "missing")


def test_an_accuracy_of_an_unknown_task_is_called_a_score(unfinished):
    config = (unfinished / "config.toml").read_text()
    parts = config.split("[task]\n")
    parts[1] = parts[1].replace("in_python = false", "in_python = true", 1)
    (unfinished / "config.toml").write_text("[task]\n".join(parts))
    assert standing(unfinished).measure == "score"


# Checkpoints that give way to newer ones.


def test_checkpoints_that_vanish_are_looked_for_again(unfinished, monkeypatch):
    listed, found = checkpoints._checkpoints, []

    def first_outdated(folder):
        found.append(folder)
        return listed(folder) if len(found) > 1 else [folder / "checkpoint-000001.npz"]

    monkeypatch.setattr(checkpoints, "_checkpoints", first_outdated)
    assert read_checkpoint_meanwhile(unfinished)["generation"] == 4
    assert len(found) == 2


def test_a_damaged_checkpoint_is_passed_over_without_a_warning(unfinished):
    (unfinished / "checkpoint-000004.npz").write_bytes(b"half")
    assert read_checkpoint_meanwhile(unfinished)["generation"] == 2
    for generation in (0, 2):
        (unfinished / f"checkpoint-{generation:06d}.npz").write_bytes(b"half")
    with pytest.raises(RunFolderError, match="checkpoint-000004.npz' is damaged"):
        read_checkpoint_meanwhile(unfinished)
    found = watch(unfinished, lambda *_: None, once=True)
    assert (found.generation, found.seconds_left) == (5, None)
    assert "checkpoint-000004.npz&#x27; is damaged" in page_of(unfinished / "watch")


# The page and its figures.


class Page(HTMLParser):
    """Collects tags, and finds those that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_network_is_shown_and_nothing_of_its_run_touched(detailed, told, tell):
    before = contents(detailed.folder)
    assert watch(detailed.folder, tell).state == "complete"
    assert contents(detailed.folder) == before
    assert [problem for _, problem in told] == [None]
    folder = detailed.folder / "watch"
    names = ["learning-curve.png", "rasters.png"]
    assert sorted(path.name for path in folder.iterdir()) == [*names, "watch.html"]
    for name in names:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    page = Page(page_of(folder))
    assert page.open == []
    assert [image["src"].split("?")[0] for image in page.of("img")] == names
    assert "after generation 2, on one trial of each class" in page_of(folder)


def test_rasters_are_those_of_the_guess_on_the_trials_of_the_figures(detailed, tmp_path, tell):
    with pytest.MonkeyPatch.context() as patch:
        shown = [[], []]
        record = trial_activity.record_trials

        def spy_into(calls):
            def spy(circuit, weights, trials, state, **how):
                calls.append((weights, trials, state, how))
                return record(circuit, weights, trials, state, **how)

            return spy

        patch.setattr(trial_activity, "record_trials", spy_into(shown[0]))
        patch.setattr(run_figures, "record_trials", spy_into(shown[1]))
        patch.setattr(style, "write_pngs", lambda *_: [])
        watch(detailed.folder, tell, out=tmp_path / "page")
        run_figures.run_figures(detailed)
    (weights, trials, state, how), (_, usual, usual_state, _) = shown[0][0], shown[1][0]
    with np.load(detailed.folder / "checkpoint-000002.npz") as checkpoint:
        np.testing.assert_array_equal(weights, checkpoint["optimizer.guess"])
    np.testing.assert_array_equal(trials.inputs, usual.inputs)
    np.testing.assert_array_equal(state["v"], usual_state["v"])
    assert how["threads"] == 1


@pytest.mark.usefixtures("no_figures")
def test_the_page_loads_itself_anew_until_the_run_is_complete(
    unfinished, told, tell, meanwhile, complete
):
    keep_lines(unfinished, 3)
    refreshes = []

    def look():
        refreshes.append("refresh" in page_of(unfinished / "watch"))

    def go_on():
        for name in OWN:
            shutil.copy(complete / name, unfinished / name)

    meanwhile += [look, look, go_on]
    assert watch(unfinished, tell, every=7).state == "complete"
    assert refreshes == [True, True]
    # Nothing is told twice.
    assert [each.generation for each, _ in told] == [3, 5]
    page = Page(page_of(unfinished / "watch"))
    assert not [each for each in page.of("meta") if each.get("http-equiv") == "refresh"]
    assert "No longer watched" in page_of(unfinished / "watch")


@pytest.mark.usefixtures("no_figures")
def test_a_run_that_falls_silent_ends_the_watch(unfinished, told, tell, meanwhile):
    keep_lines(unfinished, 3)
    meanwhile += [lambda: as_of_old(unfinished, 1e5)]
    assert watch(unfinished, tell).state == "stopped"
    assert [each.state for each, _ in told] == ["training", "stopped"]
    assert "stopped before its end" in page_of(unfinished / "watch")


@pytest.mark.usefixtures("no_figures")
def test_ctrl_c_ends_the_watch_and_the_page_says_so(unfinished, tell, meanwhile):
    meanwhile += [interrupt]
    assert watch(unfinished, tell).state == "training"
    assert "No longer watched" in page_of(unfinished / "watch")
    assert "http-equiv" not in page_of(unfinished / "watch")


def test_a_circuit_made_in_python_is_shown_by_curves_alone(tmp_path, told, tell):
    circuit = StubCircuit(4, 3, "graded")
    out = tmp_path / "run"
    nt.train(circuit, "stimulus-integration", task_options=TASK, out=out, **SMALL)
    assert watch(out, tell).measure == "accuracy"
    assert "'StubCircuit' was made in Python" in told[0][1]
    assert [path.name for path in (out / "watch").glob("*.png")] == ["learning-curve.png"]
    assert len(Page(page_of(out / "watch")).of("img")) == 1


def test_a_page_is_safe_from_hostile_names():
    name = "<script>alert(1)</script>'\"&{0}"
    how = {"share": 0.5, "notes": name, "headings": {"a.png": name}, "version": "1", "every": 0.5}
    text = render_page(name, name, **how)
    page = Page(text)
    assert page.open == [] and not page.of("script")
    assert page.of("img")[0]["alt"] == name
    assert page.of("meta")[2]["content"] == "1"
    # Nothing comes from the network.
    assert "//" not in text


# Folders.


@pytest.mark.usefixtures("no_figures")
def test_a_folder_that_is_gone_does_not_come_back(unfinished, tell, meanwhile):
    meanwhile += [lambda: shutil.rmtree(unfinished)]
    with pytest.raises(RunFolderError, match="is not a run folder"):
        watch(unfinished, tell)
    assert not unfinished.exists()


@pytest.mark.usefixtures("no_figures")
def test_another_run_in_the_same_folder_is_not_mixed_up(unfinished, tell, meanwhile):
    def replace():
        config = (unfinished / "config.toml").read_text()
        (unfinished / "config.toml").write_text(config.replace("seed = 0", "seed = 1"))

    meanwhile += [replace]
    with pytest.raises(RunFolderError, match="holds another run by now"):
        watch(unfinished, tell)


@pytest.mark.usefixtures("no_figures")
def test_other_files_are_never_replaced(complete, tmp_path, tell):
    foreign = tmp_path / "mine"
    foreign.mkdir()
    for name in ("watch.html", "learning-curve.png"):
        (foreign / name).write_text("mine")
    for out in (foreign, complete, complete / "config.toml"):
        with pytest.raises(RunFolderError, match="choose a"):
            watch(complete, tell, out=out)
    assert {path.read_text() for path in foreign.iterdir()} == {"mine"}


@pytest.mark.usefixtures("no_figures")
def test_a_page_is_written_again_but_by_one_process(unfinished, tell, meanwhile, tmp_path):
    out = tmp_path / "new" / "page"

    def watch_too():
        with pytest.raises(RunFolderError, match="Another process watches into"):
            watch(unfinished, tell, out=out)
        interrupt()

    meanwhile += [watch_too]
    watch(unfinished, tell, out=out)
    assert watch(unfinished, tell, out=out, once=True).generation == 5
    assert not (unfinished / "watch").exists()


@pytest.mark.usefixtures("no_figures")
def test_a_run_that_is_watched_can_be_resumed(unfinished, complete, tell, meanwhile):
    def resume():
        nt.resume(unfinished, progress=False)

    meanwhile += [resume]
    assert watch(unfinished, tell).state == "complete"
    for name in ("metrics.jsonl", "weights.npz"):
        assert (unfinished / name).read_bytes() == (complete / name).read_bytes()
    with pytest.raises(RunFolderError, match="already holds a run"):
        nt.train(STUB, "stimulus-integration", task_options=TASK, out=unfinished, **SMALL)


# The command.


@pytest.mark.parametrize("every", [0, -1, float("nan"), float("inf")])
def test_pauses_must_be_some_time(every, complete, tell, tmp_path):
    with pytest.raises(InvalidInput, match="every must be"):
        watch(complete, tell, every=every, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_wrong_use_is_one_line_and_writes_nothing(unfinished, tmp_path, capsys, keep_priority):
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "config.toml").write_text("seed =")
    (tmp_path / "result").mkdir()
    shutil.copy(unfinished / "config.toml", tmp_path / "result")
    (tmp_path / "result" / "result.json").write_text("{")
    config = tmp_path / "incomplete" / "config.toml"
    config.parent.mkdir()
    config.write_text("format = 1\ntrials = 'few'\n")
    for name in ("missing", "empty", "damaged", "result/result.json", "incomplete"):
        assert main(["watch", str(tmp_path / name)]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1
        assert str(tmp_path / name) in captured.err
        assert not (tmp_path / name / "watch").exists()
    assert main(["watch", str(tmp_path / "result"), "--once"]) == 2
    assert "result.json' is damaged" in capsys.readouterr().err


def test_json_is_how_the_run_stands(complete, tmp_path, capsys, keep_priority):
    out = tmp_path / "page"
    assert main(["watch", str(complete), "--json", "--out", str(out)]) == 0
    captured = capsys.readouterr()
    printed = json.loads(captured.out)
    assert captured.out.count("\n") == 1
    # The circuit without neurons has nothing that a raster could show.
    assert "AttributeError" in printed.pop("problem")
    assert printed == {**asdict(standing(complete)), "folder": str(complete)}
    assert f"look at {out}/watch.html" in captured.err


@pytest.mark.usefixtures("no_figures")
def test_a_killed_run_is_told_with_what_to_do(unfinished, capsys, keep_priority):
    as_of_old(unfinished, 1e5)
    assert main(["watch", str(unfinished)]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("generation 5/5") and "stopped before its end" in captured.out
    assert captured.err.splitlines()[-1].endswith(f"go on with: neurotrain resume {unfinished}")


def test_the_page_of_the_commands_knows_all_options_and_keys(complete, top):
    text = (
        (top / "docs" / "command-line.md").read_text().split("## Watching\n")[1].split("\n## ")[0]
    )
    parser = Parser()
    add_watch(parser)
    synopsis = text.split("\n\n")[0]
    assert set(re.findall(r"--\w+", synopsis)) == {*parser.flags, "--json", "--debug"}
    keys = re.findall(r"`(\w+)`", text.split("each line is JSON: ")[1].split(". With")[0])
    assert set(keys) == {*asdict(standing(complete)), "problem", "folder"}


def start(*arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*PYTHON, *map(str, arguments)], env=environment, **pipes)


def wait_for_lines(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 60
    while path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_run_that_is_watched_while_it_is_resumed_stays_the_same(tmp_path, monkeypatch):
    """Two processes, as they will be used, and Ctrl-C for the one that watches."""
    advance = Training._advance

    def killed_in_fourth(training, generation):
        if generation == 4:
            raise SystemExit
        advance(training, generation)

    slow = {"model_options": {"delay_ms": 5.0}, "generations": 60, "checkpoint_every": 1}
    how = {**SMALL, **slow, "task_options": TASK}
    alone, watched = tmp_path / "alone", tmp_path / "watched"
    nt.train(STUB, "stimulus-integration", out=alone, **how)
    monkeypatch.setattr(Training, "_advance", killed_in_fourth)
    with pytest.raises(SystemExit):
        nt.train(STUB, "stimulus-integration", out=watched, **how)
    watcher = start("watch", watched, "--every", "0.1", "--json")
    seen = [json.loads(watcher.stdout.readline())]
    assert os.getpriority(os.PRIO_PROCESS, watcher.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    resumed = start("resume", watched, "--no-figures")
    wait_for_lines(watched / "metrics.jsonl", 30)
    watcher.send_signal(signal.SIGINT)
    assert resumed.communicate()[1] == "" and resumed.returncode == 0
    output, error = watcher.communicate()
    assert watcher.returncode == 0 and "Traceback" not in error
    seen += map(json.loads, output.splitlines())
    assert seen[0]["generation"] == 3 and {each["state"] for each in seen} == {"training"}
    for name in ("metrics.jsonl", "weights.npz"):
        assert (watched / name).read_bytes() == (alone / name).read_bytes()
