"""The structures of engine.hpp, as ctypes."""

import ctypes

_POINTER, _INTEGER, _REAL = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double


def _fields(kind: type, names: str) -> list[tuple[str, type]]:
    return [(name, kind) for name in names.split()]


class Array(ctypes.Structure):
    """Values of one array; strides in items."""

    _fields_ = [
        ("data", _POINTER),
        *_fields(_INTEGER, "length by_candidate by_trial by_element"),
    ]


class Table(ctypes.Structure):
    """Values of a function."""

    _fields_ = [
        ("values", _POINTER),
        *_fields(_INTEGER, "rows columns"),
        *_fields(_REAL, "epsilon factor"),
    ]


class Connections(ctypes.Structure):
    """The synapses of a sum."""

    _fields_ = [
        *_fields(_INTEGER, "n_synapses first_pre n_pre first_post n_post"),
        *_fields(_POINTER, "pre post starts synapses sources"),
    ]


class Queue(ctypes.Structure):
    """The synapses and delays of a pathway."""

    _fields_ = [
        ("n_delays", _INTEGER),
        *_fields(_POINTER, "delays starts synapses"),
        ("n_pending", _INTEGER),
        *_fields(_POINTER, "pending_starts pending"),
    ]


class Clock(ctypes.Structure):
    """When a clock ticks."""

    _fields_ = [("dt", _REAL), *_fields(_INTEGER, "every offset first ticks")]


class Generated(ctypes.Structure):
    """The events of a generator."""

    _fields_ = _fields(_POINTER, "starts elements")


class Before(ctypes.Structure):
    """The elements that an event happened to in the last step before the run."""

    _fields_ = [("n", _INTEGER), ("elements", _POINTER)]


class Range(ctypes.Structure):
    """The elements that a log notes."""

    _fields_ = _fields(_INTEGER, "first stop")


class Chosen(ctypes.Structure):
    """What is sampled, and where to."""

    _fields_ = [
        ("elements", _POINTER),
        *_fields(_INTEGER, "n every n_samples"),
        *_fields(_POINTER, "to average"),
    ]


class Noted(ctypes.Structure):
    """What a log has noted."""

    _fields_ = [*_fields(_POINTER, "entries values"), *_fields(_INTEGER, "n capacity")]


class Run(ctypes.Structure):
    """Everything that a call needs."""

    _fields_ = [
        *_fields(_INTEGER, "n_trials n_candidates n_steps n_channels steps_per_input n_bins"),
        *_fields(_INTEGER, "average_start average_stop ends_failed keeps_events"),
        *_fields(_INTEGER, "keys_by_candidate weights_by_candidate"),
        ("first_step", ctypes.c_uint64),
        ("unit_seconds", _REAL),
        *_fields(_POINTER, "sizes slots bin_stops constants arrays tables connections queues"),
        *_fields(_POINTER, "clocks generated before logged chosen keys input_weights"),
        ("inputs", Array),
        *_fields(_POINTER, "spike_count final_state failed noted progress"),
    ]
