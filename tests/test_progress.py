"""Progress on stderr: lines in a log file, a bar on a terminal, a widget in a notebook."""

import io
import os
import pty
import re
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from tqdm import std

import neurotrain as nt
from neurotrain import progress
from neurotrain.progress import open_bar
from neurotrain.training.progress import SILENT, Progress, format_score
from neurotrain.training.settings import Settings

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
FORM = "{percentage:3.0f}% {bar:8} {n_fmt}/{total_fmt} in {elapsed}, {remaining} left"
METRICS = {
    "loss": 0.5,
    "accuracy": 0.75,
    "spikes_per_neuron": 2.0,
    "silent_share": 0.0,
    "blocked_share": 0.0,
    "failed_share": None,
}


@pytest.fixture
def clock(monkeypatch):
    """Return a clock of tqdm's that stands still."""
    clock = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(std, "time", lambda: clock.seconds)
    return clock


@pytest.fixture
def log(monkeypatch):
    """Return what takes the place of stderr."""
    log = io.StringIO()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=log, modules={}))
    return log


def seconds_of(interval: str) -> int:
    seconds = 0
    for part in interval.split(":"):
        seconds = 60 * seconds + int(part)
    return seconds


def read_all(terminal: int) -> str:
    os.set_blocking(terminal, False)
    parts = []
    with suppress(BlockingIOError):
        while True:
            parts.append(os.read(terminal, 4096))
    return b"".join(parts).decode()


def test_a_log_file_gets_a_line_now_and_then(clock, log):
    bar = open_bar(True, initial=0, total=3000, unit="gen", form=FORM)
    for _ in range(3000):
        clock.seconds += 1
        bar.update()
    bar.close()
    assert "\r" not in log.getvalue() and "█" not in log.getvalue()
    lines = log.getvalue().splitlines()
    shown = [re.fullmatch(r"(\d+)% (\d+)/3000 in ([\d:]+), ([\d:]+) left", line) for line in lines]
    done = [int(match[2]) for match in shown]
    for match, n in zip(shown, done, strict=True):
        assert int(match[1]) == round(n / 30)
        assert (seconds_of(match[3]), seconds_of(match[4])) == (n, 3000 - n)
    gaps = [later - earlier for earlier, later in zip(done, done[1:], strict=False)]
    assert done[0] == gaps[0] == progress.FIRST_SECONDS and done[-1] == 3000
    # The time between them grows with the time so far: a long run does not fill the file.
    assert gaps[:-1] == sorted(gaps[:-1]) and gaps[-2] > 200
    assert len(lines) < 50


def test_the_longest_time_between_lines_is_bounded(clock, log):
    bar = open_bar(True, initial=0, total=3000, unit="gen", form="{n_fmt}")
    for _ in range(3000):
        clock.seconds += 100
        bar.update()
    done = [int(line) for line in log.getvalue().splitlines()]
    assert done[-1] - done[-2] == progress.LONGEST_SECONDS / 100


def test_what_is_over_at_once_leaves_a_log_file_empty(clock, log):
    bar = open_bar(True, initial=0, total=9, unit="gen", form=FORM)
    for _ in range(9):
        clock.seconds += 1
        bar.update()
    bar.close()
    assert log.getvalue() == ""


def test_what_is_told_last_is_told_once(clock, log):
    bar = open_bar(True, initial=5, total=25, unit="gen", form="{n_fmt}")
    for _ in range(20):
        clock.seconds += 1
        bar.update()
    bar.close()
    bar.close()
    assert log.getvalue().split() == ["15", "25"]


def test_nothing_is_shown_unless_it_is_wanted(log):
    assert open_bar(False, initial=0, total=9, unit="gen", form=FORM) is None
    assert log.getvalue() == ""


def test_a_terminal_gets_a_bar(monkeypatch, tmp_path):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 200))
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        nt.train(
            STUB,
            "stimulus-integration",
            task_options={"words": 4, "channels": 4, "bin_ms": 1.0, "decision_ms": 1.0},
            optimizer_options={"population_size": 4},
            generations=3,
            trials=4,
            validation_trials=5,
            validation_every=1,
            test_trials=5,
            out=tmp_path / "run",
        )
        shown = read_all(ours)
    os.close(ours)
    assert shown.count("\n") == 1 and shown.endswith("\n")
    first, *_, last = shown.strip("\r\n").split("\r")
    assert first.startswith("  0% ") and "0/3 in 00:00" in first
    for words in ("100% ████████ 3/3 in 00:0", ", 00:00 left, loss ", "%)", "gen/s, spikes/neuron"):
        assert words in last
    assert re.search(r"accuracy \d+% \(valid \d+%\)", last)


@pytest.mark.parametrize(("columns", "shown"), [(0, 80), (60, 59), (30, 29)])
def test_a_bar_fits_the_terminal(columns, shown, monkeypatch):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        bar = open_bar(True, initial=0, total=9, unit="gen", form=FORM + "{postfix}")
        bar.set_postfix_str("many-words-" * 9)
        bar.close()
        lines = read_all(ours).rstrip().split("\r")
    os.close(ours)
    assert len(lines[-1]) == shown
    assert "0% " in lines[-1]


NOTEBOOK = """
import sys, types
for name in ("ipykernel", "ipykernel.zmqshell"):
    sys.modules[name] = types.ModuleType(name)
{widgets}
from neurotrain.progress import open_bar
bar = open_bar(True, initial=0, total=9, unit="gen", form={form!r})
bar.total = 4
bar.update(2)
bar.close()
if hasattr(bar, "container"):
    assert bar.container.children[1].max == 4
    print([child.value for child in bar.container.children])
"""
WIDGETS = """
class Widget:
    def __init__(self, children=(), **values):
        self.children, self.layout, self.value = children, types.SimpleNamespace(), ""
        self.bar_style = ""
        self.style = types.SimpleNamespace(bar_color=None)
        self.__dict__.update(values)
fake = types.ModuleType("ipywidgets")
fake.HBox = fake.HTML = fake.FloatProgress = Widget
fake.HBox = type("HBox", (Widget,), {})
shell = types.ModuleType("IPython")
shell.get_ipython = lambda: None
shell.display = types.ModuleType("IPython.display")
shell.display.display = lambda container: None
sys.modules.update({"ipywidgets": fake, "IPython": shell, "IPython.display": shell.display})
"""
NO_WIDGETS = "sys.modules['ipywidgets'] = sys.modules['IPython'] = None\n"


def in_a_notebook(widgets: str) -> subprocess.CompletedProcess:
    code = NOTEBOOK.format(widgets=widgets, form=FORM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    how = {"capture_output": True, "text": True, "env": environment}
    return subprocess.run([sys.executable, "-c", code], **how)


def test_a_notebook_gets_a_widget():
    done = in_a_notebook(WIDGETS)
    left, value, right = eval(done.stdout.splitlines()[-1])
    spaces = str.maketrans("\u2007", " ")
    assert left.translate(spaces).strip() == "50%" and value == 2
    assert right.translate(spaces).startswith(" 2/4 in 00:00, 00:00 left")
    assert done.stderr == ""


def test_a_notebook_without_widgets_gets_text():
    done = in_a_notebook(NO_WIDGETS)
    assert done.stdout == ""
    assert "50% ████     2/4 in 00:00" in done.stderr
    assert "IProgress" not in done.stderr


@pytest.mark.parametrize(
    ("classes", "limits", "ends"),
    [(3, {}, 100), (0, {"seconds": 30.0}, 60), (3, {"trial_simulations": 400}, 40)],
)
def test_a_training_shows_when_its_limits_end_it(classes, limits, ends, log, clock):
    settings = Settings(100, 1, 1, 1, 1, 0, "fused", **limits)
    plan = SimpleNamespace(settings=settings, task=SimpleNamespace(classes=classes))
    shown = Progress(0, plan, True)
    for generation in range(1, 21):
        clock.seconds += 1
        counted = {"generation": generation, "trial_simulations": 10 * generation}
        validated = {"validation_accuracy": 0.5} if generation == 2 else {}
        shown.update({**METRICS, **counted, **validated}, wall_seconds=0.5 * generation)
    last = log.getvalue().splitlines()[-1]
    assert f"20/{ends} in 00:20, {std.tqdm.format_interval(ends - 20)} left, loss 0.5, " in last
    what = "accuracy 75% (valid 50%)" if classes else "score 0.750 (valid 0.500)"
    assert f"{what},  1.00gen/s, spikes/neuron 2 silent 0% blocked 0% failed - trials 2e+02" in last


@pytest.mark.parametrize(
    ("changed", "readout", "is_told"),
    [
        ({}, nt.SpikeCountReadout(2), True),
        ({"silent_share": 0.99}, nt.SpikeCountReadout(2), False),
        ({"failed_share": 1.0}, nt.SpikeCountReadout(2), False),
        ({}, nt.GradedReadout("v", 2), False),
    ],
    ids=["silent", "one neuron fires", "failed", "of a variable"],
)
def test_a_network_in_which_nothing_fires_is_told_once(changed, readout, is_told, log, monkeypatch):
    monkeypatch.setattr(sys, "stderr", log)
    plan = SimpleNamespace(
        settings=Settings(9, 1, 1, 1, 1, 0, "fused"),
        task=SimpleNamespace(classes=2),
        circuit=SimpleNamespace(readout=readout),
    )
    shown = Progress(0, plan, True)
    silent = {**METRICS, "silent_share": 1.0, "trial_simulations": 10, **changed}
    for generation in (1, 2):
        shown.update({**silent, "generation": generation}, wall_seconds=1.0)
    assert log.getvalue().splitlines() == [SILENT] * is_told


def test_what_a_terminal_is_told_has_a_line_of_its_own(monkeypatch):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        bar = open_bar(True, initial=0, total=9, unit="gen", form=FORM)
        bar.write("Look.", file=terminal)
        bar.close()
        shown = read_all(ours)
    os.close(ours)
    assert "Look." in re.split(r"[\r\n]+", shown)


def test_a_score_that_is_missing_is_a_dash():
    assert format_score(None, "score") == format_score(None, "accuracy") == "-"
