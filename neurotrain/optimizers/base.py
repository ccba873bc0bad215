"""What an optimizer is, and the checks that every optimizer must pass."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np

from neurotrain.errors import InvalidInput


@runtime_checkable
class Optimizer(Protocol):
    """A method that proposes candidates and learns from their losses alone.

    Attributes
    ----------
    population_size : int
        Number of candidates of a generation.
    generation : int
        Number of generations told so far.
    guess : (parameter,) array
        What the method believes to be good; this is what is reported. Read-only.
    best : ((parameter,) array, float)
        The luckiest evaluated point and its loss; the start and infinity as
        long as every candidate failed.
    """

    population_size: int
    generation: int

    @property
    def guess(self) -> np.ndarray: ...

    @property
    def best(self) -> tuple[np.ndarray, float]: ...

    def ask(self) -> np.ndarray:
        """Return this generation's candidates, a read-only (candidate, parameter) array."""
        ...

    def tell(self, losses: np.ndarray) -> None:
        """Learn from the (candidate,) losses; those not finite mark failed candidates."""
        ...

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of all that changes, as arrays that need no pickle."""
        ...

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Go on from where `state` was taken, bit for bit."""
        ...


Make = Callable[[np.ndarray, np.ndarray, int], Optimizer]
_START = np.array([1.5, -0.75, 2.0, 0.5, -1.0])
_SCALE = np.array([1.0, 0.5, 2.0, 0.25, 1.0])


def check_optimizer(make: Make, *, rank_based: bool = True) -> None:
    """Check that an optimizer keeps the promises that training relies on.

    Parameters
    ----------
    make : callable
        ``make(start, scale, seed)`` returns a new optimizer that starts from the
        (parameter,) array `start`. Switch weight decay off: it pulls towards zero,
        and therefore is not invariant to translation.
    rank_based : bool
        Whether the optimizer learns from the order of the losses only.

    Raises
    ------
    AssertionError
        With the sentence that says which promise is broken.
    """
    checks = [
        _check_order_of_calls,
        _check_frozen,
        _check_seed,
        _check_failures,
        _check_resume,
        _check_translation,
        _check_improvement,
    ]
    for check in checks + [_check_ranks] * rank_based:
        check(make)


def _sphere(candidates: np.ndarray) -> np.ndarray:
    return ((candidates / _SCALE) ** 2).sum(axis=-1)


def _advance(optimizer: Optimizer, generations: int, loss: Callable = _sphere) -> Optimizer:
    for _ in range(generations):
        optimizer.tell(loss(optimizer.ask()))
    return optimizer


def _same(one: Optimizer, other: Optimizer) -> bool:
    return np.array_equal(one.guess, other.guess) and np.array_equal(one.ask(), other.ask())


def _refuses(action: Callable[[], object], *words: object) -> bool:
    try:
        action()
    except InvalidInput as error:
        return all(str(word) in str(error) for word in words)
    return False


def _check_order_of_calls(make: Make) -> None:
    optimizer = make(_START, _SCALE, 1)
    size = optimizer.population_size
    losses = np.arange(float(size))
    assert isinstance(optimizer, Optimizer), "Attributes of an Optimizer are missing."
    assert _refuses(lambda: optimizer.tell(losses), "ask"), "tell before ask must be refused."
    candidates = optimizer.ask()
    assert candidates.shape == (size, len(_START)), "ask must give (candidate, parameter)."
    assert np.array_equal(candidates, optimizer.ask()), "ask twice must give the same."
    wrong = np.zeros(size + 1)
    assert _refuses(lambda: optimizer.tell(wrong), size, size + 1), (
        "A wrong number of losses must be refused, with the expected and the given number."
    )
    optimizer.tell(losses)
    assert optimizer.generation == 1, "generation must count the generations told."
    assert _refuses(lambda: optimizer.tell(losses), "ask"), "tell twice must be refused."


def _check_frozen(make: Make) -> None:
    start, scale = _START.copy(), _SCALE.copy()
    optimizer, untouched = make(start, scale, 1), make(_START, _SCALE, 1)
    start[:], scale[:] = 0, 1
    for _ in range(2):
        losses = _sphere(optimizer.ask())
        optimizer.tell(losses)
        losses[:] = 0
        for returned in (optimizer.guess, optimizer.best[0], optimizer.ask()):
            assert not returned.flags.writeable, "Returned arrays must be read-only."
        for array in optimizer.state_dict().values():
            if array.flags.writeable:
                array[...] = np.zeros_like(array)
    assert _same(optimizer, _advance(untouched, 2)), "Arrays must not be shared with the caller."


def _check_seed(make: Make) -> None:
    one, same, other = (_advance(make(_START, _SCALE, seed), 3) for seed in (1, 1, 2))
    assert _same(one, same), "The same seed must give the same run."
    assert not np.array_equal(one.ask(), other.ask()), "Other seeds must give other runs."


def _check_failures(make: Make) -> None:
    guesses = []
    for failure in (np.nan, np.inf, -np.inf):
        optimizer = make(_START, _SCALE, 1)
        losses = _sphere(optimizer.ask())
        losses[[0, losses.argmin()]] = failure
        optimizer.tell(losses)
        guesses.append(optimizer.guess)
        finite = losses[np.isfinite(losses)]
        assert optimizer.best[1] == finite.min(), "A failed candidate must never be the best."
        before = optimizer.guess
        _advance(optimizer, 2, lambda x, failure=failure: np.full(len(x), failure))
        assert np.array_equal(optimizer.guess, before), (
            "A generation in which every candidate failed teaches nothing: the guess must stay."
        )
        _advance(optimizer, 1)
        assert np.isfinite(optimizer.guess).all(), "The guess must stay finite."
    assert all(np.array_equal(guesses[0], guess) for guess in guesses), (
        "NaN and infinite losses must mean the same: failed."
    )


def _check_resume(make: Make) -> None:
    whole, resumed = make(_START, _SCALE, 1), make(_START, _SCALE, 1)
    for asked in (False, True, False):
        for optimizer in (whole, resumed):
            _advance(optimizer, 3)
        if asked:
            resumed.ask()
        state, resumed = resumed.state_dict(), make(_START, _SCALE, 1)
        kinds = {array.dtype.kind for array in state.values()}
        assert "O" not in kinds, "State must not need pickle."
        resumed.load_state_dict(state)
        if asked:
            losses = _sphere(whole.ask())
            whole.tell(losses)
            resumed.tell(losses)
        assert _same(whole, resumed), "A resumed run must go on as if it had not stopped."
        assert resumed.generation == whole.generation, "The generation must be resumed."
        assert resumed.best[1] == whole.best[1], "The best point must be resumed."


def _check_translation(make: Make) -> None:
    shift = 8.0 * _SCALE
    here = _advance(make(_START, _SCALE, 1), 4)
    there = _advance(make(_START + shift, _SCALE, 1), 4, lambda x: _sphere(x - shift))
    assert np.allclose(there.guess - shift, here.guess, atol=1e-9), (
        "Moving the start and the loss together must move the run with them."
    )


def _check_improvement(make: Make) -> None:
    guess = _advance(make(_START, _SCALE, 1), 100).guess
    assert _sphere(guess) < 0.2 * _sphere(_START), "100 generations must get closer on a sphere."


def _check_ranks(make: Make) -> None:
    plain = _advance(make(_START, _SCALE, 1), 4)
    bent = _advance(make(_START, _SCALE, 1), 4, lambda x: np.exp(_sphere(x) / 4) - 3)
    assert _same(plain, bent), "Only the order of the losses may count."
    worst, failed = make(_START, _SCALE, 1), make(_START, _SCALE, 1)
    for optimizer, loss in ((worst, 1e9), (failed, np.nan)):
        losses = _sphere(optimizer.ask())
        losses[0] = loss
        optimizer.tell(losses)
    assert _same(worst, failed), "A failed candidate must rank as the worst one."
