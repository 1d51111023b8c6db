"""Addresses and small numbers with a meaning. Integers inside; text only at the edges."""

from ipaddress import AddressValueError, IPv4Address
from typing import NamedTuple, NewType

Ns = NewType("Ns", int)
"""Nanoseconds since the simulation's t = 0, or a span of them."""
Ip = NewType("Ip", int)
"""An IPv4 address as an unsigned 32-bit integer."""
Mac = NewType("Mac", int)
"""An Ethernet address as an unsigned 48-bit integer."""
Vni = NewType("Vni", int)
"""A Geneve virtual network identifier, 24 bits (RFC 8926 section 3.4): one per VPC."""
HostId = NewType("HostId", int)
"""A physical host's number in its region; its underlay address follows from it."""

BROADCAST_MAC = Mac((1 << 48) - 1)
BROADCAST_IP = Ip((1 << 32) - 1)
ANY_IP = Ip(0)


class Cidr(NamedTuple):
    """An IPv4 block: `network` has no host bits, `prefix` is 0..32."""

    network: Ip
    prefix: int

    @property
    def size(self) -> int:
        return 1 << (32 - self.prefix)

    @property
    def mask(self) -> int:
        return (0xFFFFFFFF << (32 - self.prefix)) & 0xFFFFFFFF

    @property
    def last(self) -> Ip:
        return Ip(self.network + self.size - 1)

    def holds(self, ip: int) -> bool:
        return ip & self.mask == self.network

    def covers(self, other: "Cidr") -> bool:
        return self.prefix <= other.prefix and self.holds(other.network)

    def overlaps(self, other: "Cidr") -> bool:
        return self.covers(other) or other.covers(self)

    def __str__(self) -> str:
        return f"{format_ip(self.network)}/{self.prefix}"


EVERYWHERE = Cidr(ANY_IP, 0)


def parse_ip(text: str) -> Ip:
    """Dotted quad to integer; ValueError says what is wrong."""
    try:
        return Ip(int(IPv4Address(text)))
    except AddressValueError as error:
        raise ValueError(f"'{text}' is not an IPv4 address: {error}") from None


def format_ip(ip: int) -> str:
    return f"{ip >> 24}.{ip >> 16 & 255}.{ip >> 8 & 255}.{ip & 255}"


def parse_cidr(text: str) -> Cidr:
    """`10.0.0.0/16` to a block. Host bits are cleared, as EC2 does (VPC User Guide, "VPC CIDR blocks")."""
    address, slash, length = text.partition("/")
    if not slash or not length.isdecimal() or not 0 <= int(length) <= 32:
        raise ValueError(f"'{text}' is not an IPv4 block; write it like 10.0.0.0/16")
    prefix = int(length)
    mask = (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF
    return Cidr(Ip(parse_ip(address) & mask), prefix)


def format_mac(mac: int) -> str:
    return ":".join(f"{mac >> shift & 255:02x}" for shift in range(40, -1, -8))
