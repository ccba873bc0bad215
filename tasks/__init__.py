"""Tasks, one file each: what a network is asked to do."""

from .stimulus_integration import StimulusIntegration

__all__ = ["TASKS", "StimulusIntegration"]

TASKS = {"stimulus-integration": StimulusIntegration}
