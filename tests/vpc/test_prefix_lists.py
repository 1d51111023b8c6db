"""Prefix lists: a name for many blocks, in rules and in routes."""

from collections import Counter
from dataclasses import replace

import pytest
from cloud.account import MARK, Account, ingress
from journeys.lab import Region
from scapy.layers.inet import UDP
from topology.files import said_of, topology

from dcsim.request import CreateManagedPrefixList, CreateRoute, PrefixListName, RevokeSecurityGroupEgress
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.trace import trace
from dcsim.traffic_spec import parse_traffic
from netvirt.address import parse_cidr, parse_ip
from netvirt.journey import Outcome
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.route_table import ToInterface


def listed(name: str, *blocks: str, most: int = 9) -> CreateManagedPrefixList:
    return CreateManagedPrefixList(name, most, tuple(map(parse_cidr, blocks)), mark=MARK)


def route(to: str, target: str, table: str = "main") -> CreateRoute:
    destination = parse_cidr(to) if to[0].isdigit() else PrefixListName(to)
    return CreateRoute("m", table, destination, target, mark=MARK)


# The control plane

REFUSALS = [
    (listed("offices"), "InvalidParameterValue: there is a prefix list offices already; use another name"),
    (listed("com.amazonaws.s3"), "InvalidParameterValue: prefix lists that begin with com.amazonaws are AWS's own"),
    (listed("x", most=0), "InvalidParameterValue: x cannot have max_entries 0; use 1 to 1000"),
    (listed("x", most=1001), "InvalidParameterValue: x cannot have max_entries 1001; use 1 to 1000"),
    (listed("x", "1.0.0.0/8", "2.0.0.0/8", most=1),
     "PrefixListMaxEntriesExceeded: x has 2 entries, and max_entries is 1; raise max_entries"),
    (listed("x", "1.0.0.0/8", "1.0.0.0/8"), "InvalidParameterValue: x has 1.0.0.0/8 twice"),
    (route("ofices", "box"), "InvalidPrefixListID.NotFound: no prefix list 'ofices'; Did you mean offices?"),
    (route("inner", "box"), "InvalidParameterValue: 10.0.1.0/25 of inner is more specific than local, and no whole "
                            "subnet; name one whole subnet's block"),
    (route("services", "box"), "InvalidParameterValue: 169.254.169.0/24 of services is reserved for link-local "
                               "services; the host answers it without any route"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), REFUSALS)
def test_what_is_refused(request_: CreateRoute | CreateManagedPrefixList, said: str) -> None:
    account = Account()
    account.run("box")
    account.call(listed("offices", "192.0.2.0/24"))
    account.call(listed("inner", "1.0.0.0/8", "10.0.1.0/25"))
    account.call(listed("services", "169.254.169.0/24"))
    before = account.view(), dict(account.control.prefix_lists)
    assert account.refusal(request_) == said.replace("; Did", ". Did")
    assert (account.view(), account.control.prefix_lists) == before


def test_a_region_has_a_hundred() -> None:
    account = Account()
    for number in range(100):
        account.call(listed(f"l{number}"))
    assert account.refusal(listed("l100")) == (
        "PrefixListLimitExceeded: the region has 100 prefix lists already; 100 at most; raise prefix_lists_per_region in quotas"
    )


def test_the_same_list_in_two_routes_or_two_rules() -> None:
    account = Account()
    account.run("box")
    (offices,) = account.call(listed("offices", "192.0.2.0/24"))
    account.call(route("offices", "box"))
    assert account.refusal(route("offices", "box")) == "RouteAlreadyExists: main has a route to offices already"
    by_list = replace(ingress("default", "offices"), peer=PrefixListName("offices"))
    account.call(by_list)
    assert account.vpc.groups["default"].ingress[-1].peer == PrefixList(
        offices, "offices", 9, (parse_cidr("192.0.2.0/24"),)
    )
    assert account.refusal(by_list).startswith("InvalidPermission.Duplicate: ")


# Which route leads


def leader(account: Account, to: str) -> str:
    found = account.vpc.tables["main"].lookup(parse_ip(to))
    assert found is not None and isinstance(found.target, ToInterface)
    return found.target.name


def test_longest_prefix_then_static_then_the_list() -> None:
    account = Account()
    for name in ("box", "near", "far"):
        account.run(name)
    account.call(listed("offices", "192.0.2.0/24", "198.51.100.0/24"))
    account.call(route("offices", "near"))
    account.call(route("192.0.2.0/24", "box"))
    account.call(route("198.51.100.128/25", "far"))
    account.call(route("198.51.0.0/16", "box"))
    led = {to: leader(account, to) for to in ("192.0.2.9", "198.51.100.9", "198.51.100.129", "198.51.7.7")}
    assert led == {"192.0.2.9": "box", "198.51.100.9": "near", "198.51.100.129": "far", "198.51.7.7": "box"}


def drawn(seed: int, *order: str) -> str:
    account = Account()
    account.control._seed = seed
    for name in ("box", "near"):
        account.run(name)
    account.call(listed("one", "192.0.2.0/24"))
    account.call(listed("two", "192.0.2.0/24", "198.51.100.0/24"))
    for name in order:
        account.call(route(name, {"one": "box", "two": "near"}[name]))
    account.call(route("203.0.113.0/24", "box"))
    return leader(account, "192.0.2.1")


def test_of_two_lists_with_the_same_block_one_is_drawn_once() -> None:
    """By the seed, whichever came first, and for good."""
    draws = [drawn(seed, "one", "two") for seed in range(64)]
    assert draws == [drawn(seed, "two", "one") for seed in range(64)]
    assert min(Counter(draws)[name] for name in ("box", "near")) >= 16


# Packets

FILE = """
prefix_lists:
  offices: {max_entries: 20, entries: [10.1.0.0/24, 10.2.0.0/16]}
  nobody: {}
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets: {main: {availability_zone: a, cidr_block: 10.0.0.0/24, route_table: out}}
    route_tables: {out: {routes: {offices: pcx, nobody: box}}}
    security_groups:
      web: {ingress: [udp 9 from offices, udp 10 from nobody], egress: all to offices}
    instances:
      web: {subnet: main, security_groups: web}
      box: {subnet: main}
  office:
    cidr_block: 10.1.0.0/16
    subnets:
      in: {availability_zone: a, cidr_block: 10.1.0.0/24, route_table: out}
      out: {availability_zone: b, cidr_block: 10.1.1.0/24, route_table: out}
    route_tables: {out: {routes: {10.0.0.0/16: pcx}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      listed: {subnet: in, security_groups: open}
      other: {subnet: out, security_groups: open}
vpc_peering_connections: {pcx: {vpc: shop, peer_vpc: office}}
"""


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(FILE)


ENDS = [
    ("listed", "web", 9, Outcome.DELIVERED),
    ("listed", "web", 10, Outcome.SECURITY_GROUP),
    ("other", "web", 9, Outcome.SECURITY_GROUP),
    ("web", "listed", 7, Outcome.DELIVERED),
    ("web", "other", 7, Outcome.SECURITY_GROUP),
    ("box", "other", 7, Outcome.NO_ROUTE),
]


@pytest.mark.parametrize(("source", "target", "port", "outcome"), ENDS)
def test_packets_meet_lists_as_their_blocks(
    region: Region, source: str, target: str, port: int, outcome: Outcome
) -> None:
    """Live and traced."""
    assert region.post(source, region.packet(source, target, UDP(sport=port, dport=port))).outcome is outcome
    there = region[target].placed.interface.address
    assert trace(region.world, region[source], there, parse_traffic(f"udp {port}")).forward.outcome is outcome


def test_a_trace_names_the_list(region: Region) -> None:
    traced = trace(region.world, region["web"], region["listed"].placed.interface.address, parse_traffic("udp 7"))
    rules = [hop.rule for hop in traced.forward.hops]
    assert "all to offices" in rules and "offices -> pcx" in rules


def test_a_list_with_everything_in_it_is_for_everyone() -> None:
    """So that what it lets through needs no record."""
    text = FILE.replace("10.1.0.0/24, 10.2.0.0/16", "0.0.0.0/0").replace(", egress: all to offices", "")
    region = Region(text.replace("udp 9 from offices", "udp from offices"))
    region.post("listed", region.packet("listed", "web", UDP(sport=9, dport=9)))
    tracker = region["web"].nic.port.tracker
    assert not tracker.table
    region.call(RevokeSecurityGroupEgress("shop", "web", mark=MARK))
    region.wait(2 * region.propagation_ns)
    region.post("listed", region.packet("listed", "web", UDP(sport=9, dport=9)))
    assert tracker.table


# Files


def test_a_file_with_lists_is_written_out_and_read_again() -> None:
    plan = topology(FILE)
    text = expanded(plan)
    assert "  offices: {max_entries: 20, entries: [10.1.0.0/24, 10.2.0.0/16]}\n" in text
    assert "  nobody: {max_entries: 1, entries: []}\n" in text
    assert plan_of(text.encode(), "a.yaml", "a").requests == plan.requests


BAD = [
    (("udp 9 from offices", "udp 9 from office"), "no security group or prefix list 'office'. Did you mean offices?"),
    (("offices: pcx", "office: pcx"), "'office' is not an IPv4 block or a prefix list"),
    (("    security_groups:\n      web:", "    security_groups:\n      offices: {}\n      web:"),
     "offices is a security group of shop and a prefix list"),
    (("max_entries: 20", "max_entries: 1001"), "max_entries 1001 is out of range"),
    (("10.2.0.0/16]", "10.2.0.0]"), "entries '10.2.0.0' is not an IPv4 block"),
    (("    route_tables: {out: {routes: {offices",
      "    network_acls: {edge: {ingress: 100 allow all from offices}}\n    route_tables: {out: {routes: {offices"),
     "'offices' is not an IPv4 block"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BAD)
def test_bad_files(change: tuple[str, str], said: str) -> None:
    assert change[0] in FILE
    assert said_of(FILE.replace(*change, 1)).splitlines()[0].partition(": ")[2].startswith(said)


def test_network_acls_know_no_lists() -> None:
    text = "vpcs: {v: {cidr_block: 10.0.0.0/16, network_acls: {edge: {ingress: 100 allow all from offices}}}}"
    assert "a network ACL knows no groups and no prefix lists" in said_of(f"prefix_lists: {{offices: {{}}}}\n{text}")
