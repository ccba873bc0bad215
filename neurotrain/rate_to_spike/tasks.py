"""Find tasks of signals by name, and import them only then."""

from importlib import import_module

from neurotrain.errors import unknown_name
from neurotrain.rate_to_spike.target_task import TargetTask

_CLASSES = {
    "delayed-match": ("delayed_match", "DelayedMatch"),
    "four-sines": ("four_sines", "FourSines"),
    "reach": ("reach", "Reach"),
    "ready-set-go": ("ready_set_go", "ReadySetGo"),
    "temporal-xor": ("temporal_xor", "TemporalXor"),
    "three-bit-memory": ("three_bit_memory", "ThreeBitMemory"),
}


def task_names() -> list[str]:
    """Return the names of all tasks of signals."""
    return sorted(_CLASSES)


def make_task(name: str, **settings: float) -> TargetTask:
    """Return the task called `name` with these settings.

    Raises
    ------
    InvalidInput
        If there is no such task, with the nearest name, or a setting cannot be used.
    """
    if name not in _CLASSES:
        raise unknown_name("task", name, _CLASSES)
    module, kind = _CLASSES[name]
    made = getattr(import_module(f"neurotrain.rate_to_spike.{module}"), kind)
    known = made.__dataclass_fields__
    for setting in settings:
        if setting not in known:
            raise unknown_name(f"setting of task '{name}'", setting, known)
    return made(**settings)
