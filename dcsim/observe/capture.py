"""What was on the wires, written as it is seen: the first packets of each interface and window, and every lost one."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import BinaryIO, NamedTuple, Protocol, cast

from dcsim import __version__
from dcsim.cloud.placed import Placed
from dcsim.fabric.fabric import Fabric
from dcsim.fabric.wire import Direction
from dcsim.observe.pcapng import PcapngWriter, Way
from dcsim.scenario.scenario import Capture as Mode
from dcsim.topology.plan import Plan
from dcsim.topology.quantity import format_duration, format_rate
from hypervisor.clock import Clock
from hypervisor.host import Host, Nic
from hypervisor.link import Link, OnWire
from netvirt.address import format_ip, format_mac, is_ipv6, octets
from netvirt.frame import Frame
from netvirt.journey import Outcome
from netvirt.ledger import Ledger, Sized
from netvirt.overlay import Damaged, Encapsulated

IPV6 = b"\x86\xdd"
PACKETS_PER_WINDOW = 1_000
"""Written for each interface in each window; lost ones beyond that are written too."""

RULE_LENGTH = 200
"""Of what is said of the rule that dropped a packet: a group that allows only this and that may have many of these."""


class Node(Protocol):
    """What a capture needs of `world.Node`: of guests and appliances."""

    @property
    def name(self) -> str: ...
    @property
    def placed(self) -> Placed: ...
    @property
    def host(self) -> Host: ...
    @property
    def nic(self) -> Nic: ...


class World(Protocol):
    """What a capture needs of `world.World`."""

    @property
    def plan(self) -> Plan: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def fabric(self) -> Fabric: ...
    @property
    def nodes(self) -> Mapping[str, Node]: ...


class _Door:
    """An interface of the file: described when its first packet is written."""

    __slots__ = ("description", "name", "number", "packets", "window")

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self.number = -1
        self.window = -1
        self.packets = 0


class _Seen(NamedTuple):
    door: _Door
    time: int
    frame: OnWire
    way: Way


class Capture:
    """Taps on a world's vNICs and links, writing pcapng to `file`.

    `probes` are pairs of asking and asked guests. Mode `probes` taps their vNICs; `links` also every physical link,
    for the packets between them; `all` every vNIC and every link. In each mode all lost packets are written, on the
    interface of the place where they died. `boundaries_ns` cut the run into windows. `close` writes the last packet.
    """

    def __init__(
        self,
        world: World,
        file: BinaryIO,
        mode: Mode,
        probes: Iterable[tuple[Node, Node]],
        boundaries_ns: Iterable[int] = (),
        comment: str = "",
    ) -> None:
        self._world = world
        self._clock = world.clock
        self._start_ns = world.plan.start_ns
        self._writer = PcapngWriter(file, application=f"dcsim {__version__}", comment=comment)
        self._boundaries = sorted(set(boundaries_ns))
        self._vnics = {node.nic.name for node in world.nodes.values()}
        self._doors: dict[str, _Door] = {}
        self._last: _Seen | None = None
        pairs = list(probes)
        self._wanted = None if mode == "all" else _headers(pairs)
        ends: Iterable[Node] = world.nodes.values() if mode == "all" else [guest for pair in pairs for guest in pair]
        for nic, node in {node.nic: node for node in ends}.items():
            nic.taps = (*nic.taps, partial(self._on_nic, self._door_of(node)))
        if mode != "probes":
            world.fabric.watch_links(self._tap_link)
        world.ledger.watchers.append(self._on_drop)

    def close(self) -> None:
        """The packet that was held back, in case it was lost where it was seen, is written."""
        if self._last is not None:
            self._write(self._last)
            self._last = None

    # Taps.

    def _tap_link(self, link: Direction) -> None:
        link.tap(partial(self._on_link, self._door(link.name, _of_link(link))))

    def _on_nic(self, door: _Door, _: Nic, frame: Frame, leaving: bool) -> None:
        self._see(door, frame, Way.OUTBOUND if leaving else Way.INBOUND)

    def _on_link(self, door: _Door, _: Link, frame: OnWire) -> None:
        if self._wanted is None or _header(frame) in self._wanted:
            self._see(door, frame, Way.UNKNOWN)

    def _see(self, door: _Door, frame: OnWire, way: Way) -> None:
        now = self._clock.now
        window = bisect_right(self._boundaries, now)
        if door.window != window:
            door.window, door.packets = window, 0
        if door.packets < PACKETS_PER_WINDOW:
            door.packets += 1
            self.close()
            self._last = _Seen(door, now, frame, way)

    def _on_drop(self, frame: Sized, place: str, reason: Outcome) -> None:
        rule = self._world.ledger.rule
        comment = f"dropped: {reason.value} at {place}" + (f"; {rule[:RULE_LENGTH]}" if rule else "")
        last = self._last
        if last is not None and last.frame is frame and last.door.name == place and last.time == self._clock.now:
            # A link is tapped before it loses a packet: that was one packet, not two.
            self._last = None
            self._write(last, comment)
            return
        self.close()
        door = self._doors.get(place) or self._door(place, self._of_place(place))
        # Whatever a ledger hears of came over some wire, so that it has bytes.
        self._write(_Seen(door, self._clock.now, cast(OnWire, frame), Way.UNKNOWN), comment)

    def _write(self, seen: _Seen, *comments: str) -> None:
        door = seen.door
        if door.number < 0:
            door.number = self._writer.interface(door.name, door.description)
        self._writer.packet(door.number, self._start_ns + seen.time, seen.frame.data, seen.way, comments)

    # Interfaces.

    def _door(self, name: str, description: str) -> _Door:
        door = self._doors[name] = _Door(name, description)
        return door

    def _door_of(self, guest: Node) -> _Door:
        name = guest.nic.name
        interface = guest.placed.interface
        addresses = ", ".join([*map(format_ip, interface.addresses), format_mac(interface.mac)])
        return self._door(name, f"vNIC of {name} on host {guest.host.name}, {addresses}")

    def _of_place(self, name: str) -> str:
        """What a place is that no tap was on."""
        if name in self._vnics:
            return f"vNIC of {name}"
        if name.endswith((" tx", " rx")):
            return f"shaper of {name[:-3]}'s vNIC, {'out' if name.endswith('tx') else 'in'}"
        if any(node.host.name == name for node in self._world.nodes.values()):
            return f"virtual switch of host {name}"
        links = (link for link in self._world.fabric.all_links() if link.name == name)
        return next(map(_of_link, links), "switch of the physical network")


def _of_link(link: Direction) -> str:
    return f"physical link, {format_rate(link.line.rate)}/s, {format_duration(link.line.delay_ns)}"


def _headers(pairs: Sequence[tuple[Node, Node]]) -> frozenset[bytes]:
    """How the packets of these pairs begin, both ways: see `_header`."""
    ways = [way for a, b in pairs for way in ((a, b), (b, a))]
    ends = [(source.placed.interface, target.placed.interface) for source, target in ways]
    return frozenset(
        target.mac.to_bytes(6) + octets(ours) + octets(theirs)
        for source, target in ends
        for ours in source.addresses
        for theirs in target.addresses
        if is_ipv6(ours) == is_ipv6(theirs)
    )


def _header(frame: OnWire) -> bytes:
    """The receiver's MAC, which no other VPC has, and both addresses, inside the tunnel."""
    inner = frame.inner.data if isinstance(frame, Encapsulated | Damaged) else frame.data
    return inner[:6] + (inner[22:54] if inner[12:14] == IPV6 else inner[26:34])
