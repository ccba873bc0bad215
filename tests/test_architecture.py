"""The rules of docs/architecture.md, read off the source; each finds the faults planted for it."""

import ast
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

import neurotrain

STOREYS = ("neurotrain", "models", "tasks")
# The benchmark is installed too, and stands above all else.
CODE = (*STOREYS, "tests/benchmarks")
MODULE_LINES, FUNCTION_LINES = 300, 60

# A module may import its own rank and lower ones. What is not listed has rank 0: circuit,
# parameters, lowering, recording and what else the layers share.
RANKS = {
    "executions": 1,
    "losses": 1,
    "simulation": 1,
    "device": 1,
    "monitors": 1,
    "explanation": 1,
    "catalog": 1,
    "trust": 1,
    "gradients": 2,
    "learning_rules": 2,
    "neural_ode": 2,
    "rate_to_spike": 2,
    "reservoirs": 2,
    "training": 2,
    "doctor": 2,
    "experiments": 3,
    "benchmarks": 3,
    "commands": 3,
    "cli": 3,
    "__main__": 3,
}
# The contract that every execution keeps, plain data for readouts.
SHARED = ("neurotrain.executions.base",)
# Methods that save the user an import.
MAY_IMPORT_UP_LATE = {
    ("neurotrain/simulable.py", "neurotrain.simulation.simulate"),
    ("neurotrain/circuit.py", "neurotrain.explanation.explain"),
}
# Besides the public names: how a task draws from the run's seed what stays the same over the
# run, and how errors are worded.
TEMPLATES_MAY_IMPORT = {
    *neurotrain.__all__,
    "generator",
    "require_ending",
    "require_number",
    "require_whole",
    "unknown_name",
}
# Parts that know nothing of circuits.
MAY_IMPORT_ONLY = {
    "optimizers": {"errors", "parameters", "seeding", "optimizers", "user_file"},
    "learning_rules": {
        "errors",
        "kept_training",
        "learning_rules",
        "optimizers",
        "progress",
        "required_torch",
        "seeding",
    },
    "neural_ode": {
        "compiler",
        "errors",
        "kept_training",
        "neural_ode",
        "optimizers",
        "progress",
        "seeding",
    },
    "reservoirs": {
        "compiler",
        "errors",
        "kept_training",
        "rate_to_spike",
        "reservoirs",
        "seeding",
        "unused_objects",
    },
    "rate_to_spike": {
        "analysis",
        "compiler",
        "errors",
        "kept_training",
        "neo_objects",
        "progress",
        "rate_smoothing",
        "rate_to_spike",
        "recorded",
        "seeding",
        "spike_statistics",
        "unused_objects",
    },
}
# These import figures and statistics, and only when they are asked for.
MAY_IMPORT_ANALYSIS_LATE = {
    "neurotrain/training/result.py",
    "neurotrain/training/watch_figures.py",
    "neurotrain/training/watch_folder.py",
    "neurotrain/experiments/bp_trainability.py",
    "neurotrain/experiments/delayed_recall.py",
    "neurotrain/experiments/delays.py",
    "neurotrain/experiments/discrete_loss.py",
    "neurotrain/experiments/fixed_points.py",
    "neurotrain/experiments/gradient_horizon.py",
    "neurotrain/experiments/integration_bp_vs_es.py",
    "neurotrain/experiments/meta_plasticity.py",
    "neurotrain/experiments/motor_lesions.py",
    "neurotrain/experiments/neuron_turn_off.py",
    "neurotrain/experiments/supertrex.py",
    "neurotrain/experiments/ode_arms.py",
    "neurotrain/experiments/oja.py",
    "neurotrain/experiments/overparameterised.py",
    "neurotrain/experiments/rate_circuit_rules.py",
    "neurotrain/experiments/predictive_coding.py",
    "neurotrain/experiments/random_feedback.py",
    "neurotrain/experiments/rate_to_spike.py",
    "neurotrain/experiments/report.py",
    "neurotrain/experiments/spiral.py",
    "neurotrain/rate_to_spike/report.py",
}
# Public faces, which only users import.
FACES = ("neurotrain/__init__.py", "neurotrain/plots.py")
UPPER_STOREY = ("neurotrain.models", "neurotrain.tasks")
MAY_NAME_UPPER_STOREY = {"neurotrain/catalog.py", "neurotrain/_checkout.py"}
PICKLES = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
# What travels between the processes of one run, and never lies on a disk.
MAY_PICKLE = ("neurotrain/training/executors/messages.py",)
EXPLICIT_RANDOMNESS = {"Generator", "PCG64", "SeedSequence", "default_rng"}
# Spelled in pieces, so that this file does not find itself.
FORBIDDEN_TEXT = ("/wo" + "rk/", "../sha" + "red", "doss" + "ier")
TEXT_SUFFIXES = {".cfg", ".cpp", ".cu", ".hpp", ".md", ".py", ".pyi", ".toml", ".txt"}


def python_files(top: Path, *folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the path from the top and the syntax tree of every module."""
    for folder in folders:
        for path in sorted((top / folder).rglob("*.py")):
            yield path.relative_to(top).as_posix(), ast.parse(path.read_text())


def imports(name: str, tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield the dotted name of everything imported, and whether it is imported late."""
    package = list(Path(name).parent.parts)
    functions = (node for node in ast.walk(tree) if is_function(node))
    late = {node for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            yield from ((f"{origin}.{alias.name}", node in late) for alias in node.names)


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def part_of(name: str) -> str:
    """Return the part of the library that a file or a dotted name belongs to."""
    return name.removesuffix(".py").replace("/", ".").split(".")[1]


def lower_storey(top: Path) -> Iterator[tuple[str, str, bool]]:
    """Yield who imports what from neurotrain, within neurotrain, and whether it does so late."""
    for name, tree in python_files(top, "neurotrain"):
        if name in FACES:
            continue
        for imported, late in imports(name, tree):
            if imported.split(".")[0] in STOREYS:
                yield name, imported, late


def rank_of(name: str) -> int:
    dotted = name.removesuffix(".py").replace("/", ".")
    return 0 if dotted.startswith(SHARED) else RANKS.get(part_of(dotted), 0)


def check_ranks(top: Path) -> Iterator[str]:
    for name, imported, late in lower_storey(top):
        if imported == "neurotrain":
            yield f"{name} imports the public face instead of the module that it needs"
        elif rank_of(imported) > rank_of(name) and not (
            late and (name, imported) in MAY_IMPORT_UP_LATE
        ):
            yield f"{name} imports {imported}, which stands above it"


def check_independent(top: Path) -> Iterator[str]:
    for name, imported, _ in lower_storey(top):
        allowed = MAY_IMPORT_ONLY.get(part_of(name))
        if allowed is not None and part_of(imported) not in allowed:
            yield f"{name} imports {imported}"


def check_analysis(top: Path) -> Iterator[str]:
    for name, imported, late in lower_storey(top):
        if part_of(imported) == "plots":
            yield f"{name} imports {imported}, which is for users"
        if part_of(imported) == "analysis" and part_of(name) != "analysis":
            if name not in MAY_IMPORT_ANALYSIS_LATE:
                yield f"{name} imports {imported}"
            elif not late:
                yield f"{name} imports {imported} before it is needed"


def check_upper_storey_unknown(top: Path) -> Iterator[str]:
    for name, imported, _ in lower_storey(top):
        if imported.split(".")[0] != "neurotrain" or part_of(imported) in ("models", "tasks"):
            yield f"{name} imports {imported}"
    for name, tree in python_files(top, "neurotrain"):
        for node in ast.walk(tree):
            named = isinstance(node, ast.Constant) and node.value in UPPER_STOREY
            if named and name not in MAY_NAME_UPPER_STOREY:
                yield f"{name} names {node.value}"


def check_upper_storey_public(top: Path) -> Iterator[str]:
    for name, tree in python_files(top, "models", "tasks"):
        for imported, _ in imports(name, tree):
            origin, _, last = imported.rpartition(".")
            if origin.split(".")[0] == "neurotrain" and last not in TEMPLATES_MAY_IMPORT:
                yield f"{name} imports {imported}, which is not among the public names"


def lines_of(function: ast.FunctionDef) -> int:
    """Return the number of lines of a function without its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    first = function.body[0]
    length = function.end_lineno - function.lineno + 1
    return length - (first.end_lineno - first.lineno + 1 if docstring else 0)


def check_sizes(top: Path) -> Iterator[str]:
    for name, tree in python_files(top, *CODE):
        lines = len((top / name).read_text().splitlines())
        if lines > MODULE_LINES:
            yield f"{name} has {lines} lines, more than {MODULE_LINES}"
        for node in ast.walk(tree):
            if is_function(node) and lines_of(node) > FUNCTION_LINES:
                yield f"{name}: {node.name} has {lines_of(node)} lines, more than {FUNCTION_LINES}"


def check_names(top: Path) -> Iterator[str]:
    for name, _ in python_files(top, *CODE):
        if {"utils", "util", "helpers", "misc"} & set(Path(name).with_suffix("").parts):
            yield f"{name} says nothing about what is in it"


def check_pickle(top: Path) -> Iterator[str]:
    for name, tree in python_files(top, *CODE):
        if name not in MAY_PICKLE and PICKLES & {
            imported.split(".")[0] for imported, _ in imports(name, tree)
        }:
            yield f"{name} pickles"
        keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
        if any(k.arg == "allow_pickle" and ast.unparse(k.value) != "False" for k in keywords):
            yield f"{name} lets NumPy pickle"


def check_randomness(top: Path) -> Iterator[str]:
    for name, tree in python_files(top, *CODE):
        if any(imported.split(".")[0] == "random" for imported, _ in imports(name, tree)):
            yield f"{name} uses the module random"
        for node in ast.walk(tree):
            text = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Call) else ""
            owner, _, used = text.rpartition(".")
            if owner == "np.random" and used.split("(")[0] not in EXPLICIT_RANDOMNESS:
                yield f"{name} uses {text}"
            if text == "np.random.default_rng()":
                yield f"{name} uses a generator without a seed"


def check_packages(top: Path) -> Iterator[str]:
    setup = ConfigParser()
    setup.read(top / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    files = [name for name, _ in python_files(top, *CODE)]
    folders = {Path(name).parent.as_posix().replace("/", ".") for name in files}
    mapped = {name.removeprefix("tests.") for name in folders}
    found = {n if n.startswith("neurotrain") else f"neurotrain.{n}" for n in mapped}
    yield from (f"{name} is missing in setup.cfg" for name in found - listed)
    yield from (f"{name} is in setup.cfg and not on disk" for name in listed - found)
    without = {f for f in folders if f"{f.replace('.', '/')}/__init__.py" not in files}
    yield from (f"{folder} has no __init__.py" for folder in without)


def check_text(top: Path) -> Iterator[str]:
    folders = (*STOREYS, "tests", "docs", "tutorials")
    inner = (path for folder in folders for path in (top / folder).rglob("*"))
    for path in (*top.glob("*"), *top.glob(".ci/*"), *inner):
        if path.is_file() and (path.suffix in TEXT_SUFFIXES or path.parent.name == ".ci"):
            text = path.read_text().lower()
            found = [words for words in FORBIDDEN_TEXT if words in text]
            yield from (f"{path.relative_to(top)} names {words}" for words in found)


# Each check with files that break it, one fault to a file.
FAULTS = {
    check_ranks: {
        "neurotrain/circuit.py": "from neurotrain.training.trainer import train",
        "neurotrain/losses.py": "def f():\n    from neurotrain import cli",
        "neurotrain/executions/base.py": "from neurotrain.executions.brian2 import run",
        "neurotrain/lowering/network.py": "from ..executions import run",
        "neurotrain/parameters/space.py": "import neurotrain as nt",
    },
    check_independent: {
        "neurotrain/neural_ode/solver.py": "from neurotrain.executions.fused import kernel",
        "neurotrain/optimizers/snes.py": "from neurotrain.trials import Trials",
        "neurotrain/optimizers/xnes.py": "from .. import circuit",
    },
    check_analysis: {
        "neurotrain/losses.py": "def f():\n    import neurotrain.analysis.psychometric",
        "neurotrain/cli.py": "from neurotrain.analysis import psychometric",
        "neurotrain/analysis/report.py": "from neurotrain.plots import raster",
    },
    check_upper_storey_unknown: {
        "neurotrain/circuit.py": "from neurotrain import models",
        "neurotrain/losses.py": "def f():\n    import tasks.stimulus_integration",
        "neurotrain/readouts.py": "import_module('neurotrain.tasks')",
    },
    check_upper_storey_public: {
        "models/lif.py": "from neurotrain.lowering.program import Program",
        "tasks/go_nogo.py": "import neurotrain.cli",
    },
    check_sizes: {
        "models/long.py": "x = 1\n" * (MODULE_LINES + 1),
        "tasks/deep.py": "class A:\n  def f():\n" + "    x = 1\n" * FUNCTION_LINES,
    },
    check_names: {
        "neurotrain/utils.py": "",
        "neurotrain/training/helpers/files.py": "",
    },
    check_pickle: {
        "neurotrain/training/checkpoint.py": "from pickle import dump",
        "neurotrain/training/result.py": "np.load(path, allow_pickle=True)",
    },
    check_randomness: {
        "models/lif.py": "np.random.seed(1)",
        "tasks/go_nogo.py": "np.random.default_rng()",
        "tasks/xor.py": "import random",
    },
    check_packages: {
        "neurotrain/neo_io/__init__.py": "",
        "neurotrain/training/slurm/jobs.py": "",
        "tasks/words/__init__.py": "",
        "tests/benchmarks/__init__.py": "",
    },
    check_text: {
        "docs/page.md": "see " + FORBIDDEN_TEXT[0] + "x",
        "tests/test_x.py": "# " + FORBIDDEN_TEXT[1],
        ".ci/run": FORBIDDEN_TEXT[2],
    },
}


@pytest.mark.parametrize("check", FAULTS)
def test_rule_is_kept(check, top):
    assert list(check(top)) == []


@pytest.mark.parametrize(
    ("check", "name"), [(check, name) for check, files in FAULTS.items() for name in files]
)
def test_rule_finds_planted_fault(check, name, tmp_path):
    (tmp_path / "setup.cfg").write_text("[options]\npackages =\n")
    before = set(check(tmp_path))
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(FAULTS[check][name])
    faults = set(check(tmp_path)) - before
    assert faults
    assert any(part_of(name) in fault or name in fault for fault in faults)


def test_rules_allow_what_is_right(tmp_path):
    good = {
        "neurotrain/training/result.py": "def f():\n    from neurotrain.analysis import style",
        "neurotrain/training/trainer.py": "from neurotrain.executions import run",
        "neurotrain/optimizers/snes.py": "from .shaping import ranks\nimport numpy as np",
        "models/lif.py": "from .adex import f\nfrom neurotrain.circuit import Circuit",
        "tasks/go_nogo.py": "rng: np.random.Generator\nimport neurotrain as nt",
    }
    for name, text in good.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    rules = [check for check in FAULTS if check is not check_packages]
    assert [fault for check in rules for fault in check(tmp_path)] == []
