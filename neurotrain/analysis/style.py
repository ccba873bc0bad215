"""How figures look, and how they get onto the disk; pyplot and rcParams stay untouched."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from neurotrain.atomic import write_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito (2008), told apart with every kind of color vision.
CLASS_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
TRAINING, VALIDATION, WRONG = "#0072B2", "#D55E00", "#D55E00"
INK, FAINT, SHADE = "#222222", "#8A8A8A", "#E4E4E4"

MM = 1 / 25.4
DPI = 200

_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.0,
    "legend.frameon": False,
    "legend.fontsize": 6.5,
    "legend.handlelength": 1.4,
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw with the same settings everywhere, whatever those of the user are."""
    from matplotlib import style

    with style.context(["default", _STYLE]):
        yield


def new_figure(width_mm: float, height_mm: float) -> "Figure":
    """Return an empty figure that no window or notebook knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_mm * MM, height_mm * MM), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def class_color(label: int) -> str:
    """Return the color of a class; after seven they come again."""
    return CLASS_COLORS[label % len(CLASS_COLORS)]


def draw_chance(axes: "Axes", chance: float) -> None:
    """Draw the level of guessing as a line, with its name below."""
    axes.axhline(chance, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    across = axes.get_yaxis_transform()
    text = {"color": FAINT, "fontsize": 6.5, "ha": "right", "va": "top"}
    axes.text(1, chance - 0.01, "chance", transform=across, **text)


def write_pngs(figures: Mapping[str, "Figure"], folder: Path) -> list[Path]:
    """Write ``{name}.png`` of each figure into `folder`, none of them if one cannot be drawn.

    Raises
    ------
    RunFolderError
        If the folder cannot be made or written to.
    """
    images = {f"{name}.png": _as_png(figure) for name, figure in figures.items()}
    return write_all(folder, images, "Figures")


def _as_png(figure: "Figure") -> bytes:
    image = BytesIO()
    with paper_style():
        figure.savefig(image, format="png", dpi=DPI)
    return image.getvalue()
