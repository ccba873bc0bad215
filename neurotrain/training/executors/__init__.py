"""Candidates on many workers, by any executor; see `neurotrain.training.executors.workers`."""
