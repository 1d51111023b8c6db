"""A frame in flight, and what the network reads from its headers.

`parse` runs once for every frame that anyone sends: it cuts out the flow key, and says whether that key is all the
network needs to know. `flow_of` is the other way, in words, for the first frame of a flow and for all odd ones.

This is the one file of the product that knows scapy, and only when somebody looks at a packet.
"""

import struct
from dataclasses import dataclass
from typing import Any, SupportsBytes

from netvirt.address import V6, Ip, octets
from netvirt.wire import icmp, icmpv6, ipv4, ipv6, tcp, udp
from netvirt.wire.ethernet import ETHERTYPE_IPV6, HEADER_BYTES
from netvirt.wire.icmp import Icmp
from netvirt.wire.icmpv6 import Icmpv6
from netvirt.wire.ipv4 import Ipv4
from netvirt.wire.ipv6 import PROTOCOL_ICMPV6, Ipv6, Upper
from netvirt.wire.malformed import Malformed
from netvirt.wire.tcp import Tcp


class Frame:
    """Bytes as on the wire, never changed once sent, and their flow key.

    `key` is protocol, source, destination and both ports: 13 octets, 37 of IPv6, or empty when the frame has no such
    thing.
    `odd` says that the key does not tell enough: only the slow path may decide.
    """

    __slots__ = ("data", "key", "odd", "size")

    def __init__(self, data: bytes, key: bytes, odd: bool) -> None:
        self.data = data
        self.key = key
        self.odd = odd
        self.size = len(data)

    @classmethod
    def of(cls, packet: SupportsBytes) -> "Frame":
        """The frame that a scapy packet describes."""
        return parse(bytes(packet))

    def corrupted(self, bit: int) -> "Frame":
        """This frame with one bit flipped, counted from the first on the wire."""
        return parse(flipped(self.data, bit))

    @property
    def packet(self) -> Any:
        """A scapy Ether of this frame, dissected anew at each look; changing it changes nothing on the wire."""
        import scapy.contrib.geneve
        import scapy.layers.dhcp
        import scapy.layers.dns
        import scapy.layers.inet
        import scapy.layers.inet6  # noqa: F401  imported for what they teach Ether to dissect
        from scapy.layers.l2 import Ether

        return Ether(self.data)


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit turned over, counted from the first octet's highest."""
    octet = bit >> 3
    return data[:octet] + bytes([data[octet] ^ 0x80 >> (bit & 7)]) + data[octet + 1 :]


_PLAIN_BYTES = 48
"""Through TCP's flags: what one unpack reads."""
_plain_fields = struct.Struct("!12x HBx H2xH xc2x 12s H6xBB").unpack_from
"""Ethertype; version and header length; total length, flags and offset; protocol; addresses and ports; then
UDP's length, or TCP's data offset and flags."""

_PLAIN_IPV6_BYTES = 68
_plain_ipv6_fields = struct.Struct("!14xB3xHcx36sH6xBB").unpack_from
"""As above, of IPv6: version, payload length, next header, addresses and ports, and the transport's fields."""

_IMPOSSIBLE = 1 << 16
_TCP_LEAST_TOTAL = tuple(20 + (octet >> 4) * 4 if octet >> 4 >= 5 else _IMPOSSIBLE for octet in range(256))
"""The least IPv4 total length that holds a TCP header, by the octet of its data offset."""
_TCP_ODD = tuple(octet & (tcp.SYN | tcp.FIN | tcp.RST) != 0 for octet in range(256))
"""Whether a segment opens or ends its connection, by the octet of its flags."""


def parse(data: bytes) -> Frame:
    """Cut the flow key out of a frame. Any bytes will do; what is not plain UDP or TCP is odd.

    The hot path: one unpack, one chain of tests that the plain frame passes. Its header checksum is one of them
    (a header sums to zero modulo 2^16 - 1, RFC 1071), so that a wrong one never rides on a remembered decision.
    """
    try:
        ethertype, head, total, fragment, protocol, ends, udp_length, offset, flags = _plain_fields(data)
    except struct.error:
        return _parse_short(data)
    # 0x45 is version 4 without options; 0x3FFF is more fragments or an offset; 14 is Ethernet's header.
    if (
        ethertype == 0x0800
        and head == 0x45
        and not fragment & 0x3FFF
        and total + 14 <= len(data)
        and not int.from_bytes(data[14:34]) % 0xFFFF
    ):
        if protocol == b"\x06":
            if total >= _TCP_LEAST_TOTAL[offset]:
                return Frame(data, protocol + ends, _TCP_ODD[flags])
        elif protocol == b"\x11" and udp_length + 20 == total >= 28:
            return Frame(data, protocol + ends, False)
    elif ethertype == ETHERTYPE_IPV6:
        return _parse_ipv6(data)
    return Frame(data, b"", True)


def _parse_short(data: bytes) -> Frame:
    """A UDP datagram of a few octets, not padded by anyone, ends before TCP's flags would."""
    padded = parse(data.ljust(_PLAIN_BYTES, b"\0"))
    if padded.key and int.from_bytes(data[16:18]) + HEADER_BYTES <= len(data):
        return Frame(data, padded.key, False)
    return Frame(data, b"", True)


def _parse_ipv6(data: bytes) -> Frame:
    """As `parse`, for IPv6 without extension headers. A short datagram is read as if zeros followed."""
    head, length, protocol, ends, udp_length, offset, flags = _plain_ipv6_fields(data.ljust(_PLAIN_IPV6_BYTES, b"\0"))
    if head >> 4 == 6 and length + 54 <= len(data):
        if protocol == b"\x06":
            if length + 20 >= _TCP_LEAST_TOTAL[offset]:
                return Frame(data, protocol + ends, _TCP_ODD[flags])
        elif protocol == b"\x11" and udp_length == length >= 8:
            return Frame(data, protocol + ends, False)
    return Frame(data, b"", True)


_KEY = struct.Struct("!BIIHH")
_IPV6_KEY = struct.Struct("!B16s16sHH")
_PORTS = struct.Struct("!HH")
_QUOTED_BYTES = 8
"""The least that an ICMP error quotes after the IPv4 header (RFC 792)."""
_QUERIES = {
    ipv4.PROTOCOL_ICMP: {icmp.ECHO_REQUEST: icmp.ECHO_REPLY, 13: 14, 15: 16, 17: 18},
    PROTOCOL_ICMPV6: {icmpv6.ECHO_REQUEST: icmpv6.ECHO_REPLY, 139: 140},
}
"""ICMP's questions and their answers: echo, timestamp, information, address mask (RFC 792; RFC 950); echo, node
information (RFC 4443; RFC 4620)."""
_ANSWERS = {
    protocol: queries | {answer: question for question, answer in queries.items()}
    for protocol, queries in _QUERIES.items()
}
_ICMP_ERRORS = {ipv4.PROTOCOL_ICMP: icmp.ERRORS, PROTOCOL_ICMPV6: icmpv6.ERRORS}


@dataclass(frozen=True, slots=True)
class Flow:
    """What the slow path decides by. A field the packet does not have is -1; flags it does not have are 0."""

    protocol: int
    src: Ip
    dst: Ip
    src_port: int = -1
    dst_port: int = -1
    icmp_type: int = -1
    icmp_code: int = -1
    fragment_offset: int = 0
    """In units of 8 octets, as on the wire; all but the first fragment have no ports and no ICMP fields."""
    more_fragments: bool = False
    tcp_flags: int = 0
    icmp_id: int = -1
    """The identifier of an echo session or another question; errors have none."""

    @property
    def key(self) -> bytes:
        """The flow key, the same octets that `parse` cuts from a frame. Absent ports are 0.

        ICMP has its identifier and its type in their place: the key of an echo request's reply is that of the
        reply to come, and no other message's.
        """
        if self.icmp_type >= 0:
            return self._key(max(self.icmp_id, 0), self.icmp_type << 8 | self.icmp_code)
        if self.fragment_offset:
            # Its ports are in another packet: it belongs to no flow but that of its like.
            return self._key(0, 0) + b"+"
        return self._key(max(self.src_port, 0), max(self.dst_port, 0))

    def _key(self, first: int, second: int) -> bytes:
        if self.src < V6:
            return _KEY.pack(self.protocol, self.src, self.dst, first, second)
        return _IPV6_KEY.pack(self.protocol, octets(self.src), octets(self.dst), first, second)

    @property
    def is_icmp_error(self) -> bool:
        """About another packet, which it quotes."""
        return self.icmp_type in _ICMP_ERRORS.get(self.protocol, ())

    @property
    def is_icmp_answer(self) -> bool:
        """To a question of ICMP's: an echo reply, and the like."""
        return self.icmp_type in _QUERIES.get(self.protocol, {}).values()

    def reply(self) -> "Flow":
        """The same headers on their way back: ends exchanged, answer for question and question for answer."""
        return Flow(
            self.protocol,
            self.dst,
            self.src,
            self.dst_port,
            self.src_port,
            _ANSWERS.get(self.protocol, {}).get(self.icmp_type, self.icmp_type),
            self.icmp_code,
            self.fragment_offset,
            self.more_fragments,
            self.tcp_flags,
            self.icmp_id,
        )


Packet = Ipv4 | Upper
"""What the transport is read from: the same names, whatever stood before it."""


def flow_of(data: bytes) -> Flow:
    """The flow of a frame whose ethertype says IPv4 or IPv6; Malformed says which header lies.

    The IPv4 header checksum is verified; those of the transport are the ends' business, not the network's.
    """
    if _is_ipv6(data):
        return _flow_in(ipv6.upper(Ipv6.parse(data[HEADER_BYTES:])))
    packet = Ipv4.parse(data[HEADER_BYTES:])
    if not ipv4.header_checksum_ok(data[HEADER_BYTES:]):
        raise Malformed("IPv4 header checksum")
    return _flow_in(packet)


def _is_ipv6(data: bytes) -> bool:
    return int.from_bytes(data[12:14]) == ETHERTYPE_IPV6


def _flow_in(packet: Packet) -> Flow:
    if packet.fragment_offset:
        return _bare_flow(packet)
    match packet.protocol:
        case ipv4.PROTOCOL_UDP:
            return _udp_flow(packet)
        case ipv4.PROTOCOL_TCP:
            return _tcp_flow(packet)
        case _ if _speaks_icmp(packet):
            return _icmp_flow(packet)
        case _:
            return _bare_flow(packet)


def _speaks_icmp(packet: Packet) -> bool:
    """Its own family's: ICMP over IPv6, or ICMPv6 over IPv4, is a protocol like any other."""
    return packet.protocol == (PROTOCOL_ICMPV6 if packet.src >= V6 else ipv4.PROTOCOL_ICMP)


def quoted_flow(data: bytes, flow: Flow) -> Flow | None:
    """The flow that an ICMP error is about, whose headers it quotes; None if it tells of none.

    `flow` is that of the whole frame, `data`. What is quoted was sent by whom the error goes to. RFC 792 quotes 8
    octets after the header, RFC 4443 section 2.4 as much as there is room for.
    """
    if not flow.is_icmp_error:
        return None
    try:
        if flow.protocol == PROTOCOL_ICMPV6:
            carried = ipv6.upper(Ipv6.parse(data[HEADER_BYTES:]))
            return _flow_of_quote(ipv6.upper(Ipv6.parse_quote(Icmpv6.parse(carried.payload).payload)))
        message = Icmp.parse(Ipv4.parse(data[HEADER_BYTES:]).payload)
        return _flow_of_quote(Ipv4.parse_quote(message.payload))
    except Malformed:
        return None


def _flow_of_quote(quote: Packet) -> Flow:
    if quote.fragment_offset:
        return _bare_flow(quote)
    if quote.protocol in (ipv4.PROTOCOL_UDP, ipv4.PROTOCOL_TCP):
        if len(quote.payload) < _QUOTED_BYTES:
            raise Malformed("quoted ports cut short")
        src_port, dst_port = _PORTS.unpack_from(quote.payload)
        return Flow(quote.protocol, quote.src, quote.dst, src_port, dst_port)
    return _icmp_flow(quote) if _speaks_icmp(quote) else _bare_flow(quote)


def _bare_flow(packet: Packet) -> Flow:
    return Flow(
        packet.protocol,
        packet.src,
        packet.dst,
        fragment_offset=packet.fragment_offset,
        more_fragments=packet.more_fragments,
    )


def _udp_flow(packet: Packet) -> Flow:
    src_port, dst_port, length = udp.header(packet.payload)
    # A first fragment is shorter than the datagram that its header tells of.
    if length > len(packet.payload) and not packet.more_fragments:
        raise Malformed("UDP length is more than what arrived")
    return Flow(packet.protocol, packet.src, packet.dst, src_port, dst_port, more_fragments=packet.more_fragments)


def _tcp_flow(packet: Packet) -> Flow:
    """A first fragment without a whole TCP header is malformed: such hide flags from filters (RFC 1858 section 3)."""
    segment = Tcp.parse(packet.payload)
    return Flow(
        packet.protocol,
        packet.src,
        packet.dst,
        segment.src_port,
        segment.dst_port,
        more_fragments=packet.more_fragments,
        tcp_flags=segment.flags,
    )


def _icmp_flow(packet: Packet) -> Flow:
    # The headers of both families' messages are alike.
    message = Icmp.parse(packet.payload)
    return Flow(
        packet.protocol,
        packet.src,
        packet.dst,
        icmp_type=message.type,
        icmp_code=message.code,
        more_fragments=packet.more_fragments,
        icmp_id=message.identifier if message.type in _ANSWERS[packet.protocol] else -1,
    )
