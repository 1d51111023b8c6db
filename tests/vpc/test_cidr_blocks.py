"""VPCs with more than one block: what may stand beside what, and that packets do not notice."""

import pytest
from api.desk import Desk
from cloud.account import MARK, Account
from journeys.lab import MS, Region, lost_ticks
from scapy.layers.inet import UDP
from topology.files import said_of, topology

from dcsim.request import AssociateVpcCidrBlock, CreateRoute, CreateSubnet, CreateVpc, CreateVpcPeeringConnection
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.trace import trace
from dcsim.traffic_spec import parse_traffic
from netvirt.address import format_ip, parse_cidr, parse_ip
from netvirt.journey import Outcome


def more(block: str, vpc: str = "m") -> AssociateVpcCidrBlock:
    return AssociateVpcCidrBlock(vpc, parse_cidr(block), mark=MARK)


def account(primary: str, *blocks: str) -> Account:
    """With a VPC `v` of these blocks."""
    account = Account()
    account.call(CreateVpc("v", parse_cidr(primary), mark=MARK))
    for block in blocks:
        account.call(more(block, "v"))
    return account


def test_every_table_gets_a_local_route_and_every_block_subnets() -> None:
    """Late ones too; the resolver stays where it was."""
    account = Account()
    resolver = account.view().resolver
    (main,) = account.call(more("100.64.0.0/16"))
    assert main == account.vpc.tables["main"].id
    assert [route.text for route in account.vpc.tables["main"].routes] == [
        "10.0.0.0/16 -> local",
        "100.64.0.0/16 -> local",
    ]
    account.subnet("far", "100.64.3.0/24")
    assert format_ip(account.run("one", subnet="far").address) == "100.64.3.4"
    view = account.view()
    assert view.resolver == resolver == parse_ip("10.0.0.2")
    assert view.cidrs == (parse_cidr("10.0.0.0/16"), parse_cidr("100.64.0.0/16"))
    assert account.refusal(CreateSubnet("m", "no", parse_cidr("100.65.0.0/24"), "a", mark=MARK)) == (
        "InvalidSubnet.Range: no 100.65.0.0/24 is outside m's 10.0.0.0/16 and 100.64.0.0/16"
    )


PERMITTED = [
    ("10.5.0.0/16", "10.6.0.0/16"),
    ("10.0.0.0/24", "10.1.0.0/16"),
    ("10.5.0.0/16", "10.0.0.0/16"),
    ("10.5.0.0/16", "100.64.0.0/16"),
    ("10.5.0.0/16", "100.127.255.0/28"),
    ("10.5.0.0/16", "8.8.0.0/16"),
    ("10.5.0.0/16", "198.18.0.0/16"),
    ("172.16.0.0/16", "172.30.0.0/16"),
    ("172.31.0.0/17", "172.20.0.0/16"),
    ("192.168.0.0/20", "192.168.128.0/20"),
    ("192.168.0.0/20", "203.0.113.0/24"),
    ("198.19.0.0/20", "198.19.128.0/20"),
    ("198.19.0.0/20", "100.64.0.0/16"),
    ("8.8.0.0/16", "100.64.0.0/16"),
    ("100.64.0.0/16", "9.9.9.0/24"),
]


@pytest.mark.parametrize(("primary", "block"), PERMITTED)
def test_what_may_stand_beside_it(primary: str, block: str) -> None:
    assert account(primary, block).view("v").cidrs == (parse_cidr(primary), parse_cidr(block))


RESTRICTED = [
    ("10.5.0.0/16", "172.16.0.0/16"),
    ("10.5.0.0/16", "172.31.255.0/24"),
    ("10.5.0.0/16", "192.168.0.0/28"),
    ("10.5.0.0/16", "198.19.255.0/24"),
    ("10.1.0.0/16", "10.0.0.0/16"),
    ("10.0.0.0/24", "10.0.1.0/24"),
    ("172.16.0.0/16", "10.0.0.0/16"),
    ("172.16.0.0/16", "192.168.0.0/16"),
    ("172.16.0.0/16", "198.19.0.0/16"),
    ("172.16.0.0/16", "172.31.0.0/16"),
    ("192.168.0.0/20", "10.0.0.0/16"),
    ("192.168.0.0/20", "172.16.0.0/16"),
    ("192.168.0.0/20", "198.19.0.0/16"),
    ("198.19.0.0/20", "10.0.0.0/16"),
    ("198.19.0.0/20", "172.16.0.0/16"),
    ("198.19.0.0/20", "192.168.0.0/16"),
    ("100.64.0.0/16", "10.0.0.0/16"),
    ("100.64.0.0/16", "172.16.0.0/16"),
    ("8.8.0.0/16", "192.168.0.0/16"),
    ("8.8.0.0/16", "198.19.0.0/16"),
]


@pytest.mark.parametrize(("primary", "block"), RESTRICTED)
def test_what_may_not(primary: str, block: str) -> None:
    holder = account(primary)
    before = holder.view("v")
    assert holder.refusal(more(block, "v")).startswith(f"InvalidVpcRange: {block} is of ")
    assert holder.view("v") == before


def test_the_first_of_the_tens_depends_on_any_block() -> None:
    assert account("10.5.0.0/16", "10.1.0.0/24").refusal(more("10.0.0.0/24", "v")) == (
        "InvalidVpcRange: 10.0.0.0/24 is of 10.0.0.0/16, which a VPC with 10.1.0.0/24 cannot have; "
        "use another block of 10.0.0.0/8"
    )
    account("10.5.0.0/16", "100.64.0.0/16", "10.6.0.0/16")


def test_sizes_overlaps_and_how_many() -> None:
    account = Account()
    refused = "InvalidVpcRange: m cannot have"
    assert account.refusal(more("100.64.0.0/15")) == f"{refused} 100.64.0.0/15; a VPC's block is /16 to /28"
    assert account.refusal(more("100.64.0.0/29")) == f"{refused} 100.64.0.0/29; a VPC's block is /16 to /28"
    assert account.refusal(more("169.254.7.0/24")) == (
        "InvalidVpcRange: 169.254.7.0/24 is link-local; use a private block"
    )
    assert account.refusal(more("10.0.7.0/24")) == "InvalidVpcRange: 10.0.7.0/24 overlaps m's 10.0.0.0/16"
    for number in range(4):
        account.call(more(f"100.{64 + number}.0.0/16"))
    assert account.refusal(more("100.90.0.0/16")) == (
        "CidrLimitExceeded: m has 5 blocks already; 5 at most; raise ipv4_cidr_blocks_per_vpc in quotas"
    )


def test_peers_do_not_overlap_with_any_block() -> None:
    holder = account("10.7.0.0/16", "100.64.0.0/16")
    holder.call(CreateVpc("w", parse_cidr("100.64.128.0/20"), mark=MARK))
    peering = CreateVpcPeeringConnection("v", "pcx", "w", mark=MARK)
    assert holder.refusal(peering).startswith(
        "InvalidParameterValue: v 100.64.0.0/16 and w 100.64.128.0/20 overlap, so their peering fails"
    )
    holder.call(CreateVpcPeeringConnection("m", "fine", "v", mark=MARK))
    assert holder.refusal(more("100.64.1.0/24")) == (
        "InvalidVpcRange: 100.64.1.0/24 overlaps v 100.64.0.0/16, which m is peered with"
    )


def test_what_is_routed_elsewhere_cannot_become_local_but_a_part_of_it_can() -> None:
    account = Account()
    account.run("box")
    account.call(CreateRoute("m", "main", parse_cidr("100.64.1.0/24"), "box", mark=MARK))
    for block in ("100.64.1.0/24", "100.64.0.0/23"):
        assert account.refusal(more(block)) == (
            f"InvalidVpcRange: {block} is as large as main's route 100.64.1.0/24 -> box, or larger; "
            "add a smaller block, or delete the route"
        )
    account.call(more("100.64.1.0/25"))


def test_a_block_may_come_while_packets_fly() -> None:
    """Its route is local in every table once the hosts have heard."""
    desk = Desk(FILE)

    def outcome() -> Outcome:
        return trace(desk.world, desk["one"], parse_ip("100.70.0.9"), parse_traffic("icmp")).forward.outcome

    before = outcome()
    desk.ask("AssociateVpcCidrBlock", vpc="main", cidr_block="100.70.0.0/16")
    unheard = outcome()
    desk.wait(2 * desk.propagation_ns)
    assert [before, unheard, outcome()] == [Outcome.NO_ROUTE, Outcome.NO_ROUTE, Outcome.NO_MAPPING]


FILE = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    secondary_cidr_blocks: [100.64.0.0/24, 10.9.0.0/20]
    subnets:
      near: {availability_zone: a, cidr_block: 10.0.1.0/24}
      far: {per_zone: true, cidr_block: 100.64.0.0/26}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      one: {subnet: near, security_groups: open}
      two: {subnet: far-b, security_groups: open}
"""


def test_packets_go_from_block_to_block() -> None:
    region = Region(FILE)
    for source, target in (("one", "two"), ("two", "one")):
        assert region.post(source, region.packet(source, target, UDP(sport=9, dport=9)))[:2] == (
            target,
            Outcome.DELIVERED,
        )
    pinger = region.ping("two", "one", 10 * MS, 2)
    region.wait(100 * MS)
    assert lost_ticks(pinger.answers) == [] and len(pinger.answers) == 2


def test_a_file_with_more_blocks_is_written_out_and_read_again() -> None:
    plan = topology(FILE)
    text = expanded(plan)
    assert "    secondary_cidr_blocks: [100.64.0.0/24, 10.9.0.0/20]\n" in text
    assert plan_of(text.encode(), "a.yaml", "a").requests == plan.requests
    one = topology("vpcs: {v: {cidr_block: 10.0.0.0/16, secondary_cidr_blocks: 100.64.0.0/16}}")
    assert AssociateVpcCidrBlock("v", parse_cidr("100.64.0.0/16"), mark=MARK) in one.requests


def test_the_nth_block_of_a_zone_stays_in_the_vpc() -> None:
    assert said_of(FILE.replace("100.64.0.0/26", "100.64.0.0/25")).splitlines()[0] == (
        "a.yaml:11:41: far-c would get 100.64.1.0/25, outside main's 10.0.0.0/16 and 100.64.0.0/24 and 10.9.0.0/20"
    )
