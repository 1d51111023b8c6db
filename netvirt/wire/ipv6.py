"""IPv6 packets and their extension headers (RFC 8200)."""

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from netvirt.address import Ip, ipv6_of, octets
from netvirt.wire.malformed import Malformed

HOP_BY_HOP = 0
ROUTING = 43
FRAGMENT = 44
PROTOCOL_ICMPV6 = 58
NO_NEXT_HEADER = 59
DESTINATION_OPTIONS = 60

EXTENSIONS = frozenset((HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS))
"""What stands between the header and its payload (RFC 8200 section 4). Authentication and encryption are protocols
here, as with IPv4: what follows them is not the network's to read."""

HEADER_BYTES = 40
MIN_MTU_BYTES = 1280
"""Every link carries that much (RFC 8200 section 5)."""
DEFAULT_HOP_LIMIT = 64
"""As IPv4's (RFC 1700, "IP time to live parameter")."""

_HEADER = Struct("!IHBB16s16s")
_UNIT = 8
"""Extension headers are whole multiples of it, and fragment offsets count it (RFC 8200 sections 4.2, 4.5)."""


@dataclass(frozen=True, slots=True)
class Ipv6:
    """One packet: the header, and all that follows as `payload`, extension headers included."""

    src: Ip
    dst: Ip
    next_header: int
    payload: bytes = b""
    hop_limit: int = DEFAULT_HOP_LIMIT
    traffic_class: int = 0
    flow_label: int = 0

    @classmethod
    def parse(cls, data: bytes) -> "Ipv6":
        """RFC 8200 section 3. What follows the payload's length is Ethernet's padding and is dropped."""
        packet = cls.parse_quote(data)
        if int.from_bytes(data[4:6]) > len(packet.payload):
            raise Malformed("IPv6 payload length is more than what arrived")
        return packet

    @classmethod
    def parse_quote(cls, data: bytes) -> "Ipv6":
        """As `parse`, but the payload may be cut short, as an ICMPv6 error quotes a packet (RFC 4443 section 2.4)."""
        if len(data) < HEADER_BYTES:
            raise Malformed("IPv6 header cut short")
        first, length, next_header, hop_limit, src, dst = _HEADER.unpack_from(data)
        if first >> 28 != 6:
            raise Malformed(f"IP version {first >> 28} where 6 was promised")
        if length == 0 and next_header == HOP_BY_HOP:
            raise Malformed("IPv6 jumbo payload")  # RFC 2675; no link here carries one
        payload = data[HEADER_BYTES : HEADER_BYTES + length]
        return cls(ipv6_of(src), ipv6_of(dst), next_header, payload, hop_limit, first >> 20 & 255, first & 0xFFFFF)

    def emit(self) -> bytes:
        """RFC 8200 section 3."""
        first = 6 << 28 | self.traffic_class << 20 | self.flow_label
        lengths = len(self.payload), self.next_header, self.hop_limit
        return _HEADER.pack(first, *lengths, octets(self.src), octets(self.dst)) + self.payload


class Upper(NamedTuple):
    """What a packet carries behind its extension headers; of a fragment, what is in this one."""

    src: Ip
    dst: Ip
    protocol: int
    payload: bytes
    fragment_offset: int = 0
    """In units of 8 octets; behind the first fragment, `protocol` may be an extension header's number."""
    more_fragments: bool = False
    is_fragment: bool = False
    identification: int = 0
    """Of a fragment: its datagram's."""


def upper(packet: Ipv6) -> Upper:
    """Walk the chain of extension headers, in any order but for hop-by-hop options, which come first or not at all
    (RFC 8200 section 4.1). Options are not interpreted."""
    data, protocol, at = packet.payload, packet.next_header, 0
    more = fragmented = False
    identification = 0
    while protocol in EXTENSIONS:
        if protocol == HOP_BY_HOP and at:
            raise Malformed("IPv6 hop-by-hop options are not the first extension header")
        end = at + (_UNIT if protocol == FRAGMENT else _length(data, at))
        if end > len(data):
            raise Malformed("IPv6 extension header cut short")
        here, protocol = protocol, data[at]
        if here == FRAGMENT:
            word = int.from_bytes(data[at + 2 : at + 4])
            more, fragmented = more or bool(word & 1), True
            identification = int.from_bytes(data[at + 4 : end])
            if word >> 3:
                return Upper(packet.src, packet.dst, protocol, data[end:], word >> 3, more, True, identification)
        at = end
    return Upper(packet.src, packet.dst, protocol, data[at:], 0, more, fragmented, identification)


def _length(data: bytes, at: int) -> int:
    """Of an extension header, in octets; its second octet counts units beyond the first."""
    return (data[at + 1] + 1) * _UNIT if len(data) > at + 1 else _UNIT


def fragment(next_header: int, offset: int, more: bool, identification: int) -> bytes:
    """A fragment header, before a part of what `next_header` begins (RFC 8200 section 4.5)."""
    return Struct("!BBHI").pack(next_header, 0, offset << 3 | more, identification)
