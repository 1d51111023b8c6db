"""MSS clamping: a TCP handshake that passes through learns how much fits, though nobody sends an error.

RFC 879 and RFC 6691 for what the option means, RFC 1624 for the checksum, which is updated and not made anew: what
was damaged stays damaged.
"""

from netvirt.wire import ethernet, ipv4, ipv6
from netvirt.wire.checksum import updated_checksum
from netvirt.wire.ethernet import HEADER_BYTES
from netvirt.wire.ipv4 import PROTOCOL_TCP
from netvirt.wire.tcp import HEADER_BYTES as TCP_HEADER_BYTES
from netvirt.wire.tcp import SYN

_TCP = bytes([PROTOCOL_TCP])
_END, _NOTHING, _MSS = 0, 1, 2
_CHECKSUM, _FLAGS = 16, 13


def clamped(data: bytes, mtu: int) -> bytes:
    """The frame; a SYN in it promises to take no more than what `mtu` has room for.

    That is the MTU less the fixed headers of IP and TCP (RFC 6691 section 2). A SYN without the option stays without:
    then 536 octets are meant (RFC 9293 section 3.7.1).
    """
    at, fixed = _segment(data)
    if not at or len(data) < at + TCP_HEADER_BYTES or not data[at + _FLAGS] & SYN:
        return data
    option = _find(data, at + TCP_HEADER_BYTES, min(at + (data[at + 12] >> 4) * 4, len(data)))
    most = mtu - fixed - TCP_HEADER_BYTES
    if not option or int.from_bytes(data[option : option + 2]) <= most:
        return data
    frame = bytearray(data)
    frame[option : option + 2] = most.to_bytes(2)
    # Both 16-bit words that the option touches, where it does not begin with one.
    words = slice(option - (option - at) % 2, option - (option - at) % 2 + 4)
    checksum = int.from_bytes(data[at + _CHECKSUM : at + _CHECKSUM + 2])
    mended = updated_checksum(checksum, int.from_bytes(data[words]), int.from_bytes(frame[words]))
    frame[at + _CHECKSUM : at + _CHECKSUM + 2] = mended.to_bytes(2)
    return bytes(frame)


def _segment(data: bytes) -> tuple[int, int]:
    """Where a whole packet's TCP header begins, 0 for none; and the bytes of a fixed IP header."""
    match int.from_bytes(data[12:14]):
        case ethernet.ETHERTYPE_IPV4 if (
            data[23:24] == bytes([PROTOCOL_TCP]) and not int.from_bytes(data[20:22]) & 0x1FFF
        ):
            return HEADER_BYTES + (data[14] & 15) * 4, ipv4.HEADER_BYTES
        case ethernet.ETHERTYPE_IPV6 if data[20:21] == bytes([PROTOCOL_TCP]):
            return HEADER_BYTES + ipv6.HEADER_BYTES, ipv6.HEADER_BYTES
        case _:
            return 0, 0


def _find(data: bytes, at: int, end: int) -> int:
    """Where the option's value is; 0 when there is none, or what stands before it cannot be read."""
    while at + 4 <= end and data[at] != _END:
        if data[at] == _NOTHING:
            at += 1
        elif data[at] == _MSS:
            return at + 2 if data[at + 1] == 4 else 0
        elif data[at + 1] < 2:
            return 0
        else:
            at += data[at + 1]
    return 0
