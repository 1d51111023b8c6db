"""Between peered VPCs, both ways, and no further."""

import pytest
from scapy.layers.inet import IP

from dcsim.problem import Refused
from dcsim.request import AuthorizeSecurityGroupIngress, CreateRoute, CreateVpcPeeringConnection, Request
from netvirt.address import parse_cidr
from netvirt.journey import Outcome

from .lab import HERE, MS, World

NO_TRANSIT = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"

JOURNEYS = [
    # Into the peer and back, between zones; the groups of the other side are known.
    ("web-a", "10.1.0.4", "db", Outcome.DELIVERED, ""),
    ("app", "10.1.0.4", "db", Outcome.DELIVERED, ""),
    ("db", "10.0.0.4", "web-a", Outcome.DELIVERED, ""),
    ("far", "10.1.0.4", "host of db", Outcome.SECURITY_GROUP, "ENI_SG_RULES_MISMATCH"),
    ("db", "10.2.0.4", "far", Outcome.DELIVERED, ""),
    # There, but not back: mute's subnet has no route over the peering.
    ("web-a", "10.1.1.4", "mute", Outcome.DELIVERED, ""),
    ("mute", "10.0.0.4", "host", Outcome.NO_ROUTE, "NO_ROUTE_TO_DESTINATION"),
    # Nobody there.
    ("web-a", "10.1.0.99", "host", Outcome.NO_MAPPING, "NO_POSSIBLE_DESTINATION"),
    # Over data into far, over data into shop: not transitive.
    ("web-a", "10.2.0.4", "host", Outcome.NOT_TRANSITIVE, NO_TRANSIT),
    ("far", "10.0.0.4", "host", Outcome.NOT_TRANSITIVE, NO_TRANSIT),
    # Over shop into the Internet, or to shop's public addresses: no edge to edge.
    ("db", "198.51.100.7", "host", Outcome.NOT_TRANSITIVE, NO_TRANSIT),
    ("db", "198.18.0.10", "host", Outcome.NOT_TRANSITIVE, NO_TRANSIT),
]


@pytest.mark.parametrize(("source", "address", "place", "outcome", "code"), JOURNEYS)
def test_the_trace_is_the_live_outcome(source: str, address: str, place: str, outcome: Outcome, code: str) -> None:
    region = World()
    traced = region.traced(source, address)
    assert traced.forward.outcome is outcome
    assert [hop.code for hop in traced.forward.blockers][:1] == ([code] if code else [])
    sent = region.now
    fate = region.fate(source, address)
    where = {"host": region[source].host.name, "host of db": region["db"].host.name}
    assert (fate.place, fate.outcome) == (where.get(place, place), outcome)
    if outcome is Outcome.DELIVERED:
        assert 0 <= fate.time - sent - traced.latency_ns < 500


def test_addresses_and_ttl_are_those_that_were_sent() -> None:
    region = World()
    assert region.asked("web-a", "10.1.0.4") == "answered"
    (_, asked), *_ = region.packets("db")
    assert (asked[IP].src, asked[IP].dst, asked[IP].ttl) == ("10.0.0.4", "10.1.0.4", 64)
    assert asked.src == f"0a:00:00:01:00:{region['db'].router_mac & 0xFF:02x}", "from the router of the peer's subnet"
    assert region.came("web-a")[IP].src == "10.1.0.4"


@pytest.mark.parametrize(("guest", "answer"), [("db", "answered"), ("mute", "no route at {host}")])
def test_an_answer_needs_a_route_of_its_own(guest: str, answer: str) -> None:
    region = World()
    assert region.asked("web-a", region[guest].ip) == answer.format(host=region[guest].host.name)
    traced = region.traced("web-a", region[guest].ip, protocol=1)
    assert traced.forward.delivered
    assert traced.reachable == (answer == "answered")
    assert traced.reply is not None
    assert [hop.code for hop in traced.reply.blockers] == ([] if traced.reachable else ["NO_ROUTE_TO_DESTINATION"])


def test_jumbo_packets_cross() -> None:
    region = World()
    assert region.fate("web-a", "10.1.0.4", size=9001)[:2] == ("db", Outcome.DELIVERED)


def test_a_trace_names_the_peering() -> None:
    region = World()
    hops = [(hop.kind, hop.name, hop.rule) for hop in region.traced("web-a", "10.1.0.4").forward.hops]
    assert ("rt", "public", "10.1.0.0/16 -> shop-data") in hops
    assert ("peering", "data", "destination is in data") in hops
    (blocker,) = [hop for hop in region.traced("web-a", "10.2.0.4").forward.hops if hop.kind == "peering"]
    assert blocker.rule == "peering leads to data's 10.1.0.0/16 only"


def test_a_member_that_comes_later_is_let_in_over_the_peering() -> None:
    """`far` carries no group that db names; a rule for far's own group lets it in once the news is there."""
    region = World()
    assert region.asked("far", "10.1.0.4") == f"security group at {region['db'].host.name}"
    rule = AuthorizeSecurityGroupIngress("data", "db", 1, None, -1, -1, "far/open", "icmp from far/open", mark=HERE)
    region.call(rule)
    region.wait(99 * MS)
    assert region.traced("far", "10.1.0.4", protocol=1).forward.outcome is Outcome.SECURITY_GROUP
    region.wait(2 * MS)
    assert region.asked("far", "10.1.0.4") == "answered"


APART = """
vpcs:
  one:
    cidr_block: 10.0.0.0/16
    subnets: {net: {availability_zone: a, cidr_block: 10.0.0.0/24}}
    security_groups: {g: {ingress: all from 0.0.0.0/0}}
    instances: {left: {subnet: net, security_groups: g}}
  two:
    cidr_block: 10.1.0.0/16
    subnets: {net: {availability_zone: b, cidr_block: 10.1.0.0/24}}
    security_groups: {g: {}}
    instances: {right: {subnet: net, security_groups: g}}
  over:
    cidr_block: 10.1.128.0/17
vpc_peering_connections:
  later: {vpc: one, peer_vpc: over}
"""


def test_two_vpcs_are_joined_while_they_run() -> None:
    """The other's group let in, the connection, a route on each side: an answer comes when all four are heard of."""
    region = World(APART)
    verbs: list[Request] = [
        AuthorizeSecurityGroupIngress("two", "g", 1, None, -1, -1, "one/g", "icmp from one/g", mark=HERE),
        CreateVpcPeeringConnection("two", "joint", "one", mark=HERE),
        CreateRoute("one", "main", parse_cidr("10.1.0.0/16"), "joint", "vpc_peering_connection", mark=HERE),
        CreateRoute("two", "main", parse_cidr("10.0.0.0/16"), "joint", "vpc_peering_connection", mark=HERE),
    ]
    said = []
    for verb in verbs:
        said.append(region.asked("left", "10.1.0.4"))
        region.call(verb)
        region.wait(101 * MS)
    said.append(region.asked("left", "10.1.0.4"))
    left, right = region["left"].host.name, region["right"].host.name
    assert said == [*[f"no route at {left}"] * 3, f"no route at {right}", "answered"]


def test_a_peering_that_overlaps_is_refused_while_it_runs() -> None:
    region = World(APART)
    with pytest.raises(Refused, match=r"over 10\.1\.128\.0/17 overlap"):
        region.call(CreateVpcPeeringConnection("two", "never", "over", mark=HERE))
