"""Each reason for which bytes are refused, and each thing that is tolerated."""

from collections.abc import Callable

import pytest

from netvirt.address import Ip, Mac, Vni
from netvirt.wire.arp import Arp, request
from netvirt.wire.dhcp import BOOTREQUEST, DISCOVER, MESSAGE_TYPE, Dhcp, number
from netvirt.wire.ethernet import Ethernet
from netvirt.wire.geneve import Geneve
from netvirt.wire.icmp import Icmp, echo_request
from netvirt.wire.ipv4 import Ipv4
from netvirt.wire.malformed import Malformed
from netvirt.wire.tcp import SYN, Tcp
from netvirt.wire.udp import Udp

A, B = Ip(0x0A000001), Ip(0x0A000002)

ETHERNET = Ethernet(Mac(1), Mac(2), 0x0800).emit()
ARP = request(Mac(1), A, B).emit()
IPV4 = Ipv4(A, B, 17, b"payload", options=b"\x01" * 4).emit()
ICMP = echo_request(1, 1).emit()
UDP = Udp(1, 2, b"payload").emit(A, B)
TCP = Tcp(1, 2, 3, 4, SYN, 5, options=b"\x01" * 4).emit(A, B)
DHCP = Dhcp(BOOTREQUEST, 1, Mac(1), (number(MESSAGE_TYPE, DISCOVER),)).emit()
GENEVE = Geneve(Vni(1), options=bytes(4)).emit()


def patched(data: bytes, at: int, octets: bytes) -> bytes:
    return data[:at] + octets + data[at + len(octets) :]


@pytest.mark.parametrize(
    ("parse", "data", "reason"),
    [
        (Ethernet.parse, ETHERNET[:13], "Ethernet header cut short"),
        (Ethernet.parse, patched(ETHERNET, 12, b"\x05\xff"), "Ethernet type 0x05ff is a length"),
        (Arp.parse, ARP[:27], "ARP packet cut short"),
        (Arp.parse, patched(ARP, 0, b"\x00\x06"), "ARP is not about IPv4 over Ethernet"),
        (Arp.parse, patched(ARP, 2, b"\x86\xdd"), "ARP is not about IPv4 over Ethernet"),
        (Arp.parse, patched(ARP, 5, b"\x10"), "ARP is not about IPv4 over Ethernet"),
        (Ipv4.parse, IPV4[:19], "IPv4 header cut short"),
        (Ipv4.parse, patched(IPV4, 0, b"\x66"), "IP version 6 where 4 was promised"),
        (Ipv4.parse, patched(IPV4, 0, b"\x44"), "IPv4 header length is less than 20 octets"),
        (Ipv4.parse, IPV4[:23], "IPv4 options cut short"),
        (Ipv4.parse, patched(IPV4, 2, b"\x00\x17"), "IPv4 total length is less than the header"),
        (Ipv4.parse, IPV4[:-1], "IPv4 total length is more than what arrived"),
        (Icmp.parse, ICMP[:7], "ICMP header cut short"),
        (Udp.parse, UDP[:7], "UDP header cut short"),
        (Udp.parse, patched(UDP, 4, b"\x00\x07"), "UDP length is less than the header"),
        (Udp.parse, UDP[:-1], "UDP length is more than what arrived"),
        (Tcp.parse, TCP[:19], "TCP header cut short"),
        (Tcp.parse, patched(TCP, 12, b"\x40"), "TCP data offset is less than the header"),
        (Tcp.parse, TCP[:23], "TCP data offset is more than what arrived"),
        (Dhcp.parse, DHCP[:239], "DHCP message cut short"),
        (Dhcp.parse, patched(DHCP, 1, b"\x06"), "DHCP client is not on Ethernet"),
        (Dhcp.parse, patched(DHCP, 2, b"\x10"), "DHCP client is not on Ethernet"),
        (Dhcp.parse, patched(DHCP, 236, b"\x00"), "BOOTP without the DHCP magic cookie"),
        (Dhcp.parse, DHCP[:241], "DHCP option cut short"),
        (Dhcp.parse, DHCP[:242], "DHCP option cut short"),
        (Geneve.parse, GENEVE[:7], "Geneve header cut short"),
        (Geneve.parse, patched(GENEVE, 0, b"\x41"), "Geneve version 1"),
        (Geneve.parse, GENEVE[:11], "Geneve options are more than what arrived"),
    ],
)
def test_reason(parse: Callable[[bytes], object], data: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse(data)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("parse", "data", "same_as"),
    [
        (Arp.parse, ARP + bytes(18), ARP),  # Ethernet's padding
        (Ipv4.parse, IPV4 + bytes(18), IPV4),
        (Ipv4.parse, patched(IPV4, 6, b"\x80"), IPV4),  # the reserved flag
        (Ipv4.parse, patched(IPV4, 10, b"\x00\x00"), IPV4),  # parse does not ask for the checksum
        (Udp.parse, UDP + b"more", UDP),
        (Tcp.parse, patched(TCP, 12, b"\x6f"), TCP),  # the reserved bits
        (Dhcp.parse, DHCP + b"more", DHCP),
        (Dhcp.parse, patched(DHCP, 243, b"\x00\x00\xff"), DHCP),  # pads before the end
        (Dhcp.parse, DHCP[:243], DHCP),  # no end at all
        (Geneve.parse, patched(GENEVE, 7, b"\xff"), GENEVE),  # reserved octet
        (Geneve.parse, patched(GENEVE, 1, b"\x3f"), GENEVE),  # reserved bits
    ],
)
def test_tolerated(parse: Callable[[bytes], object], data: bytes, same_as: bytes) -> None:
    assert data != same_as
    assert parse(data) == parse(same_as)
