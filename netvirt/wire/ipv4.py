"""IPv4 packets (RFC 791)."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Ip
from netvirt.wire.checksum import internet_checksum
from netvirt.wire.malformed import Malformed

PROTOCOL_ICMP = 1
PROTOCOL_TCP = 6
PROTOCOL_UDP = 17

HEADER_BYTES = 20
OPTIONS_MAX_BYTES = 40
DEFAULT_TTL = 64
"""RFC 1700, "IP time to live parameter"."""

_HEADER = Struct("!BBHHHBBHII")
_DONT_FRAGMENT = 0x4000
_MORE_FRAGMENTS = 0x2000
_OFFSET_MASK = 0x1FFF


@dataclass(frozen=True, slots=True)
class Ipv4:
    """One packet. The reserved flag is ignored when read and zero when written (RFC 791 section 3.1)."""

    src: Ip
    dst: Ip
    protocol: int
    payload: bytes = b""
    ttl: int = DEFAULT_TTL
    tos: int = 0
    identification: int = 0
    dont_fragment: bool = False
    more_fragments: bool = False
    fragment_offset: int = 0
    """In units of 8 octets, as on the wire."""
    options: bytes = b""
    """As on the wire, a multiple of 4 octets, not interpreted."""

    @classmethod
    def parse(cls, data: bytes) -> "Ipv4":
        """RFC 791 section 3.1. What follows the total length is Ethernet's padding and is dropped.

        The header checksum is not looked at: ask `header_checksum_ok`.
        """
        packet = cls.parse_quote(data)
        if int.from_bytes(data[2:4]) > len(data):
            raise Malformed("IPv4 total length is more than what arrived")
        return packet

    @classmethod
    def parse_quote(cls, data: bytes) -> "Ipv4":
        """As `parse`, but the payload may be cut short, as an ICMP error quotes a packet (RFC 792)."""
        if len(data) < HEADER_BYTES:
            raise Malformed("IPv4 header cut short")
        head, tos, total, identification, fragment, ttl, protocol, _, src, dst = _HEADER.unpack_from(data)
        header_bytes = _header_bytes(head)
        if total < header_bytes:
            raise Malformed("IPv4 total length is less than the header")
        if header_bytes > len(data):
            raise Malformed("IPv4 options cut short")
        return cls(
            Ip(src),
            Ip(dst),
            protocol,
            data[header_bytes:total],
            ttl,
            tos,
            identification,
            bool(fragment & _DONT_FRAGMENT),
            bool(fragment & _MORE_FRAGMENTS),
            fragment & _OFFSET_MASK,
            data[HEADER_BYTES:header_bytes],
        )

    def emit(self) -> bytes:
        """RFC 791 section 3.1, with the right header checksum."""
        header_bytes = HEADER_BYTES + len(self.options)
        assert header_bytes % 4 == 0, "options come padded to a multiple of 4 octets"
        assert header_bytes <= HEADER_BYTES + OPTIONS_MAX_BYTES, "options end at 40 octets"
        assert self.fragment_offset <= _OFFSET_MASK, "the offset has 13 bits"
        total = header_bytes + len(self.payload)
        first = 0x40 | header_bytes >> 2, self.tos, total, self.identification, self._fragment_word()
        unsummed = _HEADER.pack(*first, self.ttl, self.protocol, 0, self.src, self.dst) + self.options
        checksum = internet_checksum(unsummed)
        return unsummed[:10] + checksum.to_bytes(2) + unsummed[12:] + self.payload

    def _fragment_word(self) -> int:
        flags = self.dont_fragment * _DONT_FRAGMENT | self.more_fragments * _MORE_FRAGMENTS
        return flags | self.fragment_offset

    @property
    def is_fragment(self) -> bool:
        """A part of a datagram, first or later (RFC 791 section 3.2, "Fragmentation and Reassembly")."""
        return self.more_fragments or self.fragment_offset > 0


def _header_bytes(head: int) -> int:
    """The header's length from its first octet: version, and length in 32-bit words."""
    if head >> 4 != 4:
        raise Malformed(f"IP version {head >> 4} where 4 was promised")
    if head & 15 < 5:
        raise Malformed("IPv4 header length is less than 20 octets")
    return (head & 15) * 4


def header_checksum_ok(data: bytes) -> bool:
    """Whether the header that starts `data` is whole and its checksum right (RFC 791 section 3.1)."""
    if len(data) < HEADER_BYTES:
        return False
    header_bytes = (data[0] & 15) * 4
    return HEADER_BYTES <= header_bytes <= len(data) and internet_checksum(data[:header_bytes]) == 0
