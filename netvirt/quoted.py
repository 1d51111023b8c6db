"""The packet inside an ICMP error: whose flow the error is about (RFC 792; RFC 1122 section 3.2.2)."""

from struct import Struct

from netvirt.address import Ip
from netvirt.frame import Flow
from netvirt.wire import icmp, ipv4
from netvirt.wire.ethernet import HEADER_BYTES
from netvirt.wire.ipv4 import Ipv4
from netvirt.wire.malformed import Malformed

_QUOTE = Struct("!BxxxxxHxBxxII")
_PORTS = Struct("!HH")
_ECHO = Struct("!BBxxH")


def quoted_flow(data: bytes) -> Flow | None:
    """The flow quoted in this frame's ICMP error, None when the frame is not one or quotes too little.

    A quote may be cut after 8 octets of payload, so lengths and checksums in it are not held against it.
    """
    try:
        packet = Ipv4.parse(data[HEADER_BYTES:])
        if packet.protocol != ipv4.PROTOCOL_ICMP or packet.fragment_offset:
            return None
        message = icmp.Icmp.parse(packet.payload)
    except Malformed:
        return None
    return _flow_of_quote(message.payload) if message.is_error else None


def _flow_of_quote(quote: bytes) -> Flow | None:
    if len(quote) < ipv4.HEADER_BYTES:
        return None
    head, fragment, protocol, src, dst = _QUOTE.unpack_from(quote)
    rest = quote[(head & 15) * 4 :]
    if head >> 4 != 4 or fragment & 0x1FFF or len(rest) < 8:
        return None
    if protocol in (ipv4.PROTOCOL_TCP, ipv4.PROTOCOL_UDP):
        src_port, dst_port = _PORTS.unpack_from(rest)
        return Flow(protocol, Ip(src), Ip(dst), src_port, dst_port)
    if protocol == ipv4.PROTOCOL_ICMP:
        kind, code, identifier = _ECHO.unpack_from(rest)
        echo = kind in (icmp.ECHO_REQUEST, icmp.ECHO_REPLY)
        return Flow(protocol, Ip(src), Ip(dst), icmp_type=kind, icmp_code=code, icmp_id=identifier if echo else -1)
    return Flow(protocol, Ip(src), Ip(dst))
