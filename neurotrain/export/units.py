"""Units of Brian2 as those of Neo."""

from typing import Any

# Neo's names of the seven SI base units, in Brian2's order.
BASE = ("m", "kg", "s", "A", "K", "mol", "cd")


def si_unit(dimension: Any) -> str:
    """Return the SI unit of a Brian2 dimension, as the package quantities spells it.

    Parameters
    ----------
    dimension : brian2.Dimension
    """
    import quantities
    from brian2.units.fundamentalunits import get_unit

    if dimension.is_dimensionless:
        return "dimensionless"
    base = "*".join(
        f"{name}**{power}" for name, power in zip(BASE, dimension._dims, strict=True) if power
    )
    short = str(get_unit(dimension)).replace("^", "**")
    try:
        # Some of Brian2's names mean nothing there, or something else.
        same = (quantities.Quantity(1.0, short) / quantities.Quantity(1.0, base)).simplified
    except (LookupError, SyntaxError, ValueError, NameError):
        return base
    return short if not len(same.dimensionality) and abs(same.item() - 1) < 1e-12 else base
