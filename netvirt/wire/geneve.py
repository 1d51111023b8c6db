"""Geneve, the overlay's envelope inside UDP (RFC 8926 section 3.4)."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Vni
from netvirt.wire.malformed import Malformed

PORT = 6081
"""RFC 8926 section 3.3."""
PROTOCOL_ETHERNET = 0x6558
"""Trans Ether Bridging: an Ethernet frame inside (RFC 8926 section 3.4)."""
HEADER_BYTES = 8
OPTIONS_MAX_BYTES = 252

_HEADER = Struct("!BBHI")
_CONTROL = 0x80
_CRITICAL = 0x40


@dataclass(frozen=True, slots=True)
class Geneve:
    """One tunnelled payload. Reserved bits are ignored when read and zero when written (RFC 8926 section 3.4)."""

    vni: Vni
    payload: bytes = b""
    protocol_type: int = PROTOCOL_ETHERNET
    control: bool = False
    """The O bit: for the tunnel's endpoint itself, not for who lives behind it."""
    critical: bool = False
    """The C bit: some option must be understood, or the packet dropped."""
    options: bytes = b""
    """As on the wire, a multiple of 4 octets, not interpreted."""

    @classmethod
    def parse(cls, data: bytes) -> "Geneve":
        """RFC 8926 section 3.4, of a UDP payload."""
        if len(data) < HEADER_BYTES:
            raise Malformed("Geneve header cut short")
        head, flags, protocol_type, vni_word = _HEADER.unpack_from(data)
        if head >> 6:
            raise Malformed(f"Geneve version {head >> 6}")
        end = HEADER_BYTES + (head & 63) * 4
        if end > len(data):
            raise Malformed("Geneve options are more than what arrived")
        return cls(
            Vni(vni_word >> 8),
            data[end:],
            protocol_type,
            bool(flags & _CONTROL),
            bool(flags & _CRITICAL),
            data[HEADER_BYTES:end],
        )

    def emit(self) -> bytes:
        """RFC 8926 section 3.4, version 0."""
        assert len(self.options) % 4 == 0, "options come padded to a multiple of 4 octets"
        assert len(self.options) <= OPTIONS_MAX_BYTES, "options end at 252 octets"
        flags = self.control * _CONTROL | self.critical * _CRITICAL
        header = _HEADER.pack(len(self.options) >> 2, flags, self.protocol_type, self.vni << 8)
        return header + self.options + self.payload
