"""Expectations: one sentence about a measure; it holds or not."""

from dataclasses import dataclass, field
from typing import Literal

from dcsim.problem import Mark

Measure = Literal["sent", "loss", "availability", "p50", "p99", "max", "rto"]
Operator = Literal["==", "!=", "<=", ">=", "<", ">"]
Unit = Literal["count", "ppb", "ns"]


@dataclass(frozen=True, slots=True)
class Window:
    """Before, during or after a timeline entry: [0, start), [start, end), [end, duration)."""

    side: Literal["before", "during", "after"]
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
