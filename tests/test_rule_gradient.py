"""Learning rules in the place of gradients, on circuits of rate units and in trainings."""

import numpy as np
import pytest
from brian2 import ms

import neurotrain as nt
from neurotrain import models, tasks
from neurotrain.errors import InvalidInput
from neurotrain.gradients import RuleGradient, loss_and_gradient
from neurotrain.losses import make_loss

pytest.importorskip("torch")

SMALL = {
    "generations": 3,
    "trials": 4,
    "validation_trials": 10,
    "validation_every": 3,
    "test_trials": 10,
    "checkpoint_every": 1,
    "progress": False,
}


def probe(task, circuit, n_trials=5):
    rng = np.random.default_rng(0)
    trials = task.draw(n_trials, rng)
    return circuit.parameters.draw(rng), trials, circuit.draw_initial_state(n_trials, rng)


def rates(task, **options):
    return models.rate(12, channels=task.channels, classes=task.classes or task.outputs, **options)


@pytest.mark.parametrize(
    ("task", "loss", "options"),
    [
        (tasks.StimulusIntegration(), "cross-entropy", {}),
        (tasks.StimulusIntegration(), "cross-entropy", {"nonlinearity": "logistic", "dt": 2 * ms}),
        (
            tasks.StimulusIntegration(),
            "cross-entropy",
            {"nonlinearity": "rectified-linear", "dale": 0.8},
        ),
        (tasks.Reach(), "trajectory-error", {"readout": "trajectory"}),
    ],
)
def test_pseudo_gradient_is_the_gradient_of_the_circuit(task, loss, options):
    circuit = rates(task, **options)
    candidate, trials, state = probe(task, circuit)
    rule = RuleGradient(circuit, make_loss(loss), "pseudo-gradient")
    _, exact = loss_and_gradient(circuit, candidate[None], trials, state, loss)
    told = rule(candidate, trials, state)
    np.testing.assert_allclose(told, exact, rtol=1e-9, atol=1e-12 * abs(exact).max())


def test_another_rule_is_another_direction():
    task = tasks.StimulusIntegration()
    circuit = rates(task)
    given = probe(task, circuit)
    loss = make_loss("cross-entropy")
    exact, aligned, oja = (
        RuleGradient(circuit, loss, *how)(*given)[0]
        for how in (
            ["F0"],
            ["F0", "feedback-alignment"],
            ["F0 + oja in recurrent"],
        )
    )
    split = circuit.parameters.split

    def changed(one):
        return {
            name for name in split(one) if not np.allclose(split(one)[name], split(exact)[name])
        }

    assert changed(oja) == {"recurrent.weight"}
    # The readout itself is not told by feedback weights.
    assert changed(aligned) == {"recurrent.weight", "input.weight", "neurons.bias"}


@pytest.mark.parametrize(
    ("circuit", "told"),
    [
        (lambda: models.morris_lecar(8), "which have one state.* this one has"),
        (lambda: rates(tasks.StimulusIntegration(), method="exponential_euler"), "method='euler'"),
    ],
)
def test_other_circuits_are_refused(circuit, told):
    with pytest.raises(InvalidInput, match=told):
        RuleGradient(circuit(), make_loss("cross-entropy"), "F0")


def test_a_loss_without_a_derivative_is_refused():
    with pytest.raises(InvalidInput, match="zero-one"):
        RuleGradient(rates(tasks.StimulusIntegration()), make_loss("zero-one"), "F0")


def trained(tmp_path, name="run", **options):
    options = {"learning_rate": 0.03, **options}
    return nt.train(
        "rate",
        "stimulus-integration",
        optimizer="adam",
        optimizer_options=options,
        model_options={"neurons": 8},
        out=tmp_path / name,
        **SMALL,
    )


def test_training_by_the_pseudo_gradient_is_training_by_the_gradient(tmp_path):
    plain = trained(tmp_path, "plain")
    ruled = trained(tmp_path, "ruled", rule="pseudo-gradient")
    np.testing.assert_allclose(ruled.weights, plain.weights, rtol=1e-6, atol=1e-8)


def test_training_by_a_rule_goes_on_where_it_was_cut_off(tmp_path, monkeypatch):
    how = {"feedback": "feedback-alignment", "rule": "F0 + 0.001 oja in recurrent"}
    whole = trained(tmp_path, "whole", **how)
    calls = []
    kept = RuleGradient.__call__

    def interrupted(self, *arguments):
        calls.append(1)
        # The first one was to find out whether it works.
        if len(calls) == 4:
            raise KeyboardInterrupt
        return kept(self, *arguments)

    monkeypatch.setattr(RuleGradient, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, "parts", **how)
    monkeypatch.undo()
    resumed = nt.resume(tmp_path / "parts", progress=False)
    np.testing.assert_array_equal(resumed.weights, whole.weights)


def test_feedback_alone_means_the_pseudo_gradient(tmp_path):
    one = trained(tmp_path, "one", feedback="direct-feedback-alignment")
    other = trained(tmp_path, "other", feedback="direct-feedback-alignment", rule="pseudo-gradient")
    np.testing.assert_array_equal(one.weights, other.weights)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rule": "F0", "truncate_steps": 5}, "truncate_steps"),
        ({"rule": "F77"}, "plasticity term"),
        ({"feedback": "feedback-alingment"}, "feedback-alignment"),
    ],
)
def test_rules_that_make_no_sense_are_refused_before_anything_is_written(tmp_path, options, told):
    with pytest.raises(InvalidInput, match=told):
        trained(tmp_path, **options)
    assert not (tmp_path / "run").exists()


def test_a_rule_is_not_for_single_blocks(tmp_path):
    with pytest.raises(InvalidInput, match="changes all blocks"):
        nt.train(
            "rate",
            "stimulus-integration",
            gradient={"blocks": ["readout.weight"], "rule": "F0"},
            model_options={"neurons": 8},
            out=tmp_path / "run",
            **SMALL,
        )
