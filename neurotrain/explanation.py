"""What became of the objects of a circuit, in words."""
