"""How the site is built: `python -m sphinx -W --keep-going -c docs . build/site`.

The source folder is the top of the checkout, so that links between pages, tutorials and sources
are the same on the site and where the repository is read. Nothing is fetched while it is built,
nor when a page is shown.

With NEUROTRAIN_SHORT=1 tutorials are executed in their short form. With NEUROTRAIN_INTERSPHINX=1
the reference links to Brian2, NumPy, PyTorch and Neo, whose lists of names are then downloaded.
"""

import os
from pathlib import Path

import neurotrain

project = "neurotrain"
author = "the neurotrain developers"
copyright = author
version = release = neurotrain.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**", "tutorials/*.md"]
include_patterns += [f"tests/{name}/README.md" for name in ("benchmarks", "cuda_emulation")]
# Shown where a repository is read, and of no use on the site.
exclude_patterns = ["tutorials/README.md", "docs/_templates/**"]
# Absolute, since summaries look for templates from the source folder and pages from this one.
templates_path = [str(Path(__file__).with_name("_templates"))]

# Links to headings of pages, as repositories make them.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

nb_execution_mode = "cache"
# Whatever is chosen for scripts, notebooks show their figures.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
# The cache looks at the cells alone, and would take short outputs for long ones.
_form = "short" if os.environ.get("NEUROTRAIN_SHORT") else "full"
nb_execution_cache_path = str(Path(__file__).parents[1] / f"build/tutorials-{_form}")
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True
# Without these a page with a progress bar would fetch scripts.
nb_ipywidgets_js = {}

autosummary_generate = True
autosummary_imported_members = True
# What a module says is public.
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
# Docstrings tell types, with shapes and units.
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
# Names in single backticks are code, and links where they are public.
default_role = "py:obj"
python_maximum_signature_line_length = 88

if os.environ.get("NEUROTRAIN_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "brian2": ("https://brian2.readthedocs.io/en/stable", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "torch": ("https://docs.pytorch.org/docs/stable", None),
        "neo": ("https://neo.readthedocs.io/en/stable", None),
    }

# `python -m sphinx -b linkcheck` asks other sites; publishers turn such visitors away.
linkcheck_ignore = [r"https://doi\.org/.*"]
linkcheck_anchors = False
linkcheck_report_timeouts_as_broken = False
linkcheck_timeout = 15

html_theme = "pydata_sphinx_theme"
html_title = "neurotrain"
html_static_path = ["_static"]
html_css_files = ["neurotrain.css"]
# The first page lies in the folder docs; this one leads there.
html_additional_pages = {"index": "first-page.html"}
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
}
