"""A measured figure and the floor (or ceiling) it is held to."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    """`better` says in which direction `bound` is a bound; None: shown only."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    at_most: bool = False

    @property
    def holds(self) -> bool:
        if self.bound is None:
            return True
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    @property
    def row(self) -> tuple[str, str, str, str]:
        if self.bound is None:
            return self.name, f"{self.value:,.2f} {self.unit}", "", ""
        sign = "<=" if self.at_most else ">="
        return self.name, f"{self.value:,.2f} {self.unit}", f"{sign} {self.bound:g}", "ok" if self.holds else "NO"


def seconds(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def alternating(ours: Callable[[], float], peer: Callable[[], float], rounds: int = 5) -> tuple[float, float]:
    """The medians of both, run turn about so that a busy machine slows both alike."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
