"""What a guest learns from its resolver and its time server, as frames on its wire."""

import pytest
from scapy.layers.dhcp import DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRROPT
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.ntp import NTP
from scapy.packet import Raw

from netvirt.address import format_mac
from netvirt.journey import Outcome

from .lab import MS, Region, is_dhcp_ack

NAMES = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    enable_dns_hostnames: true
    internet_gateway: igw
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24, network_acl: shut}
    network_acls:
      shut: {}
    security_groups:
      shut: {egress: []}
    instances:
      left: {subnet: net-a, elastic_ip: true, security_groups: shut}
      right: {subnet: net-b, count: 2, security_groups: shut}
  other:
    cidr_block: 10.9.0.0/16
    subnets:
      away: {availability_zone: b, cidr_block: 10.9.1.0/24}
    instances:
      far: {subnet: away}
vpc_peering_connections:
  joint: {vpc: main, peer_vpc: other}
hosted_zones:
  corp.internal:
    vpcs: main
    records:
      db: right
      www: {type: CNAME, values: db.corp.internal, ttl: 30 s}
      loop: {type: CNAME, values: loop.corp.internal}
      lost: {type: CNAME, values: gone.corp.internal}
      a.b: 10.0.7.7
      "*.w": 10.0.9.9
      text: {type: TXT, values: hello world}
  sub.corp.internal: {vpcs: main, records: {x: 10.0.8.8}}
  example.com: {records: {shop: left, "@": 192.0.2.1}}
"""
"""Groups and ACLs let nothing pass at all."""


def ask(
    region: Region, name: str, kind: str = "A", guest: str = "left", to: str = "10.0.0.2", edns: bool = False
) -> DNS:
    end, before = region[guest], len(region.seen)
    query = DNS(id=6, rd=1, qd=DNSQR(qname=name, qtype=kind), ar=[DNSRROPT(rclass=4096)] if edns else [])
    udp = UDP(sport=4000, dport=53)
    end.send(Ether(src=format_mac(end.mac), dst=format_mac(end.router_mac)) / IP(src=end.ip, dst=to) / udp / query)
    region.wait(MS)
    heard = [Ether(each.data) for each in region.seen[before:] if not each.leaving]
    answers = [packet[DNS] for packet in heard if DNS in packet]
    assert len(answers) == 1, heard
    answer: DNS = answers[0]
    return answer


def data(answer: DNS) -> list[str]:
    return [each.rdata.decode() if isinstance(each.rdata, bytes) else str(each.rdata) for each in answer.an or []]


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(NAMES)


@pytest.mark.parametrize("name, found", [
    ("ip-10-0-1-4.eu-west-1.compute.internal", ["10.0.1.4"]),
    ("ip-10-0-200-200.eu-west-1.compute.internal", ["10.0.200.200"]),
    ("right-1.main.internal", ["10.0.2.4"]),
    ("far.other.internal", ["10.9.1.4"]),
    ("ec2-198-18-0-1.eu-west-1.compute.amazonaws.com", ["10.0.1.4"]),
    ("ec2-198-18-0-9.eu-west-1.compute.amazonaws.com", ["198.18.0.9"]),
    ("db.corp.internal", ["10.0.2.4", "10.0.2.5"]),
    ("DB.Corp.INTERNAL", ["10.0.2.4", "10.0.2.5"]),
    ("www.corp.internal", ["db.corp.internal.", "10.0.2.4", "10.0.2.5"]),
    ("a.b.corp.internal", ["10.0.7.7"]),
    ("any.w.corp.internal", ["10.0.9.9"]),
    ("x.y.w.corp.internal", ["10.0.9.9"]),
    ("x.sub.corp.internal", ["10.0.8.8"]),
    ("shop.example.com", ["198.18.0.1"]),
    ("example.com", ["192.0.2.1"]),
])  # fmt: skip
def test_names_with_an_address(region: Region, name: str, found: list[str]) -> None:
    answer = ask(region, name)
    assert (answer.rcode, data(answer)) == (0, found)
    assert (answer.qr, answer.ra, answer.tc, answer.id) == (1, 1, 0, 6)


@pytest.mark.parametrize("name, kind, rcode", [
    ("ip-10-1-0-1.eu-west-1.compute.internal", "A", 3),
    ("ip-10-0-0-256.eu-west-1.compute.internal", "A", 3),
    ("nobody.main.internal", "A", 3),
    ("no.corp.internal", "A", 3),
    ("b.corp.internal", "A", 0),
    ("db.corp.internal", "AAAA", 0),
    ("lost.corp.internal", "A", 3),
    ("loop.corp.internal", "A", 2),
    ("google.com", "A", 2),
    ("4.1.9.10.in-addr.arpa", "PTR", 2),
])  # fmt: skip
def test_names_without_one(region: Region, name: str, kind: str, rcode: int) -> None:
    answer = ask(region, name, kind)
    assert answer.rcode == rcode
    assert not any(each.type == 1 for each in answer.an or [])
    # A "no" may be remembered for as long as the zone's SOA record says; that nobody answers, not at all.
    assert [each.type for each in answer.ns or []] == ([] if rcode == 2 else [6])


def test_addresses_have_names(region: Region) -> None:
    answer = ask(region, "4.1.0.10.in-addr.arpa", "PTR")
    assert data(answer) == ["ip-10-0-1-4.eu-west-1.compute.internal."]


def test_text_and_times_to_live(region: Region) -> None:
    assert ask(region, "text.corp.internal", "TXT").an[0].rdata == [b"hello world"]
    assert [each.ttl for each in ask(region, "www.corp.internal").an] == [30, 300, 300]


def test_a_private_zone_is_for_its_own_vpcs_only(region: Region) -> None:
    assert ask(region, "db.corp.internal", guest="far", to="10.9.0.2").rcode == 2
    assert data(ask(region, "shop.example.com", guest="far", to="169.254.169.253")) == ["198.18.0.1"]


def test_queries_turn_the_order_of_several_addresses(region: Region) -> None:
    end = region["left"]
    orders = set()
    for number in (1, 2):
        before = len(region.seen)
        packet = IP(src=end.ip, dst="169.254.169.253") / UDP(sport=4000, dport=53)
        query = DNS(id=number, qd=DNSQR(qname="db.corp.internal"))
        end.send(Ether(src=format_mac(end.mac), dst=format_mac(end.router_mac)) / packet / query)
        region.wait(MS)
        answers = [Ether(each.data) for each in region.seen[before:] if not each.leaving]
        orders.add(tuple(data(next(packet[DNS] for packet in answers if DNS in packet))))
    assert orders == {("10.0.2.4", "10.0.2.5"), ("10.0.2.5", "10.0.2.4")}


def test_edns_is_answered_in_kind_and_long_answers_need_it() -> None:
    addresses = ", ".join(f"10.0.1.{each}" for each in range(4, 60))
    region = Region(NAMES.replace("db: right", f"db: [{addresses}]"))
    short = ask(region, "db.corp.internal")
    assert (short.tc, data(short)) == (1, [])
    long = ask(region, "db.corp.internal", edns=True)
    assert (long.tc, len(data(long)), long.ar[0].type) == (0, 56, 41)


def test_without_dns_support_nobody_answers() -> None:
    region = Region(NAMES.replace("enable_dns_hostnames: true", "enable_dns_support: false"))
    left = region["left"]
    query = UDP(sport=4000, dport=53) / DNS(qd=DNSQR(qname="right-1.main.internal"))
    frame = Ether(src=format_mac(left.mac), dst=format_mac(left.router_mac)) / IP(src=left.ip, dst="10.0.0.2") / query
    assert region.post("left", bytes(frame)).outcome is Outcome.UNANSWERED


def test_without_hostnames_private_zones_do_not_count() -> None:
    region = Region(NAMES.replace("enable_dns_hostnames: true", "enable_dns_support: true"))
    assert ask(region, "db.corp.internal").rcode == 2
    assert ask(region, "right-1.main.internal").rcode == 0


def test_an_interface_asks_1024_times_a_second() -> None:
    region = Region(NAMES)
    left = region["left"]
    query = UDP(sport=4000, dport=53) / DNS(qd=DNSQR(qname="right-1.main.internal"))
    frame = bytes(
        Ether(src=format_mac(left.mac), dst=format_mac(left.router_mac)) / IP(src=left.ip, dst="10.0.0.2") / query
    )
    for _ in range(1100):
        left.send(frame)
    region.wait(50 * MS)
    refused = [each for each in region.lost if each.reason is Outcome.LINK_LOCAL_LIMIT]
    # All but a second's worth, and what the fraction of a millisecond that sending took has added.
    assert 1100 - 1024 - len(refused) in range(2)
    region.wait(100 * MS)
    before = len(region.lost)
    for _ in range(110):
        left.send(frame)
    region.wait(50 * MS)
    # 150 ms later there is room for 153 more, of other interfaces' none was taken.
    assert len([each for each in region.lost[before:] if each.reason is Outcome.LINK_LOCAL_LIMIT]) == 0


def test_the_time_is_the_simulations(region: Region) -> None:
    left, before = region["left"], len(region.seen)
    packet = IP(src=left.ip, dst="169.254.169.123") / UDP(sport=5000, dport=123) / NTP(mode=3, version=4, sent=1.5)
    left.send(Ether(src=format_mac(left.mac), dst=format_mac(left.router_mac)) / packet)
    asked = region.now
    region.wait(MS)
    data = next(each.data for each in region.seen[before:] if not each.leaving and NTP in Ether(each.data))
    answer = Ether(data)[NTP]
    assert (answer.mode, answer.version, answer.orig) == (4, 4, 1.5)
    # From the octets: scapy's floats know today only to half a microsecond.
    transmitted = int.from_bytes(data[14 + 20 + 8 + 40 :][:8])
    since_2025_ns = (transmitted - (3_944_678_400 << 32)) * 1_000_000_000 >> 32
    assert asked - 1 <= since_2025_ns <= region.now


def test_options_are_in_the_lease() -> None:
    told = NAMES.replace(
        "enable_dns_hostnames: true",
        "dhcp_options: {domain_name: corp.example, domain_name_servers: [10.0.1.9, 10.0.2.9], ntp_servers: 10.0.3.9}",
    ).replace("count: 2, security_groups: shut}", "count: 2, image: agent}")
    region = Region(told)
    acks = [Ether(each.data)[DHCP].options for each in region.seen if is_dhcp_ack(each.data)]
    assert len(acks) == 2
    options = {option[0]: option[1:] for option in acks[0] if isinstance(option, tuple)}
    assert options["domain"] == (b"corp.example",)
    assert options["name_server"] == ("10.0.1.9", "10.0.2.9")
    assert options["NTP_server"] == ("10.0.3.9",)


@pytest.mark.parametrize(
    "payload", [b"", b"\0" * 11, b"\xff" * 40, bytes(12), b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"]
)
def test_what_it_cannot_read_it_does_not_answer_or_calls_an_error(region: Region, payload: bytes) -> None:
    left, before, lost = region["left"], len(region.seen), len(region.lost)
    packet = IP(src=left.ip, dst="10.0.0.2") / UDP(sport=4000, dport=53) / Raw(payload)
    left.send(Ether(src=format_mac(left.mac), dst=format_mac(left.router_mac)) / packet)
    region.wait(MS)
    heard = [Ether(each.data) for each in region.seen[before:] if not each.leaving]
    assert all(packet[DNS].rcode == 1 for packet in heard if DNS in packet)
    assert not [each for each in region.lost[lost:] if each.reason is Outcome.MALFORMED]
    assert region.world.unaccounted == 0
