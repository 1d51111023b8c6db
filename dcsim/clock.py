"""The one scheduler: a SimPy environment in integer nanoseconds, with a total order of events.

Order is (time, priority, source, sequence within the source). All SimPy events are one source, `STORIES`,
so simultaneous packets and stories never depend on who created what first.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar

from simpy import Environment, Event
from simpy.core import EmptySchedule, StopSimulation
from simpy.events import NORMAL, URGENT

from hypervisor.clock import Source
from netvirt.address import Ns

T = TypeVar("T")
Entry = tuple[int, int, int, Callable[[Any], None], Any]

BUCKET_BITS = 16
"""Events later than the current 65 us wait unsorted in buckets, so that a million idle timers cost no heap depth."""

STORIES = 0
"""The source id of every SimPy event."""


class SimClock(Environment):
    """`simpy.Environment` whose time is an int of nanoseconds, and the `Clock` of hosts and links."""

    now: Ns = Ns(0)  # a plain attribute shadows SimPy's property: it is read on every link crossing

    def __init__(self) -> None:
        self.now = Ns(0)
        self._near: list[Entry] = []
        self._far: dict[int, list[Entry]] = {}
        self._far_order: list[int] = []
        self._horizon = 1 << BUCKET_BITS
        self._stories = Source(STORIES)
        self.events = 0
        super().__init__(0)

    @property
    def _now(self) -> Ns:
        return self.now

    @_now.setter
    def _now(self, now: Ns) -> None:
        self.now = now

    def call_at(self, time: int, source: Source, action: Callable[[T], None], argument: T) -> None:
        """Run `action(argument)` at `time`; the past is closed."""
        key = source.key
        source.key = key + 1
        if time < self._horizon:
            assert time >= self.now, "the past is closed"
            heappush(self._near, (time, NORMAL, key, action, argument))
        else:
            self._put_far((time, NORMAL, key, action, argument))

    def schedule(self, event: Event, priority: int = NORMAL, delay: int = 0) -> None:  # type: ignore[override]
        """SimPy's entry: delays are whole nanoseconds."""
        assert type(delay) is int, f"a delay is an integer of nanoseconds, not {delay!r}"
        key = self._stories.key
        self._stories.key = key + 1
        entry = (self.now + delay, priority, key, self._fire, event)
        if entry[0] < self._horizon:
            heappush(self._near, entry)
        else:
            self._put_far(entry)

    def _put_far(self, entry: Entry) -> None:
        bucket = entry[0] >> BUCKET_BITS
        waiting = self._far.get(bucket)
        if waiting is None:
            self._far[bucket] = [entry]
            heappush(self._far_order, bucket)
        else:
            waiting.append(entry)

    def _advance_horizon(self) -> None:
        """The near heap is empty: make the next bucket near."""
        if not self._far_order:
            raise EmptySchedule
        bucket = heappop(self._far_order)
        # In place: the run loop holds a reference to this very list.
        self._near.extend(self._far.pop(bucket))
        heapify(self._near)
        self._horizon = (bucket + 1) << BUCKET_BITS

    @staticmethod
    def _fire(event: Event) -> None:
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]  # SimPy's mark of "processed"
        for callback in callbacks:
            callback(event)
        if not event._ok and not hasattr(event, "_defused"):
            assert isinstance(event._value, BaseException)
            raise event._value

    def peek(self) -> float:
        if self._near:
            return self._near[0][0]
        if self._far_order:
            return min(entry[0] for entry in self._far[self._far_order[0]])
        return float("inf")

    def step(self) -> None:
        if not self._near:
            self._advance_horizon()
        time, _, _, action, argument = heappop(self._near)
        self.now = Ns(time)
        self.events += 1
        action(argument)

    def run(self, until: int | Event | None = None) -> Any:  # type: ignore[override]
        """Run until the schedule is empty, a moment (exclusive, as in SimPy) or an event; returns the event's value."""
        if isinstance(until, Event) and until.callbacks is None:
            return until.value
        stop = self._stop_event(until)
        near = self._near
        events = 0
        try:
            while True:
                if not near:
                    self._advance_horizon()
                entry = heappop(near)
                self.now = entry[0]  # type: ignore[assignment]
                events += 1
                entry[3](entry[4])
        except StopSimulation as finished:
            return finished.args[0]
        except EmptySchedule:
            if stop is not None and not stop.triggered:
                raise RuntimeError("the world fell silent before what it waited for happened") from None
        finally:
            self.events += events
        return None

    def _stop_event(self, until: int | Event | None) -> Event | None:
        if until is None:
            return None
        if isinstance(until, Event):
            stop = until
        else:
            assert until >= self.now, "the past is closed"
            stop = Event(self)
            stop._ok = True
            stop._value = None
            self.schedule(stop, URGENT, until - self.now)
        stop.callbacks.append(StopSimulation.callback)
        return stop

    def waiting(self) -> list[Entry]:
        """Everything that is scheduled, unordered: for counting what is in flight."""
        return self._near + [entry for bucket in self._far.values() for entry in bucket]
