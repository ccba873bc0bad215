"""The execution 'cuda': a circuit's candidates and trials as one network of Brian2CUDA."""
