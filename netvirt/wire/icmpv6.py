"""Control messages of IPv6 (RFC 4443)."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Ip
from netvirt.wire import ipv6
from netvirt.wire.checksum import internet_checksum, pseudo_header_sum
from netvirt.wire.ipv6 import PROTOCOL_ICMPV6
from netvirt.wire.malformed import Malformed

DESTINATION_UNREACHABLE = 1
PACKET_TOO_BIG = 2
TIME_EXCEEDED = 3
PARAMETER_PROBLEM = 4
ECHO_REQUEST = 128
ECHO_REPLY = 129
MULTICAST_LISTENER_QUERY = 130
MULTICAST_LISTENER_REPORT = 131
MULTICAST_LISTENER_DONE = 132
ROUTER_SOLICITATION = 133
ROUTER_ADVERTISEMENT = 134
NEIGHBOR_SOLICITATION = 135
NEIGHBOR_ADVERTISEMENT = 136
REDIRECT = 137
MULTICAST_LISTENER_REPORT_V2 = 143

ERRORS = frozenset((DESTINATION_UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM))
"""The types about another packet, whose beginning they quote (RFC 4443 section 2.1)."""

# Codes of DESTINATION_UNREACHABLE (RFC 4443 section 3.1).
NO_ROUTE = 0
ADMINISTRATIVELY_PROHIBITED = 1
ADDRESS_UNREACHABLE = 3
PORT_UNREACHABLE = 4

HEADER_BYTES = 8
QUOTE_MAX_BYTES = ipv6.MIN_MTU_BYTES - ipv6.HEADER_BYTES - HEADER_BYTES
"""As much of the offending packet as the smallest MTU has room for (RFC 4443 section 2.4 c)."""

_HEADER = Struct("!BBHI")


@dataclass(frozen=True, slots=True)
class Icmpv6:
    """One message. `rest` is the second header word, whose meaning depends on the type."""

    type: int
    code: int
    rest: int = 0
    payload: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> "Icmpv6":
        """RFC 4443 section 2.1. The checksum is not looked at: ask `checksum_ok`."""
        if len(data) < HEADER_BYTES:
            raise Malformed("ICMPv6 header cut short")
        type_, code, _, rest = _HEADER.unpack_from(data)
        return cls(type_, code, rest, data[HEADER_BYTES:])

    def emit(self, src: Ip, dst: Ip) -> bytes:
        """RFC 4443 section 2.1, with the right checksum for these two addresses."""
        checksum = _checksum(_HEADER.pack(self.type, self.code, 0, self.rest) + self.payload, src, dst)
        return _HEADER.pack(self.type, self.code, checksum, self.rest) + self.payload

    @property
    def identifier(self) -> int:
        """Of an echo: which session (RFC 4443 section 4.1)."""
        return self.rest >> 16

    @property
    def sequence(self) -> int:
        """Of an echo: which one of its session (RFC 4443 section 4.1)."""
        return self.rest & 0xFFFF

    def reply(self) -> "Icmpv6":
        """The echo reply to this echo request: same session, same data (RFC 4443 section 4.2)."""
        return Icmpv6(ECHO_REPLY, 0, self.rest, self.payload)


def checksum_ok(data: bytes, src: Ip, dst: Ip) -> bool:
    """Whether a whole message between these addresses has the right checksum (RFC 4443 section 2.3)."""
    return len(data) >= HEADER_BYTES and _checksum(data, src, dst) == 0


def _checksum(message: bytes, src: Ip, dst: Ip) -> int:
    return internet_checksum(message, pseudo_header_sum(src, dst, PROTOCOL_ICMPV6, len(message)))


def echo_request(identifier: int, sequence: int, data: bytes = b"") -> Icmpv6:
    """A ping (RFC 4443 section 4.1)."""
    return Icmpv6(ECHO_REQUEST, 0, identifier << 16 | sequence, data)


def unreachable(code: int, packet: bytes) -> Icmpv6:
    """`packet`, which starts with its IPv6 header, could not be delivered (RFC 4443 section 3.1)."""
    return Icmpv6(DESTINATION_UNREACHABLE, code, 0, packet[:QUOTE_MAX_BYTES])


def packet_too_big(mtu: int, packet: bytes) -> Icmpv6:
    """`packet` is longer than the next link's `mtu` octets (RFC 4443 section 3.2)."""
    return Icmpv6(PACKET_TOO_BIG, 0, mtu, packet[:QUOTE_MAX_BYTES])
