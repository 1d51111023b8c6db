"""The `agent` image as its network sees it: an address, neighbours, answers. scapy is the other side."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machine_lab import MS, SERVER_IP, SERVER_MAC, US, DhcpServer, Lab, Node, S, bound_agent, message_type, serve
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

from hypervisor.machine.exits import FREE, Exit
from netvirt.address import parse_ip

MINUTE = 60 * S


def requests(server: DhcpServer) -> list[str]:
    return [{1: "discover", 3: "request"}[message_type(packet)] for packet in server.seen]


def introduce(node: Node, ip: str = SERVER_IP, mac: str = SERVER_MAC) -> None:
    """Ask for the node's address, so that it knows ours."""
    packet = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=ip, pdst="10.0.0.11")
    node.machine.receive(bytes(packet))
    node.lab.run(1 * MS)
    assert node.frames, "the node did not answer"
    node.frames.clear()
    node.lab.forget(node)


def ask(node: Node, packet: Any, src: str = SERVER_IP, dst: str = "10.0.0.11") -> list[Any]:
    """Send an IP payload from the server's place; what comes back within a millisecond."""
    return send(node, IP(src=src, dst=dst) / packet)


def send(node: Node, packet: Any) -> list[Any]:
    before = len(node.frames)
    node.machine.receive(bytes(Ether(src=SERVER_MAC, dst=node.mac_text) / packet))
    node.lab.run(1 * MS)
    return [Ether(frame) for _, frame in node.frames[before:]]


# An address.


def test_dhcp_from_power_on_to_ready() -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11")
    serve(node, server)
    node.start()
    lab.run(1 * MS)
    assert requests(server) == ["discover", "request"]
    assert node.said() == ["ready 10.0.0.11"]
    assert node.machine.address == parse_ip("10.0.0.11")
    discover, request = server.seen
    assert request[BOOTP].xid == discover[BOOTP].xid
    assert ("requested_addr", "10.0.0.11") in request[DHCP].options
    assert ("server_id", SERVER_IP) in request[DHCP].options


def test_discover_is_repeated_with_backoff() -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11")
    server.mute = 6
    serve(node, server)
    node.start()
    lab.run(5 * MINUTE)
    times = [time for time, packet in node.packets(DHCP) if message_type(packet) == 1]
    gaps = [(after - before) / S for before, after in pairwise(times)]
    assert len(gaps) == 6
    for gap, nominal in zip(gaps, [4, 8, 16, 32, 64, 64]):
        assert nominal - 1 <= gap < nominal + 1.001
    assert node.said() == ["ready 10.0.0.11"]


def test_a_lost_request_is_sent_again() -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11")
    serve(node, server)
    node.start()
    lab.run(50 * US)
    server.mute = 0
    while requests(server) != ["discover"]:
        lab.run(10 * US)
    server.mute = 2
    lab.run(1 * MINUTE)
    assert requests(server) == ["discover", "request", "request", "request"]
    assert node.said() == ["ready 10.0.0.11"]


def test_a_refused_request_starts_over() -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11")
    server.answer_request = "nak"
    serve(node, server)
    node.start()
    lab.run(1 * S)
    assert requests(server) == ["discover", "request"], "not again and again"
    server.answer_request = "ack"
    lab.run(10 * S)
    assert requests(server) == ["discover", "request"] * 2
    assert node.said() == ["ready 10.0.0.11"]


def test_the_lease_is_renewed_at_half_time_by_unicast() -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11", lease=600)
    serve(node, server)
    node.start()
    lab.run(1 * MS)
    introduce(node)
    lab.run(1000 * S)
    renewals = node.packets(DHCP)
    assert [round(time / S) for time, _ in renewals] == [300, 600, 900]
    for _, packet in renewals:
        assert (packet.dst, packet[IP].dst, packet[BOOTP].ciaddr) == (SERVER_MAC, SERVER_IP, "10.0.0.11")
    assert node.said() == ["ready 10.0.0.11"]


def test_the_servers_own_renewal_times_count() -> None:
    lab = Lab()
    server = DhcpServer("10.0.0.11", lease=600, renewal_time=100, rebinding_time=200)
    node = lab.node()
    serve(node, server)
    node.start()
    lab.run(1 * MS)
    introduce(node)
    lab.run(150 * S)
    assert [round(time / S) for time, _ in node.packets(DHCP)] == [100]


def test_a_silent_server_loses_its_client_at_the_end_of_the_lease() -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11", lease=600)
    serve(node, server)
    node.start()
    lab.run(1 * MS)
    introduce(node)
    server.mute = 1000
    lab.run(599 * S)
    assert ask(node, ICMP(id=1, seq=1)), "the address is good until the lease ends"
    rebinding = [packet for time, packet in node.packets(DHCP) if time > 525 * S]
    assert {packet[IP].dst for packet in rebinding} == {"255.255.255.255"}
    lab.run(1 * S)
    assert not ask(node, ICMP(id=1, seq=1))
    server.mute = 0
    lab.run(2 * MINUTE)
    assert node.said() == ["ready 10.0.0.11", "ready 10.0.0.11"]


def test_an_offer_for_somebody_else_is_not_taken() -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11")
    node.start()
    lab.run(1 * MS)
    answer: Any = Ether(server.answer(node.frames[0][1]) or b"")
    for change in ({"xid": 1}, {"chaddr": b"\2\0\0\0\0\x77"}, {"op": 1}):
        other = answer.copy()
        for field, value in change.items():
            setattr(other[BOOTP], field, value)
        del other[UDP].chksum
        node.machine.receive(bytes(other))
    lab.run(1 * MS)
    assert len(node.frames) == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(230, 280), st.integers(0, 255)), max_size=6), st.integers(0, 60))
def test_damaged_options_are_survived(damage: list[tuple[int, int]], cut: int) -> None:
    lab = Lab()
    node, server = lab.node(), DhcpServer("10.0.0.11")
    node.start()
    lab.clock.run(1 * MS)
    offer: Any = Ether(server.answer(node.frames[0][1]) or b"")
    message = bytearray(bytes(offer[BOOTP]))
    for place, octet in damage:
        message[min(place, len(message) - 1)] = octet
    udp = UDP(sport=67, dport=68, chksum=0) / bytes(message[: len(message) - cut])
    node.machine.receive(bytes(Ether(src=SERVER_MAC, dst=node.mac_text) / IP(src=SERVER_IP, dst="10.0.0.11") / udp))
    lab.clock.run(2 * MS)
    assert node.faults == []
    serve(node, server)
    lab.clock.run(2 * MINUTE)
    assert node.said() == ["ready 10.0.0.11"], "a later answer finds it as it was"


# Neighbours.


def test_arp_request_is_answered_and_only_ours() -> None:
    lab = Lab()
    node = bound_agent(lab)
    arp = Ether(src=SERVER_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=SERVER_MAC, psrc=SERVER_IP)
    for target in ("10.0.0.12", "10.0.0.11"):
        arp.pdst = target
        node.machine.receive(bytes(arp))
        lab.run(1 * MS)
    ((_, reply),) = node.packets(ARP)
    assert (reply[ARP].op, reply[ARP].psrc, reply[ARP].hwsrc) == (2, "10.0.0.11", node.mac_text)
    assert (reply.dst, reply[ARP].hwdst, reply[ARP].pdst) == (SERVER_MAC, SERVER_MAC, SERVER_IP)


def test_an_unknown_neighbour_is_asked_for_while_the_packet_waits() -> None:
    node = bound_agent(Lab())
    (request,) = ask(node, ICMP(id=1, seq=1), src="10.0.0.77")
    assert (request[ARP].op, request[ARP].pdst, request.dst) == (1, "10.0.0.77", "ff:ff:ff:ff:ff:ff")
    mac = "02:00:00:00:00:77"
    answers = send(node, ARP(op=2, hwsrc=mac, psrc="10.0.0.77", hwdst=node.mac_text, pdst="10.0.0.11"))
    assert [(packet.dst, packet[IP].dst) for packet in answers] == [(mac, "10.0.0.77")]


def test_off_the_subnet_the_router_is_next() -> None:
    node = bound_agent(Lab())
    (request,) = ask(node, ICMP(id=1, seq=1), src="192.168.5.5")
    assert request[ARP].pdst == SERVER_IP
    introduce(node)
    (reply,) = ask(node, ICMP(id=1, seq=2), src="192.168.5.5")
    assert (reply.dst, reply[IP].dst) == (SERVER_MAC, "192.168.5.5")


def test_who_does_not_answer_is_asked_three_times() -> None:
    lab = Lab()
    node = bound_agent(lab)
    ask(node, ICMP(id=1, seq=1), src="10.0.0.77")
    lab.run(10 * S)
    times = [time for time, _ in node.packets(ARP)]
    assert len(times) == 3
    assert all(1 * S <= after - before < 1 * S + MS for before, after in pairwise(times))


def test_an_old_neighbour_is_used_while_it_is_asked_again() -> None:
    lab = Lab()
    node = bound_agent(lab)
    introduce(node)
    lab.run(61 * S)
    reply, probe = ask(node, ICMP(id=1, seq=1))
    assert ICMP in reply
    assert (probe[ARP].op, probe.dst) == (1, SERVER_MAC)


# Answers.


@pytest.mark.parametrize("size", [0, 1, 7, 56, 57, 1472, 8973])
def test_echo_reply_carries_the_same_bytes(size: int) -> None:
    node = bound_agent(Lab())
    introduce(node)
    payload = bytes(i * 7 & 255 for i in range(size))
    (reply,) = ask(node, ICMP(id=0x1234, seq=5) / payload)
    assert (reply[IP].src, reply[IP].dst, reply[IP].ttl) == ("10.0.0.11", SERVER_IP, 64)
    assert (reply[ICMP].type, reply[ICMP].id, reply[ICMP].seq) == (0, 0x1234, 5)
    assert bytes(reply[ICMP].payload) == payload


def test_checksum_of_an_all_zero_echo() -> None:
    """The one message whose sum is zero; an incremental update would answer with the other zero."""
    node = bound_agent(Lab())
    introduce(node)
    (reply,) = ask(node, ICMP(id=0, seq=0) / bytes(32))
    assert reply[ICMP].chksum == 0xFFFF


def test_damaged_echo_is_not_answered() -> None:
    node = bound_agent(Lab())
    introduce(node)
    assert not ask(node, ICMP(id=1, seq=1, chksum=1) / b"payload")
    assert not ask(node, ICMP(id=1, seq=1), dst="10.0.0.12")
    assert not send(node, IP(src=SERVER_IP, dst="10.0.0.11", chksum=1) / ICMP(id=1, seq=1))
    assert not send(node, IP(src=SERVER_IP, dst="10.0.0.11", flags="MF") / ICMP(id=1, seq=1))
    assert ask(node, ICMP(id=1, seq=1) / b"payload")


def test_ip_options_are_skipped() -> None:
    node = bound_agent(Lab())
    introduce(node)
    (reply,) = send(node, IP(src=SERVER_IP, dst="10.0.0.11", options=b"\1\1\1\1") / ICMP(id=1, seq=1))
    assert reply[IP].ihl == 5


def test_a_padded_frame_is_answered_without_its_padding() -> None:
    node = bound_agent(Lab())
    introduce(node)
    frame = bytes(Ether(src=SERVER_MAC, dst=node.mac_text) / IP(src=SERVER_IP, dst="10.0.0.11") / ICMP(id=1))
    node.machine.receive(frame.ljust(60, b"\0"))
    node.lab.run(1 * MS)
    assert len(node.frames[0][1]) == len(frame)


def test_udp_echo() -> None:
    node = bound_agent(Lab())
    introduce(node)
    (reply,) = ask(node, UDP(sport=4000, dport=7) / b"hello")
    assert (reply[UDP].sport, reply[UDP].dport, bytes(reply[UDP].payload)) == (7, 4000, b"hello")
    assert not ask(node, UDP(sport=7, dport=7) / b"two echo services would never stop")
    assert not ask(node, UDP(sport=4000, dport=8) / b"nobody there")
    assert not ask(node, UDP(sport=4000, dport=7, chksum=1) / b"damaged")


def test_one_ping_costs_two_exits() -> None:
    node = bound_agent(Lab())
    introduce(node)
    before = node.machine.exits.copy()
    for seq in range(100):
        assert ask(node, ICMP(id=1, seq=seq) / bytes(56))
    assert node.machine.exits - before == {Exit.HALT: 100, Exit.KICK: 100}


def test_frames_that_arrive_while_it_works_are_answered_together() -> None:
    lab = Lab()
    node = bound_agent(lab, costs=FREE)
    introduce(node)
    echo = IP(src=SERVER_IP, dst="10.0.0.11") / ICMP(id=1, seq=1)
    before = node.machine.exits.copy()
    for _ in range(8):
        node.machine.receive(bytes(Ether(src=SERVER_MAC, dst=node.mac_text) / echo))
    lab.run(1 * MS)
    assert len(node.frames) == 8
    spent = node.machine.exits - before
    assert spent[Exit.KICK] == 2, "the first alone, then the seven others"


def test_a_burst_beyond_the_ring_is_lost_and_counted() -> None:
    lab = Lab()
    node = bound_agent(lab)
    introduce(node)
    echo = bytes(Ether(src=SERVER_MAC, dst=node.mac_text) / IP(src=SERVER_IP, dst="10.0.0.11") / ICMP(id=1))
    for _ in range(100):
        node.machine.receive(echo)
    lab.run(1 * MS)
    assert len(node.frames) + node.machine.dropped == 100
    assert node.machine.dropped > 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=120), min_size=1, max_size=40), st.booleans(), st.booleans())
def test_any_frame_may_arrive(payloads: list[bytes], ip: bool, checksummed: bool) -> None:
    lab = Lab()
    node = bound_agent(lab)
    introduce(node)
    for payload in payloads:
        kind = 0x0800 if ip else int.from_bytes(payload[:2], "big")
        packet = IP(src=SERVER_IP, dst="10.0.0.11", proto=payload[0] % 18 if payload else 1) / payload
        data = bytes(packet) if checksummed else payload
        node.machine.receive(bytes(Ether(src=SERVER_MAC, dst=node.mac_text, type=kind)) + data)
        lab.run(100 * US)
    assert node.faults == []
    introduce(node)
    assert ask(node, ICMP(id=1, seq=1))
