"""A NAT instance of the user's: its groups apply, its manners are its own, and it is a guest like any."""

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Raw

from netvirt.appliance.nat_instance import NatInstance
from netvirt.appliance.translations import NAT_IDLE_NS
from netvirt.journey import Outcome

from .lab import ABROAD, S, World
from .test_internet import checksums_are_right, ends
from .test_nat import ADMIN, tcp

REGION = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      public: {availability_zone: a, cidr_block: 10.0.0.0/24, route_table: public}
      private: {availability_zone: a, cidr_block: 10.0.10.0/24, route_table: private}
    route_tables:
      public: {routes: {0.0.0.0/0: igw}}
      private: {routes: {0.0.0.0/0: box}}
    security_groups:
      box: {ingress: [icmp from 10.0.0.0/8, tcp 443 from 10.0.10.0/24], egress: all to 0.0.0.0/0}
      shy: {}
    instances:
      app: {subnet: private, security_groups: shy}
      box: {subnet: public, security_groups: box, image: nat, elastic_ip: true, source_dest_check: false}
internet:
  delay: 20 ms
  instances: {customer: {}, admin: {ip_address: 198.51.100.7}}
"""


@pytest.fixture
def region() -> World:
    return World(REGION)


def test_it_takes_its_guests_out_and_brings_the_answers_back(region: World) -> None:
    assert region.asked("app", ADMIN) == "answered"
    assert ends(region.came("admin")) == ("198.18.0.1", ADMIN)
    assert ends(region.came("app")) == (ADMIN, region["app"].ip)
    assert checksums_are_right(region.came("app"))


def test_its_groups_say_what_it_forwards(region: World) -> None:
    end = region.fate("app", ADMIN)
    assert end.outcome is Outcome.SECURITY_GROUP
    assert [hop.outcome for hop in region.traced("app", ADMIN).forward.blockers] == [Outcome.SECURITY_GROUP]
    tcp(region, "app", ADMIN, "S")
    assert region.came("admin")[TCP].flags == "S"


def test_a_trace_goes_through_it_and_back(region: World) -> None:
    traced = region.traced("app", ADMIN, 1)
    assert traced.reachable
    assert [hop.name for hop in traced.forward.hops if hop.kind == "nat"] == ["box"]
    assert traced.reply is not None
    assert [hop.rule for hop in traced.reply.hops if hop.kind == "nat"] == [
        "destination becomes 10.0.10.4, identifier 1"
    ]


def test_it_is_a_guest_that_answers_and_asks(region: World) -> None:
    assert "box" in {guest.name for guest in region.world}
    assert region.asked("app", region["box"].ip) == "answered"
    assert region.traced("app", region["box"].ip, 1).reachable
    pinger = region.pings("box", region["admin"].placed.interface.address, S, 3)
    region.wait(4 * S)
    assert [answer.rtt_ns is not None for answer in pinger.answers] == [True] * 3


def test_with_its_check_on_it_forwards_nothing_and_the_file_says_so() -> None:
    checked = World(REGION.replace(", source_dest_check: false", ""))
    assert checked.asked("app", ADMIN).startswith("source/destination check at")
    assert [str(each) for each in checked.world.plan.warnings] == [
        "region.yaml:20:7: box is to forward packets of others, and its source/destination check drops them (warning). "
        "Write source_dest_check: false"
    ]


def test_a_forgotten_connection_is_closed_with_a_fin(region: World) -> None:
    """Where a NAT gateway says RST, and only to who goes on."""
    tcp(region, "app", ADMIN, "S", seq=99)
    port = region.came("admin")[TCP].sport
    answer = TCP(sport=443, dport=port, flags="SA", seq=500, ack=100)
    region["admin"].send(region.to("admin", "198.18.0.1", answer))
    region.wait(ABROAD)
    tcp(region, "app", ADMIN, "PA", seq=100, ack=501)
    began = region.now
    before = len(region.packets("app"))
    region.wait(NAT_IDLE_NS.value + S)
    ((at, told),) = region.packets("app")[before:]
    assert (ends(told), told[TCP].flags, told[TCP].seq, told[TCP].ack) == ((ADMIN, region["app"].ip), "FA", 501, 100)
    assert checksums_are_right(told)
    assert 0 < began + NAT_IDLE_NS.value - at < ABROAD


def test_a_connection_that_was_closed_needs_no_farewell(region: World) -> None:
    tcp(region, "app", ADMIN, "S", seq=99)
    tcp(region, "app", ADMIN, "R", seq=100)
    sent = region["box"].nic.sent
    region.wait(NAT_IDLE_NS.value + S)
    assert region["box"].nic.sent == sent
    engine = region["box"].engine
    assert isinstance(engine, NatInstance) and list(engine.table) == []


def test_what_it_does_not_know_it_takes_for_a_connection(region: World) -> None:
    """As Linux does (nf_conntrack_tcp_loose)."""
    tcp(region, "app", ADMIN, "A", seq=100, ack=501)
    assert region.came("admin")[TCP].flags == "A"
    tcp(region, "app", ADMIN, "R", sport=4001)
    assert region.lost[-1].reason is Outcome.NO_TRANSLATION


def test_fragments_are_not_modelled(region: World) -> None:
    whole = region.to("app", ADMIN, TCP(sport=1, dport=443, flags="S") / Raw(bytes(64)))
    whole[IP].flags = "MF"
    region["app"].send(whole)
    region.wait(ABROAD)
    assert region.lost[-1][1:3] == ("box", Outcome.UNKNOWN)


def test_power_takes_its_memory(region: World) -> None:
    tcp(region, "app", ADMIN, "S")
    engine = region["box"].engine
    assert isinstance(engine, NatInstance) and len(list(engine.table)) == 1
    for action in (region.hold, region.release):
        action(f"host {region['box'].host.name}")
        region.wait(5 * S)
    assert list(region["box"].engine.table) == []  # type: ignore[union-attr]
    assert region.asked("app", ADMIN) == "answered"


def test_nobody_outside_gets_in_by_it(region: World) -> None:
    region.fate("app", ADMIN)
    strange = region.to("customer", "198.18.0.1", UDP(sport=9, dport=40000) / Raw(b"hello?"))
    region["customer"].send(strange)
    region.wait(ABROAD)
    assert region.lost[-1].reason is Outcome.SECURITY_GROUP
