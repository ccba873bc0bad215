"""The package as a user gets it: what the wheel holds, where it imports, what it exports."""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import pytest

import neurotrain

BUILD = "from setuptools import build_meta; import sys; build_meta.build_{}(sys.argv[1])"
FIND = (
    "import importlib.util, neurotrain; print(neurotrain.__file__);"
    "mapped = ['models', 'tasks', 'benchmarks'];"
    "print(*(importlib.util.find_spec(f'neurotrain.{x}').origin for x in mapped))"
)
SOURCES = {".py", ".cpp", ".cu", ".hpp", ".typed"}
HEAVY = ("brian2", "cma", "matplotlib", "neo", "numpy", "scipy", "sklearn", "sympy")


@pytest.fixture(scope="module")
def setup(top) -> ConfigParser:
    config = ConfigParser()
    config.read(top / "setup.cfg")
    return config


@pytest.fixture(scope="module")
def checkout(top, tmp_path_factory) -> Path:
    """Return a copy of what a build reads, in which a build may leave its traces."""
    copy = tmp_path_factory.mktemp("checkout") / "neurotrain"
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(top / name, copy)
    for name in ("neurotrain", "models", "tasks", "tests/benchmarks"):
        shutil.copytree(top / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def build(checkout: Path, kind: str, folder: Path) -> Path:
    """Build the checkout as pip does, and return the folder into which it is unpacked."""
    command = [sys.executable, "-c", BUILD.format(kind), str(folder)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True)
    unpacked = folder / "site-packages"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(unpacked)
    return unpacked


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory) -> Path:
    return build(checkout, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def editable(checkout, tmp_path_factory) -> Path:
    return build(checkout, "editable", tmp_path_factory.mktemp("editable"))


def run_python(code: str, cwd: Path, *options: str, path: Path | None = None) -> str:
    """Run `code` in a new Python, in the folder `cwd`, with `path` as its PYTHONPATH."""
    environment = {**os.environ, "PYTHONPATH": str(path or ""), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *options, "-c", code]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def find(cwd: Path, site: Path | None = None, path: Path | None = None) -> set[Path]:
    """Return where neurotrain, its models and tasks come from, where only `site` is installed."""
    start = f"import site; site.addsitedir({str(site)!r})\n" if site else ""
    # Without the packages of this environment: neurotrain may be installed there too.
    origins = run_python(start + FIND, cwd, "-S", path=path).split()
    return {Path(origin).parent for origin in origins}


MAPPED = ("models", "tasks", "tests/benchmarks")
INSTALLED = ("neurotrain/models", "neurotrain/tasks", "neurotrain/benchmarks")


def folders(top: Path, mapped: tuple[str, ...]) -> set[Path]:
    return {top / name for name in ("neurotrain", *mapped)}


def test_wheel_holds_every_source(checkout, wheel):
    expected = set()
    for path in checkout.glob("*/**/*"):
        inner = path.relative_to(checkout).as_posix()
        if path.suffix in SOURCES and inner.split("/")[0] != "build":
            inner = inner.removeprefix("tests/")
            expected.add(inner if inner.startswith("neurotrain/") else f"neurotrain/{inner}")
    files = (p.relative_to(wheel).as_posix() for p in wheel.rglob("*") if p.is_file())
    assert {name for name in files if ".dist-info/" not in name} == expected


def test_wheel_has_no_top_level_models_or_tasks(wheel):
    assert {path.name.split("-")[0] for path in wheel.iterdir()} == {"neurotrain"}


def test_wheel_elsewhere(wheel, tmp_path):
    assert find(tmp_path, site=wheel) == folders(wheel, INSTALLED)


# With python -m pytest too, the folder in which Python starts comes before what is installed.
def test_wheel_in_the_checkout(wheel, checkout):
    assert find(checkout, site=wheel) == folders(checkout, MAPPED)


@pytest.mark.parametrize("where", ["checkout", "tmp_path"])
def test_editable_install(editable, checkout, where, request):
    cwd = request.getfixturevalue(where)
    assert find(cwd, site=editable) == folders(checkout, MAPPED)


def test_nothing_installed(checkout, tmp_path):
    assert find(checkout) == folders(checkout, MAPPED)
    assert find(tmp_path, path=checkout) == folders(checkout, MAPPED)


def test_finder_is_idle_outside_a_checkout(checkout, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(checkout, copy)
    (copy / "setup.cfg").unlink()
    with pytest.raises(AssertionError, match="has no attribute 'origin'"):
        find(copy)


def test_command_line_and_doctor_import_nothing_heavy(top):
    code = (
        "import sys, neurotrain.cli, neurotrain.doctor;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert run_python(code, top) == "[]"


@pytest.mark.parametrize("name", neurotrain.__all__)
def test_public_name_resolves_and_is_documented(name):
    assert getattr(neurotrain, name).__doc__


def test_public_names_are_listed_once(top):
    assert sorted(neurotrain.__all__) == neurotrain.__all__
    assert set(neurotrain.__all__) < set(dir(neurotrain))
    homes = {**neurotrain._HOME, **dict.fromkeys(neurotrain._MODULES, "neurotrain")}
    assert set(homes) == set(neurotrain.__all__)
    tree = ast.parse((top / "neurotrain" / "__init__.py").read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {alias.name: node.module for node in guarded.body for alias in node.names}
    assert typed == homes


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Circit'"):
        neurotrain.Circit  # noqa: B018
    assert not hasattr(neurotrain, "numpy")


def test_command_is_declared(setup):
    target = setup["options.entry_points"]["console_scripts"].split("=")[1].strip()
    module, _, function = target.partition(":")
    assert callable(getattr(import_module(module), function))


def requirements(text: str) -> list[tuple[str, str]]:
    """Return the name and the version rules of each requirement."""
    lines = (line.split(";")[0].strip() for line in text.splitlines())
    return [re.match(r"([\w.-]+)(.*)", line).groups() for line in lines if line and line[0] != "#"]


def test_constraints_name_every_requirement(top, setup):
    pinned = requirements((top / "constraints.txt").read_text())
    assert all(version.startswith("==") for _, version in pinned)
    needed = requirements(setup["options"]["install_requires"])
    for extra in ("analysis", "docs", "export", "mnist", "optimizers", "test", "torch"):
        needed += requirements(setup["options.extras_require"][extra])
    assert {name for name, _ in needed} < {name for name, _ in pinned}


def test_classifiers_name_the_oldest_python(setup):
    versions = re.findall(r"Python :: 3\.(\d+)", setup["metadata"]["classifiers"])
    assert setup["options"]["python_requires"] == f">=3.{min(map(int, versions))}"


def test_every_file_of_a_package_is_shipped_or_left_out_on_purpose(top, setup):
    patterns = {"neurotrain": ["*.py", "*.pyi", "py.typed"]}
    for package, rules in setup["options.package_data"].items():
        patterns[package] = [*patterns.get(package, ["*.py"]), *re.split(r",\s*", rules)]
    for path in (top / "neurotrain").rglob("*"):
        if path.is_file() and path.parent.name != "__pycache__":
            package = ".".join(path.relative_to(top).parent.parts)
            assert any(fnmatch(path.name, rule) for rule in patterns.get(package, ["*.py"])), path


def commands(text: str) -> list[str]:
    """Return the shell commands of a page."""
    return re.findall(r"```sh\n(.*?)\n```", text, flags=re.DOTALL)


def test_readme_has_its_three_commands(top):
    assert commands((top / "README.md").read_text()) == [
        "pip install -c constraints.txt . && neurotrain train stimulus-integration",
        "pip install -c constraints.txt '.[test]' && pytest",
        "pip install -c constraints.txt '.[torch]' && neurotrain compare stimulus-integration",
    ]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_links_lead_somewhere(top, page):
    path = top / page
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text())
    assert [x for x in links if "://" not in x and not (path.parent / x).exists()] == []


def test_what_is_cited_is_this_version(top):
    assert f"\nversion: {neurotrain.__version__}\n" in (top / "CITATION.cff").read_text()
