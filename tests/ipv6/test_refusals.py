"""What EC2 refuses about IPv6, at its place; and what it adds to defaults by itself."""

import pytest

from dcsim.problem import Refused
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.topology.plan import Plan
from dcsim.world import World, build
from netvirt.vpc.view import VpcView

HEAD = "version: 1\nregion: eu-west-1\nzones: [a, b]\nvpcs:\n"
MAIN = """  m:
    cidr_block: 10.0.0.0/16
    amazon_provided_ipv6_cidr_block: true
    egress_only_internet_gateway: eigw
    subnets:
      n: {availability_zone: a, cidr_block: 10.0.0.0/24, ipv6_cidr_block: true}
"""


def plan(text: str) -> Plan:
    return plan_of((HEAD + text).encode(), "a.yaml", "a")


def said(text: str) -> str:
    with pytest.raises(Refused) as refused:
        build(plan(text))
    problem = refused.value.problems[0]
    return f"{problem.mark.line} {problem.code} {problem.message}"


def subnet(block: str, more: str = "") -> str:
    return MAIN + f"      o: {{availability_zone: a, cidr_block: 10.0.1.0/24, ipv6_cidr_block: {block}{more}}}\n"


def instance(keys: str) -> str:
    return MAIN + f"    instances: {{i: {{subnet: n, {keys}}}}}\n"


def route(destination: str, target: str) -> str:
    return MAIN + f'    route_tables: {{t: {{routes: {{"{destination}": {target}}}}}}}\n'


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            MAIN.replace("amazon_provided_ipv6_cidr_block: true", 'ipv6_cidr_block: "2001:db8:1::/48"').replace(
                ", ipv6_cidr_block: true", ""
            ),
            "7 InvalidVpcRange m cannot have 2001:db8:1::/48",
        ),
        (
            MAIN.replace("amazon_provided_ipv6_cidr_block: true", 'ipv6_cidr_block: "fd00:1::/56"').replace(
                ", ipv6_cidr_block: true", ""
            ),
            "7 InvalidVpcRange fd00:1::/56 is not global",
        ),
        (
            subnet('"2001:db8:0:101::/60"'),
            "11 InvalidSubnet.Range o cannot be 2001:db8:0:100::/60",
        ),
        (
            subnet('"2001:db8:0:200::/64"'),
            "11 InvalidSubnet.Range o 2001:db8:0:200::/64 is outside m, which has 2001:db8:0:100::/56",
        ),
        (
            subnet('"2001:db8:0:1ff::/64"', "}\n      p: {availability_zone: a, cidr_block: 10.0.2.0/24, "
                   'ipv6_cidr_block: "2001:db8:0:1ff::/64"'),
            "12 InvalidSubnet.Conflict p cannot have 2001:db8:0:1ff::/64, which is o's",
        ),
        (
            subnet("false", ", assign_ipv6_address_on_creation: true"),
            "11 InvalidParameterValue o has no IPv6 block to assign addresses of",
        ),
        (
            instance('ipv6_addresses: "2001:db8:0:101::4"'),
            "11 InvalidParameterValue 2001:db8:0:101::4 is outside n's 2001:db8:0:100::/64",
        ),
        (
            instance('ipv6_addresses: "2001:db8:0:100::3"'),
            "11 InvalidParameterValue 2001:db8:0:100::3 is reserved in n 2001:db8:0:100::/64",
        ),
        (
            instance('ipv6_addresses: "2001:db8:0:100:ffff:ffff:ffff:ffff"'),
            "11 InvalidParameterValue 2001:db8:0:100:ffff:ffff:ffff:ffff is reserved in n 2001:db8:0:100::/64",
        ),
        (
            instance('ipv6_addresses: "2001:db8:0:100::7"}, j: {subnet: n, ipv6_addresses: "2001:db8:0:100::7"'),
            "11 InvalidIPAddress.InUse 2001:db8:0:100::7 is i's",
        ),
        (
            instance('ipv6_addresses: "2001:db8:0:100::7", ipv6_address_count: 2'),
            "11 InvalidParameterCombination i names its IPv6 addresses and counts them",
        ),
        (
            instance("ipv6_address_count: 11"),
            "11 PrivateIpAddressLimitExceeded i has 11 IPv6 addresses; an interface of m7i.large has 10 at most",
        ),
        (
            route("0.0.0.0/0", "eigw"),
            "11 InvalidParameterValue eigw carries IPv6 only, and 0.0.0.0/0 is IPv4",
        ),
        (
            route("fd00:ec2::254/128", "eigw"),
            "11 InvalidParameterValue fd00:ec2::254/128 is reserved for link-local services",
        ),
        (
            route("2001:db8:0:101::/64", "eigw"),
            "11 InvalidParameterValue 2001:db8:0:101::/64 is more specific than local, and no whole subnet",
        ),
    ],
)  # fmt: skip
def test_what_ec2_refuses(text: str, answer: str) -> None:
    assert said(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            MAIN.replace("    amazon", '    ipv6_cidr_block: "2001:db8:7::/56"\n    amazon'),
            "m brings an IPv6 block along, and takes Amazon's",
        ),
        (MAIN.replace("    amazon_provided_ipv6_cidr_block: true\n", ""), "n wants an IPv6 block, and m has none"),
        (subnet("yes"), "ipv6_cidr_block 'yes' is neither true nor an IPv6 block"),
        (instance("ipv6_addresses: 10.0.0.4"), "ipv6_addresses '10.0.0.4' is not an IPv6 address"),
        (instance("private_ip_address: '2001:db8::4'"), "private_ip_address '2001:db8::4' is not an IPv4 address"),
        (MAIN.replace("10.0.0.0/16", '"2001:db8::/56"'), "cidr_block '2001:db8::/56' is not an IPv4 block"),
        (route("2001:db8::/129", "eigw"), "'2001:db8::/129' is not an IPv6 block"),
        (subnet("true", ", ipv6_native: true"), "subnet: ipv6_native is not simulated yet"),
    ],
)
def test_what_the_file_cannot_mean(text: str, answer: str) -> None:
    assert said(text).split(" ", 2)[2] == answer


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ('"2001:db8::7"', "2001:db8::7 is one of the region's own"),
        ('"fe80::7"', "fe80::7 is not global"),
        ("10.0.0.4", "ipv6_address '10.0.0.4' is not an IPv6 address"),
    ],
)
def test_addresses_outside(address: str, answer: str) -> None:
    text = MAIN + f"internet: {{instances: {{c: {{ipv6_address: {address}}}}}}}\n"
    assert said(text).split(" ", 2)[2] == answer


def view(world: World) -> VpcView:
    return world.control.view("m")


def test_defaults_follow_where_nobody_changed_them() -> None:
    """EC2 makes them when the block is associated: here before anything of the file's own."""
    seen = view(build(plan(MAIN + "    security_groups: {mine: {egress: udp 53 to 10.0.0.2/32}, other: {}}\n")))
    (acl,) = seen.acls.values()
    assert [entry.text for entry in acl.ingress] == ["100 allow all from 0.0.0.0/0", "101 allow all from ::/0"]
    assert [entry.text for entry in acl.egress] == ["100 allow all to 0.0.0.0/0", "101 allow all to ::/0"]
    egress = {group.name: [rule.text for rule in group.egress] for group in seen.groups.values()}
    both = ["all to 0.0.0.0/0", "all to ::/0"]
    assert egress == {"default": both, "mine": ["udp 53 to 10.0.0.2/32"], "other": both}
    (table,) = seen.tables.values()
    assert [route.text for route in table.routes] == ["10.0.0.0/16 -> local", "2001:db8:0:100::/56 -> local"]


BLOCKS = """  one: {cidr_block: 10.0.0.0/16, amazon_provided_ipv6_cidr_block: true}
  own: {cidr_block: 10.1.0.0/16, ipv6_cidr_block: "2001:db8:0:200::/56"}
  two:
    cidr_block: 10.2.0.0/16
    amazon_provided_ipv6_cidr_block: true
    subnets:
      each: {per_zone: true, cidr_block: 10.2.0.0/24, ipv6_cidr_block: "2001:db8:0:300::/64"}
      next: {per_zone: true, cidr_block: 10.2.8.0/24, ipv6_cidr_block: true, assign_ipv6_address_on_creation: true}
    security_groups: {g: {ingress: ["tcp 443 from ::/0", "icmpv6 echo from 2001:db8::/32", icmpv6 2 from g]}}
    instances: {i: {subnet: next-a, security_groups: g, ipv6_address_count: 2}, j: {subnet: next-a}}
internet: {instances: {c: {ipv6_address: true}, d: {ipv6_address: "3fff::a"}}}
"""


def test_blocks_are_dealt_in_order_and_around_what_is_written() -> None:
    world = build(plan(BLOCKS))
    blocks = {name: str(vpc.ipv6_cidr) for name, vpc in world.control.vpcs.items()}
    assert blocks == {"one": "2001:db8:0:100::/56", "own": "2001:db8:0:200::/56", "two": "2001:db8:0:300::/56"}
    subnets = {name: str(each.ipv6_cidr) for name, each in world.control.vpcs["two"].subnets.items()}
    assert subnets == {
        "each-a": "2001:db8:0:300::/64",
        "each-b": "2001:db8:0:301::/64",
        "next-a": "2001:db8:0:302::/64",
        "next-b": "2001:db8:0:303::/64",
    }
    addresses = {guest.name: len(guest.placed.interface.addresses) for guest in world}
    assert addresses == {"i": 3, "j": 2, "c": 2, "d": 2}


def test_written_out_it_is_the_same_plan() -> None:
    first = plan(BLOCKS)
    again = plan_of(expanded(first).encode(), "a.yaml", "a")
    assert (again.requests, again.internet) == (first.requests, first.internet)


def test_each_family_has_an_icmp_of_its_own() -> None:
    rules = '["icmp from ::/0", "icmpv6 from 10.0.0.0/8", "icmpv6 from ::/0", icmp from 10.0.0.0/8, icmp from default]'
    made = plan(MAIN + f"    security_groups: {{default-like: {{ingress: {rules}}}}}\n")
    assert [problem.message for problem in made.warnings if "icmp" in problem.message] == [
        "'icmp from ::/0' can never match: icmp is not what ::/0 speaks",
        "'icmpv6 from 10.0.0.0/8' can never match: icmpv6 is not what 10.0.0.0/8 speaks",
    ]
