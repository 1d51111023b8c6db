"""Interfaces with more addresses than one: who may have them, who answers, and what the Internet sees."""

from dataclasses import replace

import pytest
from cloud.account import MARK, Account, instance
from gateway.lab import ABROAD
from journeys.lab import MS, Region, lost_ticks
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from topology.files import said_of, topology

from dcsim.cloud.interface_limits import addresses_each
from dcsim.pinging import Payload, Pinger
from dcsim.request import AssociateAddress, CreateInternetGateway, RunInstances
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from netvirt.address import Ip, format_ip, format_mac, parse_ip
from netvirt.journey import Outcome
from netvirt.vpc.traffic import ICMP as ICMP_PROTOCOL

FILE = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24, route_table: out}
    route_tables: {out: {routes: {0.0.0.0/0: igw}}}
    security_groups:
      many: {ingress: icmp from 0.0.0.0/0}
      shy: {ingress: udp 9 from many}
    instances:
      many:
        subnet: net-a
        security_groups: many
        private_ip_address: 10.0.1.4
        secondary_private_ip_addresses: [10.0.1.20, 10.0.1.21]
        elastic_ip: true
        secondary_elastic_ips: {10.0.1.20: 198.18.0.30}
      near: {subnet: net-a, security_groups: many}
      far: {subnet: net-b, security_groups: shy, secondary_private_ip_address_count: 2}
internet: {delay: 1 ms, instances: {outside: {}}}
"""


def asked(name: str = "one", *addresses: str, count: int = 0, kind: str = "m7i.large") -> RunInstances:
    more = tuple(map(parse_ip, addresses))
    run = replace(instance(name, kind=kind), secondary_private_ip_address_count=count)
    return replace(run, secondary_private_ip_addresses=more)


def elastic(private: str, public: str | None = None) -> AssociateAddress:
    return AssociateAddress("m", "one", parse_ip(public) if public else None, parse_ip(private), mark=MARK)


# The control plane


def test_counted_ones_are_the_next_free() -> None:
    account = Account()
    account.call(asked("one", count=2))
    account.call(asked("two"))
    one, two = (placed.interface for placed in account.placed)
    assert [*map(format_ip, one.addresses)] == ["10.0.1.4", "10.0.1.5", "10.0.1.6"]
    assert format_ip(two.address) == "10.0.1.7"
    assert account.view().at(parse_ip("10.0.1.6")) is one
    assert account.view().members[one.groups[0]] == {*one.addresses, two.address}


def test_named_ones_are_not_given_out() -> None:
    account = Account()
    account.call(asked("one", "10.0.1.4", "10.0.1.6", count=0))
    account.call(asked("two", count=1))
    one, two = (placed.interface for placed in account.placed)
    assert [*map(format_ip, one.addresses)] == ["10.0.1.5", "10.0.1.4", "10.0.1.6"]
    assert [*map(format_ip, two.addresses)] == ["10.0.1.7", "10.0.1.8"]


REFUSALS = [
    (asked("two", "10.0.1.20"), "InvalidIPAddress.InUse: 10.0.1.20 is one's"),
    (asked("two", "10.0.1.4"), "InvalidIPAddress.InUse: 10.0.1.4 is one's"),
    (asked("two", "10.0.2.20"), "InvalidParameterValue: 10.0.2.20 is outside net's 10.0.1.0/24"),
    (asked("two", "10.0.1.2"), "InvalidParameterValue: 10.0.1.2 is reserved in net 10.0.1.0/24; "
                               "the first four addresses and the last are AWS's"),
    (asked("two", "10.0.1.30", "10.0.1.30"), "InvalidParameterValue: two has 10.0.1.30 twice"),
    (replace(asked("two", "10.0.1.30"), private_ip_address=parse_ip("10.0.1.30")),
     "InvalidParameterValue: two has 10.0.1.30 twice"),
    (asked("two", "10.0.1.30", count=1), "InvalidParameterCombination: two names its secondary addresses and counts "
                                         "them; do one of both"),
    (asked("two", count=10), "PrivateIpAddressLimitExceeded: two has 11 addresses; an interface of m7i.large has "
                             "10 at most"),
    (asked("two", "10.0.1.30", "10.0.1.31", "10.0.1.32", "10.0.1.33", kind="a1.medium"),
     "PrivateIpAddressLimitExceeded: two has 5 addresses; an interface of a1.medium has 4 at most"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), REFUSALS)
def test_what_is_refused_changes_nothing(request_: RunInstances, said: str) -> None:
    account = Account()
    account.call(asked("one", "10.0.1.20"))
    before = account.view()
    assert account.refusal(request_) == said
    assert account.view() == before


def test_a_small_subnet_runs_out_in_the_middle_of_counting() -> None:
    account = Account()
    account.subnet("tiny", "10.0.9.0/28")
    account.call(replace(asked("one", count=7), subnet="tiny"))
    assert account.refusal(replace(asked("two", count=5), subnet="tiny")).startswith("InsufficientFreeAddresses")
    account.call(replace(asked("two", count=2), subnet="tiny"))


LIMITS = {"m5.large": 10, "m5.xlarge": 15, "m5.2xlarge": 15, "m5.4xlarge": 30, "m5.12xlarge": 30, "m5.16xlarge": 50,
          "m5.24xlarge": 50, "m5.metal": 50, "a1.medium": 4, "m4.large": 10, "m4.2xlarge": 15, "m4.4xlarge": 30,
          "m4.16xlarge": 30, "m7g.8xlarge": 30, "t3.nano": 4}  # fmt: skip


def test_how_many_an_interface_may_have() -> None:
    assert {kind: addresses_each(kind) for kind in LIMITS} == LIMITS


def test_each_address_may_have_its_elastic_ip() -> None:
    account = Account()
    account.call(asked("one", "10.0.1.20"))
    account.call(CreateInternetGateway("m", "igw", mark=MARK))
    account.call(elastic("10.0.1.20"))
    account.call(AssociateAddress("m", "one", None, mark=MARK))
    public = {format_ip(private): format_ip(public) for private, public in account.view().public.items()}
    assert public == {"10.0.1.20": "198.18.0.1", "10.0.1.4": "198.18.0.2"}
    assert account.refusal(elastic("10.0.1.21")) == (
        "InvalidParameterValue: 10.0.1.21 is not one's; it has 10.0.1.4, 10.0.1.20"
    )
    assert account.refusal(elastic("10.0.1.4", "198.18.0.1")).startswith("Resource.AlreadyAssociated: ")


# Packets


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(FILE)


@pytest.mark.parametrize(("source", "target"), [("near", "10.0.1.21"), ("far", "10.0.1.20"), ("far", "10.0.1.4")])
def test_the_guest_answers_as_the_address_that_was_asked(region: Region, source: str, target: str) -> None:
    """From its own subnet, where it is asked for by ARP, and from another."""
    pinger = Pinger(region.world, region[source], parse_ip(target), 10 * MS, 50 * MS, Payload())
    pinger.start(region.now, 2)
    region.wait(100 * MS)
    assert len(pinger.answers) == 2
    assert lost_ticks(pinger.answers) == []


def test_the_host_answers_arp_with_the_one_mac(region: Region) -> None:
    near, many = region["near"], region["many"]
    question = ARP(op=1, hwsrc=format_mac(near.mac), psrc=near.ip, pdst="10.0.1.20")
    region.post("near", Ether(src=format_mac(near.mac), dst="ff:ff:ff:ff:ff:ff") / question)
    answer = Ether(next(each.data for each in reversed(region.seen) if each.guest == "near"))
    assert (answer[ARP].psrc, answer[ARP].hwsrc) == ("10.0.1.20", format_mac(many.mac))


def test_all_its_addresses_are_its_own_and_its_groups(region: Region) -> None:
    """The source check lets them out, and a rule that names the group means them."""
    many, far = region["many"], region["far"]
    header = Ether(src=format_mac(many.mac), dst=format_mac(many.router_mac))
    for source, outcome in (("10.0.1.21", Outcome.DELIVERED), ("10.0.1.22", Outcome.SOURCE_DEST_CHECK)):
        packet = header / IP(src=source, dst=far.ip) / UDP(sport=4, dport=9)
        assert region.post("many", packet).outcome is outcome


def test_the_internet_sees_one_public_address_for_each(region: Region) -> None:
    pinger = Pinger(region.world, region["outside"], parse_ip("198.18.0.30"), 10 * MS, 90 * MS, Payload())
    pinger.start(region.now, 1)
    region.wait(ABROAD)
    (answer,) = pinger.answers
    assert answer.rtt_ns is not None
    many = region["many"]
    got = [IP(each.data[14:]) for each in region.seen if each.guest == "many" and ICMP in Ether(each.data)]
    assert [(each.src, each.dst) for each in got[-2:]] == [
        ("198.51.100.10", "10.0.1.20"),
        ("10.0.1.20", "198.51.100.10"),
    ]
    traced = trace(region.world, region["outside"], parse_ip("198.18.0.30"), TrafficSpec(ICMP_PROTOCOL))
    assert traced.reachable and traced.destination == many.name
    bare = IP(src="10.0.1.21", dst="198.51.100.10") / ICMP()
    fate = region.post("many", Ether(src=format_mac(many.mac), dst=format_mac(many.router_mac)) / bare)
    assert fate.outcome is Outcome.GATEWAY, "that one has no public address"


def test_a_trace_to_a_secondary_address_ends_at_its_guest(region: Region) -> None:
    traced = trace(region.world, region["near"], Ip(parse_ip("10.0.1.21")), TrafficSpec(ICMP_PROTOCOL))
    assert (traced.reachable, traced.destination, traced.middlebox) == (True, "many", None)


# Files


def test_a_file_with_them_is_written_out_and_read_again() -> None:
    plan = topology(FILE)
    text = expanded(plan)
    assert "secondary_private_ip_addresses: [10.0.1.20, 10.0.1.21]" in text
    assert "secondary_private_ip_address_count: 2" in text
    assert "secondary_elastic_ips: {10.0.1.20: 198.18.0.30}" in text
    assert plan_of(text.encode(), "a.yaml", "a").requests == plan.requests


def bad(line: str) -> str:
    head = FILE.partition("      many:\n")[0]
    return said_of(f"{head}      many: {{subnet: net-a, {line}}}").splitlines()[0]


BAD = [
    ("secondary_private_ip_addresses: 10.0.1.20", "many chooses secondary addresses, and no primary one"),
    ("private_ip_address: 10.0.1.4, secondary_private_ip_addresses: [10.0.1.9, 10.0.1.9]", "10.0.1.9 is here twice"),
    ("private_ip_address: 10.0.1.4, secondary_private_ip_addresses: [nine]",
     "secondary_private_ip_addresses 'nine' is not an IPv4 address"),
    ("count: 2, private_ip_address: 10.0.1.4", "one private_ip_address for two instances"),
    ("count: 2, secondary_private_ip_addresses: 10.0.1.20", "one secondary_private_ip_addresses for two instances"),
    ("secondary_private_ip_address_count: -1", "secondary_private_ip_address_count -1 is out of range"),
    ("secondary_elastic_ips: {ten: true}", "'ten' is not an IPv4 address; write one of the instance's own"),
    ("secondary_elastic_ips: {10.0.1.20: 10.0.0.1}", "secondary_elastic_ips 10.0.0.1 is private (RFC 1918)"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), BAD)
def test_bad_files(line: str, said: str) -> None:
    assert bad(line).partition(": ")[2] == said
