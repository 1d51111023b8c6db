"""TCP segments (RFC 9293 section 3.1) over IPv4: the header only, the protocol lives elsewhere."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Ip
from netvirt.wire.checksum import internet_checksum, pseudo_header_sum
from netvirt.wire.ipv4 import PROTOCOL_TCP
from netvirt.wire.malformed import Malformed

FIN = 0x01
SYN = 0x02
RST = 0x04
PSH = 0x08
ACK = 0x10
URG = 0x20
ECE = 0x40
CWR = 0x80

HEADER_BYTES = 20
OPTIONS_MAX_BYTES = 40

_HEADER = Struct("!HHIIBBHHH")


@dataclass(frozen=True, slots=True)
class Tcp:
    """One segment. The reserved bits are ignored when read and zero when written (RFC 9293 section 3.1)."""

    src_port: int
    dst_port: int
    sequence: int
    acknowledgment: int
    flags: int
    window: int
    urgent_pointer: int = 0
    options: bytes = b""
    """As on the wire, a multiple of 4 octets, not interpreted."""
    payload: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> "Tcp":
        """RFC 9293 section 3.1. The checksum is not looked at: ask `checksum_ok`."""
        if len(data) < HEADER_BYTES:
            raise Malformed("TCP header cut short")
        src_port, dst_port, seq, ack, offset, flags, window, _, urgent = _HEADER.unpack_from(data)
        header_bytes = (offset >> 4) * 4
        if header_bytes < HEADER_BYTES:
            raise Malformed("TCP data offset is less than the header")
        if header_bytes > len(data):
            raise Malformed("TCP data offset is more than what arrived")
        return cls(
            src_port,
            dst_port,
            seq,
            ack,
            flags,
            window,
            urgent,
            data[HEADER_BYTES:header_bytes],
            data[header_bytes:],
        )

    def emit(self, src: Ip, dst: Ip) -> bytes:
        """RFC 9293 section 3.1, with the right checksum for these two addresses."""
        header_bytes = HEADER_BYTES + len(self.options)
        assert header_bytes % 4 == 0, "options come padded to a multiple of 4 octets"
        assert header_bytes <= HEADER_BYTES + OPTIONS_MAX_BYTES, "options end at 40 octets"
        first = self.src_port, self.dst_port, self.sequence, self.acknowledgment, header_bytes << 2, self.flags
        unsummed = _HEADER.pack(*first, self.window, 0, self.urgent_pointer) + self.options + self.payload
        return unsummed[:16] + _checksum(unsummed, src, dst).to_bytes(2) + unsummed[18:]


def checksum_ok(data: bytes, src: Ip, dst: Ip) -> bool:
    """Whether a whole segment between these addresses has the right checksum (RFC 9293 section 3.1)."""
    return len(data) >= HEADER_BYTES and _checksum(data, src, dst) == 0


def _checksum(segment: bytes, src: Ip, dst: Ip) -> int:
    return internet_checksum(segment, pseudo_header_sum(src, dst, PROTOCOL_TCP, len(segment)))
