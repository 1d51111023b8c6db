"""User datagrams (RFC 768) over IPv4."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Ip
from netvirt.wire import checksum
from netvirt.wire.ipv4 import PROTOCOL_UDP
from netvirt.wire.malformed import Malformed

HEADER_BYTES = 8
NO_CHECKSUM = 0
"""The sender made none (RFC 768, "Fields")."""

_HEADER = Struct("!HHHH")


@dataclass(frozen=True, slots=True)
class Udp:
    """One datagram."""

    src_port: int
    dst_port: int
    payload: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> "Udp":
        """RFC 768, of a whole datagram: what follows its length is dropped.

        The checksum is not looked at: ask `checksum_ok`.
        """
        src_port, dst_port, length = header(data)
        if length > len(data):
            raise Malformed("UDP length is more than what arrived")
        return cls(src_port, dst_port, data[HEADER_BYTES:length])

    def emit(self, src: Ip, dst: Ip) -> bytes:
        """RFC 768, with the right checksum for these two addresses."""
        unsummed = self.emit_without_checksum()
        return unsummed[:6] + _sent(_checksum(unsummed, src, dst)).to_bytes(2) + unsummed[8:]

    def emit_without_checksum(self) -> bytes:
        """RFC 768 with a checksum of zero, as tunnels do (RFC 8926 section 3.3)."""
        length = HEADER_BYTES + len(self.payload)
        return _HEADER.pack(self.src_port, self.dst_port, length, NO_CHECKSUM) + self.payload


def header(data: bytes) -> tuple[int, int, int]:
    """Source port, destination port and length; `data` may be a datagram's first fragment, so shorter."""
    if len(data) < HEADER_BYTES:
        raise Malformed("UDP header cut short")
    src_port, dst_port, length, _ = _HEADER.unpack_from(data)
    if length < HEADER_BYTES:
        raise Malformed("UDP length is less than the header")
    return src_port, dst_port, length


def checksum_ok(data: bytes, src: Ip, dst: Ip) -> bool:
    """Whether a whole datagram between these addresses has the right checksum, or none (RFC 768)."""
    if len(data) < HEADER_BYTES:
        return False
    *_, length, carried = _HEADER.unpack_from(data)
    if not HEADER_BYTES <= length <= len(data):
        return False
    return carried == NO_CHECKSUM or _checksum(data[:length], src, dst) == 0


def updated_checksum(carried: int, old: int, new: int) -> int:
    """`checksum.updated_checksum` for UDP's field, where zero means none and must stay so (RFC 3022 section 4.1)."""
    return carried and _sent(checksum.updated_checksum(carried, old, new))


def _checksum(datagram: bytes, src: Ip, dst: Ip) -> int:
    pseudo = checksum.pseudo_header_sum(src, dst, PROTOCOL_UDP, len(datagram))
    return checksum.internet_checksum(datagram, pseudo)


def _sent(computed: int) -> int:
    """Zero would say "no checksum", so its other representation is sent (RFC 768, "Fields")."""
    return computed or 0xFFFF
