"""Morris-Lecar neurons integrate evidence and keep the sum through a delay of 250 ms.

The published task is answered at once; that of which Hazelden et al. (2023), arXiv:2311.10869,
speak as "stimulus integration and working memory" can also be read as this one. As in
`working-memory`, networks are tested with other delays, and with their state reset in the middle
of the delay. The figure `accuracy-against-delay.png` is written beside the trainings.
"""

from neurotrain.experiments.delays import TEST_TRIALS, delay_checks, delay_row, save_delay_figure
from neurotrain.experiments.report import Findings, Setting
from neurotrain.experiments.trainings import trained
from neurotrain.training.result import Result

CHANCE = 1 / 3
DELAY_MS = 250.0
TESTED_MS = (50.0, 100.0, 250.0, 500.0, 1000.0)
SEEDS = (0, 1, 2)


def run(setting: Setting) -> Findings:
    """Train Morris-Lecar neurons to integrate evidence and answer 250 ms later."""
    delay_ms, asked, seeds = (50.0, 0.4, SEEDS[:1]) if setting.quick else (DELAY_MS, 0.75, SEEDS)
    tested_ms = (delay_ms,) if setting.quick else TESTED_MS
    results = [_train(setting, delay_ms, seed) for seed in seeds]
    rows = [delay_row(delay_ms, tested, results) for tested in tested_ms]
    save_delay_figure(setting, rows, CHANCE)
    return Findings(tuple(delay_checks(delay_ms, asked, CHANCE, results)), tuple(rows))


def _train(setting: Setting, delay_ms: float, seed: int) -> Result:
    neurons, generations, trials = (16, 40, 16) if setting.quick else (64, 400, 32)
    return trained(
        setting,
        f"delay{delay_ms:g}-generations{generations}-seed{seed}",
        circuit="morris-lecar",
        model_options={"neurons": neurons},
        task="integration-memory",
        task_options={"delay_ms": delay_ms},
        generations=generations,
        trials=trials,
        test_trials=TEST_TRIALS,
        seed=seed,
    )
