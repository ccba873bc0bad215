"""Training by backpropagation: it learns, survives, keeps budgets, and goes on bit for bit."""

import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

import neurotrain as nt
from neurotrain import catalog
from neurotrain.cli import main
from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.gradients import TruncatedGradient, sweep_learning_rates
from neurotrain.tasks import StimulusIntegration
from neurotrain.training import generation, loop

pytest.importorskip("torch")

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
TASK = StimulusIntegration(words=4, channels=4, bin_ms=2.0, decision_ms=2.0)
READOUT = ["readout.weight", "readout.bias"]
SMALL = {
    "generations": 7,
    "trials": 8,
    "validation_trials": 20,
    "validation_every": 2,
    "test_trials": 30,
    "checkpoint_every": 3,
    "optimizer": "adam",
    "threads": 1,
    "progress": False,
}
EVOLVED = {**SMALL, "optimizer": "openai-es", "optimizer_options": {"population_size": 6}}


def rate(neurons=8, **options):
    """Return units as fast as the short trials here ask for."""
    fast = {"tau": 10 * ms, "dt": 1 * ms, "gain": 0.9}
    return nt.models.rate(neurons, channels=4, classes=3, **fast, **options)


def files(folder):
    return {name: (folder / name).read_bytes() for name in ("metrics.jsonl", "weights.npz")}


def blocks(circuit, *names):
    """Return which of the parameters belong to some blocks."""
    parts = circuit.parameters.blocks
    return np.repeat([part.name in names for part in parts], [part.size for part in parts])


@pytest.mark.parametrize(
    ("method", "learning_rate"), [("adam", 0.1), ("sgd", 1.0), ("rmsprop", 0.1)]
)
def test_it_learns(method, learning_rate, tmp_path):
    """Chance is 0.33; of 500 trials the standard error is 0.02."""
    settings = {**SMALL, "optimizer": method, "generations": 60, "trials": 32, "test_trials": 500}
    options = {"learning_rate": learning_rate}
    result = nt.train(rate(), TASK, out=tmp_path / "run", optimizer_options=options, **settings)
    assert result.test_accuracy > 0.8
    assert result.accuracy_on(TASK.draw(500, np.random.default_rng(5))) > 0.8
    untrained = result.circuit.parameters.draw(np.random.default_rng(1))
    recording, trials = result.simulate(500, weights=untrained)
    assert TASK.score(recording.decisions, trials)[0] < 0.6
    assert result.summary["skipped_share"] == 0
    assert result.summary["trial_simulations"] == 60 * 32 + 30 * 20 + 29 * 20
    assert all(0 < metrics["gradient_norm"] < 100 for metrics in result.metrics)
    assert all(metrics["skipped"] == 0 for metrics in result.metrics)


def test_the_guess_is_all_that_is_simulated(tmp_path):
    circuit, seen = rate(), []
    simulate = circuit.simulate
    circuit.simulate = lambda candidates, *rest, **how: (
        seen.append(len(np.atleast_2d(candidates))) or simulate(candidates, *rest, **how)
    )
    result = nt.train(circuit, TASK, out=tmp_path / "run", **SMALL)
    # A probe, validations of guess and best, the test: training runs in PyTorch.
    assert seen == [1, 1, 2, 2, 2, 2]
    assert result.metrics[0]["loss_std"] == 0


@pytest.mark.parametrize("kind", ["descent", "hybrid"])
def test_interrupted_it_goes_on_bit_for_bit(kind, tmp_path, monkeypatch):
    settings = SMALL if kind == "descent" else {**EVOLVED, "gradient": READOUT}
    whole = nt.train(rate(), TASK, out=tmp_path / "whole", **settings)
    advance, left = loop.Training._advance, [5]

    def interrupted(self, generation):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        advance(self, generation)

    monkeypatch.setattr(loop.Training, "_advance", interrupted)
    with pytest.raises(KeyboardInterrupt, match="after generation 5"):
        nt.train(rate(), TASK, out=tmp_path / "run", **settings)
    monkeypatch.undo()
    # As after a kill: the last checkpoint is lost, too.
    (tmp_path / "run" / "checkpoint-000005.npz").unlink()
    resumed = nt.resume(tmp_path / "run", circuit=rate(), progress=False)
    assert files(tmp_path / "run") == files(tmp_path / "whole")
    np.testing.assert_array_equal(resumed.weights, whole.weights)
    assert nt.Result.load(tmp_path / "run", circuit=rate()).summary == resumed.summary


def test_budget_in_trial_simulations(tmp_path):
    settings = {**SMALL, "generations": None, "trial_simulations": 300, "validation_every": 10}
    result = nt.train(rate(), TASK, out=tmp_path / "run", **settings)
    assert result.summary["trial_simulations"] <= 300
    assert result.summary["generations"] > 20
    hybrid = nt.train(
        rate(), TASK, out=tmp_path / "hybrid", gradient=READOUT, **{**EVOLVED, "generations": 4}
    )
    # Six candidates, whose trials give the gradient too; two validations, the second of two.
    assert hybrid.summary["trial_simulations"] == 4 * 6 * 8 + 3 * 20
    settings = {**EVOLVED, "generations": 4, "gradient": ["input.weight"]}
    backpropagated = nt.train(rate(), TASK, out=tmp_path / "backpropagated", **settings)
    # The guess is simulated beside them.
    assert backpropagated.summary["trial_simulations"] == 4 * 7 * 8 + 3 * 20


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_gradients_that_are_not_finite_are_counted_and_survived(broken, tmp_path, monkeypatch):
    whole, calls = generation.differentiated, []

    def exploding(*given):
        result = whole(*given)
        calls.append(0)
        if len(calls) in (2, 3, 6):
            result.gradient[0, 5] = broken
        return result

    monkeypatch.setattr(generation, "differentiated", exploding)
    result = nt.train(rate(), TASK, out=tmp_path / "run", **SMALL)
    assert [metrics["skipped"] for metrics in result.metrics] == [0, 1, 1, 0, 0, 1, 0]
    norms = [metrics["gradient_norm"] for metrics in result.metrics]
    assert [norm is None for norm in norms] == [False, True, True, False, False, True, False]
    assert result.summary["skipped_share"] == pytest.approx(3 / 7)
    assert result.summary["failed_candidates"] == 0


def test_a_descent_into_failure_comes_to_a_result(tmp_path):
    """The learning rate leads far out at once, where activity is infinite."""
    settings = {**SMALL, "generations": 14, "optimizer": "sgd"}
    options = {"learning_rate": 1e200}
    circuit = rate(nonlinearity="rectified-linear")
    result = nt.train(circuit, TASK, out=tmp_path / "run", optimizer_options=options, **settings)
    assert result.metrics[0]["failed_share"] == 0
    assert all(metrics["failed_share"] == 1 for metrics in result.metrics[1:])
    assert result.summary["skipped_share"] == pytest.approx(13 / 14)
    assert result.summary["failed_candidates"] == 13


def test_one_that_never_takes_a_step_says_so(tmp_path, monkeypatch):
    whole = generation.differentiated

    def failing(*given):
        result = whole(*given)
        result.gradient[:] = np.nan
        result.recording.failed[:] = True
        return result

    monkeypatch.setattr(generation, "differentiated", failing)
    with pytest.raises(TrainingFailed, match="every candidate failed"):
        nt.train(rate(), TASK, out=tmp_path / "run", **{**SMALL, "generations": 20})


def test_a_hybrid_descends_in_its_blocks_alone(tmp_path):
    circuit = rate()
    result = nt.train(circuit, TASK, out=tmp_path / "run", gradient=READOUT, **EVOLVED)
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    assert config["gradient"]["blocks"] == READOUT
    assert config["gradient"]["optimizer"] == "adam"
    assert config["gradient"]["schedule"] == "cosine"
    assert config["optimizer"]["name"] == "openai-es"
    assert all(metrics["loss_std"] > 0 for metrics in result.metrics)
    assert result.metrics[0]["gradient_norm"] > 0
    # In the first generation, the readout of the candidates is that of the start.
    optimizer = result.plan.make_optimizer()
    candidates, chosen = optimizer.ask(), blocks(circuit, *READOUT)
    assert (candidates[:, chosen] == result.initial_weights[chosen]).all()
    assert (np.ptp(candidates[:, ~chosen], axis=0) > 0).all()


def test_a_hybrid_learns_faster_than_its_evolution_alone(tmp_path):
    """The median validation loss after 15 generations, over 5 seeds: 0.59 and 0.84."""
    settings = {**EVOLVED, "generations": 15, "trials": 32, "validation_trials": 100}
    hybrid = {"gradient": {"blocks": READOUT, "learning_rate": 0.3}}
    losses = {
        name: np.median(
            [
                nt.train(
                    rate(), TASK, seed=k, out=tmp_path / f"{name}{k}", **settings, **more
                ).metrics[-1]["validation_loss"]
                for k in range(5)
            ]
        )
        for name, more in {"alone": {}, "hybrid": hybrid}.items()
    }
    assert losses["hybrid"] < losses["alone"] - 0.1


def test_guided_by_truncated_gradients(tmp_path):
    circuit = rate()
    guide = TruncatedGradient(circuit, "cross-entropy", 5, threads=1)
    options = {"population_size": 6}
    result = nt.train(
        circuit,
        TASK,
        guide=guide,
        out=tmp_path / "run",
        **{**SMALL, "optimizer": "guided-es", "optimizer_options": options},
    )
    assert {metrics["guiding_gradients"] for metrics in result.metrics} == {1}


def test_a_curriculum_advances(tmp_path):
    curriculum = {"setting": "margin", "values": [3], "accuracy": 0.0, "generations": 2}
    result = nt.train(rate(), TASK, out=tmp_path / "run", curriculum=curriculum, **SMALL)
    assert [metrics["level"] for metrics in result.metrics] == [1, 1, 2, 2, 2, 2, 2]


def test_a_sweep_of_learning_rates(tmp_path):
    settings = {**SMALL, "generations": 20, "trials": 32, "validation_trials": 200}
    del settings["optimizer"]
    rates = (1e-6, 0.05, 1e200)
    sweep = sweep_learning_rates(rate(), TASK, rates, out=tmp_path / "sweep", **settings)
    assert [row["learning_rate"] for row in sweep.rows] == [1e-6, 0.05, 1e200]
    assert sweep.best == 0.05
    table = str(sweep).splitlines()
    assert len(table) == 4 and "skipped_share" in table[0] and "0.05" in table[2]
    assert (tmp_path / "sweep" / "learning-rate-0.05" / "result.json").is_file()
    with pytest.raises(InvalidInput, match="at least one"):
        sweep_learning_rates(rate(), TASK, [], out=tmp_path / "none")


REFUSED = {
    "a loss without derivative": ({"loss": "zero-one"}, "evolution strategies"),
    "another model": ({"circuit": STUB}, "needs a Circuit"),
    "a population": ({"optimizer_options": {"population_size": 4}}, "population_size"),
    "a limit on candidates": ({"candidate_seconds": 1.0}, "candidate_seconds"),
    "an unknown surrogate": ({"optimizer_options": {"surrogate": "fast"}}, "fast-sigmoid"),
    "a guide": ({"guide": lambda weights, trials: weights}, "takes no guide"),
    "gradients twice": ({"gradient": READOUT}, "leave gradient out"),
    "an unknown block": ({**EVOLVED, "gradient": ["readout.wait"]}, "readout.weight"),
    "no list": ({**EVOLVED, "gradient": "readout.weight"}, "gradient must name"),
    "no blocks": ({**EVOLVED, "gradient": {"learning_rate": 0.1}}, "gradient must name"),
    "another method": (
        {**EVOLVED, "gradient": {"blocks": READOUT, "optimizer": "snes"}},
        "follows gradients",
    ),
    "an unknown option": ({**EVOLVED, "gradient": {"blocks": READOUT, "rate": 1}}, "rate"),
    "all blocks": (
        {
            **EVOLVED,
            "gradient": [*READOUT, "recurrent.weight", "input.weight", "neurons.bias"],
        },
        "leave nothing for openai-es",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_before_anything_is_written(what, tmp_path):
    change, words = REFUSED[what]
    settings = {"circuit": rate(), "task": TASK, "out": tmp_path / "run", **SMALL, **change}
    if settings["circuit"] == STUB:
        settings["circuit"] = catalog.find("models", STUB)(channels=4, classes=3, readout="graded")
    with pytest.raises(InvalidInput, match=words):
        nt.train(settings.pop("circuit"), settings.pop("task"), **settings)
    assert not (tmp_path / "run").exists()


def run_cli(*words):
    return main([str(word) for word in words])


COMMAND = ["train", "stimulus-integration", "--model", "rate", "--neurons", 6, "--trials", 8]
COMMAND += ["--option", "task.words=4", "--generations", 3, "--workers", 1, "--no-figures"]


def test_from_the_command_line(tmp_path, capsys):
    folder = tmp_path / "run"
    options = ["--learning-rate", 0.05, "--option", "optimizer.clip_norm=1.0"]
    assert run_cli(*COMMAND, "--optimizer", "adam", *options, "--out", folder) == 0
    assert "0.0% not finite, no step taken" in capsys.readouterr().out
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config["optimizer"]["options"]["clip_norm"] == 1.0
    assert "torch" in config["versions"]
    assert run_cli("evaluate", folder, "--trials", 50, "--json") == 0
    assert json.loads(capsys.readouterr().out)["optimizer"] == "adam"


def test_a_hybrid_from_the_command_line_and_again_from_its_settings(tmp_path):
    options = ["--option", "gradient.blocks=['readout.weight']"]
    options += ["--option", "gradient.learning_rate=0.1", "--population", 4]
    assert run_cli(*COMMAND, *options, "--out", tmp_path / "run") == 0
    config = tmp_path / "run" / "config.toml"
    found = tomllib.loads(config.read_text())["gradient"]
    assert (found["blocks"], found["learning_rate"]) == (["readout.weight"], 0.1)
    again = ["train", "--config", config, "--out", tmp_path / "again", "--no-figures"]
    assert run_cli(*again) == 0
    assert files(tmp_path / "again") == files(tmp_path / "run")
    shutil.rmtree(tmp_path / "again")


def test_they_are_listed(capsys):
    assert run_cli("list", "optimizers", "--json") == 0
    found = json.loads(capsys.readouterr().out)["optimizers"]
    for name in ("adam", "rmsprop", "sgd"):
        assert "PyTorch" in found[name]
    assert "PyTorch" not in found["openai-es"]
