"""Drawn Brian2 scripts, run on two devices and compared.

`cases` says what a script consists of, `values` which numbers it sets; the modules named after
the parts of a network draw them; `comparison` runs and compares.
"""
