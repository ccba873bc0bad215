"""The C++ of a traced step, forth and back."""

from dataclasses import dataclass
from importlib.resources import files

from neurotrain.compiler import vector_functions
from neurotrain.executions.torch.adjoints import SURROGATES
from neurotrain.executions.torch.kernel_lines import KernelLines, Product, Slot
from neurotrain.executions.torch.source import StepSource
from neurotrain.lowering.program import Program


@dataclass(frozen=True)
class KernelSource:
    """C++ and what it expects.

    Parameters
    ----------
    text : str
    slots : tuple of Slot
    products : tuple of Product
    fixed : tuple of (int, int)
        What is the same in all steps: a node, for the elements of an object.
    numbers : tuple of float
        Constants, before the slope and the natural scales of conditions.
    scales : tuple
        Which conditions have such a scale, in order.
    """

    text: str
    slots: tuple[Slot, ...]
    products: tuple[Product, ...]
    fixed: tuple[tuple[int, int], ...]
    numbers: tuple[float, ...]
    scales: tuple[tuple[str, int], ...]


def kernel_source(
    step: StepSource, program: Program, depths: dict[str, int], surrogate: str
) -> KernelSource | None:
    """Return the C++ of a step, None where something in it has no counterpart there."""
    writer = KernelLines(step, program, depths)
    if not writer.is_covered():
        return None
    forward, backward = list(writer.forward()), list(writer.backward())
    elementwise, package = writer.loops.writer, files("neurotrain.executions")
    n = len(elementwise.numbers)
    scales = "".join(f"#define scale_of_{k} k[{n + 1 + k}]\n" for k in elementwise.scales.values())
    head = [
        vector_functions(),
        f"static const int64_t N_CONSTANTS = {n + 1 + len(elementwise.scales)};",
        f"INLINE V surrogate_of(V x, T slope) {{ return {SURROGATES[surrogate]}; }}",
        f"#define surrogate(x) surrogate_of(x, k[{n}])",
        scales,
    ]
    text = (package / "torch" / "steps.cpp").read_text()
    text = text.replace("@FORWARD@", "\n    ".join(forward))
    text = text.replace("@BACKWARD@", "\n    ".join(backward))
    return KernelSource(
        "\n".join([*head, text]),
        tuple(writer.slots),
        tuple(writer.products),
        tuple(writer.fixed),
        tuple(elementwise.numbers),
        tuple(elementwise.scales),
    )
