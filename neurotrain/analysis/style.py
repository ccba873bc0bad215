"""How figures look, and how they get onto the disk; pyplot and rcParams stay untouched."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial, wraps
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
    """Return an empty figure that no window knows of; as the value of a cell, notebooks show it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_mm * MM, height_mm * MM), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    # Notebooks show figures of themselves only once pyplot has made one.
    figure._repr_png_ = partial(as_png, figure)
    return figure


def on_axes(width_mm: float, height_mm: float) -> Callable[[Callable], Callable]:
    """Give a drawing function Axes of its own, in our style, where its `axes` is None.

    On the Axes of a user's figure it draws in the user's style.
    """

    def decorate(draw: Callable) -> Callable:
        @wraps(draw)
        def drawn(*data: object, axes: "Axes | None" = None, **how: object) -> "Axes":
            if axes is not None:
                return draw(*data, axes=axes, **how)
            with paper_style():
                return draw(*data, axes=new_figure(width_mm, height_mm).subplots(), **how)

        return drawn

    return decorate


def class_color(label: int) -> str:
    """Return the color of a class; after seven they come again."""
    return CLASS_COLORS[label % len(CLASS_COLORS)]


def draw_chance(axes: "Axes", chance: float) -> None:
    """Draw the level of guessing as a line, with its name below."""
    axes.axhline(chance, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    across = axes.get_yaxis_transform()
    text = {"color": FAINT, "fontsize": 6.5, "ha": "right", "va": "top"}
    axes.text(1, chance - 0.01, "chance", transform=across, **text)


def shade_period(axes: "Axes", period: tuple[float, float] | None) -> None:
    """Shade a period, (start, stop) in the units of the x axis, behind everything else."""
    if period is not None:
        axes.axvspan(*period, color=SHADE, linewidth=0, zorder=0)


def write_pngs(figures: Mapping[str, "Figure"], folder: Path) -> list[Path]:
    """Write ``{name}.png`` of each figure into `folder`, none of them if one cannot be drawn.

    Raises
    ------
    RunFolderError
        If the folder cannot be made or written to.
    """
    images = {f"{name}.png": as_png(figure) for name, figure in figures.items()}
    return write_all(folder, images, "Figures")


def as_svg(figure: "Figure") -> bytes:
    """Return the figure as SVG, the same bytes every time, with its text as outlines.

    Its Axes stay where they are from then on.
    """
    from matplotlib import rc_context

    image = BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with paper_style(), rc_context({"svg.hashsalt": "neurotrain"}):
        _settle_layout(figure)
        figure.savefig(image, format="svg", metadata=nothing)
    return image.getvalue()


def _settle_layout(figure: "Figure") -> None:
    """Lay the figure out for good: the layout differs in the last bits from time to time."""
    engine = figure.get_layout_engine()
    if engine is None:
        return
    engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position([round(edge, 6) for edge in axes.get_position(original=True).bounds])


def as_png(figure: "Figure") -> bytes:
    image = BytesIO()
    with paper_style():
        figure.savefig(image, format="png", dpi=DPI)
    return image.getvalue()
