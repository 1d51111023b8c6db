"""The border of a region: where public addresses are known, of the region's interfaces and of everybody outside.

It finds who has the destination, puts that one's private address in if it is IPv4, and sends the packet there, or to
the middlebox that the gateway's route table names. For internet gateways it is stateless, as they are; what an
egress-only gateway remembers, it remembers, gateway by gateway. VPC User Guide, "Connect to the internet using an
internet gateway", "Gateway route tables", "Egress-only internet gateways".
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from netvirt import rewrite
from netvirt.address import Ip, Ns, Vni, is_ipv6
from netvirt.constant import Constant, Evidence
from netvirt.frame import Flow, flow_of, parse, quoted_flow
from netvirt.gateway import edge
from netvirt.gateway.edge import Entrance
from netvirt.gateway.internet import may_enter
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.overlay import BORDER, INTERNET_VNI, Encapsulated, Tunnel
from netvirt.vpc.route_table import ToEgressOnly
from netvirt.vpc.tracker import Tracker
from netvirt.vpc.view import Interface, VpcView
from netvirt.wire.ethernet import ETHERTYPE_IPV4, ETHERTYPE_IPV6, HEADER_BYTES, Ethernet
from netvirt.wire.malformed import Malformed

PLACE = "border"


class Owner(NamedTuple):
    """Who has a public address."""

    view: VpcView
    interface: Interface
    private: Ip
    entrance: Entrance
    """Who gets the packet: that very interface, or a middlebox before it."""


EGRESS_ONLY_LIMIT = Constant(
    "EGRESS_ONLY_LIMIT", 1_000_000, 100_000, 100_000_000, "no AWS document", "2026-11-21", Evidence.INFERRED
)
"""Connections that an egress-only gateway remembers at a time."""

Trackers = Callable[[Vni], Tracker]
"""What the egress-only gateway of a VPC remembers."""


class Border:
    """`hold` it up to date with every view; `forward` decides."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._views: dict[Vni, VpcView] = {}
        self._private: dict[Ip, tuple[Vni, Ip]] = {}
        """Public address -> the VPC that has it, and the private one it stands for there."""
        self._trackers: dict[Vni, Tracker] = {}

    def hold(self, view: VpcView) -> None:
        """Take a revision: its public addresses are these, and no others."""
        before = self._views.get(view.vni)
        self._views[view.vni] = view
        if not view.egress_only_internet_gateway:
            self._trackers.pop(view.vni, None)
        if before is not None and before.public is view.public:
            return
        for private, public in () if before is None else before.public.items():
            # It may have moved to another VPC, whose news came first.
            if self._private.get(public) == (view.vni, private):
                del self._private[public]
        self._private |= {public: (view.vni, private) for private, public in view.public.items()}

    def tracker(self, vni: Vni) -> Tracker:
        """What the egress-only gateway of this VPC remembers."""
        return self._trackers.setdefault(vni, Tracker(EGRESS_ONLY_LIMIT.value))

    def decide(
        self, flow: Flow, now: Ns, quoted: Flow | None = None, trackers: Trackers | None = None
    ) -> Owner | Outcome:
        """Whom a packet that has left its network is for. `quoted` is the flow inside an ICMP error."""
        if not may_enter(flow.src):
            return Outcome.GATEWAY
        owner = self._owner(flow.dst)
        if owner is None:
            return Outcome.NO_MAPPING
        if is_ipv6(flow.dst):
            tracker = (trackers or self.tracker)(owner.view.vni)
            if _remembers(owner.view, flow, quoted, tracker, now):
                # The route table is the internet gateway's.
                return owner._replace(entrance=Entrance(owner.interface, None))
            return owner if _may_begin(owner, flow) else Outcome.GATEWAY
        return owner if owner.view.internet_gateway else Outcome.GATEWAY

    def _owner(self, address: Ip) -> Owner | None:
        """Who has a public address; an IPv6 address is its interface's own."""
        if is_ipv6(address):
            vni, private = next((vni for vni, view in self._views.items() if view.at(address)), None), address
        else:
            vni, private = self._private.get(address, (None, address))
        view = None if vni is None else self._views[vni]
        interface = None if view is None else view.at(private)
        if view is None or interface is None:
            return None
        return Owner(view, interface, private, edge.enter(view, interface, private))

    def is_behind_egress_only(self, address: Ip) -> bool:
        """Does that gateway keep the Internet from beginning anything with it?"""
        owner = self._owner(address)
        return owner is not None and is_ipv6(address) and bool(owner.view.egress_only_internet_gateway)

    def forward(self, packet: Encapsulated, now: Ns) -> Encapsulated | None:
        """The packet on its way to who has its destination; None: dropped and counted."""
        data = packet.inner.data
        try:
            flow = flow_of(data)
        except Malformed:
            return self._drop(packet, Outcome.MALFORMED)
        if packet.tunnel.vni != INTERNET_VNI and not remember(self.tracker(packet.tunnel.vni), flow, now):
            return self._drop(packet, Outcome.TRACKING_FULL)
        owner = self.decide(flow, now, quoted_flow(data, flow))
        if isinstance(owner, Outcome):
            return self._drop(packet, owner)
        target, hop = owner.entrance
        if hop is not None and hop.outcome is not None:
            return self._drop(packet, hop.outcome)
        if is_ipv6(flow.dst):
            self._see(owner, flow, now)
            ethertype, payload = ETHERTYPE_IPV6, data[HEADER_BYTES:]
        else:
            ethertype, payload = ETHERTYPE_IPV4, rewrite.with_destination(data, owner.private)[HEADER_BYTES:]
        router_mac = owner.view.subnets[target.subnet].router_mac
        frame = Ethernet(target.mac, router_mac, ethertype, payload).emit()
        arriving = replace(flow, dst=owner.private)
        tunnel = Tunnel(BORDER, target.host, owner.view.vni, 0, arriving.key)
        return Encapsulated(parse(frame), tunnel)

    def _see(self, owner: Owner, flow: Flow, now: Ns) -> None:
        """A reply keeps its connection alive."""
        tracker = self._trackers.get(owner.view.vni)
        track = None if tracker is None else tracker.find(flow, now)
        if tracker is not None and track is not None:
            tracker.see(track, flow, now)

    def _drop(self, packet: Encapsulated, reason: Outcome) -> None:
        self._ledger.drop(packet, PLACE, reason)


def remember(tracker: Tracker, flow: Flow, now: Ns) -> bool:
    """Something leaves by the egress-only gateway: what answers it may enter. False: there is no room."""
    track = tracker.find(flow, now)
    if track is not None:
        tracker.see(track, flow, now)
    elif not flow.is_icmp_error and not flow.is_icmp_answer:
        if tracker.full(flow, now):
            return False
        tracker.open(flow, now)
    return True


def _remembers(view: VpcView, flow: Flow, quoted: Flow | None, tracker: Tracker, now: Ns) -> bool:
    """Does it answer something that left by the VPC's egress-only gateway, or is it an error about such?"""
    if not view.egress_only_internet_gateway:
        return False
    about = flow if quoted is None or quoted.src != flow.dst else quoted
    return tracker.find(about, now) is not None


def _may_begin(owner: Owner, flow: Flow) -> bool:
    """By the internet gateway comes anything, but into subnets whose way back is the egress-only one: that keeps the
    Internet from beginning anything there."""
    view = owner.view
    route = view.tables[view.subnets[owner.interface.subnet].table].lookup(flow.src)
    return bool(view.internet_gateway) and not (route is not None and isinstance(route.target, ToEgressOnly))
