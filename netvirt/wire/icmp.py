"""Control messages of IPv4 (RFC 792), with the next hop's MTU (RFC 1191)."""

from dataclasses import dataclass
from struct import Struct

from netvirt.wire.checksum import internet_checksum
from netvirt.wire.malformed import Malformed

ECHO_REPLY = 0
DESTINATION_UNREACHABLE = 3
SOURCE_QUENCH = 4
REDIRECT = 5
ECHO_REQUEST = 8
TIME_EXCEEDED = 11
PARAMETER_PROBLEM = 12

ERRORS = frozenset((DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM))
"""The types about another packet, whose beginning they quote (RFC 1122 section 3.2.2)."""

# Codes of DESTINATION_UNREACHABLE (RFC 792 page 4; RFC 1122 section 3.2.2.1; RFC 1812 section 5.2.7.1).
NET_UNREACHABLE = 0
HOST_UNREACHABLE = 1
PROTOCOL_UNREACHABLE = 2
PORT_UNREACHABLE = 3
FRAGMENTATION_NEEDED = 4
ADMINISTRATIVELY_PROHIBITED = 13

# Codes of TIME_EXCEEDED (RFC 792 page 6).
TTL_EXCEEDED = 0
REASSEMBLY_EXCEEDED = 1

HEADER_BYTES = 8
QUOTE_MAX_BYTES = 576 - 20 - HEADER_BYTES
"""As much of the offending packet as a datagram of 576 octets has room for (RFC 1812 section 4.3.2.3)."""

_HEADER = Struct("!BBHI")


@dataclass(frozen=True, slots=True)
class Icmp:
    """One message. `rest` is the second header word, whose meaning depends on the type."""

    type: int
    code: int
    rest: int = 0
    payload: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> "Icmp":
        """RFC 792. The checksum is not looked at: ask `checksum_ok`."""
        if len(data) < HEADER_BYTES:
            raise Malformed("ICMP header cut short")
        type_, code, _, rest = _HEADER.unpack_from(data)
        return cls(type_, code, rest, data[HEADER_BYTES:])

    def emit(self) -> bytes:
        """RFC 792, with the right checksum."""
        checksum = internet_checksum(_HEADER.pack(self.type, self.code, 0, self.rest) + self.payload)
        return _HEADER.pack(self.type, self.code, checksum, self.rest) + self.payload

    @property
    def is_echo(self) -> bool:
        return self.type in (ECHO_REQUEST, ECHO_REPLY)

    @property
    def is_error(self) -> bool:
        """About another packet, so no error may answer it (RFC 1122 section 3.2.2)."""
        return self.type in ERRORS

    @property
    def identifier(self) -> int:
        """Of an echo: which session (RFC 792 page 14)."""
        return self.rest >> 16

    @property
    def sequence(self) -> int:
        """Of an echo: which one of its session (RFC 792 page 14)."""
        return self.rest & 0xFFFF

    @property
    def next_hop_mtu(self) -> int:
        """Of "fragmentation needed": what would fit; 0 from routers before RFC 1191 (section 4)."""
        return self.rest & 0xFFFF

    def reply(self) -> "Icmp":
        """The echo reply to this echo request: same session, same data (RFC 792 page 14)."""
        return Icmp(ECHO_REPLY, 0, self.rest, self.payload)


def checksum_ok(data: bytes) -> bool:
    """Whether the checksum over the whole message is right (RFC 792)."""
    return len(data) >= HEADER_BYTES and internet_checksum(data) == 0


def echo_request(identifier: int, sequence: int, data: bytes = b"") -> Icmp:
    """A ping (RFC 792 page 14)."""
    return Icmp(ECHO_REQUEST, 0, identifier << 16 | sequence, data)


def unreachable(code: int, packet: bytes, next_hop_mtu: int = 0) -> Icmp:
    """`packet`, which starts with its IPv4 header, could not be delivered (RFC 792 page 4).

    With FRAGMENTATION_NEEDED belongs the MTU that it exceeded (RFC 1191 section 4).
    """
    return Icmp(DESTINATION_UNREACHABLE, code, next_hop_mtu, packet[:QUOTE_MAX_BYTES])


def time_exceeded(code: int, packet: bytes) -> Icmp:
    """`packet`, which starts with its IPv4 header, outlived its TTL or its reassembly (RFC 792 page 6)."""
    return Icmp(TIME_EXCEEDED, code, 0, packet[:QUOTE_MAX_BYTES])
