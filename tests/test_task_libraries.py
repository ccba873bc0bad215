"""NeuroGym and PsychRNN themselves, in a virtual environment that these tests make.

NeuroGym pins versions of NumPy, SciPy and Matplotlib that are not those of other tests.
"""

import json
import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.nightly

# Made shorter, as a user would: an hour of simulation shows no more than a minute does.
SHORT = {"dt": 20, "timing": {"fixation": 20, "stimulus": 60, "delay": 20, "decision": 40}}
TRAINED = {
    "GoNogo-v0": SHORT,
    "AntiReach-v0": {**SHORT, "dim_ring": 4},
    "PerceptualDecisionMaking-v0": {**SHORT, "cohs": [51.2]},
    "PerceptualDecisionMakingDelayResponse-v0": {
        "dt": 20,
        "timing": {"fixation": 20, "stimulus": 60, "delay": [20, 40, 60], "decision": 40},
        "stim_scale": 2,
    },
}
# Those for which NeuroGym knows no right action, and one that ends trials with the first action.
REFUSED = {
    "Bandit-v0": "has no ground truth",
    "DawTwoStep-v0": "has no ground truth",
    "EconomicDecisionMaking-v0": "has no ground truth",
    "Null-v0": "has no ground truth",
    "perceptualdecisionmaking.roitman02-v0": "wrapper ReactionTime acts on single steps",
}

TAKE_ALL = """
import json, warnings
warnings.simplefilter("ignore")
import numpy as np
import neurotrain as nt
from neurogym.envs.registration import ALL_EXTENDED_ENVS

found = {}
for name in ALL_EXTENDED_ENVS:
    try:
        # It passes check_task, or is refused.
        task = nt.from_neurogym(name)
        trials = task.draw(200, np.random.default_rng(1))
        found[name] = [task.classes, task.outputs, trials.n_trials]
    except nt.InvalidInput as error:
        found[name] = str(error)
print(json.dumps(found))
"""

# Targets of 0 and 1 in each bin, of which most are fixation; the interval is 40 or 80 ms.
FOLLOWED = {
    "ReadySetGo-v0": {
        "dt": 20,
        "timing": {"fixation": 20, "ready": 20, "measure": [40, 80], "set": 20},
    },
}

TRAIN = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
import neurotrain as nt

name, options, generations, folder = sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:]
result = nt.train(
    "morris-lecar", "neurogym:" + name, task_options={"env_options": options},
    model_options={"neurons": 32}, optimizer_options={"population_size": 32},
    generations=int(generations), trials=32 if int(generations) < 100 else 16,
    validation_trials=200, test_trials=400, seed=1, progress=False, out=folder,
)
loaded = nt.Result.load(folder)
task = loaded.task
recording, trials = loaded.simulate(400)
# The same answers, to other trials.
shuffled = np.random.default_rng(1).permutation(400)
answers = recording.decisions[:, shuffled] if task.classes else recording.output[:, shuffled]
constant = None
if not task.classes:
    right = trials.targets[trials.counted]
    constant = 1 - right.var(axis=0).sum() / (right**2).mean(axis=0).sum()
print(json.dumps({
    "classes": task.classes,
    "accuracy": result.test_accuracy,
    "again": loaded.evaluate()["test_accuracy"],
    "shuffled": float(task.score(answers, trials)[0]),
    "constant": constant,
}))
"""

PSYCHRNN = """
import json
import numpy as np
import neurotrain as nt
from psychrnn.tasks.delayed_discrim import DelayedDiscrimination
from psychrnn.tasks.match_to_category import MatchToCategory
from psychrnn.tasks.perceptual_discrimination import PerceptualDiscrimination

found = {}
for kind in (DelayedDiscrimination, MatchToCategory, PerceptualDiscrimination):
    its = kind(dt=10, tau=100, T=2000, N_batch=4)
    trials = nt.from_psychrnn(its).draw(4, np.random.default_rng(1))
    x, y, mask, _ = its.get_trial_batch()
    shapes = (trials.inputs.shape, trials.targets.shape, trials.mask.shape)
    found[kind.__name__] = shapes == (x.shape, y.shape, mask.shape[:2])
print(json.dumps(found))
"""


def pip(python: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def setup(top) -> ConfigParser:
    config = ConfigParser()
    config.read(top / "setup.cfg")
    return config


def listed(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


@pytest.fixture(scope="module")
def python(setup, tmp_path_factory) -> Path:
    """Return the Python of an environment with all that neurotrain needs, and NeuroGym."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    extra = listed(setup["options.extras_require"]["neurogym"])
    tried = ("--quiet", "--no-deps", "--retries=1", "--dest", str(folder))
    fetched = pip(python, "download", *tried, *extra)
    if fetched.returncode:
        pytest.skip(f"no package index within reach: {fetched.stderr.strip()[-200:]}")
    done = pip(python, "install", "--quiet", *listed(setup["options"]["install_requires"]), *extra)
    assert done.returncode == 0, done.stderr
    return python


def run(python: Path, top: Path, code: str, *arguments: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(top)}
    command = [python, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_supervised_task_of_neurogym_is_taken(python, top):
    found = run(python, top, TAKE_ALL)
    refused = {name: told for name, told in found.items() if isinstance(told, str)}
    assert refused.keys() == REFUSED.keys()
    assert all(REFUSED[name] in told for name, told in refused.items())
    taken = [told for told in found.values() if not isinstance(told, str)]
    assert len(taken) > 40
    assert all((classes >= 2) != (outputs >= 1) for classes, outputs, _ in taken)


@pytest.mark.parametrize("name", TRAINED)
def test_tasks_of_neurogym_are_learned(name, python, top, tmp_path):
    """Five standard errors above chance, which guessing reaches once in three million times."""
    arguments = (name, json.dumps(TRAINED[name]), "60", str(tmp_path / "run"))
    trained = run(python, top, TRAIN, *arguments)
    chance = 1 / trained["classes"]
    above = chance + 5 * (chance * (1 - chance) / 400) ** 0.5
    assert trained["accuracy"] > above
    assert trained["again"] == trained["accuracy"]
    # Negative control: the same choices say nothing of other trials.
    assert trained["shuffled"] < above


@pytest.mark.parametrize("name", FOLLOWED)
def test_targets_of_neurogym_are_followed(name, python, top, tmp_path):
    """Closer than the best output that is the same at all times and on all trials."""
    arguments = (name, json.dumps(FOLLOWED[name]), "250", str(tmp_path / "run"))
    trained = run(python, top, TRAIN, *arguments)
    assert trained["accuracy"] > trained["constant"] + 0.05
    assert trained["again"] == trained["accuracy"]
    # Negative control: the intervals were told apart.
    assert trained["shuffled"] < trained["accuracy"] - 0.05


@pytest.fixture(scope="module")
def with_psychrnn(python) -> Path:
    """Return the same Python with PsychRNN, but for TensorFlow, which its tasks do not need."""
    done = pip(python, "install", "--quiet", "--no-deps", "psychrnn==1.0.0")
    if done.returncode:
        pytest.skip(f"pip takes no PsychRNN: {done.stderr.strip()[-200:]}")
    return python


def test_tasks_of_psychrnn(with_psychrnn, top):
    assert all(run(with_psychrnn, top, PSYCHRNN).values())


def test_page_runs_as_it_stands(with_psychrnn, top, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (top / "docs" / "neurogym.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == 3
    tell = "\nimport json; print(json.dumps([task.outputs, result.task.actions]))"
    assert run(with_psychrnn, top, "".join(blocks) + tell) == [2, [1, 2]]
