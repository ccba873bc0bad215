"""Training: the loop over generations, run folders and checkpoints, and the result."""
