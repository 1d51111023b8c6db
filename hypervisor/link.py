"""One direction of a wire on a clock: a Line whose frames land in a sink. vNIC shapers and fabric links are these."""

from collections.abc import Callable
from typing import Any, Protocol

from hypervisor.clock import Clock, Source
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.line import Line


class OnWire(Protocol):
    """What crosses a link: a frame, or an encapsulated one that becomes bytes only when somebody looks."""

    @property
    def size(self) -> int: ...
    @property
    def data(self) -> bytes: ...


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
            self.link.ledger.drop(frame, self.link.name, Outcome.POWER_LOST)


class Link(Source):
    """A direction between two ends. `land` is called with each frame at the moment its last bit arrives.

    A plain link costs one test: `detour` is None. Whatever is unusual (down, impaired, tapped) sets it to the
    method that knows better.
    """

    __slots__ = ("arrive", "clock", "detour", "land", "ledger", "life", "line", "lost", "name")

    def __init__(self, name: str, source_id: int, clock: Clock, ledger: Ledger, line: Line, land: Land) -> None:
        super().__init__(source_id)
        self.name = name
        self.clock = clock
        self.ledger = ledger
        self.line = line
        self.land = land
        self.lost = 0
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

    def cut(self) -> None:
        """Go down: what is queued or in flight is lost, and so is whatever is sent until `mend`."""
        self.life.alive = False
        self.line.clear(self.clock.now)
        self.detour = self._refuse

    def mend(self) -> None:
        """Come up again, empty, in a new life."""
        self.life = Life(self, self.land)
        self.arrive = self.life.arrive
        self.detour = None

    @property
    def up(self) -> bool:
        return self.life.alive

    def _refuse(self, frame: OnWire) -> None:
        self.lose(frame, Outcome.LINK_DOWN)
