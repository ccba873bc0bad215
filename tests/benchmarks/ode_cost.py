"""What solving a population's vector fields costs, beside SciPy, in a process of its own.

Called as ``python -m neurotrain.benchmarks.ode_cost CANDIDATES TURNS``; prints one line of JSON.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurotrain.benchmarks.processes import rows_of_module

# The published ROBER field and its times; a tolerance that both solvers are given.
RTOL, ATOL = 1e-5, 1e-8
OURS = "sdirk4"
VARIANTS = (OURS, "scipy-radau", "scipy-bdf", "sdirk4-gradient", "spiral-generation")


@dataclass(frozen=True)
class OdePopulation:
    """How many candidates, and how often each variant has its turn."""

    candidates: int = 256
    turns: int = 3

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        return f"ode-rober-p{self.candidates}"


def measure_odes(population: OdePopulation) -> list[dict[str, Any]]:
    """Return the rows of a population: CPU time of one solve in ms, of one thread."""
    return rows_of_module(
        population.name, VARIANTS, "ode_cost", population.candidates, population.turns
    )


def cost(candidates: int, turns: int) -> dict[str, list[dict[str, Any]]]:
    """Solve in this process, variant by variant in turns."""
    import numpy as np

    from neurotrain.benchmarks.outcome import stopwatch

    calls, error = _solves(candidates)
    calls["spiral-generation"] = _spiral_generation()
    seconds = {name: [] for name in calls}
    for name in (OURS, "sdirk4-gradient", "spiral-generation"):
        calls[name]()
    for _ in range(turns):
        for name, call in calls.items():
            with stopwatch() as watch:
                call()
            seconds[name].append(watch.cpu)
    ours = np.array(seconds[OURS])
    rows = []
    for name, each in seconds.items():
        is_solve = name != "spiral-generation"
        ms = 1e3 * np.array(each) / (candidates if is_solve else 1)
        rows.append(
            {
                "variant": name,
                "ms": float(np.median(ms)),
                "min_ms": float(ms.min()),
                "max_ms": float(ms.max()),
                "ratio_to_reference": float(np.median(np.array(each) / ours)) if is_solve else None,
                "error": error(name),
            }
        )
    return {"rows": rows}


def _solves(candidates: int) -> tuple[dict[str, Callable[[], Any]], Callable[[str], float | None]]:
    """Return what is timed, and a function for the largest error of what came out."""
    import numpy as np

    from neurotrain.neural_ode import VectorField, rober, solve

    problem = rober()
    field = VectorField(3, 5, 6, activation="gelu", output_scale=problem.scale / 1e5)
    rng = np.random.default_rng(1)
    # Twice as large as at the start of a training, so that many fields are stiff.
    parameters = 2 * rng.normal(size=(candidates, field.size)) * field.parameter_scale()
    times, start = np.logspace(-5, 5, 50), problem.states[0]
    cotangents = np.ones((candidates, 1, len(times), 3))
    kept: dict[str, np.ndarray] = {}

    def ours(**options: Any) -> Any:
        given = {"method": OURS, "rtol": RTOL, "atol": ATOL * problem.scale} | options
        return solve(field, parameters, start, times, threads=1, **given)

    def states() -> None:
        kept[OURS] = ours().states[:, 0]

    def gradient() -> None:
        ours(keep=True).gradient(cotangents)

    def scipy(method: str) -> None:
        kept[f"scipy-{method.lower()}"] = np.array(
            [
                _by_scipy(field, own, start, times, method, ATOL * problem.scale)
                for own in parameters
            ]
        )

    exact = ours(rtol=1e-9, atol=1e-11 * problem.scale, max_steps=100_000).states[:, 0]

    def error(name: str) -> float | None:
        if name not in kept:
            return None
        size = np.maximum(np.nanmax(abs(exact), axis=1, keepdims=True), problem.scale)
        return float(np.nanmax(abs(kept[name] - exact) / size))

    calls = {
        OURS: states,
        "scipy-radau": lambda: scipy("Radau"),
        "scipy-bdf": lambda: scipy("BDF"),
        "sdirk4-gradient": gradient,
    }
    return calls, error


def _by_scipy(field: Any, parameters: Any, start: Any, times: Any, method: str, atol: Any) -> Any:
    """Return the states (time, n) by SciPy, the field and its Jacobian in plain NumPy."""
    import numpy as np
    from scipy.integrate import solve_ivp

    layers, scale = field.layers(parameters), np.asarray(field.output_scale)
    slope = np.sqrt(2 / np.pi)

    def activation(z: Any) -> tuple[Any, Any]:
        t = np.tanh(slope * (z + 0.044715 * z * z * z))
        return 0.5 * z * (1 + t), t

    def function(_: float, y: Any) -> Any:
        for weight, bias in layers[:-1]:
            y = activation(weight @ y + bias)[0]
        return scale * (layers[-1][0] @ y + layers[-1][1])

    def jacobian(_: float, y: Any) -> Any:
        tangents = np.eye(len(y))
        for weight, bias in layers[:-1]:
            z = weight @ y + bias
            y, t = activation(z)
            own = 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * slope * (1 + 0.134145 * z * z)
            tangents = own[:, None] * (weight @ tangents)
        return scale[:, None] * (layers[-1][0] @ tangents)

    span = (times[0], times[-1])
    options = {"method": method, "t_eval": times, "rtol": RTOL, "atol": atol, "jac": jacobian}
    done = solve_ivp(function, span, start, **options)
    states = np.full((len(times), len(start)), np.nan)
    states[: done.y.shape[1]] = done.y.T
    return states


def _spiral_generation() -> Callable[[], Any]:
    """Return a generation of the published spiral: 500 candidates of width 1000, 20 windows."""
    import numpy as np

    from neurotrain.neural_ode import VectorField, solve

    field, rng = VectorField(2, 1000, 1, power=3, biases=False), np.random.default_rng(2)
    center = field.initial(rng, "uniform")
    parameters = center + 0.01 * rng.normal(size=(500, field.size))
    starts, times = rng.uniform(-2, 2, (20, 2)), np.arange(10) * 25 / 999
    options = {"method": "rk4", "precision": "float32", "threads": 1}
    return lambda: solve(field, parameters, starts, times, **options)


def format_odes(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    lines = [
        f"{rows[0]['case']}: CPU ms of a solve of the ROBER field, or of the spiral's generation",
        f"  {'variant':<28}{'ms':>10}{'min':>10}{'max':>10}{'ratio':>9}{'error':>10}",
    ]
    for row in rows:
        told = row["note"]
        if "ms" in row:
            told = "".join(f"{row[key]:10.3f}" for key in ("ms", "min_ms", "max_ms"))
            ratio, error = row["ratio_to_reference"], row["error"]
            told += f"{'-':>9}" if ratio is None else f"{ratio:9.1f}"
            told += f"{'-':>10}" if error is None else f"{error:10.1e}"
        lines.append(f"  {row['variant']:<28}{told}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(json.dumps(cost(*map(int, sys.argv[1:]))))
