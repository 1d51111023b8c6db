"""What an expectation asks for, measured; and whether the run is what was expected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dcsim.observe.probe import STEADY_NS, ProbeRecord
from dcsim.scenario.expectation import Expectation
from dcsim.scenario.scenario import Entry
from dcsim.topology.quantity import format_duration

WHOLE_RUN = "run"
"""The window that is the whole run; the others are `before`, `during` and `after` each timeline entry."""

Verdict = Literal["pass", "fail", "stopped"]
Span = tuple[int, int]
"""[start, end) in ns."""

NEVER = "never"
NO_ACTION = "no action to recover from"
NOTHING_SENT = "nothing sent"
NO_ANSWER = "no answer"
TENTH_NS = 100_000_000


@dataclass(frozen=True, slots=True)
class Judged:
    """An expectation and what was measured, in its unit. None when there was nothing to measure; `why` tells people."""

    expectation: Expectation
    measured: int | None
    why: str = ""

    @property
    def holds(self) -> bool:
        return self.expectation.holds(self.measured)


def judge(
    expectation: Expectation, records: Mapping[str, ProbeRecord], timeline: Sequence[Entry], duration_ns: int
) -> Judged:
    """`records` are by probe. A window that no time is in has nothing to measure."""
    record = records[expectation.probe]
    if expectation.measure == "rto":
        starts = faults(timeline)
        recovered_ns = record.worst_rto_ns(starts, duration_ns)
        return Judged(
            expectation, recovered_ns, "" if recovered_ns is not None else _unknown_rto(record, starts, duration_ns)
        )
    window = expectation.window
    name = WHOLE_RUN if window is None else f"{window.side} {window.entry}"
    start_ns, end_ns = windows_of(timeline, duration_ns).get(name, (0, 0))
    figures = record.figures(start_ns, end_ns)
    why = NO_ANSWER if figures.sent else NOTHING_SENT
    return Judged(expectation, figures.measure(expectation.measure), why)


def _unknown_rto(record: ProbeRecord, faults_ns: Sequence[int], end_ns: int) -> str:
    """Never recovered, or not seen to be: the run may end too early to tell."""
    if not faults_ns:
        return NO_ACTION
    steady_ns = record.steady_ns(min(faults_ns), end_ns)
    if not steady_ns:
        return NEVER
    # Down to a tenth: 9.99 s are not the 10 s that it takes.
    shown_ns = steady_ns - steady_ns % TENTH_NS
    return f"not known: {format_duration(shown_ns)} of {format_duration(STEADY_NS)} without loss"


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
