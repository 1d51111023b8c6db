"""DHCP for IPv6 (RFC 8415): messages and options between clients and servers. Relays are another message."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from netvirt.address import Ip, ipv6_of, octets, parse_ipv6
from netvirt.wire.malformed import Malformed

CLIENT_PORT, SERVER_PORT = 546, 547
SERVERS = parse_ipv6("ff02::1:2")
"""All_DHCP_Relay_Agents_and_Servers (RFC 8415 section 7.1)."""

# Messages (RFC 8415 section 7.3).
SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
INFORMATION_REQUEST = 11

# Options (RFC 8415 section 21).
CLIENT_ID, SERVER_ID, IA_NA, IA_ADDRESS = 1, 2, 3, 5
STATUS_CODE, RAPID_COMMIT = 13, 14
NOT_ON_LINK = 4
"""Of a status: the addresses are not of this link (RFC 8415 section 21.13)."""

_OPTION = Struct("!HH")
_IA_NA = Struct("!III")
_IA_ADDRESS = Struct("!16sII")


class Option(NamedTuple):
    code: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Dhcpv6:
    """One message. Options stay in their order."""

    type: int
    transaction: int
    options: tuple[Option, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> "Dhcpv6":
        """RFC 8415 section 8."""
        if len(data) < 4:
            raise Malformed("DHCPv6 message cut short")
        return cls(data[0], int.from_bytes(data[1:4]), tuple(_options(data[4:])))

    def emit(self) -> bytes:
        return bytes([self.type]) + self.transaction.to_bytes(3) + b"".join(map(_emit, self.options))

    def option(self, code: int) -> bytes | None:
        """The first of a kind."""
        return next((option.value for option in self.options if option.code == code), None)


def identity(value: bytes) -> int:
    """Of an IA_NA option: which association of the client's it is (RFC 8415 section 21.4)."""
    if len(value) < _IA_NA.size:
        raise Malformed("DHCPv6 identity association cut short")
    identity_, _, _ = _IA_NA.unpack_from(value)
    return int(identity_)


def addresses(value: bytes) -> list[Ip]:
    """Those that an IA_NA option holds."""
    found = []
    for option in _options(value[_IA_NA.size :]):
        if option.code == IA_ADDRESS:
            if len(option.value) < _IA_ADDRESS.size:
                raise Malformed("DHCPv6 address cut short")
            found.append(ipv6_of(option.value[:16]))
    return found


def association(identity_: int, those: tuple[Ip, ...], lifetime_s: int) -> Option:
    """Addresses for as long as that, to be renewed after half of it (RFC 8415 sections 21.4, 21.6)."""
    each = (_IA_ADDRESS.pack(octets(address), lifetime_s, lifetime_s) for address in those)
    inner = b"".join(_emit(Option(IA_ADDRESS, value)) for value in each)
    return Option(IA_NA, _IA_NA.pack(identity_, lifetime_s // 2, lifetime_s * 4 // 5) + inner)


def status(code: int) -> Option:
    return Option(STATUS_CODE, code.to_bytes(2))


def _options(data: bytes) -> Iterator[Option]:
    at = 0
    while at < len(data):
        if at + _OPTION.size > len(data):
            raise Malformed("DHCPv6 option cut short")
        code, length = _OPTION.unpack_from(data, at)
        at += _OPTION.size
        if at + length > len(data):
            raise Malformed("DHCPv6 option cut short")
        yield Option(code, data[at : at + length])
        at += length


def _emit(option: Option) -> bytes:
    return _OPTION.pack(option.code, len(option.value)) + option.value
