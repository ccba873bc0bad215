"""How fast the engine is, beside what a hand writes, beside Brian2, and beside array libraries.

Installed, this is `neurotrain.benchmarks`, which `neurotrain bench` runs.
"""
