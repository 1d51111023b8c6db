"""Private addresses that come, go and move to another interface, with the Elastic IPs that are theirs."""

import pytest
from journeys.lab import S

from netvirt.journey import Outcome

from .desk import Desk

PAIR = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      pair: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: out}
      far: {availability_zone: b, cidr_block: 10.0.2.0/24}
    route_tables: {out: {routes: {0.0.0.0/0: igw}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      one: {subnet: pair, security_groups: open, private_ip_address: 10.0.1.4, secondary_private_ip_addresses: 10.0.1.100}
      two: {subnet: pair, security_groups: open}
      near: {subnet: pair, security_groups: open}
      far: {subnet: far, security_groups: open}
internet: {instances: [customer]}
"""
FLOATING = "10.0.1.100"


@pytest.fixture
def desk() -> Desk:
    return Desk(PAIR)


def test_an_address_moves_with_its_elastic_ip(desk: Desk) -> None:
    desk.do("AssociateAddress", instance="one", private_ip_address=FLOATING, public_ip="198.18.0.9")
    assert [desk.fate(*each).place for each in (("far", FLOATING), ("customer", "198.18.0.9"))] == ["one", "one"]
    desk.ask("AssignPrivateIpAddresses", instance="two", private_ip_addresses=FLOATING, allow_reassignment=True)
    assert desk.fate("far", FLOATING).place == "one", "the news is under way"
    desk.wait(desk.propagation_ns)
    assert [desk.fate(*each).place for each in (("far", FLOATING), ("customer", "198.18.0.9"))] == ["two", "two"]
    assert (desk.asked("far", FLOATING), desk.asked("customer", "198.18.0.9")) == ("answered", "answered")
    assert desk.asked("far", "10.0.1.4") == "answered", "its primary address is where it was"


def test_a_neighbour_asks_its_cache_before_it_asks_who_has_it(desk: Desk) -> None:
    """Frames for a MAC address go to that interface, which is not meant any more: until the guest asks again."""
    pinger = desk.pings("near", desk["one"].placed.interface.secondary[0], S, 100)
    desk.wait(5 * S)
    moved = desk.now
    desk.do("AssignPrivateIpAddresses", instance="two", private_ip_addresses=FLOATING, allow_reassignment=True)
    desk.wait(90 * S)
    lost = [each.sent_ns for each in pinger.answers if each.rtt_ns is None]
    assert lost and lost[0] > moved
    assert 50 * S < lost[-1] - moved < 61 * S, "a minute is what a guest remembers"
    assert {each.reason for each in desk.lost if each.time > moved} == {Outcome.SOURCE_DEST_CHECK}


def test_addresses_come_and_go(desk: Desk) -> None:
    desk.do("AssignPrivateIpAddresses", instance="two", secondary_private_ip_address_count=2)
    assert [desk.asked("far", f"10.0.1.{host}") for host in (7, 8)] == ["answered", "answered"]
    desk.do("UnassignPrivateIpAddresses", instance="two", private_ip_addresses=["10.0.1.7", "10.0.1.8"])
    assert desk.fate("far", "10.0.1.7").outcome is Outcome.NO_MAPPING
    desk.do("AssignPrivateIpAddresses", instance="one", private_ip_addresses="10.0.1.8")
    assert desk.fate("far", "10.0.1.8").place == "one"


@pytest.mark.parametrize(
    "properties, said",
    [
        ({"private_ip_addresses": FLOATING}, "Resource.AlreadyAssigned: 10.0.1.100 is one's; allow_reassignment: true takes it"),
        ({"private_ip_addresses": "10.0.1.4", "allow_reassignment": True}, "Resource.AlreadyAssigned: 10.0.1.4 is one's; a primary address never moves"),
        ({"private_ip_addresses": "10.0.2.9"}, "InvalidParameterValue: 10.0.2.9 is outside pair's 10.0.1.0/24"),
        ({"private_ip_addresses": "10.0.1.2"}, "InvalidParameterValue: 10.0.1.2 is reserved in pair 10.0.1.0/24; the first four addresses and the last are AWS's"),
        ({}, "MissingParameter: two gets addresses by name or by number. Say one of both"),
        ({"secondary_private_ip_address_count": 10}, "PrivateIpAddressLimitExceeded: two would have 11 addresses; an interface of m7i.large has 10 at most"),
    ],
)  # fmt: skip
def test_what_ec2_refuses_to_assign(desk: Desk, properties: dict[str, str], said: str) -> None:
    assert desk.refusal("AssignPrivateIpAddresses", instance="two", **properties) == said


def test_the_primary_address_stays(desk: Desk) -> None:
    told = desk.refusal("UnassignPrivateIpAddresses", instance="one", private_ip_addresses="10.0.1.4")
    assert told == "InvalidParameterValue: 10.0.1.4 is the primary address of one; its secondary ones are 10.0.1.100"
