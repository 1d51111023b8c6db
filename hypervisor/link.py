"""One direction of a wire on a clock: a Line whose frames land in a sink. vNIC shapers and fabric links are these."""

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from hypervisor.clock import Clock, Source
from netvirt.address import Ns
from netvirt.impairment import Impairment, fate
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.line import Line


class OnWire(Protocol):
    """What crosses a link: a frame, or an encapsulated one that becomes bytes only when somebody looks."""

    @property
    def size(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    def corrupted(self, bit: int) -> "OnWire":
        """This frame with one bit of `data` flipped, counted from the first bit of the first byte."""


Land = Callable[[Any], None]


class Life:
    """One uninterrupted time of a link being up. What was sent in an older life is lost when it would land."""

    __slots__ = ("alive", "land", "link")

    def __init__(self, link: "Link", land: Land) -> None:
        self.link = link
        self.land = land
        self.alive = True

    def arrive(self, frame: OnWire) -> None:
        if self.alive:
            self.land(frame)
        else:
            self.link.lose(frame, Outcome.POWER_LOST)


class Link(Source):
    """A direction between two ends. `land` is called with each frame at the moment its last bit arrives.

    A plain link costs one test: `detour` is None. Whatever is unusual (down, impaired, tapped) sets it to the
    method that knows better.
    """

    __slots__ = (
        "arrive",
        "clock",
        "detour",
        "draw",
        "impairment",
        "land",
        "ledger",
        "life",
        "line",
        "lost",
        "name",
        "old_queue_max_bytes",
        "taps",
    )

    def __init__(self, name: str, source_id: int, clock: Clock, ledger: Ledger, line: Line, land: Land) -> None:
        super().__init__(source_id)
        self.name = name
        self.clock = clock
        self.ledger = ledger
        self.line = line
        self.land = land
        self.lost = 0
        self.old_queue_max_bytes = 0
        self.impairment: Impairment | None = None
        self.draw: Random | None = None
        self.taps: tuple[Tap, ...] = ()
        self.detour: Callable[[OnWire], None] | None = None
        self.life = Life(self, land)
        self.arrive = self.life.arrive

    def send(self, frame: OnWire) -> None:
        if self.detour is not None:
            self.detour(frame)
            return
        clock = self.clock
        arrival = self.line.send(frame.size, clock.now)
        if arrival < 0:
            self.lose(frame, Outcome.QUEUE_FULL)
        else:
            clock.call_at(arrival, self, self.arrive, frame)

    def lose(self, frame: OnWire, reason: Outcome) -> None:
        self.lost += 1
        self.ledger.drop(frame, self.name, reason)

    def connect(self, land: Land) -> None:
        """Frames land here from now on, also those under way."""
        self.land = land
        self.life.land = land

    @property
    def up(self) -> bool:
        return self.life.alive

    def cut(self) -> None:
        """Go down: what is queued or in flight is lost, and so is whatever is sent until `mend`."""
        self.life.alive = False
        self.line.clear(self.clock.now)
        self._choose_way()

    def mend(self) -> None:
        """Come up again, empty, in a new life."""
        self.life = Life(self, self.land)
        self.arrive = self.life.arrive
        self._choose_way()

    def impair(self, impairment: Impairment | None, draw: Random | None = None) -> None:
        """Treat frames sent from now on so, drawing from the link's own stream; None makes it a good wire again."""
        assert impairment is None or draw is not None, "an impairment needs a stream to draw from"
        self.impairment = impairment
        self.draw = draw
        self._choose_way()

    def reshape(self, rate: int, delay_ns: int, limit_bytes: int) -> None:
        """Other bounds for frames sent from now on. What is queued leaves as it was promised, so nothing overtakes."""
        self.old_queue_max_bytes = self.queue_max_bytes
        self.line.reshape(rate, delay_ns, limit_bytes)

    @property
    def queue_max_bytes(self) -> int:
        """The most unfinished work this link ever held."""
        return max(self.old_queue_max_bytes, self.line.queue_max_bytes)

    def tap(self, see: "Tap") -> None:
        """Call `see(link, frame)` with each frame as it is sent, also with those that will be lost here."""
        self.taps = (*self.taps, see)
        self._choose_way()

    def untap(self, see: "Tap") -> None:
        self.taps = tuple(tap for tap in self.taps if tap != see)
        self._choose_way()

    def _choose_way(self) -> None:
        plain = self.up and self.impairment is None and not self.taps
        self.detour = None if plain else self._send_unusual

    def _send_unusual(self, frame: OnWire) -> None:
        for see in self.taps:
            see(self, frame)
        if not self.up:
            self.lose(frame, Outcome.LINK_DOWN)
        elif self.impairment is None:
            self._carry(frame, 0)
        else:
            self._send_impaired(frame, self.impairment)

    def _send_impaired(self, frame: OnWire, impairment: Impairment) -> None:
        assert self.draw is not None
        passages = fate(impairment, self.draw, frame.size * 8, self.line.delay_ns)
        self.ledger.duplicated += len(passages) - 1
        for passage in passages:
            if passage.lost:
                self.lose(frame, Outcome.LOST)
            else:
                self._carry(frame if passage.flip < 0 else frame.corrupted(passage.flip), passage.extra_ns)

    def _carry(self, frame: OnWire, extra_ns: int) -> None:
        arrival = self.line.send(frame.size, self.clock.now)
        if arrival < 0:
            self.lose(frame, Outcome.QUEUE_FULL)
        else:
            self.clock.call_at(Ns(arrival + extra_ns), self, self.arrive, frame)


Tap = Callable[[Link, OnWire], None]
