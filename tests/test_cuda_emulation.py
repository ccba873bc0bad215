"""The emulation of CUDA: what is right runs in every order, and each planted fault is found."""

import subprocess
from pathlib import Path

import pytest
from emulated_cuda import CUDA_PATH, NVCC, ORDERS, emulation

# The same on every Python.
pytestmark = pytest.mark.slow

SOURCE = CUDA_PATH / "product.cu"
FAULTS = {
    "first_barrier": "wrong products",
    "second_barrier": "wrong products",
    "bound": "writes beyond device memory of 1680 bytes",
    "transposed": "wrong products",
    "host_pointer": "given a host pointer",
    "pointer_in_structure": "given a structure with a host pointer",
    "freed_pointer": "device memory that is not in use",
    "direction": "on the wrong side for this direction",
    "size": "cudaMemcpy of 1688 bytes goes beyond",
    "uninitialized": "wrong total",
    "divergent_barrier": "product.cu:48 and at",
    "block_too_large": "a launch failed",
}


def build(folder: Path, source: Path, *options: str, sanitize: bool = False) -> Path:
    program = folder / source.stem
    command = [NVCC, "-arch=sm_80", "-O1", *options, "-o", program, source]
    subprocess.run(command, check=True, env=emulation(sanitize=sanitize))
    return program


def run(program: Path, *words: str, **settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [program, *words], env=emulation(**settings), capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    return build(tmp_path_factory.mktemp("emulation"), SOURCE)


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_right_runs_in_every_order(product, order):
    assert run(product, order=order) == (0, "right\n")


@pytest.mark.parametrize("order", ["forward", "reverse"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found(product, fault, order):
    code, told = run(product, fault, order=order)
    assert code
    assert FAULTS[fault] in told


def test_host_code_cannot_follow_a_device_pointer(product):
    assert run(product, "host_access")[0] == -11


def test_the_sanitizers_find_nothing_in_what_is_right_and_name_the_line_of_a_fault(tmp_path):
    program = build(tmp_path, SOURCE, sanitize=True)
    code, told = run(program)
    assert code == 0
    assert "right" in told
    code, told = run(program, "bound")
    assert code
    assert "use-after-poison" in told
    assert "product.cu:55" in told


def test_options_of_nvcc_are_understood(tmp_path):
    program = build(
        tmp_path,
        SOURCE,
        "-gencode",
        "arch=compute_90,code=sm_90",
        "-Xptxas",
        "-v",
        "-lineinfo",
        "--use_fast_math",
        "-Xcompiler",
        "-fPIC,-w",
        "-lcurand",
    )
    assert run(program) == (0, "right\n")
    done = subprocess.run([NVCC, "-cubin", SOURCE], capture_output=True, text=True)
    assert done.returncode == 1
    assert "there is no device code" in done.stderr
