"""IPv6's protocols, ours and scapy's."""

from collections.abc import Callable
from functools import partial
from ipaddress import IPv6Address
from typing import Any

from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.packet import Packet, Raw

from netvirt.address import V6, Ip, Mac, block_around, ipv6_of, parse_ipv6
from netvirt.wire.icmpv6 import ECHO_REPLY, ECHO_REQUEST, Icmpv6
from netvirt.wire.ipv6 import PROTOCOL_ICMPV6, Ipv6
from netvirt.wire.nd import NeighborAdvertisement, NeighborSolicitation, Prefix, RouterAdvertisement, RouterSolicitation

from .oracle import Protocol, mac_number, mac_text, take

A, B = parse_ipv6("2001:db8::4"), parse_ipv6("fe80::9")


def text(ip: int) -> str:
    return str(IPv6Address(ip & V6 - 1))


def number(said: str) -> Ip:
    return Ip(V6 | int(IPv6Address(said)))


def ipv6_value(seed: bytes) -> Ipv6:
    src, dst, next_header, hop_limit, traffic_class, label, payload = take("16s16sBBBH", seed)
    # scapy would dissect what it knows, and bytes of chance are no such thing.
    return Ipv6(ipv6_of(src), ipv6_of(dst), 150 + next_header % 100, payload, hop_limit, traffic_class, label << 4)


def build_ipv6(value: Ipv6) -> Packet:
    return IPv6(
        src=text(value.src),
        dst=text(value.dst),
        nh=value.next_header,
        hlim=value.hop_limit,
        tc=value.traffic_class,
        fl=value.flow_label,
    ) / Raw(value.payload)


def read_ipv6(packet: Packet) -> Ipv6:
    src, dst = number(packet.src), number(packet.dst)
    return Ipv6(src, dst, packet.nh, bytes(packet.payload), packet.hlim, packet.tc, packet.fl)


IPV6 = Protocol("ipv6", ipv6_value, Ipv6.parse, Ipv6.emit, build_ipv6, IPv6, read_ipv6, ("plen",))

# ICMPv6: the checksum covers the addresses

ABOVE = IPv6(src=text(A), dst=text(B), nh=PROTOCOL_ICMPV6)
ECHOES = {ECHO_REQUEST: ICMPv6EchoRequest, ECHO_REPLY: ICMPv6EchoReply}


def echo_value(seed: bytes) -> Icmpv6:
    kind, code, rest, data = take("BBI", seed)
    return Icmpv6(ECHO_REQUEST + kind % 2, code, rest, data)


def build_echo(value: Icmpv6) -> Packet:
    # scapy's echoes name their data, and put the underlayer's addresses into the checksum.
    kind = ECHOES[value.type]
    return kind(code=value.code, id=value.identifier, seq=value.sequence, data=value.payload, _underlayer=ABOVE)


def dissect_echo(data: bytes) -> Packet:
    return ECHOES.get(data[0], ICMPv6EchoRequest)(data, _underlayer=ABOVE)


def read_echo(packet: Packet) -> Icmpv6:
    return Icmpv6(packet.type, packet.code, packet.id << 16 | packet.seq, bytes(packet.data))


def emitted(value: Icmpv6) -> bytes:
    return value.emit(A, B)


ECHO = Protocol("icmpv6", echo_value, Icmpv6.parse, emitted, build_echo, dissect_echo, read_echo, ("cksum",))


def discovery(
    name: str,
    ours: Any,
    theirs: type[Packet],
    value: Callable[[bytes], Any],
    build: Callable[[Any], Packet],
    read: Callable[[Packet], Any],
) -> Protocol:
    def parse(data: bytes) -> Any:
        return ours.parse(Icmpv6.parse(data))

    def emit(each: Any) -> bytes:
        return emitted(each.emit())

    dissect = partial(theirs, _underlayer=ABOVE)
    return Protocol(name, value, parse, emit, build, dissect, read, ("cksum",))


def maybe(octet: int, value: Any) -> Any:
    return value if octet & 1 else None


def target(octets: bytes) -> Ip:
    """No group."""
    return ipv6_of(b"\x20" + octets[1:])


def lladdr(packet: Packet, option: type[Packet]) -> Mac | None:
    return Mac(mac_number(packet[option].lladdr)) if option in packet else None


def with_options(packet: Packet, *options: Packet | None) -> Packet:
    for option in options:
        packet = packet if option is None else packet / option
    return packet


def ns_value(seed: bytes) -> NeighborSolicitation:
    who, choice, mac, _ = take("16sB6s", seed)
    return NeighborSolicitation(target(who), maybe(choice, Mac(int.from_bytes(mac))))


def build_ns(value: NeighborSolicitation) -> Packet:
    mac = value.source_mac
    option = None if mac is None else ICMPv6NDOptSrcLLAddr(lladdr=mac_text(mac))
    return with_options(ICMPv6ND_NS(tgt=text(value.target), _underlayer=ABOVE), option)


def read_ns(packet: Packet) -> NeighborSolicitation:
    return NeighborSolicitation(number(packet.tgt), lladdr(packet, ICMPv6NDOptSrcLLAddr))


def na_value(seed: bytes) -> NeighborAdvertisement:
    who, choice, mac, _ = take("16sB6s", seed)
    flags = (bool(choice & bit) for bit in (2, 4, 8))
    return NeighborAdvertisement(target(who), maybe(choice, Mac(int.from_bytes(mac))), *flags)


def build_na(value: NeighborAdvertisement) -> Packet:
    mac = value.target_mac
    option = None if mac is None else ICMPv6NDOptDstLLAddr(lladdr=mac_text(mac))
    packet = ICMPv6ND_NA(R=value.router, S=value.solicited, O=value.override, tgt=text(value.target), _underlayer=ABOVE)
    return with_options(packet, option)


def read_na(packet: Packet) -> NeighborAdvertisement:
    flags = bool(packet.R), bool(packet.S), bool(packet.O)
    return NeighborAdvertisement(number(packet.tgt), lladdr(packet, ICMPv6NDOptDstLLAddr), *flags)


def rs_value(seed: bytes) -> RouterSolicitation:
    choice, mac, _ = take("B6s", seed)
    return RouterSolicitation(maybe(choice, Mac(int.from_bytes(mac))))


def build_rs(value: RouterSolicitation) -> Packet:
    mac = value.source_mac
    option = None if mac is None else ICMPv6NDOptSrcLLAddr(lladdr=mac_text(mac))
    return with_options(ICMPv6ND_RS(_underlayer=ABOVE), option)


def read_rs(packet: Packet) -> RouterSolicitation:
    return RouterSolicitation(lladdr(packet, ICMPv6NDOptSrcLLAddr))


def ra_value(seed: bytes) -> RouterAdvertisement:
    limit, choice, lifetime, mac, mtu, network, length, valid, preferred, _ = take("BBH6sI8sBII", seed)
    block = block_around(ipv6_of(network * 2), length % 129)
    prefix = Prefix(block, bool(choice & 2), bool(choice & 4), valid, preferred)
    return RouterAdvertisement(
        limit,
        bool(choice & 8),
        bool(choice & 16),
        lifetime,
        maybe(choice, Mac(int.from_bytes(mac))),
        maybe(choice >> 5, mtu),
        maybe(choice >> 6, prefix),
    )


def build_ra(value: RouterAdvertisement) -> Packet:
    packet = ICMPv6ND_RA(
        chlim=value.hop_limit, M=value.managed, O=value.other, prf=0, routerlifetime=value.lifetime_s, _underlayer=ABOVE
    )
    mac, mtu, prefix = value.source_mac, value.mtu, value.prefix
    return with_options(
        packet,
        None if mac is None else ICMPv6NDOptSrcLLAddr(lladdr=mac_text(mac)),
        None if mtu is None else ICMPv6NDOptMTU(mtu=mtu),
        None if prefix is None else build_prefix(prefix),
    )


def build_prefix(value: Prefix) -> Packet:
    return ICMPv6NDOptPrefixInfo(
        prefixlen=value.cidr.prefix,
        L=value.on_link,
        A=value.autonomous,
        R=0,
        res1=0,
        validlifetime=value.valid_s,
        preferredlifetime=value.preferred_s,
        res2=0,
        prefix=text(value.cidr.network),
    )


def read_prefix(option: Packet) -> Prefix:
    block = block_around(number(option.prefix), option.prefixlen)
    return Prefix(block, bool(option.L), bool(option.A), option.validlifetime, option.preferredlifetime)


def read_ra(packet: Packet) -> RouterAdvertisement:
    return RouterAdvertisement(
        packet.chlim,
        bool(packet.M),
        bool(packet.O),
        packet.routerlifetime,
        lladdr(packet, ICMPv6NDOptSrcLLAddr),
        packet[ICMPv6NDOptMTU].mtu if ICMPv6NDOptMTU in packet else None,
        read_prefix(packet[ICMPv6NDOptPrefixInfo]) if ICMPv6NDOptPrefixInfo in packet else None,
    )


IPV6_PROTOCOLS = (
    IPV6,
    ECHO,
    discovery("ns", NeighborSolicitation, ICMPv6ND_NS, ns_value, build_ns, read_ns),
    discovery("na", NeighborAdvertisement, ICMPv6ND_NA, na_value, build_na, read_na),
    discovery("rs", RouterSolicitation, ICMPv6ND_RS, rs_value, build_rs, read_rs),
    discovery("ra", RouterAdvertisement, ICMPv6ND_RA, ra_value, build_ra, read_ra),
)
