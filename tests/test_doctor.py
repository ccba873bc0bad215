"""The doctor sees what is there, and notices what is missing or broken."""

import time
from configparser import ConfigParser
from dataclasses import asdict
from json import dumps
from pathlib import Path
from re import MULTILINE, findall

import pytest

from neurotrain import doctor
from neurotrain.compiler import find_compiler
from neurotrain.doctor import Finding


@pytest.fixture(autouse=True)
def _forget_compiler():
    find_compiler.cache_clear()
    yield
    find_compiler.cache_clear()


def with_compiler(monkeypatch, folder: Path, script: str) -> Finding:
    """Return the finding on a compiler that is this shell script."""
    compiler = folder / "compiler"
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    return doctor.examine_compiler()


def test_this_machine_can_run_neurotrain():
    begin = time.monotonic()
    findings = doctor.examine()
    assert time.monotonic() - begin < 3
    assert [finding for finding in findings if finding.status == "problem"] == []
    assert dumps([asdict(finding) for finding in findings])


def test_tables_agree_with_setup_cfg(top):
    setup = ConfigParser()
    setup.read(top / "setup.cfg")
    required = findall(r"^([\w-]+)", setup["options"]["install_requires"], flags=MULTILINE)
    assert list(dict.fromkeys(required)) == list(doctor.PACKAGES)
    for name, oldest in doctor.PACKAGES.items():
        if oldest:
            rule = f"{name}>={'.'.join(map(str, oldest))}"
            assert rule in setup["options"]["install_requires"].split("\n")
    extras = setup["options.extras_require"]
    assert {"all", *doctor.EXTRAS} == set(extras)
    for extra, members in doctor.EXTRAS.items():
        assert tuple(findall(r"^([\w-]+)[^;\n]*$", extras[extra], flags=MULTILINE)) == members


def test_package_missing_or_too_old():
    missing = doctor.examine_package("cma", None)
    assert (missing.status, missing.remedy) == ("problem", "pip install 'cma'")
    old = doctor.examine_package("brian2", "2.7.1")
    assert (old.status, old.remedy) == ("problem", "pip install 'brian2>=2.8'")
    assert doctor.examine_package("brian2", "2.10.0").status == "ok"
    assert doctor.installed_version("there-is-no-such-package") is None


@pytest.mark.parametrize(
    ("brian2", "numpy", "problems"),
    [
        ("2.9.0", "2.4.0", 1),
        ("2.9.0", "2.3.5", 0),
        ("2.10.1", "2.5.5", 0),
        (None, "2.5.5", 0),
        ("2.9.0", None, 0),
    ],
)
def test_versions_that_do_not_go_together(brian2, numpy, problems):
    assert len(list(doctor.examine_pair(brian2, numpy))) == problems


def test_missing_extra_is_advice(monkeypatch):
    monkeypatch.setattr(doctor, "EXTRAS", {"test": ("pytest", "there-is-no-such-package")})
    (finding,) = [f for f in doctor.examine() if f.part == "extras"]
    assert finding.status == "advice"
    assert "there-is-no-such-package" in finding.value
    assert "'.[test]'" in finding.remedy


def test_compiler_missing(monkeypatch):
    monkeypatch.setenv("CXX", "there-is-no-such-compiler")
    finding = doctor.examine_compiler()
    assert (finding.value, finding.status) == ("missing", "advice")
    assert "there-is-no-such-compiler" in finding.remedy


def test_compiler_that_fails(monkeypatch, tmp_path):
    finding = with_compiler(monkeypatch, tmp_path, "echo 'no such header' >&2; exit 1")
    assert finding.status == "advice"
    assert "no such header" in finding.value


def test_compiler_that_claims_success(monkeypatch, tmp_path):
    finding = with_compiler(monkeypatch, tmp_path, "exit 0")
    assert finding.status == "advice"


def test_compiler_that_builds_wrong_code(monkeypatch, tmp_path):
    real = find_compiler()
    find_compiler.cache_clear()
    wrong = f'for last; do :; done; sed -i s/42/41/ "$last"; exec \'{real}\' "$@"'
    finding = with_compiler(monkeypatch, tmp_path, wrong)
    assert finding.status == "advice"
    assert "wrong results" in finding.value


def test_cpu_features(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: Some CPU\nflags\t\t: fpu avx2 fma sse\n\nflags\t: fpu\n")
    assert doctor.cpu_features(cpuinfo) == ("Some CPU", ["avx2", "fma"])
    cpuinfo.write_text("Features\t: fp asimd\n")
    assert doctor.cpu_features(cpuinfo)[1] == ["asimd"]
    assert doctor.cpu_features(tmp_path / "missing")[1] == []


def test_cache_folder_that_cannot_be_written(tmp_path):
    assert doctor.examine_cache(tmp_path / "new" / "folder").status == "ok"
    (tmp_path / "file").write_text("")
    finding = doctor.examine_cache(tmp_path / "file" / "folder")
    assert finding.status == "advice"
    assert "NEUROTRAIN_CACHE" in finding.remedy


def test_report_shows_every_finding_and_remedy():
    good, bad = Finding("python", "python", "3.11"), Finding("x", "b", "gone", "problem", "get b")
    report = doctor.format_report([good, bad])
    assert "3.11" in report
    assert "problem" in report
    assert report.endswith("b: get b")
    assert doctor.format_report([good]).endswith("Nothing is missing.")
