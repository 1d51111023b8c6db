"""What the values say and answer, beyond their octets."""

from collections.abc import Callable
from functools import partial

import pytest
from scapy.layers.inet import ICMP, IP, UDP

from netvirt.address import BROADCAST_IP, Ip, Mac
from netvirt.wire import arp, checksum, dhcp, icmp, ipv4, tcp, udp
from netvirt.wire.arp import Arp
from netvirt.wire.dhcp import Dhcp
from netvirt.wire.icmp import Icmp
from netvirt.wire.ipv4 import Ipv4
from netvirt.wire.tcp import Tcp
from netvirt.wire.udp import Udp

A, B = Ip(0x0A000001), Ip(0x0A000002)
MAC_A, MAC_B = Mac(0x02_0000_000001), Mac(0x02_0000_000002)


def test_arp_asks_and_answers() -> None:
    question = arp.request(MAC_A, A, B)
    assert question == Arp(arp.REQUEST, MAC_A, A, Mac(0), B)
    assert question.reply(MAC_B) == Arp(arp.REPLY, MAC_B, B, MAC_A, A)


@pytest.mark.parametrize("at", range(24))
def test_ipv4_header_checksum_notices_every_octet(at: int) -> None:
    data = Ipv4(A, B, 17, b"payload", options=b"\x01" * 4).emit()
    assert ipv4.header_checksum_ok(data)
    assert not ipv4.header_checksum_ok(data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :])


def test_ipv4_header_checksum_leaves_the_payload_alone() -> None:
    data = Ipv4(A, B, 17, b"payload").emit()
    assert ipv4.header_checksum_ok(data[:-1] + b"?")
    assert not ipv4.header_checksum_ok(data[:19])
    assert not ipv4.header_checksum_ok(bytes(20))


def test_ipv4_fragments() -> None:
    assert not Ipv4(A, B, 17, dont_fragment=True).is_fragment
    assert Ipv4(A, B, 17, more_fragments=True).is_fragment
    assert Ipv4(A, B, 17, fragment_offset=1).is_fragment


def test_ipv4_quote_may_end_early() -> None:
    packet = Ipv4(A, B, 17, b"payload", ttl=3)
    assert Ipv4.parse_quote(packet.emit()[:24]) == Ipv4(A, B, 17, b"payl", ttl=3)


def test_ping_and_its_answer() -> None:
    ping = icmp.echo_request(7, 9, b"data")
    assert (ping.type, ping.code, ping.identifier, ping.sequence) == (8, 0, 7, 9)
    pong = ping.reply()
    assert (pong.type, pong.code, pong.identifier, pong.sequence, pong.payload) == (0, 0, 7, 9, b"data")
    assert ping.is_echo and pong.is_echo
    assert not ping.is_error


def test_icmp_errors_as_scapy_sees_them() -> None:
    packet = Ipv4(A, B, 17, Udp(1, 2, bytes(1472)).emit(A, B)).emit()
    too_big = ICMP(icmp.unreachable(icmp.FRAGMENTATION_NEEDED, packet, next_hop_mtu=1300).emit())
    assert (too_big.type, too_big.code, too_big.nexthopmtu) == (3, 4, 1300)
    assert bytes(too_big.payload)[:40] == packet[:40]
    expired = ICMP(icmp.time_exceeded(icmp.TTL_EXCEEDED, packet).emit())
    assert (expired.type, expired.code, bytes(expired.payload)[:40]) == (11, 0, packet[:40])


def test_icmp_errors_fit_576_octets() -> None:
    error = icmp.unreachable(icmp.HOST_UNREACHABLE, bytes(1500))
    assert len(Ipv4(A, B, 1, error.emit()).emit()) == 576
    assert error.is_error
    assert not error.is_echo
    assert Icmp(3, 4, 1300).next_hop_mtu == 1300


@pytest.mark.parametrize(
    ("data", "ok"),
    [
        (icmp.echo_request(1, 2, b"payload").emit(), icmp.checksum_ok),
        (Udp(1, 2, b"payload").emit(A, B), partial(udp.checksum_ok, src=A, dst=B)),
        (Tcp(1, 2, 3, 4, tcp.ACK, 5).emit(A, B), partial(tcp.checksum_ok, src=A, dst=B)),
    ],
    ids=["icmp", "udp", "tcp"],
)
@pytest.mark.parametrize("at", range(15))
def test_transport_checksum_notices_every_octet(data: bytes, ok: Callable[[bytes], bool], at: int) -> None:
    assert ok(data)
    assert not ok(data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :])


def test_transport_checksums_cover_the_addresses() -> None:
    assert not udp.checksum_ok(Udp(1, 2).emit(A, B), A, Ip(B + 1))
    assert not tcp.checksum_ok(Tcp(1, 2, 3, 4, tcp.ACK, 5).emit(A, B), A, Ip(B + 1))


def test_short_transports_have_no_checksum_to_be_right() -> None:
    assert not udp.checksum_ok(bytes(7), A, B)
    assert not tcp.checksum_ok(bytes(19), A, B)
    assert not icmp.checksum_ok(b"\xff\xff")


def test_udp_without_checksum_is_fine() -> None:
    bare = Udp(1, 2, b"payload").emit_without_checksum()
    assert bare[6:8] == b"\0\0"
    assert udp.checksum_ok(bare, A, B)
    assert not udp.checksum_ok(bare[:-1], A, B)
    assert Udp.parse(bare) == Udp(1, 2, b"payload")


def test_udp_checksum_of_zero_is_sent_as_ones() -> None:
    # Find the payload for which the sum comes out as zero: the checksum of one with zeros in its place.
    pseudo = checksum.pseudo_header_sum(A, B, 17, 10)
    word = checksum.internet_checksum(Udp(1, 2, bytes(2)).emit_without_checksum(), pseudo).to_bytes(2)
    data = Udp(1, 2, word).emit(A, B)
    assert data[6:8] == b"\xff\xff"
    assert udp.checksum_ok(data, A, B)
    scapys = bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / word)[20:]
    assert data == scapys


def test_udp_checksum_follows_a_translated_address() -> None:
    before, after = Udp(1, 2, b"payload").emit(A, B), Udp(1, 2, b"payload").emit(A, BROADCAST_IP)
    old, new = int.from_bytes(before[6:8]), int.from_bytes(after[6:8])
    assert udp.updated_checksum(old, B, BROADCAST_IP) == new
    assert udp.updated_checksum(udp.NO_CHECKSUM, B, BROADCAST_IP) == udp.NO_CHECKSUM
    # 0x0001 + 0xFFFE is all ones, whose complement would say "none".
    assert udp.updated_checksum(0xFFFE, 0, 0xFFFE) == 0xFFFF


def test_dhcp_options_are_read_by_name() -> None:
    message = Dhcp(
        dhcp.BOOTREPLY,
        0x1234,
        MAC_A,
        (
            dhcp.number(dhcp.MESSAGE_TYPE, dhcp.ACK),
            dhcp.addresses(dhcp.REQUESTED_IP, A),
            dhcp.addresses(dhcp.SERVER_ID, B),
            dhcp.number(dhcp.LEASE_TIME, 3600),
            dhcp.addresses(dhcp.SUBNET_MASK, Ip(0xFFFFFF00)),
            dhcp.addresses(dhcp.ROUTER, B),
            dhcp.addresses(dhcp.DNS_SERVER, A, B),
            dhcp.number(dhcp.INTERFACE_MTU, 9001),
            dhcp.text(dhcp.DOMAIN_NAME, "ec2.internal"),
        ),
    )
    parsed = Dhcp.parse(message.emit())
    assert parsed == message
    assert parsed.message_type == dhcp.ACK
    assert (parsed.requested_ip, parsed.server_id) == (A, B)
    assert (parsed.lease_time, parsed.interface_mtu) == (3600, 9001)
    assert (parsed.subnet_mask, parsed.routers, parsed.dns_servers) == (0xFFFFFF00, (B,), (A, B))
    assert parsed.domain_name == "ec2.internal"


def test_dhcp_options_that_are_not_there() -> None:
    message = Dhcp(dhcp.BOOTREQUEST, 1, MAC_A)
    assert (message.message_type, message.server_id, message.domain_name) == (None, None, None)
    assert message.routers == ()


def test_dhcp_options_of_a_wrong_width_say_nothing() -> None:
    wrong = ((dhcp.MESSAGE_TYPE, b"\0\1"), (dhcp.SERVER_ID, bytes(8)), (dhcp.ROUTER, bytes(5)))
    message = Dhcp(dhcp.BOOTREQUEST, 1, MAC_A, wrong)
    assert (message.message_type, message.server_id) == (None, None)
    assert message.routers == ()


def test_dhcp_options_of_one_code_are_one_value() -> None:
    parts = (dhcp.text(dhcp.DOMAIN_NAME, "ec2."), dhcp.text(dhcp.DOMAIN_NAME, "internal"))
    assert Dhcp(dhcp.BOOTREPLY, 1, MAC_A, parts).domain_name == "ec2.internal"
