"""A NAT gateway: many private addresses behind its own, each connection on a port.

VPC User Guide, "NAT gateway basics", "Troubleshoot NAT gateways". It puts its own private address in; where that is
mapped to a public one, the internet gateway does so. It answers nothing itself, pings included.
"""

from dataclasses import asdict, dataclass
from typing import NamedTuple

from netvirt import mtu, rewrite, router
from netvirt.address import Ip, Mac, Ns, is_ipv6
from netvirt.appliance.contract import Answer, Told
from netvirt.appliance.fragments import Fragments
from netvirt.appliance.nat_metrics import Metrics
from netvirt.appliance.translations import (
    Session,
    Translations,
    arriving,
    leaving,
    opens_connection,
    port_of,
    source_text,
)
from netvirt.fragmentation import fragments
from netvirt.frame import Flow, flow_of, quoted_flow
from netvirt.journey import Hop, Outcome
from netvirt.mss import clamped
from netvirt.mtu import Excess, Limit
from netvirt.vpc.traffic import ICMP, TCP, UDP
from netvirt.wire import icmp
from netvirt.wire.ethernet import ETHERTYPE_IPV4, HEADER_BYTES, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_TCP, Ipv4
from netvirt.wire.malformed import Malformed
from netvirt.wire.tcp import ACK, FIN, RST, SYN, Tcp


class Ways(NamedTuple):
    """The names and addresses that a NAT has on its one interface."""

    name: str
    mac: Mac
    router_mac: Mac
    addresses: tuple[Ip, ...]


@dataclass(frozen=True, slots=True)
class Manner:
    """Where gateways and instances differ. `picks_up`: any TCP segment but a reset opens a connection. `limited`: more
    than 8500 bytes are too much, and TCP learns so as it begins (VPC User Guide, "NAT gateway basics")."""

    picks_up: bool = False
    forwards_fragments: bool = True
    limited: bool = True


GATEWAY = Manner()


@dataclass(frozen=True, slots=True)
class Refusal:
    rule: str
    outcome: Outcome
    code: str = ""


class Translation(NamedTuple):
    """Which connection a packet belongs to, and which way it goes. `about`: it is an error about that connection."""

    session: Session
    outward: bool
    about: bool = False
    fresh: bool = False


class Nat:
    """Forwards what comes to its interface. `metrics` outlive its power."""

    def __init__(
        self, ways: Ways, metrics: Metrics, table: Translations | None = None, manner: Manner = GATEWAY
    ) -> None:
        self.ways = ways
        self.manner = manner
        self.metrics = metrics
        self.table = table or Translations(ways.addresses)
        self._fragments = Fragments()
        self.limit: Limit | None = mtu.nat_gateway(ways.name) if manner.limited else None

    @property
    def deadline(self) -> Ns | None:
        """Connections are forgotten when somebody looks: nobody is told that they have ended."""
        return None

    def poll(self, now: Ns) -> list[bytes]:
        self.expire(now)
        return []

    def expire(self, now: Ns) -> None:
        self.metrics.ended(self.table.expire(now))

    def active_connection_count(self, now: Ns) -> int:
        """TCP connections that are open now."""
        self.expire(now)
        return sum(each.inside.protocol == TCP and not each.closing for each in self.table)

    def counts(self, now: Ns) -> dict[str, int]:
        """All metrics as they are now, by name."""
        return {"active_connection_count": self.active_connection_count(now), **asdict(self.metrics)}

    def forward(self, data: bytes, now: Ns) -> list[bytes] | Told | Outcome:
        self.expire(now)
        answer = self._forward(data, now)
        if isinstance(answer, Outcome | Told):
            self.metrics.packets_drop_count += 1
        return answer

    def _forward(self, data: bytes, now: Ns) -> list[bytes] | Told | Outcome:
        try:
            if Ethernet.parse(data).ethertype != ETHERTYPE_IPV4:
                return Outcome.UNKNOWN
            flow = flow_of(data)
        except Malformed:
            return Outcome.MALFORMED
        packet = Ipv4.parse(data[HEADER_BYTES:])
        if packet.ttl <= 1:
            return Outcome.TTL_EXPIRED
        if self.limit is not None and self.limit.excess(*router.measure(data)) is Excess.TOLD:
            told = router.packet_too_big(data, flow, self.ways.addresses[0], self.limit.mtu)
            return Outcome.OVERSIZE if told is None else Told(Outcome.OVERSIZE, told)
        found = self._fragments.find(flow, packet.identification, now)
        if found is None:
            translation = decide(self.table, self.manner, flow, quoted_flow(data, flow), now)
        else:
            translation = Translation(*found)
        if isinstance(translation, Refusal):
            return self._refuse(translation.outcome, packet, flow)
        if flow.more_fragments and not flow.fragment_offset:
            self._fragments.keep(flow, packet.identification, translation.session, translation.outward, now)
        self._commit(translation, flow, len(data) - HEADER_BYTES, now)
        if not translation.about:
            self._passed(translation.session, packet, translation.outward)
        return self._sized(translated(data, translation))

    def _sized(self, data: bytes) -> list[bytes]:
        """The packet, in as many frames as its size takes."""
        if self.limit is None:
            return [self._frame(data)]
        packet = clamped(data, self.limit.mtu)[HEADER_BYTES:]
        if len(packet) <= self.limit.mtu:
            return [self._frame(bytes(HEADER_BYTES) + packet)]
        return [self._frame(bytes(HEADER_BYTES) + piece) for piece in fragments(packet, self.limit.mtu)]

    def _refuse(self, outcome: Outcome, packet: Ipv4, flow: Flow) -> list[bytes] | Outcome:
        if outcome is Outcome.NO_PORT:
            self.metrics.error_port_allocation += 1
        outward = flow.dst not in self.ways.addresses
        if outcome is Outcome.NO_TRANSLATION and outward and flow.protocol == TCP and not flow.tcp_flags & RST:
            return [self._frame(bytes(HEADER_BYTES) + _reset(packet))]
        return outcome

    def _passed(self, session: Session, packet: Ipv4, outward: bool) -> None:
        """A packet of this connection goes on. A gateway has nothing to remember of it."""

    def _commit(self, translation: Translation, flow: Flow, size: int, now: Ns) -> None:
        session = translation.session
        if translation.fresh:
            self.table.keep(session, now)
        self.metrics.passed(translation.outward, size)
        if translation.about:
            return  # whoever sends errors does not keep a connection alive (RFC 5508 section 4.3)
        if flow.protocol == TCP:
            self.metrics.saw(session, flow, translation.outward, translation.fresh)
        self.table.see(session, flow, translation.outward, now)

    def _frame(self, data: bytes) -> bytes:
        """To the VPC's router, whatever the destination."""
        return Ethernet(self.ways.router_mac, self.ways.mac, ETHERTYPE_IPV4, data[HEADER_BYTES:]).emit()

    def rehearse(self) -> "NatRehearsal":
        return NatRehearsal(self.ways.name, self.manner, self.table.over())


class NatRehearsal:
    def __init__(self, name: str, manner: Manner, table: Translations) -> None:
        self._name = name
        self._manner = manner
        self._table = table

    def forward(self, flow: Flow, now: Ns) -> Answer:
        translation = decide(self._table, self._manner, flow, None, now)
        if isinstance(translation, Refusal):
            return Answer(Hop("nat", self._name, translation.rule, "", translation.outcome, translation.code), None)
        session = translation.session
        if translation.fresh:
            self._table.keep(session, now)
        if translation.outward:
            there = leaving(flow, session.address, session.port)
            return Answer(Hop("nat", self._name, f"source becomes {source_text(session.outside)}"), there)
        here = arriving(flow, session)
        return Answer(Hop("nat", self._name, f"destination becomes {source_text(session.inside)}"), here)


def decide(table: Translations, manner: Manner, flow: Flow, quoted: Flow | None, now: Ns) -> Translation | Refusal:
    """What becomes of a packet. `quoted` is the flow inside an ICMP error. Changes nothing."""
    inward = flow.dst in table.addresses
    if is_ipv6(flow.src):
        return Refusal("NAT64 is not modelled", Outcome.UNKNOWN, "UNSUPPORTED_COMPONENT")
    if flow.protocol not in (TCP, UDP, ICMP):
        return Refusal("it translates TCP, UDP and ICMP only", Outcome.GATEWAY, "PROTOCOL_RESTRICTION")
    if not manner.forwards_fragments and (flow.fragment_offset or flow.more_fragments):
        return Refusal("it puts fragments together, which is not modelled", Outcome.UNKNOWN, "UNSUPPORTED_COMPONENT")
    if flow.fragment_offset:
        return Refusal("the first fragment has not come through", Outcome.FRAGMENT)
    if flow.more_fragments and flow.protocol != UDP:
        return Refusal("it forwards no fragments of TCP and ICMP", Outcome.FRAGMENT)
    if flow.protocol == ICMP and flow.icmp_type in icmp.ERRORS:
        return _decide_error(table, flow, quoted, now)
    if inward:
        session = table.by_outside(flow.reply().key, now)
        if session is None:
            return Refusal("no connection of its own has that port", Outcome.NO_TRANSLATION)
        return Translation(session, outward=False)
    session = table.by_inside(flow.key, now)
    if session is not None:
        return Translation(session, outward=True)
    return _begin(table, manner, flow, now)


def _decide_error(table: Translations, flow: Flow, quoted: Flow | None, now: Ns) -> Translation | Refusal:
    """By what it quotes, which went the other way (RFC 5508 section 4.2)."""
    session, outward = None, flow.dst not in table.addresses
    if quoted is not None and outward and quoted.dst == flow.src:
        session = table.by_inside(quoted.reply().key, now)
    elif quoted is not None and not outward and quoted.src == flow.dst:
        session = table.by_outside(quoted.key, now)
    if session is None:
        return Refusal("the error is about no connection of its own", Outcome.NO_TRANSLATION)
    return Translation(session, outward, about=True)


def _begin(table: Translations, manner: Manner, flow: Flow, now: Ns) -> Translation | Refusal:
    if not opens_connection(flow) and not (manner.picks_up and not flow.tcp_flags & RST):
        return Refusal("it knows no such connection", Outcome.NO_TRANSLATION)
    if flow.protocol == ICMP and flow.icmp_type != icmp.ECHO_REQUEST:
        if flow.icmp_type == icmp.ECHO_REPLY:
            return Refusal("nobody asked for that echo", Outcome.NO_TRANSLATION)
        return Refusal("of ICMP, only echo and errors are modelled", Outcome.UNKNOWN, "UNSUPPORTED_COMPONENT")
    session = table.choose(flow, now)
    if session is None:
        return Refusal("every port for that destination is taken", Outcome.NO_PORT)
    return Translation(session, outward=True, fresh=True)


def translated(data: bytes, translation: Translation) -> bytes:
    """The frame with one end exchanged, one hop further on."""
    session, moved = translation.session, rewrite.one_hop_on(data)
    if translation.outward:
        return rewrite.with_source(moved, session.address, session.port)
    return rewrite.with_destination(moved, session.inside.src, port_of(session.inside))


def _reset(packet: Ipv4) -> bytes:
    """What whoever goes on with a forgotten connection is told (RFC 9293 section 3.10.7.1), as if by the other end."""
    segment = Tcp.parse(packet.payload)
    if segment.flags & ACK:
        answer = Tcp(segment.dst_port, segment.src_port, segment.acknowledgment, 0, RST, 0)
    else:
        length = len(segment.payload) + bool(segment.flags & SYN) + bool(segment.flags & FIN)
        after = segment.sequence + length & 0xFFFFFFFF
        answer = Tcp(segment.dst_port, segment.src_port, 0, after, RST | ACK, 0)
    return Ipv4(packet.dst, packet.src, PROTOCOL_TCP, answer.emit(packet.dst, packet.src)).emit()
