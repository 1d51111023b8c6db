"""What a router says to who sent a packet that is too large for its way.

EC2 User Guide, "Network maximum transmission unit (MTU) for your EC2 instance": tracepath shows the VPC router's own
address, the subnet's base + 1, with the MTU of what lies behind it. Such messages are not rationed: Linux limits the
rate of errors, but "don't limit PMTU discovery" (net/ipv4/icmp.c), and AWS documents no limit.
"""

from netvirt.address import Ip
from netvirt.frame import Flow
from netvirt.wire import icmp, icmpv6, ipv6
from netvirt.wire.ethernet import ETHERTYPE_IPV4, ETHERTYPE_IPV6, HEADER_BYTES, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_ICMP, Ipv4
from netvirt.wire.ipv6 import PROTOCOL_ICMPV6, Ipv6

INTERNETWORK_CONTROL = 6 << 5
"""The precedence of errors (RFC 1812 section 4.3.2.5)."""
_DONT_FRAGMENT = 0x40


def measure(data: bytes) -> tuple[int, bool]:
    """The size of the packet in a frame whose headers are right, and whether nobody may cut it.

    No router cuts a packet of IPv6 (RFC 8200 section 4.5).
    """
    if _is_ipv6(data):
        return ipv6.HEADER_BYTES + int.from_bytes(data[18:20]), True
    return int.from_bytes(data[16:18]), bool(data[20] & _DONT_FRAGMENT)


def packet_too_big(data: bytes, flow: Flow, source: Ip, mtu: int) -> bytes | None:
    """The frame, back to where `data` came from, that tells what would have fitted (RFC 1191 section 4; RFC 4443
    section 3.2). None: nothing may be said about errors and later fragments (RFC 1122 section 3.2.2)."""
    if flow.is_icmp_error or flow.fragment_offset:
        return None
    back, offending = Ethernet.parse(data), data[HEADER_BYTES : HEADER_BYTES + measure(data)[0]]
    if _is_ipv6(data):
        told = icmpv6.packet_too_big(mtu, offending).emit(source, flow.src)
        packet = Ipv6(source, flow.src, PROTOCOL_ICMPV6, told).emit()
        return Ethernet(back.src, back.dst, ETHERTYPE_IPV6, packet).emit()
    message = icmp.unreachable(icmp.FRAGMENTATION_NEEDED, offending, mtu).emit()
    packet = Ipv4(source, flow.src, PROTOCOL_ICMP, message, tos=INTERNETWORK_CONTROL).emit()
    return Ethernet(back.src, back.dst, ETHERTYPE_IPV4, packet).emit()


def _is_ipv6(data: bytes) -> bool:
    return int.from_bytes(data[12:14]) == ETHERTYPE_IPV6
