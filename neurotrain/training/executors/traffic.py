"""How much travels between the trainer and its workers."""

from dataclasses import dataclass


@dataclass
class Traffic:
    """Bytes to and from workers, and how many generations and candidates they were for.

    `plans` are those of the run's plan, which every new worker gets once.
    """

    plans: int = 0
    sent: int = 0
    received: int = 0
    generations: int = 0
    candidates: int = 0

    def __str__(self) -> str:
        sent, received = (n / max(1, self.generations) for n in (self.sent, self.received))
        each = (self.sent + self.received) / max(1, self.candidates)
        return (
            f"To workers: {self.plans / 1e3:.3g} kB once, and {sent / 1e3:.3g} kB each generation; "
            f"back: {received / 1e3:.3g} kB. That is {each / 1e3:.3g} kB for each candidate"
        )
