"""A small region with hosts that only count: what journeys in these tests start from."""

from collections.abc import Iterable, Sequence

from dcsim.clock import SimClock
from dcsim.fabric.fabric import Fabric
from dcsim.fabric.place import Place
from dcsim.fabric.wire import ROUTING_SOURCE, Direction
from dcsim.topology.plan import LinkSetting, Plant
from hypervisor.clock import Source
from hypervisor.link import Link
from netvirt.address import HostId, Ns
from netvirt.journey import Outcome
from netvirt.ledger import Ledger, Sized
from netvirt.overlay import BORDER

MS = 1_000_000
S = 1_000 * MS


class Packet:
    """What the fabric carries, without anything inside."""

    __slots__ = ("data", "flow", "number", "source", "target")

    def __init__(self, source: int, target: int, port: int, number: int = 0, data: bytes = bytes(1000)) -> None:
        self.source = source
        self.target = target
        self.flow = source << 48 | target << 16 | port
        self.number = number
        self.data = data

    @property
    def size(self) -> int:
        return len(self.data)

    def corrupted(self, bit: int) -> "Packet":
        data = bytearray(self.data)
        data[bit // 8] ^= 0x80 >> bit % 8
        return Packet(self.source, self.target, self.flow & 0xFFFF, self.number, bytes(data))


class Region:
    """A fabric, and every host asked for attached to it."""

    def __init__(
        self,
        zones: Sequence[str] = ("a", "b"),
        plant: Plant | None = None,
        seed: int = 7,
        settings: Sequence[LinkSetting] = (),
    ) -> None:
        self.clock = SimClock()
        self.ledger = Ledger()
        self.fabric = Fabric("eu-west-1", zones, plant or Plant(), self.clock, self.ledger, seed, settings)
        self.uplinks: dict[int, Link] = {}
        self.sources: dict[int, Source] = {}
        self.sent = 0
        self.received: list[tuple[int, Packet]] = []
        self.lost: list[tuple[int, str, Outcome]] = []
        self.power: list[tuple[int, str, bool]] = []
        self.heard: list[tuple[int, str, str]] = []
        self.left: list[tuple[int, str]] = []
        self.has_border = False
        self.ledger.watchers.append(self._lose)
        self.fabric.observe(lambda time, switch, text: self.heard.append((time, switch, text)))

    def _lose(self, frame: Sized, place: str, reason: Outcome) -> None:
        assert isinstance(frame, Packet)
        self.lost.append((frame.number, place, reason))

    def host(self, name: str) -> HostId:
        """The host of that name, or the border, attached when first asked for."""
        if name == "border":
            return self._border()
        host = self.fabric.host_id(name)
        if host not in self.uplinks:
            self.uplinks[host] = self.fabric.attach(host, self._receive, lambda up: self._switch(name, up))
        return host

    def _receive(self, packet: Packet) -> None:
        self.received.append((self.clock.now, packet))

    def _border(self) -> HostId:
        if not self.has_border:
            self.fabric.attach_border(self._leave)
            self.has_border = True
        return BORDER

    def _leave(self, packet: Packet, transit: str) -> None:
        self.left.append((packet.number, transit))
        self._receive(packet)

    def _switch(self, name: str, up: bool) -> None:
        self.power.append((self.clock.now, name, up))

    def send(self, packet: Packet) -> None:
        self.sent += 1
        if packet.source == BORDER:
            self.fabric.from_border(packet)
        else:
            self.uplinks[packet.source].send(packet)

    def send_at(self, time: int, packet: Packet) -> None:
        # The border's number is beyond the links'.
        number = ROUTING_SOURCE - 1 if packet.source == BORDER else 1 + packet.source
        source = self.sources.setdefault(packet.source, Source(number))
        self.clock.call_at(Ns(time), source, self.send, packet)

    def stream(self, source: str, target: str, port: int, times: Iterable[int]) -> None:
        """One packet of a flow at each moment, numbered by it."""
        a, b = self.host(source), self.host(target)
        for time in times:
            self.send_at(time, Packet(a, b, port, time))

    def hold(self, target: str, cause: str) -> None:
        for part in self._parts(target):
            self.fabric.hold(part, cause)

    def release(self, target: str, cause: str) -> None:
        for part in self._parts(target):
            self.fabric.release(part, cause)

    def _parts(self, target: str) -> Sequence[Place | Direction]:
        return self.fabric.links(target) if "->" in target else [self.fabric.place(target)]

    def run(self, until: int | None = None) -> None:
        self.clock.run(until=until)

    @property
    def in_flight(self) -> int:
        """Every packet that some link still has to deliver; those that a test has yet to send are not sent."""
        entries = self.clock.waiting()
        return sum(isinstance(argument, Packet) and action != self.send for *_, action, argument in entries)

    def conserves(self) -> bool:
        accounted = len(self.received) + self.ledger.dropped + self.in_flight
        return self.sent + self.ledger.duplicated == accounted

    def port_via(self, source: str, target: str, switch: str) -> int:
        """The first port whose flow goes through that switch now."""
        a, b = self.host(source), self.host(target)
        for port in range(1, 1000):
            path = self.fabric.path(a, b, Packet(a, b, port).flow)
            if any(leg.name.endswith(f"-> {switch}") for leg in path.legs):
                return port
        raise AssertionError(f"no flow goes through {switch}")
