"""Through the internet gateway, in and out: addresses, what is refused, and what a trace says of it before."""

from typing import Any

import pytest
from journeys.lab import Fate
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from netvirt.address import HostId, Ns, parse_ip
from netvirt.appliance.border import Border
from netvirt.frame import Flow, parse
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.overlay import BORDER, INTERNET_VNI, Encapsulated, Tunnel

from .lab import PUBLIC, World


def ends(frame: Ether) -> tuple[str, str]:
    return frame[IP].src, frame[IP].dst


def checksums_are_right(frame: Ether) -> bool:
    """scapy makes them again."""
    again = frame[IP].copy()
    del again.chksum, again.payload.chksum
    return bytes(again) == bytes(frame[IP])


# Addresses


def test_who_asks_from_outside_sees_the_public_address_only() -> None:
    region = World()
    assert region.asked("customer", PUBLIC["web-a"]) == "answered"
    (_, asked), *_ = region.packets("web-a")
    answer = region.came("customer")
    assert ends(asked) == (region["customer"].ip, region["web-a"].ip) == ("198.51.100.10", "10.0.0.4")
    assert ends(answer) == (PUBLIC["web-a"], "198.51.100.10")
    assert checksums_are_right(asked) and checksums_are_right(answer)


@pytest.mark.parametrize("guest", PUBLIC)
def test_who_asks_from_inside_is_seen_by_its_public_address(guest: str) -> None:
    """An Elastic IP, or the one that its subnet gave."""
    region = World()
    assert region.asked(guest, "198.51.100.7") == "answered"
    (_, asked), *_ = region.packets("admin")
    assert ends(asked) == (PUBLIC[guest], "198.51.100.7")
    assert ends(region.came(guest)) == ("198.51.100.7", region[guest].ip)
    assert checksums_are_right(asked) and checksums_are_right(region.came(guest))


def test_udp_without_a_checksum_stays_without() -> None:
    region = World()
    frame, mark = region.datagram("customer", PUBLIC["web-a"])
    frame[UDP].chksum = 0
    region["customer"].send(frame)
    region.wait(100_000_000)
    assert [end.place for end in region.ends(mark)] == ["web-a"]
    assert region.came("web-a")[UDP].chksum == 0
    assert region.came("web-a")[IP].dst == region["web-a"].ip


def test_an_icmp_error_is_about_the_address_that_was_used() -> None:
    """The customer is told that port 9 of the public address is closed; the web server knows its private one only."""
    region = World()
    region.fate("customer", PUBLIC["web-a"])
    told = region.came("customer")
    assert (told[ICMP].type, told[ICMP].code) == (3, 3)
    assert ends(told) == (PUBLIC["web-a"], "198.51.100.10")
    quoted = IP(bytes(told[ICMP].payload))
    assert (quoted.src, quoted.dst, quoted.sport, quoted.dport) == ("198.51.100.10", PUBLIC["web-a"], 4000, 9)
    assert checksums_are_right(told)
    assert checksums_are_right(Ether() / quoted)


def test_two_outside_meet_without_the_region() -> None:
    region = World()
    assert region.asked("customer", "198.51.100.7") == "answered"
    assert region.asked("admin", "198.51.100.10") == "answered"


# A trace says what will be.

JOURNEYS = [
    # In.
    ("customer", "198.18.0.10", "web-a", Outcome.DELIVERED, ""),
    ("admin", "198.18.0.11", "web-b", Outcome.DELIVERED, ""),
    ("customer", "198.18.0.1", "given", Outcome.DELIVERED, ""),
    ("customer", "198.18.0.12", "b/r2/h1", Outcome.SECURITY_GROUP, "ENI_SG_RULES_MISMATCH"),
    ("customer", "198.18.0.99", "border", Outcome.NO_MAPPING, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"),
    ("customer", "203.0.113.9", "border", Outcome.NO_MAPPING, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"),
    # Nobody leads private addresses through the Internet.
    ("customer", "10.0.0.4", "customer", Outcome.GATEWAY, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
    # Out.
    ("web-a", "198.51.100.10", "customer", Outcome.DELIVERED, ""),
    ("given", "198.51.100.7", "admin", Outcome.DELIVERED, ""),
    ("bare", "198.51.100.7", "host", Outcome.GATEWAY, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"),
    ("app", "198.51.100.7", "host", Outcome.NO_ROUTE, "NO_ROUTE_TO_DESTINATION"),
    ("web-a", "203.0.113.9", "border", Outcome.NO_MAPPING, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"),
    ("web-a", "172.16.0.1", "host", Outcome.GATEWAY, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
    ("web-a", "192.168.9.9", "host", Outcome.GATEWAY, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
    ("web-a", "100.64.0.9", "host", Outcome.GATEWAY, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"),
    ("bare", "100.127.255.9", "host", Outcome.GATEWAY, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"),
    # Out and in again: the sender is its public address by then, and no member of a group.
    ("web-a", "198.18.0.11", "web-b", Outcome.DELIVERED, ""),
    ("web-a", "198.18.0.12", "host of shy", Outcome.SECURITY_GROUP, "ENI_SG_RULES_MISMATCH"),
    ("web-a", "10.0.1.5", "shy", Outcome.DELIVERED, ""),
    ("bare", "198.18.0.11", "host", Outcome.GATEWAY, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"),
]


@pytest.mark.parametrize(("source", "address", "place", "outcome", "code"), JOURNEYS)
def test_the_trace_is_the_live_outcome(source: str, address: str, place: str, outcome: Outcome, code: str) -> None:
    region = World()
    traced = region.traced(source, address)
    assert traced.forward.outcome is outcome
    assert [hop.code for hop in traced.forward.blockers][:1] == ([code] if code else [])
    sent = region.now
    fate = region.fate(source, address)
    where = {
        "host": region[source].host.name,
        "host of shy": region["shy"].host.name,
        "b/r2/h1": region["shy"].host.name,
    }
    assert (fate.place, fate.outcome) == (where.get(place, place), outcome)
    if outcome is Outcome.DELIVERED:
        # The trace is of a bare datagram; the live one carries 16 octets more over every link.
        assert 0 <= fate.time - sent - traced.latency_ns < 500


def test_the_latency_is_to_the_nanosecond() -> None:
    """Of the datagram without a payload that a trace speaks of: four shapers, links, and a provider's line."""
    region = World()
    for source, address, target in (("customer", "198.18.0.10", "web-a"), ("web-b", "198.51.100.7", "admin")):
        traced = region.traced(source, address)
        sent = region.now
        region[source].send(region.to(source, address, UDP(sport=4000, dport=9)))
        region.wait(100_000_000)
        (arrival,) = [time for time, packet in region.packets(target) if UDP in packet and ICMP not in packet]
        assert arrival - sent == traced.latency_ns
        assert 20_000_000 < traced.latency_ns < 21_000_000


def test_a_hairpin_goes_out_and_comes_back_in() -> None:
    region = World()
    assert region.asked("web-a", PUBLIC["web-b"]) == "answered"
    (_, asked), *_ = region.packets("web-b")
    assert ends(asked) == (PUBLIC["web-a"], region["web-b"].ip)
    assert ends(region.came("web-a")) == (PUBLIC["web-b"], region["web-a"].ip)
    assert region.asked("web-a", PUBLIC["web-a"]) == "answered", "even to oneself"


def test_a_trace_shows_gateway_and_border() -> None:
    hops = [(hop.kind, hop.rule) for hop in World().traced("customer", PUBLIC["web-a"]).forward.hops]
    assert ("border", "198.18.0.10 is web-a") in hops
    out = [(hop.kind, hop.name, hop.rule) for hop in World().traced("web-a", "198.51.100.7").forward.hops]
    assert ("igw", "igw", "source becomes 198.18.0.10") in out


# What is let in.


@pytest.mark.parametrize("forged", ["10.0.0.5", "172.16.0.1", "192.168.0.1", "100.64.0.1"])
def test_nobody_outside_speaks_for_a_private_address(forged: str) -> None:
    region = World()
    fate = region.fate("customer", PUBLIC["web-a"], src=forged)
    assert fate[:2] == ("customer", Outcome.SOURCE_DEST_CHECK)


@pytest.mark.parametrize("source", ["10.0.0.5", "172.31.0.1", "192.168.0.1", "100.127.0.1"])
def test_the_border_lets_in_no_private_source(source: str) -> None:
    """Whoever sent it: no guest can, so the border is asked itself."""
    border = World().world.outside.border
    there = parse_ip(PUBLIC["web-a"])
    assert border.decide(Flow(17, parse_ip(source), there, 1, 9), Ns(0)) is Outcome.GATEWAY
    assert not isinstance(border.decide(Flow(17, parse_ip("172.32.0.1"), there, 1, 9), Ns(0)), Outcome)


@pytest.mark.parametrize("data", [b"", bytes(14), bytes(14) + b"\x45", bytes(60), b"\xff" * 60])
def test_what_is_no_packet_ends_at_the_border(data: bytes) -> None:
    ledger, lost = Ledger(), []
    ledger.watchers.append(lambda _, place, reason: lost.append((place, reason)))
    tunnel = Tunnel(HostId(0), BORDER, INTERNET_VNI, 1, b"")
    assert Border(ledger).forward(Encapsulated(parse(data), tunnel), Ns(0)) is None
    assert lost == [("border", Outcome.MALFORMED)]


def test_nobody_inside_speaks_for_another(forged: str = "198.18.0.11") -> None:
    region = World()
    fate = region.fate("web-a", "198.51.100.7", src=forged)
    assert fate[:2] == (region["web-a"].host.name, Outcome.SOURCE_DEST_CHECK)


# Size


@pytest.mark.parametrize(
    ("source", "address", "target"),
    [("customer", "198.18.0.10", "web-a"), ("web-a", "198.51.100.7", "admin"), ("web-a", "198.18.0.11", "web-b")],
)
def test_1500_octets_pass_and_one_more_does_not(source: str, address: str, target: str) -> None:
    region = World()
    assert region.fate(source, address, size=1500, flags="DF")[:2] == (target, Outcome.DELIVERED)
    late: Fate = region.fate(source, address, size=1501, flags="DF")
    assert late[:2] == (region[source].host.name, Outcome.OVERSIZE)


def test_a_fragmented_datagram_arrives_in_its_fragments() -> None:
    region = World()
    whole: Any = IP(src="198.51.100.10", dst=PUBLIC["web-a"], id=77) / UDP(sport=4000, dport=9) / Raw(bytes(2000))
    header = region.to("customer", PUBLIC["web-a"], UDP())[Ether]
    pieces = whole.fragment(1400)
    for piece in pieces:
        region["customer"].send(Ether(src=header.src, dst=header.dst) / piece)
    region.wait(100_000_000)
    frames = [packet for _, packet in region.packets("web-a")]
    # The later one has no ports, so that a rule for udp 9 does not let it in.
    assert [frame[IP].frag for frame in frames] == [0]
    assert frames[0][IP].dst == region["web-a"].ip
    lost = [(each.place, each.reason) for each in region.lost]
    assert lost == [(region["web-a"].host.name, Outcome.SECURITY_GROUP)] * (len(pieces) - 1)
