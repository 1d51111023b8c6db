"""`trace`: what would happen to a packet now, hop by hop, forward and reply, past every blocker.

It asks the same `datapath` that live traffic asks, with the views and connection tables the hosts hold, but opens new
connections in scratch tables only: tracing changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from dcsim.fixes import CLIENT_PORTS, Advisor
from dcsim.problem import Mistake
from dcsim.topology.plan import INTERNET
from dcsim.topology.quantity import format_duration
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import Guest, Node, World
from netvirt import datapath
from netvirt.address import HostId, Ip, Ns, Vni, format_ip, is_ipv6
from netvirt.appliance.border import remember
from netvirt.appliance.contract import Appliance, Rehearsal
from netvirt.appliance.relay import Relay
from netvirt.datapath import Decision, Question, Tracking
from netvirt.frame import Flow
from netvirt.journey import Hop, Journey, Outcome
from netvirt.line import OVERHEAD_BYTES as OVERHEAD
from netvirt.mtu import MTU_BYTES, Excess, Limit
from netvirt.overlay import BORDER, INTERNET_VNI, OVERHEAD_BYTES, Tunnel
from netvirt.vpc.conntrack import Track
from netvirt.vpc.tracker import Tracker
from netvirt.vpc.traffic import ICMP, ICMPV6, TCP
from netvirt.vpc.view import Interface
from netvirt.wire import icmpv6
from netvirt.wire.ethernet import HEADER_BYTES
from netvirt.wire.tcp import ACK, SYN

EPHEMERAL_PORT = 49152
"""The source port of a traced flow when none is given: the first of the dynamic range (RFC 6335 section 6)."""

_HEADERS = {ICMP: 14 + 20 + 8 + 56, ICMPV6: 14 + 40 + 8 + 56, TCP: 14 + 20 + 20}
"""Frame sizes that latencies are given for: a ping with its usual 56 octets, a bare SYN, and below a bare datagram."""
_DATAGRAM = 14 + 20 + 8

NO_PORT = -2
"""No packet has this one."""

MOST_APPLIANCES = 64
"""A packet's time to live when it sets out: each one takes some of it (RFC 1700, "IP time to live parameter")."""


class Place(NamedTuple):
    """A hop's surroundings. `inbound` and `outbound` are the packet's headers before and after it; `vpc` and `subnet`
    are names, empty between VPCs."""

    inbound: Flow
    outbound: Flow
    vpc: str
    subnet: str


@dataclass(frozen=True, slots=True)
class Traced:
    """Both directions. `reply` is None when nobody is there who could answer.

    `asked` is the destination as it was asked for, `destination` where the packet ends: another guest (`middlebox`)
    where a route leads to one.
    """

    source: str
    asked: str
    destination: str
    flow: Flow
    forward: Journey
    reply: Journey | None
    latency_ns: int
    notes: tuple[str, ...]
    middlebox: Hop | None = None
    limit: Limit | None = None
    """The narrowest hop, where one carries less than an interface sends."""
    places: tuple[Place, ...] = ()
    """Where each hop of `forward` was met."""
    reply_places: tuple[Place, ...] = ()

    @property
    def path_mtu(self) -> int:
        """The largest packet, in bytes, that gets there whole."""
        return MTU_BYTES.value if self.limit is None else self.limit.mtu

    @property
    def delivered(self) -> bool:
        """The packet gets where it was meant to go; its reply may still be stopped."""
        return self.forward.delivered and self.middlebox is None

    @property
    def reachable(self) -> bool:
        return self.served or (self.forward.delivered and self.reply is not None and self.reply.delivered)

    @property
    def served(self) -> bool:
        """The host itself answers: a link-local service."""
        return self.forward.outcome is Outcome.CONSUMED

    @property
    def blockers(self) -> tuple[Hop, ...]:
        return self.forward.blockers + (self.reply.blockers if self.reply is not None else ())


class _Scratch(Tracker):
    """A table laid over a live one: what is opened here, the live one never sees."""

    __slots__ = ("_live",)

    def __init__(self, live: Tracker) -> None:
        super().__init__(live.limit)
        self._live = live

    def find(self, flow: Flow, now: Ns) -> Track | None:
        return super().find(flow, now) or self._live.find(flow, now)

    def full(self, flow: Flow, now: Ns) -> bool:
        return self._live.full(flow, now)


class _Way(NamedTuple):
    """Where a packet goes from its interface: to whom, with which addresses by then, and whether by the border."""

    target: Node
    flow: Flow
    by_border: bool
    backplane: bool = False
    """From one interface of a transit gateway to another."""


class _Tracer:
    def __init__(self, world: World, quoted: Flow | None = None) -> None:
        self._world = world
        self._quoted = quoted
        self._tables: dict[str, _Scratch] = {}
        self._gateways: dict[Vni, _Scratch] = {}
        self._rehearsals: dict[str, Rehearsal] = {}
        self.zones: set[str] = set()
        self._origin: Node | None = None
        self._advisor = Advisor()
        self.latency_ns = 0
        self.places: list[Place] = []
        """Of the hops of the last walk."""
        self.size = 0
        """Of the packet in bytes, where that is asked about."""
        self.dont_fragment = False
        self.limit: Limit | None = None
        self.told: list[str] = []

    def _narrow(self, limit: Limit | None) -> None:
        if limit is not None and (self.limit is None or limit.mtu < self.limit.mtu):
            self.limit = limit

    def _rehearsal(self, node: Node, engine: Appliance) -> Rehearsal:
        eni = node.placed.interface.id
        if eni not in self._rehearsals:
            self._rehearsals[eni] = engine.rehearse()
        return self._rehearsals[eni]

    def _table(self, guest: Node) -> _Scratch:
        eni = guest.placed.interface.id
        if eni not in self._tables:
            self._tables[eni] = _Scratch(guest.nic.port.tracker)
        return self._tables[eni]

    def _egress_only(self, vni: Vni) -> _Scratch:
        """What a VPC's egress-only gateway would remember."""
        if vni not in self._gateways:
            self._gateways[vni] = _Scratch(self._world.outside.border.tracker(vni))
        return self._gateways[vni]

    def walk(self, source: Node, flow: Flow, port: int) -> tuple[list[Hop], _Way | None]:
        """All hops from `source`, and the way to where the packet ends, whether or not something blocks it.

        `port` is the destination port that is meant: another one was chosen on the way, as clients choose theirs.
        """
        hops: list[Hop] = []
        self.places = []
        if not _powered(source):
            hops.append(_down(source))
            self._note(hops, flow, flow, source)
        node: Node = source
        self._origin = source
        backplane = False
        for _ in range(MOST_APPLIANCES):
            way = self._step(node, flow, port, hops, backplane)
            engine = None if way is None else way.target.engine
            if way is None or engine is None:
                return hops, way
            if engine.limit is not None and not way.backplane:
                self._narrow(engine.limit)
                excess = engine.limit.hop(self.size, self.dont_fragment)
                hops += [] if excess is None else [excess]
                self._note(hops, way.flow, way.flow, way.target)
            answer = self._rehearsal(way.target, engine).forward(way.flow, self._world.clock.now)
            if answer.flow is None and isinstance(way.target, Guest) and way.target.placed.interface.owns(way.flow.dst):
                return hops, way  # for the guest itself
            if answer.hop is not None:
                hops.append(answer.hop)
                self._note(hops, way.flow, answer.flow or way.flow, way.target)
            if answer.flow is None:
                return hops, None
            node, flow = way.target, answer.flow
            backplane = isinstance(engine, Relay) and not way.backplane
        hops.append(Hop("vpc", node.name, "it goes in a circle", "", Outcome.TTL_EXPIRED))
        self._note(hops, flow, flow, node)
        return hops, None

    def _note(self, hops: list[Hop], inbound: Flow, outbound: Flow, node: Node | None) -> None:
        """Of the hops that are new since the last note."""
        vpc, subnet = (node.placed.vpc.name, node.placed.subnet.name) if node is not None else ("", "")
        while len(self.places) < len(hops):
            # The internet gateway is where the addresses change.
            changes = hops[len(self.places)].kind in ("igw", "border", "nat")
            after = outbound if changes else inbound
            self.places.append(Place(inbound, after, vpc, subnet))
            inbound = after

    def _step(self, source: Node, flow: Flow, port: int, hops: list[Hop], backplane: bool) -> _Way | None:
        """From one interface to the next that does something with the packet."""
        self.zones.add(source.placed.subnet.zone)
        way = self._leave(source, flow, _ports(flow, port), hops, backplane)
        self._note(hops, flow, flow if way is None else way.flow, source)
        if way is not None:
            self.zones.add(way.target.placed.subnet.zone)
            hops += self._cross(source, way, flow)
            self._note(hops, way.flow, way.flow, None)
            self._enter(source, way, _ports(way.flow, port), hops)
            self._note(hops, way.flow, way.flow, way.target)
        return way

    def _leave(self, source: Node, flow: Flow, ports: str, hops: list[Hop], backplane: bool) -> _Way | None:
        view = source.host.vswitch.views.get(source.placed.vpc.vni)
        if view is None or source.placed.interface.id not in view.interfaces:
            if _powered(source):
                hops.append(_unheard_of(source))
            return None
        eni = view.interfaces[source.placed.interface.id]
        subnet = view.subnets[eni.subnet]
        if datapath.is_group_address(flow.dst, subnet):
            hops.append(Hop("vpc", view.name, Outcome.BROADCAST.value, "", Outcome.BROADCAST))
            return None
        neighbour = None
        # Who forwards sends everything to the router, and asks nobody.
        forwards = source.engine is not None and source is not self._origin
        asks = not forwards and flow.dst not in (*subnet.routers, view.resolver)
        if asks and subnet.holds(flow.dst):
            neighbour = view.at(flow.dst)
            if neighbour is None or neighbour.id == eni.id:
                rule = f"nobody answers who has {format_ip(flow.dst)}"
                asking = "nd" if is_ipv6(flow.dst) else "arp"
                hops.append(Hop(asking, subnet.name, rule, "", Outcome.UNANSWERED, "NO_POSSIBLE_DESTINATION"))
                return None
        now, quoted = self._world.clock.now, self._quoted
        question = Question(
            view, eni, flow, self._table(source), now, neighbour, quoted,
            size=self.size, dont_fragment=self.dont_fragment, backplane=backplane,
        )  # fmt: skip
        decision = datapath.egress(question, every_blocker=True)
        self._keep(question, decision)
        self._narrow(decision.limit)
        if decision.limit is not None and source is self._origin:
            self._tell(question, decision.limit)
        advised = [self._advisor.advise(hop, view, eni, flow, ports, leaving=True) for hop in decision.hops]
        hops += [hop for hop in advised if _matters(source, hop)]
        if decision.public is not None:
            if decision.egress_only and not remember(self._egress_only(view.vni), flow, self._world.clock.now):
                full = "connection tracking table is full"
                hops.append(Hop("border", "", full, "", Outcome.TRACKING_FULL))
            return self._leave_region(replace(flow, src=decision.public), hops)
        return None if decision.target is None else _Way(self._node(decision.target), flow, False, backplane)

    def _tell(self, question: Question, limit: Limit) -> None:
        """Whether its sender hears what would have fitted; the black hole, if not (EC2 User Guide, "Network MTU")."""
        eni, flow, now = question.eni, question.flow, question.now
        if limit.excess(question.size, question.dont_fragment) is not Excess.TOLD:
            return
        if is_ipv6(flow.src):
            router, words = question.subnet.routers[1], "packet too big"
            error = Flow(ICMPV6, router, flow.src, icmp_type=icmpv6.PACKET_TOO_BIG, icmp_code=0)
        else:
            router, words = question.subnet.router, "fragmentation needed"
            error = Flow(ICMP, router, flow.src, icmp_type=3, icmp_code=4)
        heard = datapath.hear(Question(question.view, eni, error, question.tracker, now, quoted=flow))
        told = f'{format_ip(error.src)} tells {eni.name} "{words}", {limit.mtu} bytes'
        refused = [f", but sg {hop.name} does not let it in" for hop in heard.hops if hop.blocked]
        self.told.append(told + "".join(refused))

    def _leave_region(self, flow: Flow, hops: list[Hop]) -> _Way | None:
        border = self._world.outside.border
        owner = border.decide(flow, self._world.clock.now, self._quoted, self._egress_only)
        if isinstance(owner, Outcome):
            code = "NO_PATH" if is_ipv6(flow.dst) else "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
            rule = f"nobody can be reached at {format_ip(flow.dst)}"
            if border.is_behind_egress_only(flow.dst):
                rule = f"{format_ip(flow.dst)} is behind an egress-only gateway: nothing begins outside"
            hops.append(Hop("border", "", rule, "", owner, code))
            return None
        hops.append(Hop("border", "", f"{format_ip(flow.dst)} is {owner.interface.name}"))
        entrance, hop = owner.entrance
        if hop is not None:
            hops.append(hop)
            if hop.blocked:
                return None
        return _Way(self._node(entrance), replace(flow, dst=owner.private), True)

    def _cross(self, source: Node, way: _Way, flow: Flow) -> Iterator[Hop]:
        """The physical network between the two hosts: one hop a zone border, or one for what blocks."""
        size = self.size + HEADER_BYTES if self.size else _HEADERS.get(flow.protocol, _DATAGRAM)
        target = way.target
        self._spend(source.nic.tx.line.serialize_ps(size + OVERHEAD) // 1000)
        if way.by_border:
            yield from self._travel(source.host.id, BORDER, flow, size, "border")
            yield from self._travel(BORDER, target.host.id, way.flow, size, target.placed.subnet.zone)
        elif source.host is not target.host:
            zones = source.placed.subnet.zone, target.placed.subnet.zone
            into = zones[1] if zones[0] != zones[1] else ""
            yield from self._travel(source.host.id, target.host.id, flow, size, into)
        self._spend(target.nic.rx.line.serialize_ps(size + OVERHEAD) // 1000)

    def _travel(self, here: HostId, there: HostId, flow: Flow, size: int, into: str) -> Iterator[Hop]:
        """From host to host; `into` names the zone that the packet comes into, empty when it stays in its own."""
        tunnel = Tunnel(here, there, INTERNET_VNI, 0, flow.key)
        path = self._world.outside.path(here, there, tunnel.flow)
        for leg in path.legs:
            self._spend(leg.transit_ns(size + OVERHEAD_BYTES))
        if path.outcome is not Outcome.DELIVERED:
            yield Hop("link", path.place, path.outcome.value, "", path.outcome)
        if into and path.legs:
            longest = max(path.legs, key=lambda leg: leg.delay_ns)
            start = self._world.zone_of(here)
            yield Hop("link", f"{start} -> {into}", format_duration(longest.delay_ns))

    def _spend(self, ns: int) -> None:
        self.latency_ns += ns

    def _enter(self, source: Node, way: _Way, ports: str, hops: list[Hop]) -> None:
        target, flow = way.target, way.flow
        view = target.host.vswitch.views.get(target.placed.vpc.vni)
        if not _powered(target):
            hops.append(_down(target))
        if view is None or target.placed.interface.id not in view.interfaces:
            if _powered(target):
                hops.append(_unheard_of(target))
            return
        eni = view.interfaces[target.placed.interface.id]
        sender = None if way.by_border else view.known(source.placed.interface.id)
        if not way.by_border and (sender is None or sender.host != source.host.id):
            hops.append(Hop("mapping", eni.name, "the sender is not known here yet", "", Outcome.UNVERIFIED_SENDER))
        now, quoted = self._world.clock.now, self._quoted
        table = self._table(target)
        question = Question(view, eni, flow, table, now, quoted=quoted, sender=sender, backplane=way.backplane)
        decision = datapath.ingress(question, every_blocker=True)
        self._keep(question, decision)
        hops += [
            self._advisor.advise(hop, view, eni, flow, ports, leaving=False)
            for hop in decision.hops
            if hop.blocked or (hop.kind != "destination" and _matters(target, hop))
        ]
        if target.nic.guest is None and _powered(target):
            hops.append(Hop("guest", target.name, "is booting", "", Outcome.GUEST_DOWN))

    def _keep(self, question: Question, decision: Decision) -> None:
        """As if it had passed: the reply is judged as it will be once the blockers are gone."""
        blocked_by_group = any(hop.kind == "sg" and hop.blocked for hop in decision.hops)
        if decision.tracking is Tracking.OPEN or (blocked_by_group and decision.track is None):
            question.tracker.open(question.flow, question.now)

    def _node(self, interface: Interface) -> Node:
        return self._world.nodes[interface.id]


def _ports(flow: Flow, port: int) -> str:
    """What a rule for this packet has to say."""
    return str(port) if flow.dst_port == port else CLIENT_PORTS


def _matters(guest: Node, hop: Hop) -> bool:
    """Outside the region nothing is filtered: of what is there to let everything pass, nobody needs to hear."""
    return hop.blocked or hop.kind == "source" or guest.placed.vpc.name != INTERNET


def _powered(guest: Node) -> bool:
    return guest.host.up


def _down(guest: Node) -> Hop:
    return Hop("host", guest.host.name, "has no power", "", Outcome.GUEST_DOWN)


def _unheard_of(guest: Node) -> Hop:
    rule = f"host {guest.host.name} has not heard of it yet"
    return Hop("mapping", guest.name, rule, "", Outcome.STALE_MAPPING)


def flow_between(source: Guest, destination: Ip, traffic: TrafficSpec) -> Flow:
    """The first packet of such a flow: an echo request, a SYN, or a datagram."""
    src = source.placed.interface.facing(destination)
    if src is None:
        raise Mistake(f"{source.name} has no IPv6 address", f"it cannot speak to {format_ip(destination)}")
    if traffic.ipv6 and not is_ipv6(destination):
        raise Mistake(f"{format_ip(destination)} is not an IPv6 address", "leave the 6 out, or name a guest")
    if is_ipv6(destination) and traffic.protocol in (ICMP, ICMPV6):
        return Flow(ICMPV6, src, destination, icmp_type=icmpv6.ECHO_REQUEST, icmp_code=0, icmp_id=1)
    if traffic.protocol == ICMP:
        return Flow(ICMP, src, destination, icmp_type=8, icmp_code=0, icmp_id=1)
    if traffic.port is None:
        return Flow(traffic.protocol, src, destination)
    sport = EPHEMERAL_PORT if traffic.source_port is None else traffic.source_port
    flags = SYN if traffic.protocol == TCP else 0
    return Flow(traffic.protocol, src, destination, sport, traffic.port, tcp_flags=flags)


def trace(world: World, source: Guest, destination: Ip, traffic: TrafficSpec) -> Traced:
    """The way of such a packet now, and of its reply."""
    flow = flow_between(source, destination, traffic)
    tracer = _Tracer(world)
    tracer.size, tracer.dont_fragment = traffic.size, bool(traffic.size)
    hops, way = tracer.walk(source, flow, flow.dst_port)
    target = None if way is None else way.target
    places = tuple(tracer.places)
    reply_places: tuple[Place, ...] = ()
    notes = (*_notes(tracer.zones), *tracer.told)
    limit = tracer.limit
    # What Linux answers an echo with is as large, and may be cut; over IPv6, nothing may.
    tracer.size = traffic.size if flow.protocol in (ICMP, ICMPV6) else 0
    tracer.dont_fragment = is_ipv6(destination)
    latency_ns = tracer.latency_ns
    forward = _journey(hops, target is not None)
    reply = None
    there = way is not None and way.target.placed.interface.owns(way.flow.dst)
    # Who is not the destination (a middlebox) answers nothing by itself.
    if way is not None and isinstance(target, Guest) and there:
        answer = way.flow.reply()
        if flow.protocol == TCP:
            answer = replace(answer, tcp_flags=SYN | ACK)
        back, home = tracer.walk(target, answer, NO_PORT if traffic.source_port is None else traffic.source_port)
        reply_places = tuple(tracer.places)
        if home is not None and home.target is not source:
            back.append(Hop("guest", home.target.name, "gets the reply, and is not who asked", "", Outcome.UNKNOWN))
        reply = _journey(back, home is not None)
    where = target.name if target is not None else format_ip(destination)
    asked = where if there else format_ip(destination)
    middlebox = _handed(where, asked) if forward.delivered and not there else None
    around = places, reply_places
    return Traced(source.name, asked, where, flow, forward, reply, latency_ns, notes, middlebox, limit, *around)


def follow(
    world: World, source: Node, flow: Flow, quoted: Flow | None = None, size: int = 0, dont_fragment: bool = False
) -> Journey:
    """The way of one packet that leaves `source` now, past every blocker; `quoted` is what an ICMP error is about."""
    tracer = _Tracer(world, quoted)
    tracer.size, tracer.dont_fragment = size, dont_fragment
    hops, way = tracer.walk(source, flow, flow.dst_port)
    return _journey(hops, way is not None)


def _handed(name: str, asked: str) -> Hop:
    """The end of what can be traced."""
    advice = f"what {name} does with it is its program's affair; trace from {name} to follow what it sends"
    return Hop("guest", name, f"HANDED to {name}, which is not {asked}", code="HANDED_TO_MIDDLEBOX", advice=advice)


def _journey(hops: list[Hop], arrives: bool) -> Journey:
    blocker = next((hop for hop in hops if hop.blocked), None)
    if blocker is not None:
        assert blocker.outcome is not None
        return Journey(tuple(hops), blocker.outcome)
    if hops and hops[-1].kind == "service":
        return Journey(tuple(hops), Outcome.CONSUMED)
    return Journey(tuple(hops), Outcome.DELIVERED if arrives else Outcome.NO_MAPPING)


def _notes(zones: set[str]) -> tuple[str, ...]:
    """Of the zones that a packet comes through on its way there."""
    return ("AVAILABILITY_ZONE_CROSSED",) if len(zones - {INTERNET}) > 1 else ()
