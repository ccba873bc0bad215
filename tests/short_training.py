"""A training that takes a tenth of a second, with everything that a run has."""

from pathlib import Path

import neurotrain as nt

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
TASK = {"words": 4, "channels": 4, "bin_ms": 1.0, "decision_ms": 1.0}


def train(folder, generations=5, checkpoint_every=2, **more):
    nt.train(
        STUB,
        "stimulus-integration",
        task_options=TASK,
        optimizer_options={"population_size": 4},
        generations=generations,
        trials=4,
        validation_trials=10,
        validation_every=2,
        test_trials=10,
        checkpoint_every=checkpoint_every,
        out=folder,
        progress=False,
        **more,
    )
