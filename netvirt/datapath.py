"""The whole way of a packet through a VPC, as pure decisions.

`egress` is asked where a guest's packet leaves its interface, `ingress` where it enters another's. Both only read:
live traffic commits what they answered (`netvirt.vswitch`), a trace throws it away. Order of checks:
Reachability Analyzer's component order, VPC User Guide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from netvirt import mtu
from netvirt.address import BROADCAST_IP, Ip, Ns, is_ipv6, is_multicast, parse_cidr, parse_cidr_ipv6
from netvirt.frame import Flow
from netvirt.gateway import internet, nat, peering, transit
from netvirt.gateway.transit import Crossing
from netvirt.journey import Hop, Outcome
from netvirt.mtu import Limit
from netvirt.vpc import network_acl, security_group
from netvirt.vpc.classifier import Classifier
from netvirt.vpc.conntrack import Track
from netvirt.vpc.route_table import (
    Route,
    RouteTable,
    Target,
    ToEgressOnly,
    ToInterface,
    ToInternet,
    ToNat,
    ToNowhere,
    ToPeering,
    ToTransit,
)
from netvirt.vpc.security_group import GroupRule, SecurityGroup
from netvirt.vpc.services import Service, service_at
from netvirt.vpc.tracker import Tracker
from netvirt.vpc.view import Interface, Subnet, VpcView

LINK_LOCAL = parse_cidr("169.254.0.0/16")
LINK_LOCAL_IPV6 = parse_cidr_ipv6("fe80::/10")
SERVICES_IPV6 = parse_cidr_ipv6("fd00:ec2::/32")
"""Where the host's services are by IPv6 (VPC User Guide, "Route table concepts")."""


class Tracking(Enum):
    """What passing the security groups means for the interface's connection table."""

    NONE = "none"
    OPEN = "open"
    EXISTING = "existing"
    RELATED = "related"


@dataclass(slots=True)
class Question:
    """One packet at one interface, and what the steps find out about it.

    `neighbour` is the interface whose MAC the frame was sent to (None: the router's). `quoted` is the flow inside
    an ICMP error. `sender` is, on ingress, the interface that the overlay says the packet left from. `size` is the
    IP packet's in bytes, 0 when nobody asks about sizes; `dont_fragment` forbids to cut it.
    """

    view: VpcView
    eni: Interface
    flow: Flow
    tracker: Tracker
    now: Ns
    neighbour: Interface | None = None
    quoted: Flow | None = None
    sender: Interface | None = None
    size: int = 0
    dont_fragment: bool = False
    tracking: Tracking = Tracking.NONE
    track: Track | None = None
    target: Interface | None = None
    target_view: VpcView | None = None
    way: Target | None = None
    public: Ip | None = None
    service: Service | None = None
    limit: Limit | None = None
    backplane: bool = False
    """Between interfaces of one transit gateway: on its way there, or come from there."""
    crossing: Crossing | None = None

    @property
    def subnet(self) -> Subnet:
        return self.view.subnets[self.eni.subnet]


@dataclass(frozen=True, slots=True)
class Decision:
    """`outcome` None: the packet goes on, to `target`. `hops` ends with the first blocker, or holds all of them."""

    hops: tuple[Hop, ...]
    outcome: Outcome | None
    tracking: Tracking
    track: Track | None
    target: Interface | None = None
    target_view: VpcView | None = None
    """The VPC that `target` is in."""
    public: Ip | None = None
    """The packet leaves for the Internet, with this source; it has no `target` then."""
    egress_only: bool = False
    """It leaves through the egress-only gateway, which remembers it."""
    service: Service | None = None
    """The packet is for the host's own service, so it goes nowhere."""
    limit: Limit | None = None
    """What the way carries at most, where that is less than an interface's MTU. What passes and is larger goes on in
    fragments."""
    crossing: Crossing | None = None
    """The packet crosses to this attachment's VPC; `target` is its interface, and `target_view` is not known here."""


def egress(question: Question, every_blocker: bool = False) -> Decision:
    """May the packet leave, and which interface is it for?"""
    return _walk(_egress(question), question, every_blocker)


def ingress(question: Question, every_blocker: bool = False) -> Decision:
    """May the packet enter?"""
    return _walk(_ingress(question), question, every_blocker)


def hear(question: Question) -> Decision:
    """May the interface hear what the router itself says? That comes from within its host, past no network ACL; its
    groups are asked as they are about any ICMP error."""
    return _walk(_hear(question), question, False)


def _egress(q: Question) -> Iterator[Hop]:
    if q.backplane:
        yield from _cross_transit(q)
        return
    yield _own_source(q)
    # What AWS's own interfaces forward comes from elsewhere, where nobody may ask this VPC's services.
    if q.eni.groups:
        q.service = service_at(q.flow.dst, q.flow.protocol, q.flow.dst_port, q.view.resolver)
        if q.service is not None:
            yield _service_hop(q, q.service)
            return
        if _is_special(q):
            yield Hop("service", "link-local", "not modelled", outcome=Outcome.UNKNOWN, code="UNSUPPORTED_COMPONENT")
            return
        yield _group_hop(q, leaving=True)
    if q.neighbour is None and not q.subnet.holds(q.flow.dst):
        yield _acl_hop(q, leaving=True)
        route = _route_hop(q)
        yield route
        if route.blocked:
            return
        if isinstance(q.way, ToInternet):
            leaving = internet.leave(q.view, q.way.name, q.flow)
            yield leaving
            if leaving.blocked:
                return
            q.public = q.view.public.get(q.flow.src, q.flow.src)
            yield from _through_the_border(q, mtu.internet_gateway(q.way.name))
            return
        if isinstance(q.way, ToEgressOnly):
            leaving = internet.leave_untranslated(q.view, "eigw", q.way.name, q.flow)
            yield leaving
            if leaving.blocked:
                return
            q.public = q.flow.src
            yield from _through_the_border(q, mtu.egress_only_internet_gateway(q.way.name))
            return
        if q.target_view is not None:
            crossing = peering.cross(q.target_view, q.flow)
            yield crossing
            if crossing.blocked:
                return
    yield _mapping_hop(q)


def _cross_transit(q: Question) -> Iterator[Hop]:
    """From a transit gateway's interface in this VPC to another attachment's."""
    gateway = q.view.transit_of(q.eni.id)
    assert gateway is not None, "only its own interfaces send through the backplane"
    hop, q.crossing = transit.cross(gateway, q.view.vni, q.subnet.zone, q.flow)
    yield hop
    if q.crossing is not None:
        q.target = q.crossing.interface
        yield Hop("mapping", "", f"{q.target.name} is on host {q.target.host_name}")


def _through_the_border(q: Question, limit: Limit) -> Iterator[Hop]:
    """What the gateway carries at most."""
    q.limit = limit
    excess = limit.hop(q.size, q.dont_fragment)
    if excess is not None:
        yield excess


def _ingress(q: Question) -> Iterator[Hop]:
    if q.backplane and q.sender is not None and q.view.transit_of(q.sender.id) is not None:
        yield Hop("destination", q.eni.name, "from its transit gateway")
        return
    if q.sender is not None and q.sender.id not in q.view.interfaces and q.eni.id in q.view.nat_gateways.values():
        yield nat.refused_to_strangers(q.eni.name)
    if q.sender is None or q.sender.subnet != q.eni.subnet:
        yield _acl_hop(q, leaving=False)
    yield _own_destination(q)
    if q.eni.groups:
        yield _group_hop(q, leaving=False)


def _hear(q: Question) -> Iterator[Hop]:
    if q.eni.groups:
        yield _group_hop(q, leaving=False)


def _walk(hops: Iterator[Hop], question: Question, every_blocker: bool) -> Decision:
    met: list[Hop] = []
    outcome: Outcome | None = None
    for hop in hops:
        met.append(hop)
        if hop.blocked:
            outcome = outcome or hop.outcome
            if not every_blocker:
                break
    q = question
    egress_only = isinstance(q.way, ToEgressOnly)
    where = q.target, q.target_view, q.public, egress_only
    return Decision(tuple(met), outcome, q.tracking, q.track, *where, q.service, q.limit, q.crossing)


def _own_source(q: Question) -> Hop:
    if q.eni.owns(q.flow.src):
        return Hop("source", q.eni.name, "source is its own address")
    if not q.eni.source_dest_check:
        return Hop("source", q.eni.name, "source/destination check is off")
    return _check_failed(q.eni, "source")


def _own_destination(q: Question) -> Hop:
    if q.eni.owns(q.flow.dst):
        return Hop("destination", q.eni.name, "destination is its own address")
    if not q.eni.source_dest_check:
        return Hop("destination", q.eni.name, "source/destination check is off")
    return _check_failed(q.eni, "destination")


def _check_failed(eni: Interface, end: str) -> Hop:
    rule = f"{end} is not its own address"
    return Hop(
        end,
        eni.name,
        rule,
        outcome=Outcome.SOURCE_DEST_CHECK,
        code="ENI_SOURCE_DEST_CHECK_RESTRICTION",
        advice=f"would take: source_dest_check: false on {eni.name}",
    )


def is_group_address(address: Ip, subnet: Subnet) -> bool:
    """Broadcast or multicast: a VPC carries neither (VPC User Guide, "Subnet sizing")."""
    return is_multicast(address) or address in (BROADCAST_IP, subnet.cidr.last)


def _service_hop(q: Question, service: Service) -> Hop:
    """Neither groups nor ACLs nor routes can keep a guest from these (VPC User Guide, "Amazon DNS server")."""
    if service is Service.RESOLVER and not q.view.services.dns:
        rule = "enable_dns_support is off: nobody answers"
        advice = f"would take: enable_dns_support: true on {q.view.name}"
        return Hop("service", service.value, rule, "", Outcome.UNANSWERED, "NO_POSSIBLE_DESTINATION", advice)
    return Hop("service", service.value, "ANSWERED by the host; no group, ACL or route is asked")


def _is_special(q: Question) -> bool:
    """Addresses that the host itself would answer: the router, the resolver, the services; and what never leaves its
    link."""
    dst = q.flow.dst
    if is_ipv6(dst):
        ends = q.flow.src, dst
        return any(map(LINK_LOCAL_IPV6.holds, ends)) or SERVICES_IPV6.holds(dst) or dst in q.subnet.routers
    return LINK_LOCAL.holds(dst) or dst in (q.view.resolver, q.subnet.router)


def _group_hop(q: Question, leaving: bool) -> Hop:
    """A tracked flow passes whatever the rules say now; otherwise some rule of some group must permit it."""
    groups = [q.view.groups[group] for group in q.eni.groups]
    if _find_track(q):
        return Hop("sg", _names(groups), "tracked flow")
    inward, outward = [group.inward for group in groups], [group.outward for group in groups]
    lists, opposite = (outward, inward) if leaving else (inward, outward)
    peer = q.flow.dst if leaving else q.flow.src
    found = _first_permitting(q, groups, lists, peer)
    if found is None:
        return _group_refuses(groups, leaving)
    if _opens_flow(q, lists, opposite, leaving):
        if q.tracker.full(q.flow, q.now):
            return Hop("sg", _names(groups), "connection tracking table is full", outcome=Outcome.TRACKING_FULL)
        q.tracking = Tracking.OPEN
    name, rule = found
    return Hop("sg", name, rule.text, rule.written)


def _names(groups: Sequence[SecurityGroup]) -> str:
    return ", ".join(group.name for group in groups)


def _first_permitting(
    q: Question, groups: Sequence[SecurityGroup], lists: Sequence[Classifier[GroupRule]], peer: Ip
) -> tuple[str, GroupRule] | None:
    """A rule, and the group it stands in. A group as source does not mean those whose packets a middlebox brings
    (VPC User Guide, "Security group rules")."""
    brought = q.sender is not None and not q.sender.owns(q.flow.src)
    members = {} if brought else q.view.members
    for group, rules in zip(groups, lists, strict=True):
        rule = rules.first(q.flow, peer, members)
        if rule is not None:
            return group.name, rule
    return None


def _opens_flow(
    q: Question, permitting: Sequence[Classifier[GroupRule]], opposite: Sequence[Classifier[GroupRule]], leaving: bool
) -> bool:
    """An ICMP error or answer begins nothing that could be answered; all else is tracked, but for AWS's exception."""
    if q.flow.is_icmp_error or q.flow.is_icmp_answer:
        return False
    return not security_group.untracked(permitting, opposite, q.flow) or _is_by_service(q, leaving)


def _is_by_service(q: Question, leaving: bool) -> bool:
    """Over a NAT, a transit or an egress-only gateway every flow is tracked (EC2 User Guide, connection tracking,
    "Automatically tracked connections")."""
    if not leaving:
        return q.sender is not None and not q.sender.groups
    if q.neighbour is not None or q.subnet.holds(q.flow.dst):
        return False
    route = q.view.tables[q.subnet.table].lookup(q.flow.dst)
    return route is not None and isinstance(route.target, ToNat | ToTransit | ToEgressOnly)


def _find_track(q: Question) -> bool:
    q.track = q.tracker.find(q.flow, q.now)
    if q.track is not None:
        q.tracking = Tracking.EXISTING
        return True
    # An error is about a tracked flow when it goes to who sent what it quotes.
    if q.quoted is not None and q.quoted.src == q.flow.dst and q.tracker.find(q.quoted, q.now) is not None:
        q.tracking = Tracking.RELATED
        return True
    return False


def _group_refuses(groups: Sequence[SecurityGroup], leaving: bool) -> Hop:
    rules = [rule for group in groups for rule in (group.egress if leaving else group.ingress)]
    code = "ENI_SG_RULES_MISMATCH" if rules else "SG_HAS_NO_RULES"
    only = ", ".join(rule.text for rule in rules) or "nothing"
    written = next((rule.written for rule in rules if rule.written), "")
    return Hop("sg", _names(groups), f"allows only: {only}", written, Outcome.SECURITY_GROUP, code)


def _acl_hop(q: Question, leaving: bool) -> Hop:
    acl = q.view.acls[q.subnet.acl]
    entries, peer = (acl.outward, q.flow.dst) if leaving else (acl.inward, q.flow.src)
    entry = entries.first(q.flow, peer, {})
    if entry is None:
        return Hop("acl", acl.name, network_acl.LAST_RULE, "", Outcome.NETWORK_ACL, "SUBNET_ACL_RESTRICTION")
    if entry.allow:
        return Hop("acl", acl.name, entry.text, entry.written)
    return Hop("acl", acl.name, entry.text, entry.written, Outcome.NETWORK_ACL, "SUBNET_ACL_RESTRICTION")


def _route_hop(q: Question) -> Hop:
    table = q.view.tables[q.subnet.table]
    route = table.lookup(q.flow.dst)
    if route is None:
        rule = "no route to the destination"
        return Hop("rt", table.name, rule, "", Outcome.NO_ROUTE, "NO_ROUTE_TO_DESTINATION")
    q.way = route.target
    if not q.view.reaches(route.target):
        return Hop("rt", table.name, route.text, route.written, Outcome.BLACKHOLE, "BAD_STATE_ROUTE")
    match route.target:
        case ToNowhere():
            return Hop("rt", table.name, route.text, route.written, Outcome.UNKNOWN, "UNSUPPORTED_COMPONENT")
        case ToInterface(eni=eni):
            q.neighbour = q.view.interfaces[eni]
        case ToNat(nat_gateway=gateway):
            q.neighbour = q.view.interfaces[q.view.nat_gateways[gateway]]
        case ToPeering(peering=peering):
            q.target_view = q.view.peers[peering]
        case ToTransit():
            return _transit_hop(q, route.target, table, route)
        case _:
            pass
    return Hop("rt", table.name, route.text, route.written)


def _transit_hop(q: Question, way: ToTransit, table: RouteTable, route: Route) -> Hop:
    """The way to a transit gateway is its interface in the sender's own zone."""
    entrance = transit.enter(q.view.transit_gateways[way.gateway], q.view.vni, q.subnet.zone)
    if isinstance(entrance, Hop):
        return entrance
    q.neighbour = entrance
    return Hop("rt", table.name, route.text, route.written)


def _mapping_hop(q: Question) -> Hop:
    q.target_view = q.target_view or q.view
    q.target = q.neighbour or q.target_view.at(q.flow.dst)
    if q.target is None:
        rule = "no interface has the destination address"
        return Hop("mapping", q.target_view.name, rule, "", Outcome.NO_MAPPING, "NO_POSSIBLE_DESTINATION")
    return Hop("mapping", "", f"{q.target.name} is on host {q.target.host_name}")
