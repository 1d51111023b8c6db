"""Packets cut into fragments (RFC 791 section 3.2, "Fragmentation and Reassembly"); those of IPv6 only by their senders
(RFC 8200 section 4.5)."""

from dataclasses import replace

from netvirt.wire import ipv6
from netvirt.wire.ipv4 import HEADER_BYTES, OPTIONS_MAX_BYTES, Ipv4
from netvirt.wire.ipv6 import Ipv6
from netvirt.wire.malformed import Malformed

LEAST_MTU_BYTES = HEADER_BYTES + OPTIONS_MAX_BYTES + 8
"""Every hop carries this much without cutting (RFC 791 section 3.2)."""
LARGEST_BYTES = 65_535

_COPIED = 0x80
"""An option with this bit in its type is in every fragment (RFC 791 section 3.1)."""
_END_OF_OPTIONS, _NO_OPERATION = 0, 1


def fragments(packet: bytes, mtu: int) -> list[bytes]:
    """The packet in pieces of at most `mtu` bytes, each of them a packet; itself when it fits.

    It may be a fragment already. Whether it may be cut (DF) is the caller's to ask. Malformed: it would end beyond
    65,535 octets, which no header can say.
    """
    assert mtu >= LEAST_MTU_BYTES, "RFC 791 section 3.2"
    whole = Ipv4.parse(packet)
    if HEADER_BYTES + len(whole.options) + len(whole.payload) <= mtu:
        return [packet]
    if whole.fragment_offset * 8 + len(whole.payload) > LARGEST_BYTES:
        raise Malformed("a fragment beyond the end of any packet")
    pieces = []
    options, at = whole.options, 0
    while at < len(whole.payload):
        room = mtu - HEADER_BYTES - len(options)
        rest = whole.payload[at:]
        data = rest if len(rest) <= room else rest[: room // 8 * 8]
        piece = replace(
            whole,
            payload=data,
            options=options,
            fragment_offset=whole.fragment_offset + at // 8,
            more_fragments=whole.more_fragments or len(data) < len(rest),
        )
        pieces.append(piece.emit())
        at += len(data)
        options = _of_later_fragments(whole.options)
    return pieces


def fragments_ipv6(packet: Ipv6, mtu: int, identification: int) -> list[bytes]:
    """As above, of a packet without extension headers; each piece gets one (RFC 8200 section 4.5)."""
    assert mtu >= ipv6.MIN_MTU_BYTES, "RFC 8200 section 5"
    if ipv6.HEADER_BYTES + len(packet.payload) <= mtu:
        return [packet.emit()]
    room = (mtu - ipv6.HEADER_BYTES - 8) // 8 * 8
    pieces = []
    for at in range(0, len(packet.payload), room):
        header = ipv6.fragment(packet.next_header, at // 8, at + room < len(packet.payload), identification)
        piece = replace(packet, next_header=ipv6.FRAGMENT, payload=header + packet.payload[at : at + room])
        pieces.append(piece.emit())
    return pieces


def _of_later_fragments(options: bytes) -> bytes:
    """Those that are to be copied, padded anew. What follows an option that cannot be read is not copied."""
    copied, at = b"", 0
    while at < len(options) and options[at] != _END_OF_OPTIONS:
        length = 1 if options[at] == _NO_OPERATION else int.from_bytes(options[at + 1 : at + 2])
        if length < (1 if options[at] == _NO_OPERATION else 2) or at + length > len(options):
            break
        if options[at] & _COPIED:
            copied += options[at : at + length]
        at += length
    return copied + bytes(-len(copied) % 4)
