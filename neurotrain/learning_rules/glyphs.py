"""Characters rendered from the fonts that come with Matplotlib, each a little different."""

from functools import cache
from pathlib import Path

import numpy as np

# The classes of EMNIST's balanced set, where small letters like their capitals are left out.
GLYPHS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
SIDE = 28
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-BoldOblique",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-BoldOblique",
    "DejaVuSansMono-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-BoldItalic",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralBolIta",
    "STIXGeneralItalic",
    "cmb10",
    "cmr10",
    "cmss10",
    "cmtt10",
)
# Of the glyph before it is deformed; then of its larger side in the image.
_BITMAP, _EXTENT = 64, 20
_TURN, _SHEAR, _SCALE, _SHIFT = 0.15, 0.15, 0.12, 1.5


def render(character: str, rng: np.random.Generator) -> np.ndarray:
    """Return an image of the character, (pixel,), from 0 to 1."""
    from scipy.ndimage import affine_transform, gaussian_filter

    bitmap = _bitmap(FONTS[rng.integers(len(FONTS))], character)
    # Of as many pixels of the bitmap as lie in one of the image, lest thin strokes are missed.
    step = max(bitmap.shape) / _EXTENT
    smooth = gaussian_filter(bitmap, step / 3, mode="constant")
    matrix = step * _deformation(rng)
    middle = np.array([SIDE - 1, SIDE - 1]) / 2 + rng.uniform(-_SHIFT, _SHIFT, 2)
    offset = (np.array(bitmap.shape) - 1) / 2 - matrix @ middle
    image = affine_transform(smooth, matrix, offset, (SIDE, SIDE), order=1)
    image = gaussian_filter(image, rng.uniform(0, 0.6))
    return np.clip(image / max(image.max(), 1e-3), 0, 1).ravel()


def _deformation(rng: np.random.Generator) -> np.ndarray:
    """Return the matrix from places in the image to places in an undeformed one."""
    turn, shear = rng.uniform(-_TURN, _TURN), rng.uniform(-_SHEAR, _SHEAR)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return rotation @ np.array([[1, 0], [shear, 1]]) @ np.diag(rng.uniform(1, 1 + 2 * _SCALE, 2))


@cache
def _bitmap(font: str, character: str) -> np.ndarray:
    """Return the glyph by itself, with a margin, from 0 to 1."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    face = FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf")))
    face.set_size(_BITMAP, 72)
    face.set_text(character)
    face.draw_glyphs_to_bitmap()
    bitmap = np.asarray(face.get_image(), dtype=float) / 255
    rows, columns = np.flatnonzero(bitmap.any(1)), np.flatnonzero(bitmap.any(0))
    inner = bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.pad(inner, 2)
