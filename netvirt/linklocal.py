"""What the host itself answers to its guests: ARP for the VPC's addresses, and DHCP.

No group and no ACL can filter it. VPC User Guide, "DHCP option sets in Amazon VPC"; "Subnet sizing" for the router.
"""

from collections.abc import Iterator

from netvirt.address import ANY_IP, BROADCAST_IP, BROADCAST_MAC, Ip, Mac
from netvirt.constant import Constant, Evidence
from netvirt.frame import Flow
from netvirt.journey import Outcome
from netvirt.mtu import MTU_BYTES
from netvirt.vpc.view import Interface, Subnet, VpcView
from netvirt.wire import arp, dhcp
from netvirt.wire.arp import Arp
from netvirt.wire.dhcp import Dhcp
from netvirt.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_UDP, Ipv4
from netvirt.wire.udp import Udp

LEASE_SECONDS = Constant(
    "LEASE_SECONDS", 3600, 60, 86_400, "no AWS document; seen on instances", "2026-11-20", Evidence.INFERRED
)


def arp_reply(data: bytes, view: VpcView, eni: Interface, subnet: Subnet) -> bytes | Outcome:
    """Answer who-has for the router, the resolver and interfaces of the guest's own subnet; never flood.

    An address that nobody has is not answered, so the guest's resolution times out. What is no question
    (gratuitous announcements, replies) changes nothing in a VPC and is swallowed.
    """
    request = Arp.parse(Ethernet.parse(data).payload)
    if request.operation != arp.REQUEST or request.target_ip == request.sender_ip:
        return Outcome.CONSUMED
    mac = _owner(request.target_ip, view, eni, subnet)
    if mac is None:
        return Outcome.UNANSWERED
    return Ethernet(eni.mac, mac, ETHERTYPE_ARP, request.reply(mac).emit()).emit()


def _owner(address: Ip, view: VpcView, eni: Interface, subnet: Subnet) -> Mac | None:
    if address in (subnet.router, view.resolver):
        return subnet.router_mac
    owner = view.at(address)
    if owner is None or owner.subnet != subnet.id or owner.id == eni.id:
        return None
    return owner.mac


def is_dhcp(flow: Flow, subnet: Subnet) -> bool:
    """Is it for the DHCP server, by broadcast or at the router's address? Another guest's port 67 is its own."""
    ports = flow.src_port, flow.dst_port
    return (
        flow.protocol == PROTOCOL_UDP
        and ports == (dhcp.CLIENT_PORT, dhcp.SERVER_PORT)
        and flow.dst in (BROADCAST_IP, subnet.router)
    )


def dhcp_reply(data: bytes, view: VpcView, eni: Interface, subnet: Subnet) -> bytes | Outcome:
    """OFFER for DISCOVER, ACK for the interface's own address, NAK for any other (RFC 2131 section 4.3)."""
    request = Dhcp.parse(Udp.parse(Ipv4.parse(Ethernet.parse(data).payload).payload).payload)
    kind = _answer_to(request, eni, subnet)
    if kind is None:
        return Outcome.CONSUMED
    server = subnet.router
    options = (dhcp.number(dhcp.MESSAGE_TYPE, kind), dhcp.addresses(dhcp.SERVER_ID, server))
    if kind == dhcp.NAK:
        answer = Dhcp(dhcp.BOOTREPLY, request.xid, request.chaddr, options, flags=request.flags)
    else:
        answer = Dhcp(
            dhcp.BOOTREPLY,
            request.xid,
            request.chaddr,
            options + _settings(view, subnet),
            ciaddr=request.ciaddr,
            yiaddr=eni.address,
            siaddr=server,
            flags=request.flags,
        )
    to = eni.address if request.ciaddr == eni.address else BROADCAST_IP
    mac = eni.mac if to != BROADCAST_IP else BROADCAST_MAC
    datagram = Udp(dhcp.SERVER_PORT, dhcp.CLIENT_PORT, answer.emit()).emit(server, to)
    packet = Ipv4(server, to, PROTOCOL_UDP, datagram).emit()
    return Ethernet(mac, subnet.router_mac, ETHERTYPE_IPV4, packet).emit()


def _answer_to(request: Dhcp, eni: Interface, subnet: Subnet) -> int | None:
    if request.op != dhcp.BOOTREQUEST or request.chaddr != eni.mac:
        return None
    if request.message_type == dhcp.DISCOVER:
        return dhcp.OFFER
    if request.message_type != dhcp.REQUEST:
        return dhcp.ACK if request.message_type == dhcp.INFORM else None
    if request.server_id not in (None, subnet.router):
        return None
    wanted = request.requested_ip if request.ciaddr == ANY_IP else request.ciaddr
    return dhcp.ACK if wanted == eni.address else dhcp.NAK


def _settings(view: VpcView, subnet: Subnet) -> tuple[dhcp.Option, ...]:
    lease = LEASE_SECONDS.value
    return (
        dhcp.number(dhcp.LEASE_TIME, lease),
        dhcp.number(dhcp.RENEWAL_TIME, lease // 2),
        dhcp.number(dhcp.REBINDING_TIME, lease * 7 // 8),
        dhcp.addresses(dhcp.SUBNET_MASK, Ip(subnet.cidr.mask)),
        dhcp.addresses(dhcp.ROUTER, subnet.router),
        *_servers(view),
        dhcp.text(dhcp.DOMAIN_NAME, view.services.domain_name),
        dhcp.number(dhcp.INTERFACE_MTU, MTU_BYTES.value),
    )


def _servers(view: VpcView) -> Iterator[dhcp.Option]:
    services = view.services
    names = services.name_servers or ((view.resolver,) if services.dns else ())
    if names:
        yield dhcp.addresses(dhcp.DNS_SERVER, *names)
    if services.time_servers:
        yield dhcp.addresses(dhcp.TIME_SERVER, *services.time_servers)
