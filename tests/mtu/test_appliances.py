"""What is too large for a NAT gateway or a transit gateway: told, cut, or gone; and TCP that never sends it."""

from typing import Any

import pytest
from gateway.lab import ABROAD, World
from gateway.test_internet import checksums_are_right
from gateway.test_nat import PRIVATE
from gateway.test_transit import HUB
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Raw

from dcsim.pinging import Payload
from netvirt.address import format_ip
from netvirt.journey import Outcome

from .test_guests import answered
from .test_internet_gateway import told

ADMIN = "198.51.100.7"


def sent(region: World, sender: str, target: str, transport: Any, **fields: Any) -> list[tuple[str, Outcome]]:
    """What was lost then."""
    before = len(region.lost)
    region[sender].send(region.to(sender, target, transport, **fields))
    region.wait(ABROAD)
    return [(each.place, each.reason) for each in region.lost[before:]]


def datagram(octets: int) -> Any:
    return UDP(sport=5, dport=9) / Raw(bytes(octets - 28))


def test_behind_a_nat_gateway_one_hears_of_the_internets_limit() -> None:
    """The router tells the gateway, which knows whose packet it was."""
    region = World(PRIVATE)
    assert [reason for _, reason in sent(region, "app-a", ADMIN, datagram(1501), flags="DF")] == [Outcome.OVERSIZE]
    (error,) = told(region, "app-a")
    assert error[ICMP].nexthopmtu == 1500
    assert (error[ICMP].payload.src, error[ICMP].payload.dst) == (region["app-a"].ip, ADMIN)
    assert checksums_are_right(error)
    assert answered(region, "app-a", ADMIN, Payload(1473, dont_fragment=True)) == [False] * 3
    assert answered(region, "app-a", ADMIN, Payload(1472, dont_fragment=True)) == [True] * 3


def test_behind_a_nat_gateway_datagrams_go_on_in_fragments() -> None:
    region = World(PRIVATE)
    assert sent(region, "app-a", ADMIN, datagram(3000)) == []
    assert [(packet[IP].frag * 8, len(packet[IP])) for _, packet in region.packets("admin")] == [
        (0, 1500), (1480, 1500), (2960, 40),
    ]  # fmt: skip


def test_a_nat_gateway_says_what_it_carries_itself() -> None:
    region = World(PRIVATE)
    refused = (region["app-a"].host.name, Outcome.SECURITY_GROUP)
    assert sent(region, "walled", "10.0.10.4", datagram(8500), flags="DF") == [refused], "so far, it got through"
    assert sent(region, "walled", "10.0.10.4", datagram(8501), flags="DF") == [("inner", Outcome.OVERSIZE)]
    (error,) = told(region, "walled")
    inner = region.world.appliances["shop", "inner"].placed.interface
    assert (error[IP].src, error[ICMP].nexthopmtu) == (format_ip(inner.address), 8500)
    assert sent(region, "walled", "10.0.10.4", datagram(8501)) == [refused] * 2, "what may be cut is cut"


def test_a_transit_gateway_says_what_it_carries() -> None:
    """From its own interface in the VPC, past the ACLs on the way, if there is a rule or a tracked flow."""
    region = World(HUB)
    data = region["data-a"].ip
    assert sent(region, "shop-a", data, datagram(8501), flags="DF") == [("core-shop-a", Outcome.OVERSIZE)]
    (error,) = told(region, "shop-a")
    assert error[ICMP].nexthopmtu == 8500
    assert error[IP].src.startswith("10.1.9.")
    assert sent(region, "shop-a", data, datagram(8501)) == [("core-shop-a", Outcome.OVERSIZE)]
    assert len(told(region, "shop-a")) == 1, "what may be cut is dropped without a word"
    assert answered(region, "shop-a", data, Payload(8473, dont_fragment=True)) == [False] * 3
    assert answered(region, "shop-a", data, Payload(8472, dont_fragment=True)) == [True] * 3


@pytest.mark.parametrize(
    ("what", "source", "target", "seen_by", "mss"),
    [(PRIVATE, "app-a", ADMIN, "admin", 8460), (HUB, "shop-a", "data-a", "data-a", 8460)],
)
def test_tcp_learns_it_as_it_begins(what: str, source: str, target: str, seen_by: str, mss: int) -> None:
    region = World(what)
    address = region[target].ip if target[0].isalpha() else target
    syn = TCP(sport=5, dport=9, flags="S", options=[("MSS", 8961), ("NOP", None), ("WScale", 7)])
    sent(region, source, address, syn)
    (arrived,) = [packet for _, packet in region.packets(seen_by) if TCP in packet]
    assert arrived[TCP].options == [("MSS", mss), ("NOP", None), ("WScale", 7)]
    assert checksums_are_right(arrived)
    sent(region, source, address, TCP(sport=6, dport=9, flags="S", options=[("MSS", 1460)]))
    assert region.came(seen_by)[TCP].options == [("MSS", 1460)]
