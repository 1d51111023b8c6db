"""How hosts and guests see time: read it, and be called at a moment."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from netvirt.address import Ns

T = TypeVar("T")

SEQUENCE_BITS = 36
"""Events that one source may ever put on the clock: 2^36. With 24 bits of ids above them, keys stay small integers."""


class Source:
    """Whoever puts events on the clock. `key` is its place in the total order: id, then its own sequence.

    Simultaneous events run in the order of their sources' ids, which follow from the topology, never from
    who happened to be created or scheduled first.
    """

    __slots__ = ("key",)

    def __init__(self, source_id: int) -> None:
        self.key = source_id << SEQUENCE_BITS


class Clock(Protocol):
    @property
    def now(self) -> Ns: ...

    def call_at(self, time: int, source: Source, action: Callable[[T], None], argument: T) -> None:
        """Run `action(argument)` at `time`, which is not in the past."""


class HostClock:
    """The clock of one power cycle of a host: what was scheduled on it never happens once the power is cut."""

    __slots__ = ("_clock", "alive")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.alive = True

    @property
    def now(self) -> Ns:
        return self._clock.now

    def call_at(self, time: int, source: Source, action: Callable[[T], None], argument: T) -> None:
        self._clock.call_at(time, source, self._fire, (action, argument))

    def _fire(self, call: tuple[Callable[[Any], None], Any]) -> None:
        if self.alive:
            action, argument = call
            action(argument)

    def kill(self) -> None:
        self.alive = False
