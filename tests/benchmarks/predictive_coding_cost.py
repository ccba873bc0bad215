"""What a training step by predictive coding costs, beside backpropagation, in its own process.

Called as ``python -m neurotrain.benchmarks.predictive_coding_cost SAMPLES TURNS``; prints one line
of JSON.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from neurotrain.benchmarks.processes import noted_rows, rows_of_module

REFERENCE = "backpropagation"
# Mode, eta and n; those with sweeps are told where beliefs begin, so that no short cut is taken.
INFERENCES = {
    "exact": ("exact", 0.1, 20),
    "fixed-prediction-20": ("fixed-prediction", 0.1, 20),
    "fixed-prediction-5": ("fixed-prediction", 1.0, 5),
    "fixed-prediction-20-sweeps": ("fixed-prediction", 0.1, 20),
    "fixed-prediction-5-sweeps": ("fixed-prediction", 1.0, 5),
    "strict-20": ("strict", 0.1, 20),
}
VARIANTS = (REFERENCE, *INFERENCES)
# By these inference is backpropagation.
SAME = ("exact", "fixed-prediction-5", "fixed-prediction-5-sweeps")


@dataclass(frozen=True)
class InferenceBatch:
    """How many images a step learns from, and how often each variant makes one."""

    samples: int = 300
    turns: int = 15

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        return f"predictive-coding-b{self.samples}"


def measure_inference(batch: InferenceBatch) -> list[dict[str, Any]]:
    """Return the rows of a batch: CPU time of a training step in ms, of one thread."""
    if find_spec("torch") is None:
        return noted_rows(batch.name, VARIANTS, "PyTorch is not installed")
    return rows_of_module(
        batch.name, VARIANTS, "predictive_coding_cost", batch.samples, batch.turns
    )


def cost(samples: int, turns: int) -> dict[str, list[dict[str, Any]]]:
    """Learn in this process, variant by variant in turns."""
    import numpy as np

    from neurotrain.benchmarks.outcome import stopwatch

    calls, step = _steps(samples)
    gradients = {name: call() for name, call in calls.items()}
    seconds = {name: [] for name in calls}
    for _ in range(turns):
        for name, call in calls.items():
            with stopwatch() as watch:
                call()
                step()
            seconds[name].append(watch.cpu)
    exact, reference = gradients[REFERENCE], np.array(seconds[REFERENCE])
    rows = []
    for name, each in seconds.items():
        ms = 1e3 * np.array(each)
        off = np.linalg.norm(gradients[name] - exact) / np.linalg.norm(exact)
        rows.append(
            {
                "variant": name,
                "ms": float(np.median(ms)),
                "min_ms": float(ms.min()),
                "max_ms": float(ms.max()),
                "ratio_to_reference": float(np.median(np.array(each) / reference)),
                "error": float(off) if name in SAME else None,
            }
        )
    return {"rows": rows}


def _steps(samples: int) -> tuple[dict[str, Callable[[], Any]], Callable[[], None]]:
    """Return what is timed, each giving all gradients in a row, and the step that follows them.

    The network, batch, loss and optimizer are those of Rosenbaum (2022), on images of noise.
    """
    import torch

    from neurotrain.learning_rules.predictive_coding import infer

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, loss = _network(), torch.nn.MSELoss()
    inputs, outputs = torch.rand(samples, 1, 28, 28), torch.eye(10)[torch.randint(10, (samples,))]
    # The same weights in every turn.
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0)
    begin = infer(model, loss, inputs, outputs, "exact").predictions

    def gradients() -> Any:
        return torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).numpy()

    def backpropagate() -> Any:
        optimizer.zero_grad()
        loss(model(inputs), outputs).backward()
        return gradients()

    def make(name: str) -> Callable[[], Any]:
        vinit = begin if name.endswith("sweeps") else None

        def learn() -> Any:
            optimizer.zero_grad()
            infer(model, loss, inputs, outputs, *INFERENCES[name], vinit).accumulate()
            return gradients()

        return learn

    return {REFERENCE: backpropagate, **{name: make(name) for name in INFERENCES}}, optimizer.step


def _network() -> Any:
    """Return the published network of five layers, 32,695 parameters."""
    from torch import nn

    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 10, 3), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(10, 5, 3), nn.ReLU(), nn.Flatten()),
        nn.Sequential(nn.Linear(605, 50), nn.ReLU()),
        nn.Sequential(nn.Linear(50, 30), nn.ReLU()),
        nn.Linear(30, 10),
    )


def format_inference(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    lines = [
        f"{rows[0]['case']}: CPU ms of a training step of the published network",
        f"  {'variant':<28}{'ms':>10}{'min':>10}{'max':>10}{'ratio':>9}{'error':>10}",
    ]
    for row in rows:
        told = row["note"]
        if "ms" in row:
            told = "".join(f"{row[key]:10.2f}" for key in ("ms", "min_ms", "max_ms"))
            error = row["error"]
            told += f"{row['ratio_to_reference']:9.2f}"
            told += f"{'-':>10}" if error is None else f"{error:10.1e}"
        lines.append(f"  {row['variant']:<28}{told}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(json.dumps(cost(*map(int, sys.argv[1:]))))
