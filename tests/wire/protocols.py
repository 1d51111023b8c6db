"""The eight protocols, ours and scapy's."""

from typing import Any

from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from netvirt.address import Ip, Mac, Vni
from netvirt.wire import dhcp
from netvirt.wire.arp import Arp
from netvirt.wire.dhcp import Dhcp
from netvirt.wire.ethernet import ETHERTYPE_MIN, Ethernet
from netvirt.wire.geneve import Geneve
from netvirt.wire.icmp import Icmp
from netvirt.wire.ipv4 import Ipv4
from netvirt.wire.tcp import Tcp
from netvirt.wire.udp import Udp

from .oracle import Protocol, chosen, ip_number, ip_text, mac_number, mac_text, take

# Ethernet


def ethernet_value(seed: bytes) -> Ethernet:
    dst, src, ethertype, payload = take("6s6sH", seed)
    ethertype = ETHERTYPE_MIN + ethertype % (0x10000 - ETHERTYPE_MIN)
    return Ethernet(Mac(int.from_bytes(dst)), Mac(int.from_bytes(src)), ethertype, payload)


def build_ethernet(value: Ethernet) -> Packet:
    return Ether(dst=mac_text(value.dst), src=mac_text(value.src), type=value.ethertype) / Raw(value.payload)


def read_ethernet(packet: Packet) -> Ethernet:
    return Ethernet(Mac(mac_number(packet.dst)), Mac(mac_number(packet.src)), packet.type, bytes(packet.payload))


ETHERNET = Protocol("ethernet", ethernet_value, Ethernet.parse, Ethernet.emit, build_ethernet, Ether, read_ethernet)

# ARP


def arp_value(seed: bytes) -> Arp:
    operation, sender_mac, sender_ip, target_mac, target_ip, _ = take("H6sI6sI", seed)
    return Arp(
        operation,
        Mac(int.from_bytes(sender_mac)),
        Ip(sender_ip),
        Mac(int.from_bytes(target_mac)),
        Ip(target_ip),
    )


def build_arp(value: Arp) -> Packet:
    return ARP(
        op=value.operation,
        hwsrc=mac_text(value.sender_mac),
        psrc=ip_text(value.sender_ip),
        hwdst=mac_text(value.target_mac),
        pdst=ip_text(value.target_ip),
    )


def read_arp(packet: Packet) -> Arp:
    return Arp(
        packet.op,
        Mac(mac_number(packet.hwsrc)),
        Ip(ip_number(packet.psrc)),
        Mac(mac_number(packet.hwdst)),
        Ip(ip_number(packet.pdst)),
    )


ARP_ = Protocol("arp", arp_value, Arp.parse, Arp.emit, build_arp, ARP, read_arp, ("hwlen", "plen"))

# IPv4

IPV4_OPTIONS = (
    b"\x01",
    b"\x94\x04\x00\x00",  # router alert (RFC 2113)
    b"\x88\x04\xab\xcd",  # stream identifier
    b"\x83\x07\x04\x0a\x00\x00\x01",  # loose source route by 10.0.0.1
    b"\x07\x0b\x08\x0a\x00\x00\x02\x00\x00\x00\x00",  # record route, one of two recorded
)


def aligned(options: bytes) -> bytes:
    """Padded with no-operations, which IPv4 and TCP number alike."""
    return options + b"\x01" * (-len(options) % 4)


def ipv4_value(seed: bytes) -> Ipv4:
    src, dst, protocol, ttl, tos, identification, fragment, choice, payload = take("IIBBBHHB", seed)
    options = aligned(b"".join(chosen(choice, IPV4_OPTIONS, 3)))
    dont, more, offset = bool(fragment & 0x4000), bool(fragment & 0x2000), fragment & 0x1FFF
    return Ipv4(Ip(src), Ip(dst), protocol, payload, ttl, tos, identification, dont, more, offset, options)


def build_ipv4(value: Ipv4) -> Packet:
    return IP(
        src=ip_text(value.src),
        dst=ip_text(value.dst),
        proto=value.protocol,
        ttl=value.ttl,
        tos=value.tos,
        id=value.identification,
        flags="+".join(["DF"] * value.dont_fragment + ["MF"] * value.more_fragments),
        frag=value.fragment_offset,
        options=[value.options] if value.options else [],
    ) / Raw(value.payload)


def read_ipv4(packet: Packet) -> Ipv4:
    return Ipv4(
        src=Ip(ip_number(packet.src)),
        dst=Ip(ip_number(packet.dst)),
        protocol=packet.proto,
        payload=bytes(packet.payload),
        ttl=packet.ttl,
        tos=packet.tos,
        identification=packet.id,
        dont_fragment=bool(packet.flags.DF),
        more_fragments=bool(packet.flags.MF),
        fragment_offset=packet.frag,
        options=b"".join(map(bytes, packet.options)),
    )


IPV4 = Protocol("ipv4", ipv4_value, Ipv4.parse, Ipv4.emit, build_ipv4, IP, read_ipv4, ("ihl", "len", "chksum"))

# ICMP: scapy has a name for each meaning of the second word

ICMP_TYPES = (0, 8, 3, 11, 5, 42)
ICMP_REST = {
    0: (("id", 16), ("seq", 0)),
    8: (("id", 16), ("seq", 0)),
    3: (("nexthopmtu", 0),),
    11: (("unused", 0),),
    42: (("unused", 0),),
}
REDIRECT = 5


def icmp_value(seed: bytes) -> Icmp:
    choice, code, rest, payload = take("BBI", seed)
    kind = ICMP_TYPES[choice % len(ICMP_TYPES)]
    # scapy reads RFC 4884 extensions out of the upper half where RFC 792 has it unused.
    return Icmp(kind, code, rest & 0xFFFF if kind in (3, 11) else rest, payload)


def build_icmp(value: Icmp) -> Packet:
    if value.type == REDIRECT:
        return ICMP(type=value.type, code=value.code, gw=ip_text(value.rest)) / Raw(value.payload)
    names = ICMP_REST[value.type]
    whole = len(names) == 1
    words: dict[str, Any] = {name: value.rest if whole else value.rest >> shift & 0xFFFF for name, shift in names}
    return ICMP(type=value.type, code=value.code, **words) / Raw(value.payload)


def read_icmp(packet: Packet) -> Icmp:
    if packet.type == REDIRECT:
        rest = ip_number(packet.gw)
    else:
        rest = sum(packet.getfieldval(name) << shift for name, shift in ICMP_REST[packet.type])
    return Icmp(packet.type, packet.code, rest, bytes(packet.payload))


ICMP_ = Protocol("icmp", icmp_value, Icmp.parse, Icmp.emit, build_icmp, ICMP, read_icmp, ("chksum",))

# UDP and TCP: their checksums cover the addresses, which here follow from the ports


def ends(src_port: int, dst_port: int) -> tuple[Ip, Ip]:
    return Ip(src_port << 16 | dst_port ^ 0xA5C3), Ip((dst_port ^ 0x0F1E) << 16 | src_port)


def below(src_port: int, dst_port: int) -> Packet:
    src, dst = ends(src_port, dst_port)
    return IP(src=ip_text(src), dst=ip_text(dst))


def udp_value(seed: bytes) -> Udp:
    return Udp(*take("HH", seed))


def emit_udp(value: Udp) -> bytes:
    return value.emit(*ends(value.src_port, value.dst_port))


def build_udp(value: Udp) -> Packet:
    ports = value.src_port, value.dst_port
    return UDP(sport=ports[0], dport=ports[1], _underlayer=below(*ports)) / Raw(value.payload)


def dissect_udp(data: bytes) -> Packet:
    return UDP(data, _underlayer=below(*take("HH", data)[:2]))


def read_udp(packet: Packet) -> Udp:
    return Udp(packet.sport, packet.dport, bytes(packet.payload))


UDP_ = Protocol("udp", udp_value, Udp.parse, emit_udp, build_udp, dissect_udp, read_udp, ("len", "chksum"))

TCP_OPTIONS: tuple[tuple[bytes, tuple[Any, Any]], ...] = (
    (b"\x01", ("NOP", None)),
    (b"\x02\x04\x05\xb4", ("MSS", 1460)),
    (b"\x03\x03\x07", ("WScale", 7)),
    (b"\x04\x02", ("SAckOK", b"")),
    (b"\x08\x0a\x00\x00\x00\x01\x80\x00\x00\x02", ("Timestamp", (1, 0x80000002))),
    (b"\xfd\x05abc", (253, b"abc")),
)
"""Each as on the wire and in scapy's words."""
TCP_OPTION_OCTETS = {words: octets for octets, words in TCP_OPTIONS}
TCP_OPTION_WORDS = dict(TCP_OPTIONS)


def tcp_value(seed: bytes) -> Tcp:
    src_port, dst_port, sequence, acknowledgment, flags, window, urgent, choice, payload = take("HHIIBHHB", seed)
    options = aligned(b"".join(octets for octets, _ in chosen(choice, TCP_OPTIONS, 4)))
    return Tcp(src_port, dst_port, sequence, acknowledgment, flags, window, urgent, options, payload)


def tcp_option_words(options: bytes) -> list[tuple[Any, Any]]:
    words = []
    while options:
        octets = next(octets for octets in TCP_OPTION_WORDS if options.startswith(octets))
        words.append(TCP_OPTION_WORDS[octets])
        options = options[len(octets) :]
    return words


def emit_tcp(value: Tcp) -> bytes:
    return value.emit(*ends(value.src_port, value.dst_port))


def build_tcp(value: Tcp) -> Packet:
    return TCP(
        sport=value.src_port,
        dport=value.dst_port,
        seq=value.sequence,
        ack=value.acknowledgment,
        flags=value.flags,
        window=value.window,
        urgptr=value.urgent_pointer,
        options=tcp_option_words(value.options),
        _underlayer=below(value.src_port, value.dst_port),
    ) / Raw(value.payload)


def dissect_tcp(data: bytes) -> Packet:
    return TCP(data, _underlayer=below(*take("HH", data)[:2]))


def read_tcp(packet: Packet) -> Tcp:
    return Tcp(
        src_port=packet.sport,
        dst_port=packet.dport,
        sequence=packet.seq,
        acknowledgment=packet.ack,
        flags=int(packet.flags),
        window=packet.window,
        urgent_pointer=packet.urgptr,
        options=b"".join(TCP_OPTION_OCTETS[words] for words in packet.options),
        payload=bytes(packet.payload),
    )


TCP_ = Protocol("tcp", tcp_value, Tcp.parse, emit_tcp, build_tcp, dissect_tcp, read_tcp, ("dataofs", "chksum"))

# DHCP

DHCP_OPTIONS: tuple[tuple[dhcp.Option, tuple[Any, ...]], ...] = (
    (dhcp.number(dhcp.MESSAGE_TYPE, dhcp.OFFER), ("message-type", 2)),
    (dhcp.addresses(dhcp.SUBNET_MASK, Ip(0xFFFFFF00)), ("subnet_mask", "255.255.255.0")),
    (dhcp.addresses(dhcp.ROUTER, Ip(0x0A000001)), ("router", "10.0.0.1")),
    (dhcp.addresses(dhcp.DNS_SERVER, Ip(0x0A000002), Ip(1)), ("name_server", "10.0.0.2", "0.0.0.1")),
    (dhcp.text(dhcp.DOMAIN_NAME, "ec2.internal"), ("domain", b"ec2.internal")),
    (dhcp.number(dhcp.INTERFACE_MTU, 9001), ("interface-mtu", 9001)),
    (dhcp.addresses(dhcp.REQUESTED_IP, Ip(0x0A000A09)), ("requested_addr", "10.0.10.9")),
    (dhcp.number(dhcp.LEASE_TIME, 3600), ("lease_time", 3600)),
    (dhcp.addresses(dhcp.SERVER_ID, Ip(0x0A000001)), ("server_id", "10.0.0.1")),
    (dhcp.number(dhcp.RENEWAL_TIME, 1800), ("renewal_time", 1800)),
    ((224, b"site"), (224, b"site")),
)
"""Each in our words and in scapy's."""
DHCP_OPTION_OURS = {theirs: ours for ours, theirs in DHCP_OPTIONS}
DHCP_OPTION_WORDS = dict(DHCP_OPTIONS)


def dhcp_value(seed: bytes) -> Dhcp:
    op, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, choice, names = take("BBIHHIIII6sB", seed)
    return Dhcp(
        op,
        xid,
        Mac(int.from_bytes(chaddr)),
        tuple(ours for ours, _ in chosen(choice, DHCP_OPTIONS, 8)),
        ciaddr,
        yiaddr,
        siaddr,
        giaddr,
        hops,
        secs,
        flags,
        names[0::2].rstrip(b"\0"),
        names[1::2].rstrip(b"\0"),
    )


def build_dhcp(value: Dhcp) -> Packet:
    return BOOTP(
        op=value.op,
        hops=value.hops,
        xid=value.xid,
        secs=value.secs,
        flags=value.flags,
        ciaddr=ip_text(value.ciaddr),
        yiaddr=ip_text(value.yiaddr),
        siaddr=ip_text(value.siaddr),
        giaddr=ip_text(value.giaddr),
        chaddr=value.chaddr.to_bytes(6),
        sname=value.sname,
        file=value.file,
    ) / DHCP(options=[*(DHCP_OPTION_WORDS[option] for option in value.options), "end"])


def read_dhcp(packet: Packet) -> Dhcp:
    words = packet[DHCP].options
    return Dhcp(
        op=packet.op,
        xid=packet.xid,
        chaddr=Mac(int.from_bytes(packet.chaddr[:6])),
        options=tuple(DHCP_OPTION_OURS[option] for option in words[: words.index("end")]),
        ciaddr=Ip(ip_number(packet.ciaddr)),
        yiaddr=Ip(ip_number(packet.yiaddr)),
        siaddr=Ip(ip_number(packet.siaddr)),
        giaddr=Ip(ip_number(packet.giaddr)),
        hops=packet.hops,
        secs=packet.secs,
        flags=int(packet.flags),
        sname=packet.sname.rstrip(b"\0"),
        file=packet.file.rstrip(b"\0"),
    )


DHCP_ = Protocol("dhcp", dhcp_value, Dhcp.parse, Dhcp.emit, build_dhcp, BOOTP, read_dhcp, padded=300)

# Geneve

GENEVE_OPTIONS = (
    b"\x01\x02\x03\x00",
    b"\x01\x03\x05\x1f" + bytes(124),
    b"\x01\x08\x80\x01word",
    b"\xff\xff\x7f\x02two word",
)
"""Class, type, length in words, data (RFC 8926 section 3.5)."""


def geneve_value(seed: bytes) -> Geneve:
    protocol_type, vni, bits, payload = take("HIB", seed)
    options = b"".join(chosen(bits >> 2, GENEVE_OPTIONS, 3))
    return Geneve(Vni(vni >> 8), payload, protocol_type, bool(bits & 1), bool(bits & 2), options)


def build_geneve(value: Geneve) -> Packet:
    options = []
    rest = value.options
    while rest:
        class_id, kind, words, rest = take("HBB", rest)
        options.append(GeneveOptions(classid=class_id, type=kind, length=words, data=rest[: words * 4]))
        rest = rest[words * 4 :]
    return GENEVE(
        oam=value.control,
        critical=value.critical,
        proto=value.protocol_type,
        vni=value.vni,
        options=options,
    ) / Raw(value.payload)


def read_geneve(packet: Packet) -> Geneve:
    return Geneve(
        Vni(packet.vni),
        bytes(packet.payload),
        packet.proto,
        bool(packet.oam),
        bool(packet.critical),
        b"".join(map(bytes, packet.options)),
    )


GENEVE_ = Protocol(
    "geneve",
    geneve_value,
    Geneve.parse,
    Geneve.emit,
    build_geneve,
    GENEVE,
    read_geneve,
    ("optionlen",),
)

PROTOCOLS = (ETHERNET, ARP_, IPV4, ICMP_, UDP_, TCP_, DHCP_, GENEVE_)
