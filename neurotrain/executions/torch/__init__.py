"""The execution that is differentiable: the Program's statements in PyTorch."""
