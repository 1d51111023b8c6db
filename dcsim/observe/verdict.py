"""What an expectation asks for, measured; and whether the run is what was expected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dcsim.observe.probe import ProbeRecord
from dcsim.scenario.expectation import Expectation
from dcsim.scenario.scenario import Entry

WHOLE_RUN = "run"
"""The window that is the whole run; the others are `before`, `during` and `after` each timeline entry."""

Verdict = Literal["pass", "fail", "stopped"]
Span = tuple[int, int]
"""[start, end) in ns."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An expectation and what was measured, in its unit; None when there was nothing to measure."""

    expectation: Expectation
    measured: int | None

    @property
    def holds(self) -> bool:
        return self.expectation.holds(self.measured)


def judge(
    expectation: Expectation, records: Mapping[str, ProbeRecord], timeline: Sequence[Entry], duration_ns: int
) -> Judged:
    """`records` are by probe. A window that no time is in has nothing to measure."""
    record = records[expectation.probe]
    if expectation.measure == "rto":
        return Judged(expectation, record.worst_rto_ns(faults(timeline), duration_ns))
    window = expectation.window
    name = WHOLE_RUN if window is None else f"{window.side} {window.entry}"
    start_ns, end_ns = windows_of(timeline, duration_ns).get(name, (0, 0))
    return Judged(expectation, record.figures(start_ns, end_ns).measure(expectation.measure))


def verdict(judged: Iterable[Judged]) -> Verdict:
    return "pass" if all(each.holds for each in judged) else "fail"


def faults(timeline: Iterable[Entry]) -> list[int]:
    """When something was done to the world; an entry without action only names a window."""
    return [entry.start_ns for entry in timeline if entry.action is not None]


def windows_of(timeline: Iterable[Entry], duration_ns: int) -> dict[str, Span]:
    """The windows that expectations speak of, without those that no time is in."""
    spans: dict[str, Span] = {WHOLE_RUN: (0, duration_ns)}
    for entry in timeline:
        spans[f"before {entry.name}"] = (0, entry.start_ns)
        spans[f"during {entry.name}"] = (entry.start_ns, entry.end_ns)
        spans[f"after {entry.name}"] = (entry.end_ns, duration_ns)
    return {name: (start_ns, end_ns) for name, (start_ns, end_ns) in spans.items() if start_ns < end_ns}
