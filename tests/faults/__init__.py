"""Runs to which something happens, drawn at random, and what became of them."""
