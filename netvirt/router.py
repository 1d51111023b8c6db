"""What a VPC's router says to a guest whose packet is too large for the way it was to take.

EC2 User Guide, "Network maximum transmission unit (MTU) for your EC2 instance": tracepath shows the router's own
address, the subnet's base + 1, with the MTU of what lies behind it. Such messages are not rationed: Linux limits the
rate of errors, but "don't limit PMTU discovery" (net/ipv4/icmp.c), and AWS documents no limit.
"""

from netvirt.frame import Flow
from netvirt.vpc.traffic import ICMPV6
from netvirt.vpc.view import Interface, Subnet
from netvirt.wire import icmp, icmpv6
from netvirt.wire.ethernet import ETHERTYPE_IPV4, ETHERTYPE_IPV6, HEADER_BYTES, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_ICMP, Ipv4
from netvirt.wire.ipv6 import Ipv6

INTERNETWORK_CONTROL = 6 << 5
"""The precedence of errors (RFC 1812 section 4.3.2.5)."""
_DONT_FRAGMENT = 0x40


def measure(data: bytes) -> tuple[int, bool]:
    """The size of the packet in a frame whose headers are right, and whether nobody may cut it.

    No router cuts a packet of IPv6 (RFC 8200 section 4.5).
    """
    if _is_ipv6(data):
        return 40 + int.from_bytes(data[18:20]), True
    return int.from_bytes(data[16:18]), bool(data[20] & _DONT_FRAGMENT)


def packet_too_big(data: bytes, flow: Flow, eni: Interface, subnet: Subnet, mtu: int) -> bytes | None:
    """The frame that tells the guest what would have fitted instead of `data` (RFC 1191 section 4; RFC 4443 section
    3.2). None: nothing may be said about errors and later fragments (RFC 1122 section 3.2.2), or what was sent bears
    somebody else's address."""
    if flow.is_icmp_error or flow.fragment_offset or not eni.owns(flow.src):
        return None
    offending = data[HEADER_BYTES:]
    if _is_ipv6(data):
        source = subnet.routers[1]
        told = icmpv6.packet_too_big(mtu, offending)
        packet = Ipv6(source, flow.src, ICMPV6, told.emit(source, flow.src)).emit()
        return Ethernet(eni.mac, subnet.router_mac, ETHERTYPE_IPV6, packet).emit()
    message = icmp.unreachable(icmp.FRAGMENTATION_NEEDED, offending[: measure(data)[0]], mtu)
    packet = Ipv4(subnet.router, flow.src, PROTOCOL_ICMP, message.emit(), tos=INTERNETWORK_CONTROL).emit()
    return Ethernet(eni.mac, subnet.router_mac, ETHERTYPE_IPV4, packet).emit()


def _is_ipv6(data: bytes) -> bool:
    return int.from_bytes(data[12:14]) == ETHERTYPE_IPV6
