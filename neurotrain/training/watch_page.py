"""The page that shows a run while it trains: a file that loads itself anew."""

from collections.abc import Mapping
from html import escape
from math import ceil

# By which a folder is known to hold such a page.
MARK = '<meta name="generator" content="neurotrain watch">'

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{mark}{refresh}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 60rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.3rem; margin: 0; overflow-wrap: anywhere; }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 0.3rem; }}
p {{ margin: 0.3rem 0; overflow-wrap: anywhere; }}
.aside {{ color: #666; font-size: 0.85rem; }}
progress {{ width: 100%; height: 0.7rem; accent-color: #0072b2; }}
img {{ display: block; width: 100%; height: auto; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{line}</p>
<progress value="{share:.4f}" aria-label="share of the run that is done"></progress>
<p class="aside">{notes}</p>
{figures}
</body>
</html>
"""
_FIGURE = """<h2>{heading}</h2>
<a href="{file}"><img src="{file}?{version}" alt="{heading}"></a>
"""


def render_page(
    title: str,
    line: str,
    *,
    share: float,
    notes: str,
    headings: Mapping[str, str],
    version: str,
    every: float | None,
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    title, line, notes : str
        What is watched, how it stands, and what else there is to say.
    share : float
        Of the run that is done.
    headings : mapping of str to str
        What is said above each figure, by the names of their files.
    version : str
        Another one whenever the figures are others, so that no browser shows its copy of them.
    every : float or None
        Seconds after which the page loads itself anew; None if it is the last one.
    """
    refresh = "" if every is None else f'\n<meta http-equiv="refresh" content="{ceil(every)}">'
    figures = [
        _FIGURE.format(file=escape(file), heading=escape(heading), version=version)
        for file, heading in headings.items()
    ]
    return _PAGE.format(
        mark=MARK,
        refresh=refresh,
        title=escape(title),
        line=escape(line),
        share=share,
        notes=escape(notes),
        figures="".join(figures),
    )
