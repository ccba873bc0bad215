"""Learning rules for networks of rate units, in PyTorch: local rules, and predictive coding."""

from neurotrain.learning_rules import predictive_coding, torch2pc

__all__ = ["predictive_coding", "torch2pc"]
