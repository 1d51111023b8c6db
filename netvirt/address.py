"""Addresses and small numbers with a meaning. Integers inside; text only at the edges."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple, NewType

Ns = NewType("Ns", int)
"""Nanoseconds since the simulation's t = 0, or a span of them."""
Ip = NewType("Ip", int)
"""An IPv4 address as an unsigned 32-bit integer, or an IPv6 one as `V6` and its 128 bits: never equal."""
Mac = NewType("Mac", int)
"""An Ethernet address as an unsigned 48-bit integer."""
Vni = NewType("Vni", int)
"""A Geneve virtual network identifier, 24 bits (RFC 8926 section 3.4): one per VPC."""
HostId = NewType("HostId", int)
"""A physical host's number in its region; its underlay address follows from it."""

V6 = 1 << 128
"""Set in every IPv6 address, on top of its 128 bits, and in no IPv4 address."""

BROADCAST_MAC = Mac((1 << 48) - 1)
BROADCAST_IP = Ip((1 << 32) - 1)
ANY_IP = Ip(0)
ANY_IPV6 = Ip(V6)
"""The unspecified address, `::` (RFC 4291 section 2.5.2)."""


class Cidr(NamedTuple):
    """A block of either family: `network` has no host bits, `prefix` is 0..32, or 0..128 for IPv6."""

    network: Ip
    prefix: int

    @property
    def is_ipv6(self) -> bool:
        return self.network >= V6

    @property
    def size(self) -> int:
        return 1 << (128 if self.network >= V6 else 32) - self.prefix

    @property
    def mask(self) -> int:
        """Without the family's bit: what a netmask says."""
        return -self.size & (V6 - 1 if self.network >= V6 else 0xFFFFFFFF)

    @property
    def last(self) -> Ip:
        return Ip(self.network + self.size - 1)

    def holds(self, ip: int) -> bool:
        # Minus a power of two has ones all the way up, the family's bit included.
        return ip & -self.size == self.network

    def covers(self, other: "Cidr") -> bool:
        return self.prefix <= other.prefix and self.holds(other.network)

    def overlaps(self, other: "Cidr") -> bool:
        return self.covers(other) or other.covers(self)

    def __str__(self) -> str:
        return f"{format_ip(self.network)}/{self.prefix}"


EVERYWHERE = Cidr(ANY_IP, 0)
EVERYWHERE_IPV6 = Cidr(ANY_IPV6, 0)


def is_ipv6(ip: int) -> bool:
    return ip >= V6


def is_multicast(ip: int) -> bool:
    """224.0.0.0/4 (RFC 5771), ff00::/8 (RFC 4291 section 2.7)."""
    return ip >> 120 == 0x1FF if ip >= V6 else ip >> 28 == 0xE


def octets(ip: int) -> bytes:
    """An address as on the wire: 4 octets, or 16."""
    return (ip & V6 - 1).to_bytes(16) if ip >= V6 else ip.to_bytes(4)


def ipv6_of(data: bytes) -> Ip:
    """The IPv6 address of 16 octets on the wire."""
    return Ip(V6 | int.from_bytes(data))


def parse_ip(text: str) -> Ip:
    """Dotted quad to integer; ValueError says what is wrong."""
    try:
        return Ip(int(IPv4Address(text)))
    except AddressValueError as error:
        raise ValueError(f"'{text}' is not an IPv4 address: {error}") from None


def parse_ipv6(text: str) -> Ip:
    """`2001:db8::1` in any of its spellings (RFC 4291 section 2.2), without a zone; ValueError says what is wrong."""
    try:
        if "%" in text:
            raise AddressValueError("an address has no zone here")
        return Ip(V6 | int(IPv6Address(text)))
    except AddressValueError as error:
        raise ValueError(f"'{text}' is not an IPv6 address: {error}") from None


def parse_address(text: str) -> Ip:
    """An address of either family."""
    return parse_ipv6(text) if ":" in text else parse_ip(text)


def format_ip(ip: int) -> str:
    if ip >= V6:
        return _format_ipv6(ip & V6 - 1)
    return f"{ip >> 24}.{ip >> 16 & 255}.{ip >> 8 & 255}.{ip & 255}"


def _format_ipv6(number: int) -> str:
    """RFC 5952 section 4: lower case, no leading zeros, the first of the longest runs of zero fields cut out."""
    fields = [f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
    start, length = 0, 1
    for first in range(8):
        run = next((n for n in range(8 - first) if fields[first + n] != "0"), 8 - first)
        if run > length:
            start, length = first, run
    if length == 1:
        return ":".join(fields)
    return f"{':'.join(fields[:start])}::{':'.join(fields[start + length :])}"


def parse_cidr(text: str) -> Cidr:
    """`10.0.0.0/16` to a block. Host bits are cleared, as EC2 does (VPC User Guide, "VPC CIDR blocks")."""
    address, slash, length = text.partition("/")
    if not slash or not _is_length(length, 32):
        raise ValueError(f"'{text}' is not an IPv4 block; write it like 10.0.0.0/16")
    return block_around(parse_ip(address), int(length))


def parse_cidr_ipv6(text: str) -> Cidr:
    """`2001:db8::/56` to a block; host bits are cleared."""
    address, slash, length = text.partition("/")
    if not slash or not _is_length(length, 128):
        raise ValueError(f"'{text}' is not an IPv6 block; write it like 2001:db8::/56")
    return block_around(parse_ipv6(address), int(length))


def parse_block(text: str) -> Cidr:
    """A block of either family."""
    return parse_cidr_ipv6(text) if ":" in text else parse_cidr(text)


def block_around(ip: Ip, prefix: int) -> Cidr:
    """The block of that length that an address is in."""
    return Cidr(Ip(ip & -Cidr(ip, prefix).size), prefix)


def _is_length(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= most


def format_mac(mac: int) -> str:
    return ":".join(f"{mac >> shift & 255:02x}" for shift in range(40, -1, -8))


def link_local(mac: Mac) -> Ip:
    """The IPv6 address that an interface gives itself: fe80::/64 and its modified EUI-64 (RFC 4291 appendix A)."""
    eui_64 = (mac >> 24) << 40 | 0xFFFE << 24 | mac & 0xFFFFFF
    return Ip(V6 | 0xFE80 << 112 | eui_64 ^ 1 << 57)


def solicited_node(ip: Ip) -> Ip:
    """The multicast group that whoever has `ip` listens to (RFC 4291 section 2.7.1)."""
    return Ip(V6 | 0xFF02 << 112 | 1 << 32 | 0xFF << 24 | ip & 0xFFFFFF)


def multicast_mac(group: Ip) -> Mac:
    """The Ethernet address of an IPv6 multicast group (RFC 2464 section 7)."""
    return Mac(0x3333 << 32 | group & 0xFFFFFFFF)
