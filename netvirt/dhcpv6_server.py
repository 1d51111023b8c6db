"""What the host answers to its guests' DHCPv6 (RFC 8415): an interface's own IPv6 addresses, and nothing else.

EC2 User Guide, "Amazon EC2 instance IP addressing": guests get their addresses by DHCPv6.
"""

from netvirt.address import Ip, is_ipv6, link_local
from netvirt.frame import Flow
from netvirt.journey import Outcome
from netvirt.linklocal import LEASE_SECONDS
from netvirt.vpc.traffic import UDP
from netvirt.vpc.view import Interface, Subnet
from netvirt.wire import dhcpv6, ipv6, udp
from netvirt.wire.dhcpv6 import Dhcpv6, Option
from netvirt.wire.ethernet import ETHERTYPE_IPV6, Ethernet
from netvirt.wire.ipv6 import Ipv6
from netvirt.wire.malformed import Malformed
from netvirt.wire.udp import Udp

ASKING = (dhcpv6.REQUEST, dhcpv6.RENEW, dhcpv6.REBIND)
"""Answered with addresses; a solicitation too, by offer or at once."""


def is_for_server(flow: Flow) -> bool:
    """Is it for the DHCPv6 server? Clients speak to its group (RFC 8415 section 14)."""
    return flow.protocol == UDP and flow.dst_port == dhcpv6.SERVER_PORT and flow.dst == dhcpv6.SERVERS


def reply(data: bytes, eni: Interface, subnet: Subnet) -> bytes | Outcome:
    """Addresses for who asks for its own interface; what does not concern this server is swallowed."""
    packet = Ipv6.parse(Ethernet.parse(data).payload)
    carried = ipv6.upper(packet)
    if not udp.checksum_ok(carried.payload, packet.src, packet.dst):
        raise Malformed("UDP checksum")
    datagram = Udp.parse(carried.payload)
    request = Dhcpv6.parse(datagram.payload)
    if subnet.ipv6_cidr is None:
        return Outcome.CONSUMED
    answer = _answer(request, eni, subnet)
    if answer is None:
        return Outcome.CONSUMED
    source = link_local(subnet.router_mac)
    told = Udp(dhcpv6.SERVER_PORT, datagram.src_port, answer.emit()).emit(source, packet.src)
    back = Ipv6(source, packet.src, UDP, told).emit()
    return Ethernet(eni.mac, subnet.router_mac, ETHERTYPE_IPV6, back).emit()


def _answer(request: Dhcpv6, eni: Interface, subnet: Subnet) -> Dhcpv6 | None:
    """RFC 8415 section 18.3."""
    server, client = _server_id(subnet), request.option(dhcpv6.CLIENT_ID)
    named = request.option(dhcpv6.SERVER_ID)
    if named is not None and named != server:
        return None
    ids = (Option(dhcpv6.SERVER_ID, server), *(() if client is None else (Option(dhcpv6.CLIENT_ID, client),)))
    if request.type == dhcpv6.INFORMATION_REQUEST:
        return Dhcpv6(dhcpv6.REPLY, request.transaction, ids)
    if client is None:
        return None
    own = tuple(address for address in eni.addresses if is_ipv6(address))
    associations = [option.value for option in request.options if option.code == dhcpv6.IA_NA]
    if request.type == dhcpv6.CONFIRM:
        asked = [address for value in associations for address in dhcpv6.addresses(value)]
        return Dhcpv6(dhcpv6.REPLY, request.transaction, (*ids, _confirmation(asked, own)))
    # All of an interface's addresses are the first association's.
    lease = LEASE_SECONDS.value
    given = tuple(
        dhcpv6.association(dhcpv6.identity(value), () if number else own, lease)
        for number, value in enumerate(associations)
    )
    if request.type == dhcpv6.SOLICIT:
        if request.option(dhcpv6.RAPID_COMMIT) is None:
            return Dhcpv6(dhcpv6.ADVERTISE, request.transaction, (*ids, *given))
        return Dhcpv6(dhcpv6.REPLY, request.transaction, (*ids, *given, Option(dhcpv6.RAPID_COMMIT, b"")))
    if request.type in ASKING:
        return Dhcpv6(dhcpv6.REPLY, request.transaction, (*ids, *given))
    if request.type in (dhcpv6.RELEASE, dhcpv6.DECLINE):
        # The interface keeps its addresses whatever the guest says.
        return Dhcpv6(dhcpv6.REPLY, request.transaction, (*ids, dhcpv6.status(0)))
    return None


def _confirmation(asked: list[Ip], own: tuple[Ip, ...]) -> Option:
    return dhcpv6.status(0 if asked and all(address in own for address in asked) else dhcpv6.NOT_ON_LINK)


def _server_id(subnet: Subnet) -> bytes:
    """DUID-LL of the router's MAC (RFC 8415 section 11.4): type 3, hardware type Ethernet."""
    return b"\x00\x03\x00\x01" + subnet.router_mac.to_bytes(6)
