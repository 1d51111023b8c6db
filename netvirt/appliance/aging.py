"""What a router takes of each packet: one of its time to live (RFC 791, RFC 8200)."""

from netvirt.wire import ethernet, ipv4, ipv6
from netvirt.wire.checksum import updated_checksum
from netvirt.wire.ethernet import HEADER_BYTES

_TTL, _CHECKSUM, _HOP_LIMIT = 8, 10, 7


def aged(data: bytes) -> bytes | None:
    """A frame's packet with one less to live; None: it has lived, or is no packet."""
    at = HEADER_BYTES
    match int.from_bytes(data[12:14]):
        case ethernet.ETHERTYPE_IPV4 if len(data) >= at + ipv4.HEADER_BYTES and data[at + _TTL] > 1:
            word = int.from_bytes(data[at + _TTL : at + _TTL + 2])
            checksum = int.from_bytes(data[at + _CHECKSUM : at + _CHECKSUM + 2])
            less = word - 0x100
            mended = updated_checksum(checksum, word, less)
            return data[at : at + _TTL] + less.to_bytes(2) + mended.to_bytes(2) + data[at + _CHECKSUM + 2 :]
        case ethernet.ETHERTYPE_IPV6 if len(data) >= at + ipv6.HEADER_BYTES and data[at + _HOP_LIMIT] > 1:
            return data[at : at + _HOP_LIMIT] + bytes([data[at + _HOP_LIMIT] - 1]) + data[at + _HOP_LIMIT + 1 :]
        case _:
            return None
