"""A switch of the physical network: looks the flow up, or picks one of the equal ways for it and remembers."""

from collections.abc import Sequence
from typing import Protocol
from zlib import crc32

from dcsim.fabric.layout import Kind
from dcsim.fabric.place import Place, Places
from dcsim.fabric.routing import OUTSIDE, Router
from dcsim.fabric.wire import Direction, Wires
from dcsim.rng import stream
from hypervisor.link import OnWire
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.overlay import BORDER

FIB_LIMIT = 1 << 16
"""Flows remembered by one switch. A full table is emptied: it is memo, so that only costs time."""

MASK = (1 << 64) - 1


def salt(seed: int, name: str) -> int:
    """A switch's own, for `pick`."""
    return stream(seed, f"ecmp {name}").getrandbits(64) | 1


def pick(own_salt: int, flow: int, ways: Sequence[Place]) -> Place | None:
    """One of the equal ways, always the same for a flow."""
    # CRC is linear: two switches that only started it differently would always agree or always disagree, and
    # flows would polarize. Multiplying by an odd salt of the switch's own and keeping the high half is not.
    digest = crc32(flow.to_bytes((flow.bit_length() + 7) // 8, "big"))
    return ways[((digest * own_salt & MASK) >> 32) * len(ways) >> 32] if ways else None


class Forwarded(OnWire, Protocol):
    """What the fabric carries. `flow` is the packed outer five-tuple: equal flows have equal targets."""

    @property
    def flow(self) -> int: ...
    @property
    def source(self) -> int: ...
    @property
    def target(self) -> int: ...


class Switch:
    """ToR, spine, core or transit centre: they differ only in what their router answers."""

    __slots__ = ("_ledger", "_places", "_router", "_salt", "_ways", "_wires", "fib", "name", "place")

    def __init__(self, place: Place, places: Places, wires: Wires, ledger: Ledger, seed: int) -> None:
        self.place = place
        self.name = place.name
        self.fib: dict[int, Direction] = {}
        self._places = places
        self._wires = wires
        self._ledger = ledger
        self._router = Router(place, places, wires)
        self._ways: dict[tuple[int, int], tuple[Place, ...]] = {}
        self._salt = salt(seed, place.name)

    def receive(self, frame: Forwarded) -> None:
        link = self.fib.get(frame.flow)
        if link is None:
            self._receive_new(frame)
        else:
            link.send(frame)

    def _receive_new(self, frame: Forwarded) -> None:
        hop = self.next_hop(frame.flow, frame.source, frame.target)
        if hop is None:
            self._ledger.drop(frame, self.name, Outcome.UNREACHABLE)
            return
        if len(self.fib) >= FIB_LIMIT:
            self.fib.clear()
        link = self.fib[frame.flow] = self._wires.direction(self.place, hop)
        link.send(frame)

    def next_hop(self, flow: int, source: int, target: int) -> Place | None:
        """The way this flow goes now, or None when the switch believes there is none."""
        return pick(self._salt, flow, self.ways(source, target))

    def ways(self, source: int, target: int) -> tuple[Place, ...]:
        """All equal next hops from here."""
        layout = self._places.layout
        rack = OUTSIDE if target == BORDER else layout.above(Kind.HOST, target, Kind.RACK)
        if self.place.kind is Kind.TOR and self.place.index == rack:
            return self._router.to_host(self._places.at(Kind.HOST, target))
        zone = OUTSIDE if source == BORDER else layout.above(Kind.HOST, source, Kind.ZONE)
        ways = self._ways.get((zone, rack))
        if ways is None:
            if len(self._ways) >= FIB_LIMIT:
                self._ways.clear()
            router = self._router
            ways = router.to_border(zone) if rack == OUTSIDE else router.to_rack(rack, zone)
            self._ways[zone, rack] = ways
        return ways

    def forget(self) -> None:
        """What it believes has changed: decide anew for every flow."""
        self.fib.clear()
        self._ways.clear()
