"""What the host itself answers to its guests by IPv6: neighbor discovery (RFC 4861), for the router and the subnet's
interfaces, as it answers ARP.

Nothing of it is ever flooded or passed on, so that no guest can speak for another, and nothing filters it. Listener
reports (RFC 3810) are swallowed: there is no multicast. VPC User Guide, "Subnet sizing for IPv6".
"""

from netvirt.address import ANY_IPV6, Ip, Mac, link_local, multicast_mac
from netvirt.constant import Constant, Evidence
from netvirt.frame import Flow
from netvirt.journey import Outcome
from netvirt.mtu import MTU_BYTES
from netvirt.vpc.traffic import ICMPV6
from netvirt.vpc.view import Interface, Subnet, VpcView
from netvirt.wire import icmpv6, ipv6, nd
from netvirt.wire.ethernet import ETHERTYPE_IPV6, Ethernet
from netvirt.wire.icmpv6 import Icmpv6
from netvirt.wire.ipv6 import DEFAULT_HOP_LIMIT, PROTOCOL_ICMPV6, Ipv6
from netvirt.wire.malformed import Malformed
from netvirt.wire.nd import NeighborAdvertisement, NeighborSolicitation, Prefix, RouterAdvertisement, RouterSolicitation

ROUTER_LIFETIME_SECONDS = Constant(
    "ROUTER_LIFETIME_SECONDS", 1800, 4, 9000, "RFC 4861 section 6.2.1; no AWS document", "2026-11-21", Evidence.INFERRED
)
FOREVER = 0xFFFFFFFF
"""A prefix's lifetime without an end (RFC 4861 section 4.6.2)."""

LISTENERS = frozenset(
    (
        icmpv6.MULTICAST_LISTENER_QUERY,
        icmpv6.MULTICAST_LISTENER_REPORT,
        icmpv6.MULTICAST_LISTENER_DONE,
        icmpv6.MULTICAST_LISTENER_REPORT_V2,
    )
)


def is_local(flow: Flow) -> bool:
    """Is it between a guest and its link only?"""
    return flow.protocol == ICMPV6 and (flow.icmp_type in nd.MESSAGES or flow.icmp_type in LISTENERS)


def reply(data: bytes, view: VpcView, eni: Interface, subnet: Subnet) -> bytes | Outcome:
    """Answer who has the router's or a neighbour's address, and who looks for a router.

    An address that nobody has is not answered. What is no question (announcements, redirects, reports) changes
    nothing in a VPC and is swallowed.
    """
    packet = Ipv6.parse(Ethernet.parse(data).payload)
    carried = ipv6.upper(packet)
    if carried.is_fragment:
        raise Malformed("neighbor discovery in fragments")  # RFC 6980 section 5
    if not icmpv6.checksum_ok(carried.payload, packet.src, packet.dst):
        raise Malformed("ICMPv6 checksum")
    message = Icmpv6.parse(carried.payload)
    if message.type in LISTENERS:
        return Outcome.CONSUMED
    nd.check(message, packet.src, packet.dst, packet.hop_limit)
    if message.type == icmpv6.NEIGHBOR_SOLICITATION:
        return _advertise(packet, NeighborSolicitation.parse(message), view, eni, subnet)
    if message.type == icmpv6.ROUTER_SOLICITATION:
        RouterSolicitation.parse(message)
        return _advertise_router(packet, eni, subnet)
    return Outcome.CONSUMED


def _advertise(
    packet: Ipv6, asked: NeighborSolicitation, view: VpcView, eni: Interface, subnet: Subnet
) -> bytes | Outcome:
    mac = _owner(asked.target, view, eni, subnet)
    probing = packet.src == ANY_IPV6
    if mac is None:
        # Nobody objects to an address that a guest is about to take (RFC 4862 section 5.4).
        return Outcome.CONSUMED if probing else Outcome.UNANSWERED
    is_router = asked.target in subnet.routers
    answer = NeighborAdvertisement(asked.target, mac, is_router, solicited=not probing, override=True)
    return _to_guest(answer.emit(), asked.target, mac, packet.src, eni)


def _owner(address: Ip, view: VpcView, eni: Interface, subnet: Subnet) -> Mac | None:
    if address in subnet.routers:
        return subnet.router_mac
    owner = view.at(address)
    if owner is None or owner.subnet != subnet.id or owner.id == eni.id:
        return None
    return owner.mac


def _advertise_router(packet: Ipv6, eni: Interface, subnet: Subnet) -> bytes | Outcome:
    """Addresses come by DHCPv6; the subnet's block is on the link, and nobody makes addresses in it."""
    if subnet.ipv6_cidr is None:
        return Outcome.CONSUMED
    prefix = Prefix(subnet.ipv6_cidr, on_link=True, autonomous=False, valid_s=FOREVER, preferred_s=FOREVER)
    lifetime_s, mtu = ROUTER_LIFETIME_SECONDS.value, MTU_BYTES.value
    answer = RouterAdvertisement(DEFAULT_HOP_LIMIT, True, True, lifetime_s, subnet.router_mac, mtu, prefix)
    return _to_guest(answer.emit(), link_local(subnet.router_mac), subnet.router_mac, packet.src, eni)


def _to_guest(message: Icmpv6, source: Ip, mac: Mac, asker: Ip, eni: Interface) -> bytes:
    """To who asked; to everybody, who has no address yet."""
    target = nd.ALL_NODES if asker == ANY_IPV6 else asker
    target_mac = multicast_mac(target) if target == nd.ALL_NODES else eni.mac
    packet = Ipv6(source, target, PROTOCOL_ICMPV6, message.emit(source, target), nd.HOP_LIMIT).emit()
    return Ethernet(target_mac, mac, ETHERTYPE_IPV6, packet).emit()
