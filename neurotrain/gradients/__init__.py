"""Gradients of losses by backpropagation through the equations, and what is trained by them."""
