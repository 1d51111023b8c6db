"""Where the region ends: packets of the Internet choose a transit centre here, and those that leave land here."""

from collections.abc import Callable
from typing import Any

from dcsim.fabric.belief import Beliefs
from dcsim.fabric.convergence import BORDER_NAME
from dcsim.fabric.layout import Kind
from dcsim.fabric.place import Place, Places
from dcsim.fabric.switch import FIB_LIMIT, Forwarded, Switch, pick, salt
from dcsim.fabric.wire import Wires
from netvirt.journey import Outcome
from netvirt.ledger import Ledger

Arrive = Callable[[Any, str], None]
"""Called with a frame that leaves the region, and the name of the transit centre that it leaves through."""


class Border:
    """No place of the region: it has no power to lose. It hears of a dead transit centre as soon as the cores do."""

    __slots__ = ("_fib", "_ledger", "_places", "_salt", "_sees", "_switch", "arrive")

    def __init__(
        self, places: Places, wires: Wires, ledger: Ledger, seed: int, switch: Callable[[Place], Switch]
    ) -> None:
        self.arrive: Arrive | None = None
        self._places = places
        self._sees = Beliefs(None, places, wires)
        self._ledger = ledger
        self._salt = salt(seed, BORDER_NAME)
        self._switch = switch
        self._fib: dict[int, Switch] = {}

    def leave(self, transit: str, frame: Forwarded) -> None:
        """A frame has come to a transit centre on its way out."""
        if self.arrive is None:
            self._ledger.drop(frame, BORDER_NAME, Outcome.UNREACHABLE)
        else:
            self.arrive(frame, transit)

    def enter(self, frame: Forwarded) -> None:
        """A frame for a host of the region goes in."""
        switch = self._fib.get(frame.flow)
        if switch is None:
            transit = self.entrance(frame.flow, frame.target)
            if transit is None:
                self._ledger.drop(frame, BORDER_NAME, Outcome.UNREACHABLE)
                return
            if len(self._fib) >= FIB_LIMIT:
                self._fib.clear()
            switch = self._fib[frame.flow] = self._switch(transit)
        switch.receive(frame)

    def entrance(self, flow: int, target: int) -> Place | None:
        """The transit centre that this flow takes now."""
        return pick(self._salt, flow, self.ways(target))

    def ways(self, target: int) -> tuple[Place, ...]:
        """The transit centres with an equally short way to a host's rack."""
        layout, sees = self._places.layout, self._sees
        tor = self._places.at(Kind.TOR, layout.above(Kind.HOST, target, Kind.RACK))
        core = self._places.at(Kind.CORE, layout.above(Kind.HOST, target, Kind.ZONE))
        if not sees.spines_down(core, tor, layout.above(Kind.HOST, target, Kind.DATACENTER)):
            return ()
        return sees.exits(core) or tuple(
            transit for transit in sees.transits() if sees.up(transit) and sees.ways_in(transit, core)
        )

    def forget(self) -> None:
        """What it believes has changed: decide anew for every flow."""
        self._fib.clear()
