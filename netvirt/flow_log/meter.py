"""Counts what passes an interface, or is refused there, by flow and aggregation interval.

VPC User Guide, "Flow log records". Whoever switches packets calls a Meter for each one; it never changes what happens
to them. Intervals are cut at multiples of their length since t = 0, and are closed by the next packet, or by who asks.
"""

from dataclasses import dataclass, field
from enum import Enum

from netvirt.address import Ns, Vni
from netvirt.frame import Flow, Frame, flow_of
from netvirt.gateway.transit import BACKPLANE_MAC
from netvirt.journey import Outcome
from netvirt.overlay import BORDER, Tunnel
from netvirt.wire import ipv6
from netvirt.wire.ethernet import HEADER_BYTES
from netvirt.wire.tcp import ACK, FIN, RST, SYN

REFUSALS = frozenset({Outcome.SECURITY_GROUP, Outcome.NETWORK_ACL})
"""What REJECT means. Whatever else ends a packet has no record (VPC User Guide, "Available fields", action)."""


_BACKPLANE = BACKPLANE_MAC.to_bytes(6)
"""A transit gateway's interface tells of its VPC's side only (VPC User Guide, "Traffic through a transit gateway")."""


class Path(Enum):
    """The ways out of an interface."""

    SAME_VPC = "same VPC"
    PEERING = "peering connection"
    INTERNET = "internet gateway"


@dataclass(slots=True)
class Tally:
    """One flow, one way, one verdict, within one interval. `bytes` are those of IP packets; times since t = 0.

    `path` is None for what enters and for what was refused.
    """

    flow: Flow
    egress: bool
    accepted: bool
    path: Path | None
    first: Ns
    last: Ns
    packets: int = 0
    bytes: int = 0
    tcp_flags: int = 0
    """FIN, SYN and RST of all packets together; ACK only where it came with SYN."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed one: `tallies` in the order in which their flows began. None at all is worth a NODATA record.

    One that was not over when somebody asked is not `whole`, and nothing in it means nothing.
    """

    start: Ns
    end: Ns
    tallies: tuple[Tally, ...]
    whole: bool = True


@dataclass(slots=True)
class Meter:
    """Of one interface, for one flow log, which began at `since`."""

    interval_ns: int
    since: Ns
    vni: Vni
    """The VPC's that the interface is in."""
    closed: list[Interval] = field(default_factory=list)
    _until: int = field(init=False)
    _stopped: Ns | None = None
    _tallies: dict[tuple[bytes, bool, bool], Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._until = self._end_of(self.since)

    def left(self, frame: Frame, flow: Flow | None, tunnel: Tunnel, now: Ns) -> None:
        """`frame` left the interface. `flow` is its flow where that is known already, as for every odd frame."""
        self._count(frame, flow, (True, True), now, tunnel)

    def entered(self, frame: Frame, flow: Flow | None, now: Ns) -> None:
        self._count(frame, flow, (False, True), now, None)

    def refused(self, frame: Frame, flow: Flow, egress: bool, now: Ns) -> None:
        """A security group or a network ACL stopped `frame`, on its way out or in."""
        self._count(frame, flow, (egress, False), now, None)

    def stop(self, now: Ns) -> None:
        """The interface is gone: nothing comes after this, and nobody waits for it."""
        self._roll(now)
        self._stopped = now

    def intervals(self, now: Ns) -> list[Interval]:
        """All until `now`; the one that has not ended is cut short, and goes on."""
        now = now if self._stopped is None else self._stopped
        self._roll(now)
        return [*self.closed, Interval(self.since, now, tuple(self._tallies.values()), whole=False)]

    def _count(self, frame: Frame, flow: Flow | None, way: tuple[bool, bool], now: Ns, tunnel: Tunnel | None) -> None:
        if now >= self._until:
            self._roll(now)
        if _BACKPLANE in (frame.data[:6], frame.data[6:12]):
            return
        key = (frame.key if flow is None else _key(flow), *way)
        tally = self._tallies.get(key)
        if tally is None:
            path = None if tunnel is None else self._path(tunnel)
            tally = self._tallies[key] = Tally(flow or flow_of(frame.data), *way, path, now, now)
        tally.packets += 1
        tally.bytes += _ip_bytes(frame.data)
        tally.last = now
        if flow is not None:
            tally.tcp_flags |= _reported(flow.tcp_flags)

    def _roll(self, now: Ns) -> None:
        while now >= self._until:
            end = Ns(self._until)
            self.closed.append(Interval(self.since, end, tuple(self._tallies.values())))
            self._tallies.clear()
            self.since = end
            self._until = self._end_of(end)

    def _end_of(self, moment: Ns) -> int:
        return moment - moment % self.interval_ns + self.interval_ns

    def _path(self, tunnel: Tunnel) -> Path:
        if tunnel.target == BORDER:
            return Path.INTERNET
        return Path.SAME_VPC if tunnel.vni == self.vni else Path.PEERING


def _key(flow: Flow) -> bytes:
    """The five-tuple, as `parse` cuts it from plain frames. Of ICMP and later fragments, the ports are 0."""
    return Flow(flow.protocol, flow.src, flow.dst, flow.src_port, flow.dst_port).key


def _ip_bytes(data: bytes) -> int:
    """The packet's length by its own header: padding of the frame is no part of it."""
    if data[HEADER_BYTES] >> 4 == 6:
        return ipv6.HEADER_BYTES + int.from_bytes(data[HEADER_BYTES + 4 : HEADER_BYTES + 6])
    return int.from_bytes(data[HEADER_BYTES + 2 : HEADER_BYTES + 4])


def _reported(flags: int) -> int:
    return flags & (FIN | SYN | RST | ACK) if flags & SYN else flags & (FIN | RST)
