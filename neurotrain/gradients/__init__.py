"""Gradients of losses by backpropagation through the equations, and instruments that show where
they can be used."""
