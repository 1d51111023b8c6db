"""From a file to requests: copies, siblings, blocks, order."""

from dcsim.problem import Mark
from dcsim.request import (
    AssociateRouteTable,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    Request,
    RevokeSecurityGroupEgress,
    RunInstances,
)
from dcsim.topology.expand import expanded
from dcsim.topology.load import load, plan_of
from dcsim.topology.plan import Impairment, Link, Plan, Plant
from dcsim.world import build
from netvirt.address import parse_cidr, parse_ip

from .files import topology

NOWHERE = Mark("", 1, 1, 2)
"""Requests compare without their marks."""


def names(plan: Plan, kind: type[Request]) -> list[str]:
    return [str(getattr(request, "name", "")) for request in plan.requests if isinstance(request, kind)]


def test_two_az_asks_for_this() -> None:
    plan = load("two-az.yaml")
    assert (plan.name, plan.region, plan.zones, plan.warnings) == ("two-az", "eu-west-1", ("a", "b"), ())
    assert plan.plant == Plant()
    assert plan.start_ns == 1_735_689_600_000_000_000
    instance = {
        "vpc": "main",
        "security_groups": ("friends",),
        "image": "agent",
        "private_ip_address": None,
        "source_dest_check": True,
        "instance_type": "m7i.large",
        "frequency_hz": None,
        "boot_ns": None,
        "mark": NOWHERE,
    }
    assert plan.requests == (
        CreateVpc("main", parse_cidr("10.0.0.0/16"), mark=NOWHERE),
        CreateSubnet("main", "net-a", parse_cidr("10.0.1.0/24"), "a", mark=NOWHERE),
        CreateSubnet("main", "net-b", parse_cidr("10.0.2.0/24"), "b", mark=NOWHERE),
        CreateSecurityGroup("main", "friends", mark=NOWHERE),
        AuthorizeSecurityGroupIngress("main", "friends", 1, None, -1, -1, "friends", "icmp from friends", mark=NOWHERE),
        RunInstances(name="left", subnet="net-a", **instance),  # type: ignore[arg-type]
        RunInstances(name="right", subnet="net-b", **instance),  # type: ignore[arg-type]
    )


def test_requests_know_where_they_are_written() -> None:
    plan = load("two-az.yaml")
    places = [(request.mark.line, request.mark.column, request.mark.end_column) for request in plan.requests]
    assert places == [(6, 3, 7), (9, 7, 10), (9, 7, 10), (11, 7, 14), (11, 26, 43), (13, 7, 11), (14, 7, 12)]


def test_a_copy_means_its_sibling_and_the_nth_zone_takes_the_nth_block() -> None:
    plan = topology("""\
        vpcs:
          shop:
            cidr_block: 10.0.0.0/16
            subnets:
              net: {per_zone: [c, a], cidr_block: 10.0.16.9/20, route_table: out}
            route_tables:
              out: {per_zone: [a, c], routes: {0.0.0.0/0: nat}}
            instances:
              nat: {per_zone: {a: {}, c: {image: agent}}, subnet: net}
        """)
    subnets = [request for request in plan.requests if isinstance(request, CreateSubnet)]
    assert [(each.name, str(each.cidr_block), each.availability_zone) for each in subnets] == [
        ("net-a", "10.0.16.0/20", "a"),
        ("net-c", "10.0.48.0/20", "c"),
    ]
    tables = [request for request in plan.requests if isinstance(request, AssociateRouteTable)]
    assert [(each.subnet, each.route_table) for each in tables] == [("net-a", "out-a"), ("net-c", "out-c")]
    routes = [request for request in plan.requests if isinstance(request, CreateRoute)]
    assert [(each.route_table, each.target) for each in routes] == [("out-a", "nat-a"), ("out-c", "nat-c")]
    guests = [request for request in plan.requests if isinstance(request, RunInstances)]
    assert [(each.name, each.subnet, each.image) for each in guests] == [
        ("nat-a", "net-a", None),
        ("nat-c", "net-c", "agent"),
    ]


def test_a_zone_may_have_its_own_block() -> None:
    plan = topology("""\
        vpcs:
          m:
            cidr_block: 10.0.0.0/16
            subnets:
              net: {per_zone: {a: {}, b: {cidr_block: 10.0.200.0/26}, c: {}}, cidr_block: 10.0.1.0/24}
        """)
    blocks = [str(request.cidr_block) for request in plan.requests if isinstance(request, CreateSubnet)]
    assert blocks == ["10.0.1.0/24", "10.0.200.0/26", "10.0.3.0/24"]


def test_count_numbers_copies_within_their_zone() -> None:
    plan = topology("""\
        vpcs:
          m:
            cidr_block: 10.0.0.0/16
            subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24}}
            instances:
              app: {per_zone: [a, b], count: 2, subnet: net}
              one: {count: 2, subnet: net-c}
        """)
    assert names(plan, RunInstances) == ["app-a-1", "app-a-2", "app-b-1", "app-b-2", "one-1", "one-2"]


def test_rules_keep_their_words() -> None:
    plan = topology("""\
        vpcs:
          m:
            cidr_block: 10.0.0.0/16
            subnets: {net: {availability_zone: a, cidr_block: 10.0.1.0/24, network_acl: edge}}
            network_acls:
              edge: {ingress: [120 deny icmp 3/4 from 10.0.7.7/16, 100 allow tcp 80 from 0.0.0.0/0]}
            security_groups:
              app: {ingress: [tcp 8080 from app, tcp 22 from default], egress: udp 53 to 10.0.0.2/32}
              shut: {egress: []}
              far: {ingress: tcp 1 from other/x}
          other: {cidr_block: 10.1.0.0/16, security_groups: x}
        vpc_peering_connections: {m-other: {vpc: m, peer_vpc: other}}
        """)
    entries = [request for request in plan.requests if isinstance(request, CreateNetworkAclEntry)]
    assert [(each.rule_number, each.text) for each in entries] == [
        (120, "120 deny icmp 3/4 from 10.0.0.0/16"),
        (100, "100 allow tcp 80 from 0.0.0.0/0"),
    ]
    assert (entries[0].protocol, entries[0].icmp_type, entries[0].icmp_code) == (1, 3, 4)
    groups = [request for request in plan.requests if isinstance(request, AuthorizeSecurityGroupIngress)]
    assert [(each.group, each.peer) for each in groups] == [("app", "app"), ("app", "default"), ("far", "other/x")]
    assert RevokeSecurityGroupEgress("m", "shut", mark=NOWHERE) in plan.requests
    block = parse_cidr("10.0.0.2/32")
    asked = AuthorizeSecurityGroupEgress("m", "app", 17, (53, 53), -1, -1, block, "udp 53 to 10.0.0.2/32", mark=NOWHERE)
    assert plan.requests.index(asked) == plan.requests.index(RevokeSecurityGroupEgress("m", "app", mark=NOWHERE)) + 1


def test_instances_say_what_they_are() -> None:
    plan = topology("""\
        vpcs:
          m:
            cidr_block: 10.0.0.0/16
            subnets: {net: {availability_zone: b, cidr_block: 10.0.1.0/24, route_table: main, network_acl: default}}
            instances:
              box: {subnet: net, private_ip_address: 10.0.1.9, source_dest_check: false, instance_type: m7g.large,
                    frequency: 3.2 GHz, boot: 1.5 s}
        """)
    assert plan.requests[-1] == RunInstances(
        vpc="m",
        name="box",
        subnet="net",
        security_groups=("default",),
        image=None,
        private_ip_address=parse_ip("10.0.1.9"),
        source_dest_check=False,
        instance_type="m7g.large",
        frequency_hz=3_200_000_000,
        boot_ns=1_500_000_000,
        mark=NOWHERE,
    )
    # EC2's own table and ACL are there without being asked for.
    assert [type(request) for request in plan.requests] == [CreateVpc, CreateSubnet, RunInstances]


def test_plant_links_and_start() -> None:
    plan = topology("""\
        start: 2025-03-01T10:00:00+02:00
        plant: {racks: 4, hosts: 8, nic: 100 Gbit, between_zones: 1 ms, detection: 0 s, uplink_limit: 64 KB}
        links:
          a <-> b: {delay: 0.3 ms}
          a -> c: {delay: 0.7 ms, jitter: 20 us, loss: 0.001 %, limit: 1000}
          spine-b1 <-> b/r2: {rate: 1 Gbit, limit: 2 MB}
        """)
    assert plan.start_ns == 1_740_816_000_000_000_000
    assert plan.plant == Plant(
        racks=4,
        hosts=8,
        nic_bps=100_000_000_000,
        between_zones_ns=1_000_000,
        detection_ns=0,
        uplink_limit_bytes=64_000,
    )
    assert [(setting.link, setting.impairment) for setting in plan.links] == [
        (Link("a", "b", True), Impairment(delay_ns=300_000)),
        (
            Link("a", "c", False),
            Impairment(delay_ns=700_000, jitter_ns=20_000, loss_ppb=10_000, limit_bytes=1_514_000),
        ),
        (Link("spine-b1", "b/r2", True), Impairment(rate_bps=10**9, limit_bytes=2_000_000)),
    ]
    assert str(plan.links[1].link) == "a -> c"


def test_a_region_with_one_zone_need_not_repeat_it() -> None:
    vpcs = b"vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {n: {cidr_block: 10.0.0.0/24}}}}"
    plan = plan_of(b"version: 1\nregion: r\nzones: a\n" + vpcs, "a.yaml", "a")
    assert plan.requests[-1] == CreateSubnet("m", "n", parse_cidr("10.0.0.0/24"), "a", mark=NOWHERE)


def test_addresses_that_the_file_chooses_are_taken_first() -> None:
    plan = topology("""\
        vpcs:
          m:
            cidr_block: 10.0.0.0/16
            subnets: {net: {cidr_block: 10.0.1.0/24, availability_zone: a}}
            instances:
              first: {subnet: net}
              second: {subnet: net, private_ip_address: 10.0.1.4}
              third: {subnet: net}
        """)
    guests = build(plan).guests
    assert {guest.name: guest.ip for guest in guests.values()} == {
        "first": "10.0.1.5",
        "second": "10.0.1.4",
        "third": "10.0.1.6",
    }
    assert plan_of(expanded(plan).encode(), "a.yaml", "a") == plan
