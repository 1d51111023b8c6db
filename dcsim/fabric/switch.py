"""A switch of the physical network: looks the flow up, or picks one of the equal ways for it and remembers."""

from typing import Protocol
from zlib import crc32

from dcsim.fabric.layout import Kind
from dcsim.fabric.place import Place, Places
from dcsim.fabric.routing import Router
from dcsim.fabric.wire import Direction, Wires
from dcsim.rng import stream
from hypervisor.link import OnWire
from netvirt.journey import Outcome
from netvirt.ledger import Ledger

FIB_LIMIT = 1 << 16
"""Flows remembered by one switch. A full table is emptied: it is memo, so that only costs time."""

MASK = (1 << 64) - 1


class Forwarded(OnWire, Protocol):
    """What the fabric carries. `flow` is the packed outer five-tuple: equal flows have equal targets."""

    @property
    def flow(self) -> int: ...
    @property
    def source(self) -> int: ...
    @property
    def target(self) -> int: ...


class Switch:
    """ToR, spine or core: they differ only in what their router answers."""

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
        self._salt = stream(seed, f"ecmp {place.name}").getrandbits(64) | 1

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
        ways = self.ways(source, target)
        return ways[self._pick(flow, len(ways))] if ways else None

    def ways(self, source: int, target: int) -> tuple[Place, ...]:
        """All equal next hops from here."""
        layout = self._places.layout
        rack = layout.above(Kind.HOST, target, Kind.RACK)
        if self.place.kind is Kind.TOR and self.place.index == rack:
            return self._router.to_host(self._places.at(Kind.HOST, target))
        key = layout.above(Kind.HOST, source, Kind.ZONE), rack
        ways = self._ways.get(key)
        if ways is None:
            if len(self._ways) >= FIB_LIMIT:
                self._ways.clear()
            ways = self._ways[key] = self._router.to_rack(rack, key[0])
        return ways

    def forget(self) -> None:
        """What it believes has changed: decide anew for every flow."""
        self.fib.clear()
        self._ways.clear()

    def _pick(self, flow: int, ways: int) -> int:
        # CRC is linear: two switches that only started it differently would always agree or always disagree, and
        # flows would polarize. Multiplying by an odd salt of the switch's own and keeping the high half is not.
        digest = crc32(flow.to_bytes((flow.bit_length() + 7) // 8, "big"))
        return ((digest * self._salt & MASK) >> 32) * ways >> 32
