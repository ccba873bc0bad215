"""Learning rules for networks of rate units, in PyTorch: local rules, and predictive coding."""
