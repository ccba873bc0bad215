"""The page of a run: one HTML file that shows it at a glance, without a server or a network."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from numbers import Real
from sys import float_info
from typing import Any

import numpy as np

from neurotrain.analysis.page_style import CSS, SPANS, TEXTS
from neurotrain.analysis.psychometric import wilson_interval
from neurotrain.errors import RunFolderError
from neurotrain.plain_data import parse_toml

# Numbers without which nothing can be told of a run, and one that not every task has.
_IDEAL = "test_ideal_score"
_TOLD = ("test_accuracy", "test_trials", "validated_generation", "generations", "seed")


def require_told(result: Any) -> None:
    """Raise `RunFolderError` unless the summary of a run holds the numbers that are told of it."""
    for name in (*_TOLD, *([_IDEAL] if _IDEAL in result.summary else [])):
        value = result.summary.get(name)
        # JSON has whole numbers larger than any float, and NaN is not smaller.
        if not isinstance(value, Real) or not abs(value) <= float_info.max:
            raise RunFolderError(
                f"'{result.folder / 'result.json'}' is damaged: it has no number '{name}'."
            )


def page_of_run(result: Any, images: Mapping[str, bytes]) -> str:
    """Return a complete run as HTML, figures included.

    Nothing in it is a script, and nothing is fetched. All that comes from the run folder, which
    may be a stranger's, is escaped.

    Parameters
    ----------
    result : Result
    images : mapping of str to bytes
        SVG by the names of the figures.
    """
    summary = result.summary
    title = f"{summary.get('model')} on {summary.get('task')}"
    config = parse_toml((result.folder / "config.toml").read_text(encoding="utf-8"))
    figures = "\n".join(_figure(name, images[name]) for name in TEXTS if name in images)
    return _PAGE.format(
        css=CSS,
        title=escape(title),
        folder=escape(result.folder.resolve().name),
        numbers="\n".join(_tile(*one) for one in _key_numbers(result)),
        figures=figures,
        result=_table(_flat(summary)),
        settings=_table(_flat(config)),
    )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{css}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>run folder <b>{folder}</b></p>
</header>
<main>
<dl class="numbers">
{numbers}
</dl>
<div class="figures">
{figures}
</div>
<details>
<summary>Result</summary>
{result}
</details>
<details>
<summary>Settings</summary>
{settings}
</details>
</main>
</body>
</html>
"""


def _key_numbers(result: Any) -> Iterator[tuple[str, str, str]]:
    """Yield what each of the numbers told first is, itself, and what goes with it."""
    summary, classes = result.summary, result.task.classes
    n_trials, accuracy = summary["test_trials"], summary["test_accuracy"]
    if classes:
        # Of what is no share, as in a forged result, there is none.
        with np.errstate(invalid="ignore", over="ignore"):
            lower, upper = wilson_interval(np.array(accuracy, float), np.array(n_trials, float))
        beside = f"95% interval {lower:.1%} to {upper:.1%}, {n_trials} new trials"
        yield "test accuracy", f"{accuracy:.1%}", beside
        yield "chance", f"{1 / classes:.1%}", f"{classes} classes"
    else:
        yield "test score", f"{accuracy:.3f}", f"at best 1, {n_trials} new trials"
    if _IDEAL in summary:
        said = format(summary[_IDEAL], ".1%" if classes else ".3f")
        yield "ideal observer", said, "on the same trials"
    yield "test loss", _said(summary.get("test_loss"), 4), _said(summary.get("loss"))
    generations = f"by {_said(summary.get('optimizer'))}, ended by {_said(summary.get('ended_by'))}"
    yield "generations", _said(summary["generations"]), generations
    trials = f"in {_said(summary.get('wall_seconds'), 3)} seconds"
    yield "trial simulations", _said(summary.get("trial_simulations")), trials
    yield "seed", _said(summary["seed"]), f"{_said(summary.get('parameters'))} parameters"


def _tile(name: str, value: str, beside: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd><b>{escape(value)}</b> {escape(beside)}</dd></div>"


def _figure(name: str, image: bytes) -> str:
    title, about = TEXTS[name]
    shape = f' class="{SPANS[name]}"' if name in SPANS else ""
    source = f"data:image/svg+xml;base64,{b64encode(image).decode()}"
    return (
        f'<figure{shape}>\n<figcaption><h2>{title}</h2> <a href="figures/{name}.svg">SVG</a>'
        f'</figcaption>\n<div class="paper" tabindex="0"><img alt="{about}" src="{source}"></div>\n'
        f"<p>{about}</p>\n</figure>"
    )


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names, of tables within tables with dots, and the values as texts."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", _said(value)


def _said(value: Any, digits: int = 6) -> str:
    if value is None:
        return "none"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _table(rows: Iterator[tuple[str, str]]) -> str:
    lines = [
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in rows
    ]
    return "\n".join(["<table>", *lines, "</table>"])
