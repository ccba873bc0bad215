"""Predictive coding beside backpropagation: how its updates differ, and what is learned by them.

The findings of Rosenbaum (2022, doi:10.1371/journal.pone.0266102) on a network of five layers and
scikit-learn's digits, with the published step sizes, numbers of sweeps and optimizer. The figure
`predictive-coding.png` shows relative errors of updates against sweeps, and losses of trainings.
"""

from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.experiments.measurements import measured
from neurotrain.experiments.predictive_coding_updates import (
    ETAS,
    LAYERS,
    SWEEPS,
    TESTED,
    compare_updates,
    loss_function,
    make_network,
)
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.learning_rules.data import digits
from neurotrain.learning_rules.predictive_coding import infer, share_of_backpropagation
from neurotrain.required_torch import require_torch, torch_threads
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from torch.nn import Sequential

PAPER, ASKED = "Rosenbaum (2022)", "asked of this library"
TORCH2PC = "Torch2PC as we ran it on such a network"
# Of the four uppermost hidden layers after 20 sweeps of 0.1, read off a figure of CIFAR-10.
PLATEAUS = (0.89, 0.71, 0.43, 0.14, 0.0)
# Of 20 and 400 sweeps of 0.1.
STRICT = {20: (0.95, 0.88, 0.71, 0.37, 0.07), 400: (0.12, 0.11, 0.11, 0.16, 0.23)}
SEEDS, EPOCHS, BATCH, LEARNING_RATE = (0, 1, 2), 20, 50, 0.002
BP = "backpropagation"
# Of each loss the ways to learn: mode, eta and n, and the loss late in training by that of
# backpropagation, as published for MNIST.
WAYS: Mapping[str, Mapping[str, tuple[tuple[Any, ...], float | None]]] = {
    "squares": {BP: ((), None), "strict 0.1, 20": (("strict", 0.1, 20), 0.0079 / 0.0072)},
    "cross-entropy": {
        BP: ((), None),
        "exact": (("exact",), None),
        "fixed 0.1, 20": (("fixed-prediction", 0.1, 20), 0.134 / 0.108),
        "fixed 1, 5": (("fixed-prediction", 1.0, 5), 0.113 / 0.104),
        "strict 0.1, 20": (("strict", 0.1, 20), None),
    },
}

Outcome = Mapping[str, Any]


def run(setting: Setting) -> Findings:
    """Compare updates on a trained network, then train by all of them."""
    require_torch()
    seeds, epochs = (SEEDS[:1], 2) if setting.quick else (SEEDS, EPOCHS)
    with torch_threads(setting.threads or 1):
        updates = measured(setting, f"updates-epochs{epochs}", lambda: _updates(epochs))
        trainings = {
            (loss, way): [_kept(setting, loss, way, seed, epochs) for seed in seeds]
            for loss, ways in WAYS.items()
            for way in ways
        }
    rows = [_row(loss, way, trainings) for loss, way in trainings]
    _save_figure(setting, updates, trainings)
    checks = _update_checks(updates)
    if not setting.quick:
        checks += _training_checks(rows)
    return Findings(tuple(checks), tuple(rows))


def _trained(loss: str, way: str, seed: int, epochs: int) -> tuple["Sequential", Outcome]:
    """Return a network and its loss in each step, its accuracy, and the time of a step."""
    import torch

    function, how = loss_function(loss), WAYS[loss][way][0]
    train, test = digits().split(TESTED, seed)
    inputs, labels = torch.tensor(train.pixels), torch.tensor(train.labels)
    model, rng = make_network(seed), generator(seed, "predictive-coding", 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses, began = [], process_time()
    for _ in range(epochs):
        for some in torch.tensor(rng.permutation(len(train))).split(BATCH):
            optimizer.zero_grad()
            if how:
                found = infer(model, function, inputs[some], labels[some], *how)
                found.accumulate()
                losses.append(found.loss.item())
            else:
                error = function(model(inputs[some]), labels[some])
                error.backward()
                losses.append(error.item())
            optimizer.step()
    seconds = process_time() - began
    with torch.no_grad():
        answers = model(torch.tensor(test.pixels)).argmax(1).numpy()
    return model, {
        "losses": losses,
        "accuracy": float((answers == test.labels).mean()),
        "ms": 1e3 * seconds / len(losses),
    }


def _updates(epochs: int) -> Outcome:
    return compare_updates(_trained("cross-entropy", BP, SEEDS[0], epochs)[0])


def _kept(setting: Setting, loss: str, way: str, seed: int, epochs: int) -> Outcome:
    name = f"{loss}-{way.replace(', ', '-').replace(' ', '-')}-seed{seed}-epochs{epochs}"
    return measured(setting, name, lambda: _trained(loss, way, seed, epochs)[1])


def _row(loss: str, way: str, trainings: Mapping[tuple[str, str], list[Outcome]]) -> dict[str, Any]:
    own, others = trainings[loss, way], trainings[loss, BP]
    late = median(_late(one) for one in own)
    published = WAYS[loss][way][1]
    return {
        "learning": f"{way}, {loss}",
        "late_loss": late,
        "by_backpropagation": late / median(_late(one) for one in others),
        "published": "-" if published is None else round(published, 2),
        "accuracy": median(one["accuracy"] for one in own),
        "less_than_backpropagation": median(
            theirs["accuracy"] - ours["accuracy"] for ours, theirs in zip(own, others, strict=True)
        ),
        "ms_of_a_step": median(one["ms"] for one in own),
    }


def _late(outcome: Outcome) -> float:
    return float(np.mean(outcome["losses"][-30:]))


def _update_checks(updates: Outcome) -> list[Check]:
    def after(mode: str, eta: float, n: int) -> list[float]:
        return updates[mode][str(eta)][SWEEPS.index(n)]

    shares = {(eta, n): share_of_backpropagation(eta, n, LAYERS) for eta in ETAS for n in SWEEPS}
    off = max(
        abs(error - (1 - share))
        for (eta, n), each in shares.items()
        for error, share in zip(after("fixed", eta, n), each, strict=True)
    )
    plateau, soon, late = (
        max(abs(a - b) for a, b in zip(after(mode, 0.1, n), wanted, strict=True))
        for mode, n, wanted in (
            ("fixed", 20, PLATEAUS),
            ("strict", 20, STRICT[20]),
            ("strict", 400, STRICT[400]),
        )
    )
    growth = min(low - high for low, high in pairwise(after("strict", 0.1, 20)))
    away = min(after("strict", 0.1, 400))
    first = abs(after("fixed", 1.0, 4)[0] - 1)
    return [
        Check("exact, from backpropagation", max(updates["exact"]), 1e-12, False, ASKED),
        Check("fixed 1, 5, from it", max(after("fixed", 1.0, 5)), 1e-10, False, PAPER),
        Check("fixed 1, 5, single precision", max(updates["single"]), 1e-4, False, ASKED),
        Check("fixed 1, 4, layer 1, from error 1", first, 0, False, "a gradient of zero"),
        Check("fixed, all, from 1 less the share", off, 1e-10, False, "binomial"),
        Check("fixed 0.1, 20, from plateaus", plateau, 0.02, False, f"{PAPER}, a figure"),
        Check("strict 0.1, 20, from errors", soon, 0.1, False, TORCH2PC),
        Check("strict 0.1, 20, growth down a layer", growth, 0, True, ASKED),
        Check("strict 0.1, 400, from errors", late, 0.15, False, TORCH2PC),
        Check("strict 0.1, 400, stays away", away, 1e-2, True, PAPER),
        Check("strict, other beliefs to begin with", updates["vinit"], 1e-2, True, ASKED),
    ]


def _training_checks(rows: list[dict[str, Any]]) -> list[Check]:
    return [
        Check(
            f"accuracy less than by {BP}, {row['learning']}",
            row["less_than_backpropagation"],
            0.02,
            False,
            f"overlapping curves, {PAPER}",
        )
        for row in rows
        if not row["learning"].startswith(BP)
    ]


def _save_figure(
    setting: Setting, updates: Outcome, trainings: Mapping[tuple[str, str], list[Outcome]]
) -> None:
    from neurotrain.analysis.predictive_coding import updates_figure

    shares = [share_of_backpropagation(0.1, n, LAYERS) for n in SWEEPS]
    errors = {mode: np.array(updates[mode]["0.1"]) for mode in ("fixed", "strict")}
    largest = {eta: np.max(updates["strict"][str(eta)], axis=1) for eta in ETAS}
    curves = {
        way: np.median([one["losses"] for one in trainings["cross-entropy", way]], axis=0)
        for way in WAYS["cross-entropy"]
    }
    figure = updates_figure(np.array(SWEEPS), errors, 1 - np.array(shares), largest, curves)
    save_figure(setting, "predictive-coding", figure)
