"""Rules written out, as they stand in files of settings and on the command line."""

import re

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.learning_rules.recurrent_network import LAYERS
from neurotrain.learning_rules.rule import Rule
from neurotrain.learning_rules.terms import term

_PART = re.compile(
    r"\s*(?P<sign>[+-])?\s*(?:(?P<number>\d*\.?\d+(?:e[+-]?\d+)?)\s*\*?\s*)?"
    r"(?P<name>[A-Za-z][\w-]*)(?:\s+in\s+(?P<layer>\w+))?\s*(?=$|\s*\+|\s+-)"
)


def rule_from_text(text: str) -> Rule:
    """Return a rule such as ``'pseudo-gradient - 0.1 ehebb + 0.01 oja in recurrent'``.

    Parameters
    ----------
    text : str
        Names of terms with coefficients, added or subtracted; ``in`` says where a term acts:
        ``input``, ``recurrent``, ``readout``, or ``hidden``, the first two. By default it acts
        everywhere.

    Raises
    ------
    InvalidInput
        If it cannot be read, or a name is unknown.

    Examples
    --------
    >>> rule = rule_from_text("pseudo-gradient - 0.1 ehebb + 0.01 oja in recurrent")
    >>> [(part.term.name, part.coefficients) for part in rule.parts]
    [('pseudo-gradient', (1.0,)), ('ehebb', (-0.1,)), ('oja', (0.01,))]
    """
    rule, at = Rule(()), 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or (at and not found["sign"]):
            raise InvalidInput(
                f"Cannot read the rule {text!r} from {text[at:].strip()!r} on; write terms with "
                "coefficients such as 'pseudo-gradient + 0.01 oja in recurrent'."
            )
        rule = rule + _coefficient(found) * term(found["name"]).on(_layers(found["layer"]))
        at = found.end()
    if not rule.parts:
        raise InvalidInput("The rule is empty; write terms with coefficients.")
    return rule


def _coefficient(found: re.Match[str]) -> float:
    return float(found["number"] or 1) * (-1 if found["sign"] == "-" else 1)


def _layers(name: str | None) -> str | list[int]:
    if name is None:
        return "all"
    if name != "hidden" and name not in LAYERS:
        raise unknown_name("layer of a recurrent network", name, (*LAYERS, "hidden"))
    return "hidden" if name == "hidden" else [LAYERS[name]]
