"""The border of a region: where public addresses are known, of the region's interfaces and of everybody outside.

Stateless, as the internet gateway is: it finds who has the destination, puts that one's private address in, and sends
the packet there, or to the middlebox that the gateway's route table names. VPC User Guide, "Connect to the internet
using an internet gateway", "Gateway route tables".
"""

from dataclasses import replace
from typing import NamedTuple

from netvirt import rewrite
from netvirt.address import Ip, Vni
from netvirt.frame import Flow, flow_of, parse
from netvirt.gateway import edge
from netvirt.gateway.edge import Entrance
from netvirt.gateway.internet import may_enter
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.overlay import BORDER, Encapsulated, Tunnel
from netvirt.vpc.view import Interface, VpcView
from netvirt.wire.ethernet import ETHERTYPE_IPV4, HEADER_BYTES, Ethernet
from netvirt.wire.malformed import Malformed

PLACE = "border"


class Owner(NamedTuple):
    """Who has a public address."""

    view: VpcView
    interface: Interface
    private: Ip
    entrance: Entrance
    """Who gets the packet: that very interface, or a middlebox before it."""


class Border:
    """`hold` it up to date with every view; `forward` decides."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._views: dict[Vni, VpcView] = {}
        self._private: dict[Ip, tuple[Vni, Ip]] = {}
        """Public address -> the VPC that has it, and the private one it stands for there."""

    def hold(self, view: VpcView) -> None:
        """Take a revision: its public addresses are these, and no others."""
        before = self._views.get(view.vni)
        self._views[view.vni] = view
        if before is not None and before.public is view.public:
            return
        for private, public in () if before is None else before.public.items():
            # It may have moved to another VPC, whose news came first.
            if self._private.get(public) == (view.vni, private):
                del self._private[public]
        self._private |= {public: (view.vni, private) for private, public in view.public.items()}

    def decide(self, flow: Flow) -> Owner | Outcome:
        """Whom a packet that has left its network is for."""
        if not may_enter(flow.src):
            return Outcome.GATEWAY
        there = self._private.get(flow.dst)
        if there is None:
            return Outcome.NO_MAPPING
        vni, private = there
        view = self._views[vni]
        interface = view.at(private)
        if interface is None:
            return Outcome.NO_MAPPING
        if not view.internet_gateway:
            return Outcome.GATEWAY
        return Owner(view, interface, private, edge.enter(view, interface, private))

    def forward(self, packet: Encapsulated) -> Encapsulated | None:
        """The packet on its way to who has its destination; None: dropped and counted."""
        data = packet.inner.data
        try:
            flow = flow_of(data)
        except Malformed:
            self._ledger.drop(packet, PLACE, Outcome.MALFORMED)
            return None
        owner = self.decide(flow)
        if isinstance(owner, Outcome):
            self._ledger.drop(packet, PLACE, owner)
            return None
        target, hop = owner.entrance
        if hop is not None and hop.outcome is not None:
            self._ledger.drop(packet, PLACE, hop.outcome)
            return None
        router_mac = owner.view.subnets[target.subnet].router_mac
        translated = rewrite.with_destination(data, owner.private)
        frame = Ethernet(target.mac, router_mac, ETHERTYPE_IPV4, translated[HEADER_BYTES:]).emit()
        arriving = replace(flow, dst=owner.private)
        tunnel = Tunnel(BORDER, target.host, owner.view.vni, 0, arriving.key)
        return Encapsulated(parse(frame), tunnel)
