"""The translation table of a NAT: which connection has which of its addresses and ports, and for how long.

A connection has a port of its own for its destination: the same port serves connections to other destinations
(RFC 4787 section 4.1, address and port-dependent mapping). VPC User Guide, "NAT gateway basics".
"""

import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from netvirt.address import Ip, Ns, format_ip
from netvirt.constant import Constant, Evidence
from netvirt.frame import Flow
from netvirt.vpc.traffic import ICMP, TCP
from netvirt.wire.tcp import ACK, FIN, RST, SYN, Tcp

SECOND = 1_000_000_000
_GUIDE = "VPC User Guide, NAT gateway basics"

NAT_IDLE_NS = Constant(
    "NAT_IDLE_NS", 350 * SECOND, 350 * SECOND, 350 * SECOND, _GUIDE, "2026-11-20", Evidence.DOCUMENTED
)
NAT_CLOSING_NS = Constant(
    "NAT_CLOSING_NS",
    60 * SECOND,
    SECOND,
    350 * SECOND,
    "no AWS document; Linux nf_conntrack's close_wait",
    "2026-11-20",
    Evidence.INFERRED,
)
"""For how long a TCP connection that both sides have ended keeps its port."""
NAT_CONNECTIONS = Constant("NAT_CONNECTIONS", 55_000, 55_000, 55_000, _GUIDE, "2026-11-20", Evidence.DOCUMENTED)
"""Simultaneous ones to one destination (address, port, protocol), per address of the gateway."""

PORTS = range(1024, 65536)
"""VPC User Guide, "NAT gateway basics"."""

_Destination = tuple[int, Ip, int, Ip]
"""Protocol, address and port, and the NAT's own address that leads there."""


class Session:
    """A connection and its translation. `inside` is its first packet as it came, `outside` as it leaves."""

    __slots__ = ("address", "established", "expires", "finished", "inside", "last", "outside", "port")

    def __init__(self, inside: Flow, outside: Flow, address: Ip, port: int) -> None:
        self.inside = inside
        self.outside = outside
        self.address = address
        self.port = port
        self.established = False
        self.finished: frozenset[bool] = frozenset()
        """Which sides have sent a FIN: True is the inside."""
        self.expires = Ns(0)
        self.last: Tcp | None = None
        """The last segment from inside, where somebody wants to know it."""

    @property
    def closing(self) -> bool:
        return len(self.finished) == 2

    def see(self, flow: Flow, outward: bool) -> None:
        """A packet of it passes: what its TCP flags mean for how long it is remembered."""
        if flow.protocol != TCP:
            return
        if flow.tcp_flags & RST:
            self.finished = frozenset((True, False))
        elif flow.tcp_flags & FIN:
            self.finished |= {outward}
        elif flow.tcp_flags & (SYN | ACK) == SYN and outward and self.closing:
            # The same ends begin anew, on the same port.
            self.finished, self.established = frozenset(), False


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Nanoseconds without a packet, of a connection that is open and of one that both sides have ended."""

    idle: int = NAT_IDLE_NS.value
    closing: int = NAT_CLOSING_NS.value


class Translations:
    """Nothing is changed but by `keep`, `see` and `expire`. `under` is a table that this one is laid over."""

    def __init__(
        self,
        addresses: tuple[Ip, ...],
        limit: int = NAT_CONNECTIONS.value,
        timeouts: Timeouts | None = None,
        under: "Translations | None" = None,
    ) -> None:
        self.addresses = addresses
        self.limit = limit
        self.timeouts = timeouts or Timeouts()
        self._under = under
        self._inside: dict[bytes, Session] = {}
        self._outside: dict[bytes, Session] = {}
        self._counts: Counter[_Destination] = Counter()
        self._idle: OrderedDict[Session, None] = OrderedDict()
        self._closing: OrderedDict[Session, None] = OrderedDict()

    def over(self) -> "Translations":
        """An empty table that sees this one."""
        return Translations(self.addresses, self.limit, self.timeouts, self)

    def __iter__(self) -> Iterator[Session]:
        return iter(self._inside.values())

    def by_inside(self, key: bytes, now: Ns) -> Session | None:
        """The connection of a packet that comes from inside, by its flow key."""
        found = self._inside.get(key)
        if found is None or found.expires <= now:
            return self._under.by_inside(key, now) if self._under else None
        return found

    def by_outside(self, key: bytes, now: Ns) -> Session | None:
        """The connection of a packet that has left, by its flow key."""
        found = self._outside.get(key)
        if found is None or found.expires <= now:
            return self._under.by_outside(key, now) if self._under else None
        return found

    def choose(self, flow: Flow, now: Ns) -> Session | None:
        """A translation for a new connection; None when no port is left.

        The port depends on the connection alone (RFC 6056 section 3.3.3), the next free one where it is taken.
        """
        for address in self.addresses:
            if self._full(_destination(flow, address), now):
                continue
            start = zlib.crc32(flow.key + address.to_bytes(4))
            for step in range(len(PORTS)):
                port = PORTS[(start + step) % len(PORTS)]
                outside = leaving(flow, address, port)
                if self.by_outside(outside.key, now) is None:
                    return Session(flow, outside, address, port)
        return None

    def _full(self, destination: _Destination, now: Ns) -> bool:
        if self._under is None:
            return self._counts[destination] >= self.limit
        if self._counts[destination] + self._under._counts[destination] < self.limit:
            return False
        # Below may be connections that have ended since anybody looked.
        alive = (each for table in (self, self._under) for each in table if each.expires > now)
        return sum(_destination(each.inside, each.address) == destination for each in alive) >= self.limit

    def keep(self, session: Session, now: Ns) -> None:
        before = self._inside.get(session.inside.key)
        if before is not None:
            # It has ended, and nobody has looked since.
            del self._queue(before)[before]
            self._forget(before)
        self._inside[session.inside.key] = session
        self._outside[session.outside.key] = session
        self._counts[_destination(session.inside, session.address)] += 1
        self._grant(session, now)

    def see(self, session: Session, flow: Flow, outward: bool, now: Ns) -> None:
        """A packet of a connection of this table passes."""
        session.see(flow, outward)
        self._grant(session, now)

    def _grant(self, session: Session, now: Ns) -> None:
        self._idle.pop(session, None)
        self._closing.pop(session, None)
        self._queue(session)[session] = None
        session.expires = Ns(now + (self.timeouts.closing if session.closing else self.timeouts.idle))

    def _queue(self, session: Session) -> OrderedDict[Session, None]:
        return self._closing if session.closing else self._idle

    @property
    def first_end(self) -> Ns | None:
        """When the next connection ends by itself."""
        return min((next(iter(queue)).expires for queue in (self._idle, self._closing) if queue), default=None)

    def expire(self, now: Ns) -> list[Session]:
        """Forget the connections that have ended by now."""
        ended = []
        for queue in (self._idle, self._closing):
            while queue and next(iter(queue)).expires <= now:
                session, _ = queue.popitem(last=False)
                self._forget(session)
                ended.append(session)
        return ended

    def _forget(self, session: Session) -> None:
        del self._inside[session.inside.key], self._outside[session.outside.key]
        destination = _destination(session.inside, session.address)
        self._counts[destination] -= 1
        if not self._counts[destination]:
            del self._counts[destination]


def leaving(flow: Flow, address: Ip, port: int) -> Flow:
    """A packet from inside as it leaves: an echo has its identifier where others have a port."""
    if flow.protocol == ICMP:
        return replace(flow, src=address, icmp_id=port)
    return replace(flow, src=address, src_port=port)


def arriving(flow: Flow, session: Session) -> Flow:
    """A packet from outside as it goes on inside."""
    inside = session.inside
    if flow.protocol == ICMP:
        return replace(flow, dst=inside.src, icmp_id=inside.icmp_id)
    return replace(flow, dst=inside.src, dst_port=inside.src_port)


def opens_connection(flow: Flow) -> bool:
    """Only a SYN opens a TCP connection; whatever else comes belongs to one that is not known."""
    return flow.protocol != TCP or flow.tcp_flags & (SYN | ACK | RST | FIN) == SYN


def port_of(flow: Flow) -> int:
    """The source port, or an echo's identifier."""
    return flow.icmp_id if flow.protocol == ICMP else flow.src_port


def source_text(flow: Flow) -> str:
    """Of one end of a connection."""
    kind = "identifier" if flow.protocol == ICMP else "port"
    return f"{format_ip(flow.src)}, {kind} {port_of(flow)}"


def _destination(flow: Flow, address: Ip) -> _Destination:
    return flow.protocol, flow.dst, flow.dst_port, address
