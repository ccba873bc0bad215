"""The generated code under the compiler's sanitizers, which find what happens to go well."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neurotrain.compiler import find_compiler
from neurotrain.executions.fused import source

SCRIPT = Path(__file__).with_name("sanitized_networks.py")
LIBRARIES = {
    "address": ("libasan.so", "libstdc++.so"),
    "undefined": ("libubsan.so",),
    "thread": ("libtsan.so",),
}
FAULTS = {
    "address": (
        "return (tick + slots) % slots;",
        "return (tick + slots) % (slots + 1);",
    ),
    "undefined": ("bool all = run->ends_failed;", "bool all = run->ends_failed >> (bin + 64);"),
    "thread": (
        "int64_t bin = 0;",
        "int64_t bin = 0; static volatile int64_t calls = 0; calls = calls + 1;",
    ),
}
SAYS = {
    "address": "AddressSanitizer: heap-buffer-overflow",
    "undefined": "runtime error: shift exponent",
    "thread": "ThreadSanitizer: data race",
}


def under(sanitizer: str, tmp_path: Path, package: Path) -> subprocess.CompletedProcess:
    compiler = find_compiler()
    preloaded = [
        subprocess.run(
            [compiler, f"-print-file-name={name}"], capture_output=True, text=True
        ).stdout.strip()
        for name in LIBRARIES[sanitizer]
    ]
    if not all(os.path.isabs(path) for path in preloaded):
        pytest.skip(f"{compiler} has no {sanitizer} sanitizer")
    environment = os.environ | {
        "PYTHONPATH": str(package),
        "NEUROTRAIN_CACHE": str(tmp_path / "compiled"),
        "NEUROTRAIN_CXXFLAGS": f"-fsanitize={sanitizer} -g -O1",
        "LD_PRELOAD": " ".join(preloaded),
        # What Python itself leaves at its end is not ours.
        "ASAN_OPTIONS": "detect_leaks=0",
        "TSAN_OPTIONS": "exitcode=66",
        "UBSAN_OPTIONS": "halt_on_error=1",
    }
    return subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, env=environment
    )


@pytest.mark.nightly
@pytest.mark.parametrize("sanitizer", LIBRARIES)
def test_sanitizers_find_nothing(sanitizer, tmp_path):
    done = under(sanitizer, tmp_path, SCRIPT.parents[1])
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "all ran"
    assert "runtime error" not in done.stderr


@pytest.mark.nightly
@pytest.mark.parametrize("sanitizer", LIBRARIES)
def test_sanitizers_find_a_planted_fault(sanitizer, tmp_path):
    copy = tmp_path / "copy"
    for name in ("neurotrain", "models", "tasks"):
        shutil.copytree(SCRIPT.parents[1] / name, copy / name)
    # By which a checkout is known, so that its models are found.
    shutil.copy(SCRIPT.parents[1] / "setup.cfg", copy)
    right, wrong = FAULTS[sanitizer]
    found = [
        path
        for path in (copy / Path(source.__file__).parent.relative_to(SCRIPT.parents[1])).iterdir()
        if path.suffix in (".cpp", ".hpp") and right in path.read_text()
    ]
    assert found, "the line to plant the fault in is gone"
    for path in found:
        path.write_text(path.read_text().replace(right, wrong))
    done = under(sanitizer, tmp_path, copy)
    assert SAYS[sanitizer] in done.stderr
