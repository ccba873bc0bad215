"""Gradients of losses through circuits, and instruments that show where they can be used."""
