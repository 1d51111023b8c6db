"""Ethernet II frames (RFC 894; IEEE 802.3 clause 3.2.6 for the meaning of the type field)."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Mac
from netvirt.wire.malformed import Malformed

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
ETHERTYPE_VLAN = 0x8100
ETHERTYPE_IPV6 = 0x86DD

ETHERTYPE_MIN = 0x0600
"""Below it the field is a length, and the frame is not Ethernet II (IEEE 802.3 clause 3.2.6)."""
HEADER_BYTES = 14

_HEADER = Struct("!6s6sH")


@dataclass(frozen=True, slots=True)
class Ethernet:
    """One frame without preamble and check sequence. Nothing pads it to 60 octets: virtual NICs do not either."""

    dst: Mac
    src: Mac
    ethertype: int
    payload: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> "Ethernet":
        """RFC 894. Padding stays in the payload: only the protocol inside knows its own length."""
        if len(data) < HEADER_BYTES:
            raise Malformed("Ethernet header cut short")
        dst, src, ethertype = _HEADER.unpack_from(data)
        if ethertype < ETHERTYPE_MIN:
            raise Malformed(f"Ethernet type 0x{ethertype:04x} is a length")
        return cls(Mac(int.from_bytes(dst)), Mac(int.from_bytes(src)), ethertype, data[HEADER_BYTES:])

    def emit(self) -> bytes:
        return _HEADER.pack(self.dst.to_bytes(6), self.src.to_bytes(6), self.ethertype) + self.payload
