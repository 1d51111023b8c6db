"""Neighbor discovery for IPv6 over Ethernet (RFC 4861; RFC 2464 for the link-layer address options)."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from netvirt.address import ANY_IPV6, Cidr, Ip, Mac, block_around, ipv6_of, is_multicast, octets, parse_ipv6
from netvirt.wire.icmpv6 import (
    NEIGHBOR_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
    Icmpv6,
)
from netvirt.wire.malformed import Malformed

MESSAGES = range(ROUTER_SOLICITATION, REDIRECT + 1)
HOP_LIMIT = 255
"""Every message has it, so that none comes from beyond the link (RFC 4861 section 3.1)."""
ALL_NODES = parse_ipv6("ff02::1")
ALL_ROUTERS = parse_ipv6("ff02::2")

_SOURCE_MAC, _TARGET_MAC, _PREFIX, _MTU = 1, 2, 3, 5
_ROUTER, _SOLICITED, _OVERRIDE = 1 << 31, 1 << 30, 1 << 29
_MANAGED, _OTHER = 0x80, 0x40
_ON_LINK, _AUTONOMOUS = 0x80, 0x40
_TIMERS = Struct("!II")
_PREFIX_OPTION = Struct("!BBIII16s")


@dataclass(frozen=True, slots=True)
class NeighborSolicitation:
    """Who has `target`? (RFC 4861 section 4.3)"""

    target: Ip
    source_mac: Mac | None = None

    @classmethod
    def parse(cls, message: Icmpv6) -> "NeighborSolicitation":
        target, options = _target(message)
        return cls(target, _mac(options.get(_SOURCE_MAC)))

    def emit(self) -> Icmpv6:
        payload = octets(self.target) + _mac_option(_SOURCE_MAC, self.source_mac)
        return Icmpv6(NEIGHBOR_SOLICITATION, 0, 0, payload)


@dataclass(frozen=True, slots=True)
class NeighborAdvertisement:
    """`target` is at `target_mac` (RFC 4861 section 4.4)."""

    target: Ip
    target_mac: Mac | None = None
    router: bool = False
    solicited: bool = False
    override: bool = False

    @classmethod
    def parse(cls, message: Icmpv6) -> "NeighborAdvertisement":
        target, options = _target(message)
        flags = (bool(message.rest & bit) for bit in (_ROUTER, _SOLICITED, _OVERRIDE))
        return cls(target, _mac(options.get(_TARGET_MAC)), *flags)

    def emit(self) -> Icmpv6:
        flags = self.router * _ROUTER | self.solicited * _SOLICITED | self.override * _OVERRIDE
        payload = octets(self.target) + _mac_option(_TARGET_MAC, self.target_mac)
        return Icmpv6(NEIGHBOR_ADVERTISEMENT, 0, flags, payload)


@dataclass(frozen=True, slots=True)
class RouterSolicitation:
    """Is there a router? (RFC 4861 section 4.1)"""

    source_mac: Mac | None = None

    @classmethod
    def parse(cls, message: Icmpv6) -> "RouterSolicitation":
        return cls(_mac(_options(message.payload).get(_SOURCE_MAC)))

    def emit(self) -> Icmpv6:
        return Icmpv6(ROUTER_SOLICITATION, 0, 0, _mac_option(_SOURCE_MAC, self.source_mac))


class Prefix(NamedTuple):
    """A block that is on the link; `autonomous`: guests may make addresses in it (RFC 4861 section 4.6.2)."""

    cidr: Cidr
    on_link: bool
    autonomous: bool
    valid_s: int
    preferred_s: int


@dataclass(frozen=True, slots=True)
class RouterAdvertisement:
    """A router, and how guests get addresses (RFC 4861 section 4.2): `managed` is by DHCPv6."""

    hop_limit: int
    managed: bool
    other: bool
    lifetime_s: int
    source_mac: Mac | None = None
    mtu: int | None = None
    prefix: Prefix | None = None

    @classmethod
    def parse(cls, message: Icmpv6) -> "RouterAdvertisement":
        if len(message.payload) < _TIMERS.size:
            raise Malformed("router advertisement cut short")
        hop_limit, flags, lifetime_s = message.rest >> 24, message.rest >> 16 & 255, message.rest & 0xFFFF
        options = _options(message.payload[_TIMERS.size :])
        mac, mtu, prefix = (options.get(kind) for kind in (_SOURCE_MAC, _MTU, _PREFIX))
        return cls(
            hop_limit, bool(flags & _MANAGED), bool(flags & _OTHER), lifetime_s, _mac(mac), _mtu(mtu), _prefix(prefix)
        )

    def emit(self) -> Icmpv6:
        flags = self.managed * _MANAGED | self.other * _OTHER
        options = _mac_option(_SOURCE_MAC, self.source_mac)
        if self.mtu is not None:
            options += bytes((_MTU, 1, 0, 0)) + self.mtu.to_bytes(4)
        if self.prefix is not None:
            cidr, on_link, autonomous, *lifetimes = self.prefix
            bits = on_link * _ON_LINK | autonomous * _AUTONOMOUS
            body = _PREFIX_OPTION.pack(cidr.prefix, bits, *lifetimes, 0, octets(cidr.network))
            options += bytes((_PREFIX, 4)) + body
        rest = self.hop_limit << 24 | flags << 16 | self.lifetime_s
        return Icmpv6(ROUTER_ADVERTISEMENT, 0, rest, _TIMERS.pack(0, 0) + options)


def check(message: Icmpv6, src: Ip, dst: Ip, hop_limit: int) -> None:
    """What a receiver asks of every message before it reads it (RFC 4861 sections 6.1 and 7.1)."""
    if hop_limit != HOP_LIMIT:
        raise Malformed("neighbor discovery from beyond the link")
    if message.code:
        raise Malformed("neighbor discovery with a code")
    if src == ANY_IPV6 and message.type == NEIGHBOR_SOLICITATION:
        solicitation = NeighborSolicitation.parse(message)
        if solicitation.source_mac is not None or not is_multicast(dst):
            raise Malformed("neighbor solicitation from nobody")


def _target(message: Icmpv6) -> tuple[Ip, dict[int, bytes]]:
    if len(message.payload) < 16:
        raise Malformed("neighbor discovery cut short")
    target = ipv6_of(message.payload[:16])
    if is_multicast(target):
        raise Malformed("neighbor discovery about a group")
    return target, _options(message.payload[16:])


def _options(data: bytes) -> dict[int, bytes]:
    """The first of each kind, without kind and length."""
    options: dict[int, bytes] = {}
    for kind, value in _each_option(data):
        options.setdefault(kind, value)
    return options


def _each_option(data: bytes) -> Iterator[tuple[int, bytes]]:
    """RFC 4861 section 4.6: a length of zero makes the whole packet void."""
    at = 0
    while at < len(data):
        end = at + data[at + 1] * 8 if at + 1 < len(data) else at
        if not at < end <= len(data):
            raise Malformed("neighbor discovery option of no possible length")
        yield data[at], data[at + 2 : end]
        at = end


def _mac(value: bytes | None) -> Mac | None:
    return None if value is None else Mac(int.from_bytes(value[:6]))


def _mac_option(kind: int, mac: Mac | None) -> bytes:
    return b"" if mac is None else bytes((kind, 1)) + mac.to_bytes(6)


def _mtu(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value[2:6])


def _prefix(value: bytes | None) -> Prefix | None:
    if value is None:
        return None
    if len(value) < _PREFIX_OPTION.size or value[0] > 128:
        raise Malformed("prefix information of no possible length")
    length, flags, valid_s, preferred_s, _, network = _PREFIX_OPTION.unpack_from(value)
    cidr = block_around(ipv6_of(network), length)
    return Prefix(cidr, bool(flags & _ON_LINK), bool(flags & _AUTONOMOUS), valid_s, preferred_s)
