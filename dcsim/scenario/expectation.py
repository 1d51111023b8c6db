"""Expectations: one sentence about a measure; it holds or not.

across.loss == 0 % before outage
across.rto <= 90 s
"""

import re
from dataclasses import dataclass, field
from typing import Literal, cast

from dcsim.problem import Mark, Mistake
from dcsim.topology.quantity import (
    count,
    duration_ns,
    format_duration,
    format_percent,
    ratio_ppb,
)
from dcsim.topology.words import instead, quoted

Measure = Literal["sent", "loss", "availability", "p50", "p99", "max", "rto"]
Operator = Literal["==", "!=", "<=", ">=", "<", ">"]
Unit = Literal["count", "ppb", "ns"]
Side = Literal["before", "during", "after"]
Span = tuple[int, int]

UNITS: dict[Measure, Unit] = {
    "sent": "count",
    "loss": "ppb",
    "availability": "ppb",
    "p50": "ns",
    "p99": "ns",
    "max": "ns",
    "rto": "ns",
}
MEASURES_LATER = ("mttd", "mttr", "blast_radius", "rpo", "unhealthy")
OPERATORS = ("==", "!=", "<=", ">=", "<", ">")
SIDES = ("before", "during", "after")
SIGNIFICANT = 3


@dataclass(frozen=True, slots=True)
class Window:
    """Before, during or after a timeline entry: [0, start), [start, end), [end, duration)."""

    side: Side
    entry: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """`probe.measure operator value [for TIME | window]`; `value` is in `unit`."""

    probe: str
    measure: Measure
    operator: Operator
    value: int
    unit: Unit
    window: Window | None
    for_ns: int | None
    text: str
    mark: Mark = field(compare=False)

    def holds(self, measured: int | None) -> bool:
        """`measured` in `self.unit`; None (nothing to measure, never recovered) holds for nothing.

        Ratios are rounded away from the perfect: losses up, availability down, so that one lost packet in
        a billion is not `loss == 0 %`.
        """
        if measured is None:
            return False
        match self.operator:
            case "==":
                return measured == self.value
            case "!=":
                return measured != self.value
            case "<=":
                return measured <= self.value
            case ">=":
                return measured >= self.value
            case "<":
                return measured < self.value
            case ">":
                return measured > self.value

    def shown(self, measured: int | None) -> str:
        return format_measured(measured, self.unit)


def format_measured(measured: int | None, unit: Unit) -> str:
    """For people: `61.3 s`, `2.2 %`, `600`; `-` when there is nothing."""
    if measured is None:
        return "-"
    match unit:
        case "count":
            return str(measured)
        case "ppb":
            return format_percent(measured, SIGNIFICANT)
        case "ns":
            return format_duration(measured, SIGNIFICANT)


@dataclass(frozen=True, slots=True)
class Sentence:
    """An expectation whose names nobody has looked up yet; spans say where they stand in the text."""

    probe: str
    """Empty where the sentence names none."""
    probe_span: Span
    measure: Measure
    operator: Operator
    value: int
    window: Window | None
    for_ns: int | None
    tail_span: Span
    """The window's name, or all of `for TIME`."""
    text: str

    def at(self, mark: Mark) -> Expectation:
        return Expectation(
            probe=self.probe,
            measure=self.measure,
            operator=self.operator,
            value=self.value,
            unit=UNITS[self.measure],
            window=self.window,
            for_ns=self.for_ns,
            text=self.text,
            mark=mark,
        )


Words = list[tuple[str, Span]]


def parse_sentence(text: str) -> Sentence:
    words = [(found.group(), found.span()) for found in re.finditer(r"\S+", text)]
    if not words:
        raise Mistake("the expectation is empty", "write it like across.loss == 0 % before outage")
    end = (len(text.rstrip()), len(text.rstrip()))
    probe, measure, probe_span = _subject(*words[0])
    operator = _operator(words[1:], end)
    stop = next((at for at, (word, _) in enumerate(words) if at > 1 and word in (*SIDES, "for")), len(words))
    value = _value(measure, words[2:stop], end)
    window, for_ns, tail_span = _tail(measure, words[stop:], end)
    normal = " ".join(word for word, _ in words)
    return Sentence(probe, probe_span, measure, operator, value, window, for_ns, tail_span, normal)


def _subject(word: str, span: Span) -> tuple[str, Measure, Span]:
    probe, dot, measure = word.rpartition(".")
    if word in UNITS:
        return "", word, span
    if not dot or not probe:
        advice = f"write it like {word.strip('.') or 'across'}.loss"
        raise Mistake(f"{quoted(word)} is no measure", advice, span=span)
    split = span[0] + len(probe)
    if measure in MEASURES_LATER:
        raise Mistake(f"{measure} is not measured yet", span=(split + 1, span[1]))
    if measure not in UNITS:
        advice = instead(measure, UNITS)
        raise Mistake(f"no measure {quoted(measure)}", advice, span=(split + 1, max(span[1], split + 2)))
    return probe, measure, (span[0], split)


def _operator(words: Words, end: Span) -> Operator:
    word, span = words[0] if words else ("", end)
    if word not in OPERATORS:
        found = quoted(word) if word else "the sentence ends"
        raise Mistake(f"{found} where a comparison belongs", f"write one of {' '.join(OPERATORS)}", span=span)
    return cast(Operator, word)


def _value(measure: Measure, words: Words, end: Span) -> int:
    text = " ".join(word for word, _ in words)
    span = (words[0][1][0], words[-1][1][1]) if words else end
    if not text:
        raise Mistake("the sentence ends where a value belongs", span=span)
    try:
        match UNITS[measure]:
            case "count":
                return count(text, 0, 10**15)
            case "ppb":
                return ratio_ppb(text)
            case "ns":
                return duration_ns(text, "s" if measure == "rto" else "ms")
    except Mistake as mistake:
        raise Mistake(f"{measure} {mistake.message}", mistake.advice, span=span) from None


def _tail(measure: Measure, words: Words, end: Span) -> tuple[Window | None, int | None, Span]:
    """`during outage`, `for 5 min`, or nothing."""
    if not words:
        return None, None, end
    (first, span), rest = words[0], words[1:]
    if first == "for":
        return None, _for(rest, end), (span[0], end[0])
    if not rest:
        raise Mistake(f"the sentence ends where the name of a timeline entry belongs after {first}", span=end)
    if len(rest) > 1:
        raise Mistake(f"the sentence goes on after its end: {quoted(rest[1][0])}", span=rest[1][1])
    if measure == "rto":
        raise Mistake("rto looks at the whole run", f"leave {first} {rest[0][0]} out", span=(span[0], end[0]))
    return Window(cast(Side, first), rest[0][0]), None, rest[0][1]


def _for(words: Words, end: Span) -> int:
    text = " ".join(word for word, _ in words)
    span = (words[0][1][0], words[-1][1][1]) if words else end
    if not text:
        raise Mistake("the sentence ends where a duration belongs", "write it like for 5 min", span=span)
    try:
        return duration_ns(text, "min")
    except Mistake as mistake:
        raise Mistake(f"for {mistake.message}", mistake.advice, span=span) from None
