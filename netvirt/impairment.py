"""What a bad wire does to frames, in netem's words: loss, corrupt, duplicate, reorder, jitter.

The words mean what tc-netem(8) and Linux's `net/sched/sch_netem.c` make of them; rate, delay and limit are the
Line's own. Two things differ, because this is a wire and not a queueing discipline: a reordered frame skips the
delay but not the queue before it, and chances are parts per billion instead of a float's percent.
"""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

PPB = 1_000_000_000
"""One, as parts per billion."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """Each chance is independent from frame to frame ("loss random" without correlation, in netem's words)."""

    loss_ppb: int = 0
    """Lost before it meets the queue, so it costs its neighbours no bandwidth."""
    corrupt_ppb: int = 0
    """One random bit of the frame is flipped."""
    duplicate_ppb: int = 0
    """Sent twice, the copy behind the original; the copy may be lost or corrupted in its turn, but not duplicated."""
    reorder_ppb: int = 0
    """Sent without delay, so it overtakes what went before; without a delay it does nothing."""
    jitter_ns: int = 0
    """The delay varies evenly within plus or minus this much, and never below zero. It reorders, as netem's does."""

    @property
    def harmless(self) -> bool:
        return not (self.loss_ppb or self.corrupt_ppb or self.duplicate_ppb or self.reorder_ppb or self.jitter_ns)


class Passage(NamedTuple):
    """One copy of a frame crossing the wire."""

    lost: bool
    flip: int
    """The bit that is flipped, counted from the first bit of the first byte; -1 for none."""
    extra_ns: int
    """Added to the wire's delay; negative for an early one, never below minus the delay."""


def fate(impairment: Impairment, draw: Random, bits: int, delay_ns: int) -> tuple[Passage, ...]:
    """What becomes of a frame of `bits` bits: one passage, or two when it is duplicated.

    The draws are duplicate, loss, then corrupt, bit, reorder, jitter, and all are made whatever their chance:
    so raising one chance leaves the others' victims the same, and a lossier wire loses a superset.
    """
    duplicated = _chance(draw, impairment.duplicate_ppb)
    lost = _chance(draw, impairment.loss_ppb)
    if not duplicated:
        return (_pass(impairment, draw, bits, delay_ns, lost),)
    # As in netem_enqueue(), losing one of the two copies leaves a single frame, as if nothing had happened.
    first = _pass(impairment, draw, bits, delay_ns, lost=False)
    if lost:
        return (first,)
    lost_again = _chance(draw, impairment.loss_ppb)
    return first, _pass(impairment, draw, bits, delay_ns, lost_again)


def _pass(impairment: Impairment, draw: Random, bits: int, delay_ns: int, lost: bool) -> Passage:
    corrupted = _chance(draw, impairment.corrupt_ppb)
    bit = _below(draw, bits)
    early = _chance(draw, impairment.reorder_ppb)
    jitter_ns = _below(draw, 2 * impairment.jitter_ns) - impairment.jitter_ns
    extra_ns = -delay_ns if early else max(jitter_ns, -delay_ns)
    return Passage(lost, bit if corrupted else -1, extra_ns)


def _chance(draw: Random, ppb: int) -> bool:
    return _below(draw, PPB) < ppb


def _below(draw: Random, limit: int) -> int:
    # Always exactly one draw of 64 bits, unlike randrange(), whose rejections would shift the stream.
    return draw.getrandbits(64) * limit >> 64
