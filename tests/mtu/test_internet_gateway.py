"""Over the internet gateway, whose MTU is 1500: fragments where they are allowed, an answer where they are not."""

from io import BytesIO
from random import Random
from typing import Any

import pytest
from gateway.lab import ABROAD, PUBLIC, World
from gateway.test_internet import checksums_are_right
from observe.shark import bad_packets, needs_tshark, shark
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from dcsim.observe.capture import Capture
from netvirt.journey import Outcome

ADMIN = "198.51.100.7"
QUIET = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets: {public: {availability_zone: a, cidr_block: 10.0.0.0/24, route_table: public, network_acl: walls}}
    route_tables: {public: {routes: {0.0.0.0/0: igw}}}
    network_acls:
      walls: {ingress: [100 deny icmp from 0.0.0.0/0, 110 allow all from 0.0.0.0/0], egress: 100 allow all to 0.0.0.0/0}
    security_groups:
      shut: {ingress: []}
      udp-only: {ingress: [udp from 0.0.0.0/0]}
      pmtud: {ingress: [udp from 0.0.0.0/0, icmp fragmentation-needed from 10.0.0.1/32]}
    instances:
      shut: {subnet: public, security_groups: shut, elastic_ip: 198.18.0.10}
      untracked: {subnet: public, security_groups: udp-only, elastic_ip: 198.18.0.11}
      careful: {subnet: public, security_groups: pmtud, elastic_ip: 198.18.0.12}
internet:
  instances: {admin: {ip_address: 198.51.100.7}}
"""
"""`shut` lets nothing in. UDP of the others is open both ways, so that it is not tracked."""


def sent(region: World, sender: str, transport: Any, **fields: Any) -> Any:
    """The frame, once it has had its effect."""
    frame = region.to(sender, ADMIN, transport, **fields)
    region[sender].send(frame)
    region.wait(ABROAD)
    return Ether(bytes(frame))


def told(region: World, guest: str) -> list[Any]:
    """What "fragmentation needed" it got."""
    errors = (packet for _, packet in region.packets(guest) if ICMP in packet)
    return [packet for packet in errors if (packet[ICMP].type, packet[ICMP].code) == (3, 4)]


@pytest.mark.parametrize("transport", [UDP(sport=5, dport=9), TCP(sport=5, dport=9), ICMP(type=8)])
def test_the_router_says_what_fits(transport: Any) -> None:
    region = World()
    frame = sent(region, "web-a", transport / Raw(bytes(3000)), flags="DF", id=7)
    lost = [(each.place, each.reason) for each in region.lost]
    assert lost == [(region["web-a"].host.name, Outcome.OVERSIZE)]
    (error,) = told(region, "web-a")
    assert (error[IP].src, error[IP].dst, error[ICMP].nexthopmtu) == ("10.0.0.1", "10.0.0.4", 1500)
    assert region.seen[-1].data[14 + 28 :] == bytes(frame)[14 : 14 + 548]
    assert checksums_are_right(error)


def test_who_is_outside_is_told_by_its_provider() -> None:
    region = World()
    region["customer"].send(region.datagram("customer", PUBLIC["web-a"], size=1501, flags="DF")[0])
    region.wait(ABROAD)
    assert told(region, "customer")[0][IP].src == "198.51.100.1"
    assert not region.packets("web-a")


def test_without_df_it_goes_on_in_fragments() -> None:
    """Translated first, so that the first one's checksum is right once they are together."""
    region = World()
    payload = bytes(number & 0xFF for number in range(4000))
    frame = sent(region, "web-a", UDP(sport=5, dport=9) / Raw(payload), id=77)
    pieces = [packet[IP] for _, packet in region.packets("admin")]
    assert [(piece.frag * 8, len(piece), bool(piece.flags.MF)) for piece in pieces] == [
        (0, 1500, True), (1480, 1500, True), (2960, 1068, False),
    ]  # fmt: skip
    assert {(piece.src, piece.id, piece.ttl) for piece in pieces} == {(PUBLIC["web-a"], 77, 64)}
    whole = IP(src=PUBLIC["web-a"], dst=ADMIN) / UDP(b"".join(bytes(piece.payload) for piece in pieces))
    assert bytes(whole[UDP].payload) == payload
    right = whole.copy()
    del right[UDP].chksum
    assert IP(bytes(right))[UDP].chksum == whole[UDP].chksum != frame[UDP].chksum


def test_a_fragment_that_is_too_large_is_cut_again() -> None:
    region = World()
    for offset, octets, more in ((0, 4000, "MF"), (500, 2000, "")):
        sent(region, "web-a", Raw(bytes(octets)), proto=47, flags=more, frag=offset, id=5)
    ends = [
        (packet[IP].frag * 8, len(packet[IP]) - 20, bool(packet[IP].flags.MF)) for _, packet in region.packets("admin")
    ]
    assert ends == [(0, 1480, True), (1480, 1480, True), (2960, 1040, True), (4000, 1480, True), (5480, 520, False)]


def capture_of_a_discovery() -> bytes:
    """Too large and told, then smaller; another that may be cut."""
    region, file = World(), BytesIO()
    capture = Capture(region.world, file, "all", [])
    for octets, flags in ((3000, "DF"), (1472, "DF"), (3000, "")):
        sent(region, "web-a", UDP(sport=5, dport=9) / Raw(bytes(octets)), flags=flags, id=octets)
    capture.close()
    return file.getvalue()


@needs_tshark
def test_wireshark_reads_the_discovery_and_finds_nothing_malformed() -> None:
    capture = capture_of_a_discovery()
    assert bad_packets(capture) == []
    fields = "frame.interface_name", "ip.src", "icmp.mtu"
    assert shark(capture, *fields, keep="icmp.code == 4 && icmp.type == 3") == [["web-a", "10.0.0.1,10.0.0.4", "1500"]]
    (whole,) = shark(capture, "ip.reassembled.length", keep='frame.interface_name == "admin" && ip.reassembled.length')
    assert whole == ["3008"]


def test_two_runs_are_the_same_byte_by_byte() -> None:
    assert capture_of_a_discovery() == capture_of_a_discovery()


# Who may hear it


def test_an_error_about_a_tracked_flow_needs_no_rule_and_meets_no_acl() -> None:
    """The ACL of its subnet lets no ICMP in, its group nothing; the router is on this side of both."""
    region = World(QUIET)
    sent(region, "shut", UDP(sport=5, dport=9) / Raw(bytes(3000)), flags="DF")
    assert len(told(region, "shut")) == 1


def test_an_error_about_an_untracked_flow_needs_a_rule() -> None:
    """The black hole that AWS warns of: everything is let in but the message that would have helped."""
    region = World(QUIET)
    sent(region, "untracked", UDP(sport=5, dport=9) / Raw(bytes(3000)), flags="DF")
    assert not told(region, "untracked")
    assert [each.reason for each in region.lost] == [Outcome.OVERSIZE, Outcome.SECURITY_GROUP]
    sent(region, "careful", UDP(sport=5, dport=9) / Raw(bytes(3000)), flags="DF")
    assert len(told(region, "careful")) == 1


def test_nothing_is_said_about_errors_and_later_fragments() -> None:
    """RFC 1122 section 3.2.2."""
    region = World()
    sent(region, "web-a", ICMP(type=3, code=3) / Raw(bytes(3000)), flags="DF")
    sent(region, "web-a", Raw(bytes(3000)), flags="DF", frag=3, proto=17)
    assert not told(region, "web-a")
    assert [each.reason for each in region.lost] == [Outcome.OVERSIZE] * 2


def test_nobody_is_told_of_what_another_sent() -> None:
    """A middlebox that forwards under others' names hears nothing, and they neither: not modelled."""
    free = World(QUIET.replace("shut: {subnet: public,", "shut: {subnet: public, source_dest_check: false,"))
    sent(free, "shut", UDP(sport=5, dport=9) / Raw(bytes(3000)), flags="DF", src=free["careful"].ip)
    assert not told(free, "shut") and not told(free, "careful")
    assert [each.reason for each in free.lost] == [Outcome.OVERSIZE]


def test_inside_nine_thousand_octets_stay_whole() -> None:
    region = World()
    assert region.fate("web-a", "10.0.1.4", size=9001, flags="DF")[:2] == ("web-b", Outcome.DELIVERED)
    assert region.fate("web-a", "10.1.0.4", size=9001)[:2] == ("db", Outcome.DELIVERED)


# Anything at all


def test_whatever_is_sent_nothing_vanishes() -> None:
    """Sizes, offsets, flags and options at random; `wait` counts the frames."""
    random, region = Random(7), World()
    for _ in range(150):
        transport = random.choice((UDP(sport=5, dport=9), TCP(), ICMP(type=8), ICMP(type=3, code=4), Raw(b"")))
        region["web-a"].send(region.to(
            "web-a", random.choice((ADMIN, PUBLIC["web-b"])), transport / Raw(random.randbytes(random.randrange(8900))),
            flags=random.choice(("", "DF", "MF", "DF+MF")), frag=random.choice((0, 0, 1, 185, 8000, 8191)),
            id=random.randrange(65536), options=random.choice(([], Raw(random.randbytes(8)))),
        ))  # fmt: skip
    region.wait(ABROAD)
    assert region.world.ledger.split > 50
    assert all(len(packet[IP]) <= 1500 for _, packet in region.packets("admin"))
