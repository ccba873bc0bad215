"""Learning rules on a circuit of rate units, beside backpropagation and an evolution strategy.

All train the model 'rate' on two tasks, with the same loss, from the same weights and on the same
trials, for as many generations, each with the best of four settings. In a generation the evolution
strategy simulates 64 candidates, the others simulate their guess. `rate-circuit-rules.png` shows
how often they are wrong.
"""

from collections.abc import Mapping
from typing import Any

from neurotrain.experiments.equal_seconds import METHODS, Budget, Method, Tuned, train_tuned
from neurotrain.experiments.measurements import plain_name
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.trainings import EVOLUTION, medians

BPTT, BPTT_OJA = "backpropagation", "backpropagation + Oja"
FEEDBACK, DIRECT = "feedback alignment", "direct feedback alignment"
FEEDBACK_OJA, DIRECT_OJA = "feedback alignment + Oja", "direct feedback alignment + Oja"
BIO = "feedback alignment + eHebb + Oja"
SEEDS = (0, 1, 2)
RATES = (0.003, 0.01, 0.03, 0.1)
OJA = (1e-4, 1e-3)
# Of three classes each.
TASKS, CHANCE = ("stimulus-integration", "integration-memory"), 1 / 3
GENERATIONS, QUICK_GENERATIONS = 300, 10
NEURONS = 64
_SMALL = {"trials": 8, "validation_trials": 40, "test_trials": 100}


def _rule(feedback: str, *rules: str) -> Method:
    """Return Adam with a rule: four learning rates, or two of them with two rules."""
    tried = (
        tuple({"learning_rate": rate, "rule": rule} for rate in RATES[1:3] for rule in rules)
        if rules
        else tuple({"learning_rate": rate} for rate in RATES)
    )
    return Method("adam", tried, {"feedback": feedback, "clip_norm": 1.0})


def _with_oja(others: str = "") -> tuple[str, ...]:
    return tuple(f"pseudo-gradient{others} + {oja:g} oja in recurrent" for oja in OJA)


LEARNERS: Mapping[str, Method] = {
    EVOLUTION: METHODS[EVOLUTION],
    BPTT: _rule("backpropagation"),
    BPTT_OJA: _rule("backpropagation", *_with_oja()),
    FEEDBACK: _rule("feedback-alignment"),
    FEEDBACK_OJA: _rule("feedback-alignment", *_with_oja()),
    BIO: _rule("feedback-alignment", *_with_oja(" - 0.1 ehebb in recurrent")),
    DIRECT: _rule("direct-feedback-alignment"),
    DIRECT_OJA: _rule("direct-feedback-alignment", *_with_oja()),
}


def run(setting: Setting) -> Findings:
    """Train a rate circuit on two tasks by every one of the methods."""
    tasks = TASKS[:1] if setting.quick else TASKS
    names = [EVOLUTION, BPTT_OJA, DIRECT] if setting.quick else [*LEARNERS]
    found = {(task, name): _trained(setting, task, name) for task in tasks for name in names}
    rows = tuple(_row(task, name, tuned) for (task, name), tuned in found.items())
    _save_figure(setting, rows)
    return Findings(tuple(_checks(rows, setting.quick)), rows)


def _trained(setting: Setting, task: str, name: str) -> Tuned:
    quick = setting.quick
    return train_tuned(
        setting,
        f"{task}-{plain_name(name)}",
        LEARNERS[name].in_form(quick),
        Budget(generations=QUICK_GENERATIONS if quick else GENERATIONS),
        SEEDS[:1] if quick else SEEDS,
        task=task,
        circuit="rate",
        model_options={"neurons": 8 if quick else NEURONS},
        **(_SMALL if quick else {}),
    )


def _row(task: str, name: str, tuned: Tuned) -> dict[str, Any]:
    told = medians(tuned.results)
    del told["spikes_per_neuron"]
    return {
        "task": task,
        "method": name,
        "learning_rate": tuned.chosen["learning_rate"],
        "rule": tuned.chosen.get("rule", "-"),
        **told,
    }


def _checks(rows: tuple[Mapping[str, Any], ...], quick: bool) -> list[Check]:
    accuracy = {(row["task"], row["method"]): row["test_accuracy"] for row in rows}
    if quick:
        lowest = min(accuracy.values())
        return [Check("the lowest accuracy", lowest, 0.15, True, "about guessing")]
    return [
        Check(f"{task}, {name}", accuracy[task, name], bound, True, why)
        for task in TASKS
        for name, bound, why in (
            (BPTT, 0.9, "asked of this library"),
            *((name, CHANCE + 0.1, "clearly above chance") for name in LEARNERS if name != BPTT),
        )
    ]


def _save_figure(setting: Setting, rows: tuple[Mapping[str, Any], ...]) -> None:
    from neurotrain.analysis.learning_rules import mistakes_figure

    tasks: dict[str, dict[str, tuple[float, float, float]]] = {}
    for row in rows:
        told = tuple(1 - row[name] for name in ("lowest", "test_accuracy", "highest"))
        tasks.setdefault(row["task"], {})[row["method"]] = told
    save_figure(setting, "rate-circuit-rules", mistakes_figure(tasks, 1 - CHANCE))
