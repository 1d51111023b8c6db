"""What a probe saw: its samples, and the exact figures of any window of them. Integers only."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from dcsim.scenario.expectation import Measure

PPM = 1_000_000
PPB = 1_000_000_000
STEADY_NS = 10_000_000_000
"""How long a probe must go without loss before its service counts as recovered (`rto`)."""


class Sample(NamedTuple):
    """One question. It belongs to the moment it was sent; `rtt_ns` is None when no answer came in time."""

    sent_ns: int
    sequence: int
    rtt_ns: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The samples of one window. Ratios and times are None where there is nothing to take them of.

    Ratios are rounded away from the perfect: loss up, availability down.
    """

    sent: int
    lost: int
    p50_ns: int | None
    p99_ns: int | None
    max_ns: int | None

    @property
    def availability_ppm(self) -> int | None:
        return (self.sent - self.lost) * PPM // self.sent if self.sent else None

    @property
    def availability_ppb(self) -> int | None:
        return (self.sent - self.lost) * PPB // self.sent if self.sent else None

    @property
    def loss_ppb(self) -> int | None:
        return -(-self.lost * PPB // self.sent) if self.sent else None

    def measure(self, name: Measure) -> int | None:
        """In the unit of an Expectation: count, ppb or ns. `rto` belongs to a fault, not to a window."""
        match name:
            case "sent":
                return self.sent
            case "loss":
                return self.loss_ppb
            case "availability":
                return self.availability_ppb
            case "p50":
                return self.p50_ns
            case "p99":
                return self.p99_ns
            case "max":
                return self.max_ns
            case "rto":
                raise ValueError("ask ProbeRecord.rto_ns")


@dataclass(slots=True)
class ProbeRecord:
    """All samples of one probe, in the order they were reported. `every_ns` is the span between two questions."""

    name: str
    every_ns: int
    _samples: list[Sample] = field(default_factory=list)
    _sorted: bool = True

    def add(self, sequence: int, sent_ns: int, rtt_ns: int | None) -> None:
        self._samples.append(Sample(sent_ns, sequence, rtt_ns))
        self._sorted = False

    @property
    def samples(self) -> list[Sample]:
        """By the moment they were sent."""
        if not self._sorted:
            # Not by rtt: None does not compare, and no two samples share moment and sequence.
            self._samples.sort(key=lambda sample: sample[:2])
            self._sorted = True
        return self._samples

    @property
    def answered(self) -> bool:
        """Whether any question ever was."""
        return any(sample.rtt_ns is not None for sample in self._samples)

    def within(self, start_ns: int, end_ns: int) -> list[Sample]:
        """Those sent in [start, end)."""
        samples = self.samples
        return samples[bisect_left(samples, (start_ns,)) : bisect_left(samples, (end_ns,))]

    def figures(self, start_ns: int, end_ns: int) -> Figures:
        samples = self.within(start_ns, end_ns)
        answered = sorted(sample.rtt_ns for sample in samples if sample.rtt_ns is not None)
        longest = answered[-1] if answered else None
        return Figures(
            len(samples), len(samples) - len(answered), percentile(answered, 50), percentile(answered, 99), longest
        )

    def rto_ns(self, fault_ns: int, end_ns: int, steady_ns: int = STEADY_NS) -> int | None:
        """From the start of a fault until its service is steady again; the run ends at `end_ns`.

        0 when nothing sent since the fault was lost. Otherwise: of the stretches without loss that come after the
        first loss, the first that lasts `steady_ns`, from the sending of its first sample to the sending of the
        next lost one or the end of the run; the answer is when that first sample was sent, counted from the fault.
        None when there is no such stretch. So a fault that bites late is not taken for recovered before it bit.

        A question that was not asked (the asker has no power) is a lost one.
        """
        failures = self._failures(fault_ns, end_ns)
        for failed_ns, next_ns in pairwise([*failures, end_ns]):
            good = self.within(failed_ns + 1, next_ns)
            if good and next_ns - good[0].sent_ns >= steady_ns:
                return good[0].sent_ns - fault_ns
        return None if failures else 0

    def steady_ns(self, fault_ns: int, end_ns: int) -> int:
        """How long the run ended without loss, of what was sent since `fault_ns`; 0 when the last one was lost."""
        lost = self._failures(fault_ns, end_ns)
        good = self.within(lost[-1] + 1 if lost else fault_ns, end_ns)
        return end_ns - good[0].sent_ns if good else 0

    def worst_rto_ns(self, faults_ns: Iterable[int], end_ns: int) -> int | None:
        """The longest `rto_ns` of several faults; a loss is the doing of the last fault before it.

        None when one of them was not recovered from, or when there was none.
        """
        starts = sorted(set(faults_ns))
        times = [
            self.rto_ns(start_ns, end_ns) if self._failures(start_ns, next_ns) else 0
            for start_ns, next_ns in pairwise([*starts, end_ns])
        ]
        known = [time for time in times if time is not None]
        return max(known) if known and len(known) == len(times) else None

    def _failures(self, start_ns: int, end_ns: int) -> list[int]:
        """When samples were sent that were lost; of each silence, when its first and last one should have been."""
        samples = self.within(start_ns, end_ns)
        lost = {sample.sent_ns for sample in samples if sample.rtt_ns is None}
        for early_ns, late_ns in pairwise([start_ns, *(sample.sent_ns for sample in samples), end_ns]):
            if late_ns - early_ns >= 2 * self.every_ns:
                lost |= {early_ns + self.every_ns, late_ns - self.every_ns}
        return sorted(lost)


def percentile(ordered: list[int], percent: int) -> int | None:
    """The smallest value that at least `percent` of them do not exceed (nearest rank); None of nothing."""
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None
