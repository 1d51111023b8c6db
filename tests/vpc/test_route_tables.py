"""Route tables: which is whose, what may lead where, and what a route leads to that is gone."""

from pathlib import Path

import pytest
from cloud.account import MARK, Account
from journeys.lab import Region
from scapy.layers.inet import UDP
from topology.files import said_of, topology
from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.request import (
    AssociateRouteTable,
    CreateInternetGateway,
    CreateNatGateway,
    CreateRoute,
    CreateRouteTable,
    CreateVpc,
    CreateVpcPeeringConnection,
    DeleteNatGateway,
    ReplaceMainRouteTable,
    ReplaceRoute,
)
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.trace import trace
from dcsim.traffic_spec import parse_traffic
from netvirt.address import parse_block, parse_ip
from netvirt.journey import Outcome


def table(name: str) -> CreateRouteTable:
    return CreateRouteTable("m", name, mark=MARK)


def route(to: str, target: str, kind: str = "instance", table: str = "main") -> CreateRoute:
    return CreateRoute("m", table, parse_block(to), target, kind, mark=MARK)  # type: ignore[arg-type]


# The main table


def tables(account: Account) -> dict[str, str]:
    names = {each.id: name for name, each in account.vpc.tables.items()}
    return {name: names[subnet.table] for name, subnet in account.vpc.subnets.items()}


def test_who_has_no_table_of_its_own_follows_the_main_one() -> None:
    """At once, and also who comes later; an association of one's own survives, be it with the former main table."""
    account = Account()
    for name in ("t1", "t2"):
        account.call(table(name))
    for name, block in (("own", "10.0.2.0/24"), ("old", "10.0.3.0/24")):
        account.subnet(name, block)
    account.call(AssociateRouteTable("m", "t1", "own", mark=MARK))
    account.call(AssociateRouteTable("m", "main", "old", mark=MARK))
    changed = account.call(ReplaceMainRouteTable("m", "t2", mark=MARK))
    account.subnet("late", "10.0.4.0/24")
    assert tables(account) == {"net": "t2", "own": "t1", "old": "main", "late": "t2"}
    assert changed == [account.vpc.tables["t2"].id, account.vpc.subnets["net"].id]
    account.call(ReplaceMainRouteTable("m", "main", mark=MARK))
    assert tables(account) == {"net": "main", "own": "t1", "old": "main", "late": "main"}
    assert account.refusal(ReplaceMainRouteTable("m", "t3", mark=MARK)) == (
        "InvalidRouteTableID.NotFound: no route table 't3'; there are main, t1, t2"
    )


MAIN = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    main_route_table: private
    subnets:
      left: {availability_zone: a, cidr_block: 10.0.1.0/24}
      right: {availability_zone: b, cidr_block: 10.0.2.0/24, route_table: main}
    route_tables: {private: {routes: {10.9.0.0/16: box}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      left: {subnet: left, security_groups: open}
      right: {subnet: right, security_groups: open}
      box: {subnet: right, security_groups: open, source_dest_check: false}
"""


def test_a_file_may_name_another_main_table() -> None:
    plan = topology(MAIN)
    text = expanded(plan)
    assert "    main_route_table: private\n" in text and "route_table: main}" in text
    assert plan_of(text.encode(), "a.yaml", "a").requests == plan.requests
    region = Region(MAIN)
    to = parse_ip("10.9.0.9")
    ends = {name: trace(region.world, region[name], to, parse_traffic("udp 9")).forward for name in ("left", "right")}
    assert (ends["left"].outcome, ends["right"].outcome) == (Outcome.DELIVERED, Outcome.NO_ROUTE)
    assert "rt" in [hop.kind for hop in ends["left"].hops if hop.name == "private"]


def test_the_main_table_must_be_there() -> None:
    said = said_of(MAIN.replace("main_route_table: private", "main_route_table: privat")).splitlines()[0]
    assert said.endswith("no route table 'privat'") or "no route table 'privat'" in said


def test_inspect_says_which_is_the_main_one(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"version: 1\nregion: eu-west-1\nzones: [a, b]\n{MAIN}")
    said = CliRunner().invoke(app, ["inspect", str(file), "private"]).output
    assert said.splitlines()[0].endswith(", the main one")
    assert "subnets left" in said


# What may lead where


INSIDE = "a route more specific than local leads to an instance or a NAT gateway"
PART = "is more specific than local, and no whole subnet; name one whole subnet's block"
DESTINATIONS = [
    (route("10.0.1.0/24", "box"), ""),
    (route("10.0.1.0/24", "nat", "nat_gateway"), ""),
    (route("10.0.1.0/24", "igw", "internet_gateway"), f"InvalidParameterValue: 10.0.1.0/24 is in m itself; {INSIDE}"),
    (route("10.0.1.0/24", "pcx", "vpc_peering_connection"),
     f"InvalidParameterValue: 10.0.1.0/24 is in m itself; {INSIDE}"),
    (route("10.0.1.0/25", "box"), f"InvalidParameterValue: 10.0.1.0/25 {PART}"),
    (route("10.0.0.0/23", "box"), f"InvalidParameterValue: 10.0.0.0/23 {PART}"),
    (route("10.0.0.0/15", "box"), ""),
    (route("10.0.0.0/16", "box"), "RouteAlreadyExists: main has a route to 10.0.0.0/16 already"),
    (route("169.254.168.0/22", "box"), "InvalidParameterValue: 169.254.168.0/22 is reserved for link-local services; "
                                       "the host answers it without any route"),
    (route("169.254.171.255/32", "box"), "InvalidParameterValue: 169.254.171.255/32 is reserved for link-local "
                                         "services; the host answers it without any route"),
    (route("169.254.0.0/16", "box"), ""),
    (route("169.254.172.0/24", "box"), ""),
    (route("fd00:ec2::/32", "box"), "InvalidParameterValue: fd00:ec2::/32 is reserved for link-local services; "
                                    "the host answers it without any route"),
]  # fmt: skip


def full_account() -> Account:
    account = Account()
    account.call(CreateVpc("o", parse_block("10.1.0.0/16"), mark=MARK))
    account.call(CreateVpcPeeringConnection("m", "pcx", "o", mark=MARK))
    account.call(CreateInternetGateway("m", "igw", mark=MARK))
    account.run("box")
    account.call(CreateNatGateway("m", "nat", "net", "private", (), mark=MARK))
    return account


@pytest.mark.parametrize(("request_", "said"), DESTINATIONS)
def test_destinations(request_: CreateRoute, said: str) -> None:
    account = full_account()
    if said:
        assert account.refusal(request_) == said
    else:
        assert account.call(request_) == [account.vpc.tables["main"].id]


LOCAL = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    secondary_cidr_blocks: 100.64.0.0/24
    subnets:
      one: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: through}
      two: {availability_zone: b, cidr_block: 10.0.2.0/24, route_table: back}
      box: {availability_zone: a, cidr_block: 100.64.0.0/26}
    route_tables:
      through: {routes: {10.0.0.0/16: box, 100.64.0.0/24: local}}
      back: {routes: {10.0.1.0/24: box}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      one: {subnet: one, security_groups: open}
      near: {subnet: one, security_groups: open}
      two: {subnet: two, security_groups: open}
      box: {subnet: box, security_groups: open, source_dest_check: false}
"""


def test_the_target_of_a_local_route_can_be_another_and_local_again() -> None:
    region = Region(LOCAL)

    def ends() -> list[str]:
        pairs = (("one", "two"), ("one", "near"), ("one", "box"), ("two", "one"), ("two", "box"))
        return [region.post(one, region.packet(one, two, UDP(sport=9, dport=9))).place for one, two in pairs]

    assert ends() == ["box", "near", "box", "box", "box"], "inside a subnet, no table is asked"
    traced = trace(region.world, region["one"], region["two"].placed.interface.address, parse_traffic("udp 9"))
    assert "10.0.0.0/16 -> box" in [hop.rule for hop in traced.forward.hops] and traced.destination == "box"
    region.call(ReplaceRoute("main", "through", parse_block("10.0.0.0/16"), "local", "local", mark=MARK))
    region.wait(2 * region.propagation_ns)
    assert ends()[0] == "two"


def test_a_file_with_such_a_route_is_written_out_and_read_again() -> None:
    plan = topology(LOCAL)
    assert ReplaceRoute("main", "through", parse_block("10.0.0.0/16"), "box", mark=MARK) in plan.requests
    assert plan_of(expanded(plan).encode(), "a.yaml", "a").requests == plan.requests
    said = said_of(LOCAL.replace("10.0.1.0/24: box", "10.0.1.0/24: local"))
    assert "10.0.1.0/24 is not local; only a block of the VPC itself is" in said


REPLACED = [
    ("igw", "internet_gateway", "InvalidParameterValue: 10.0.0.0/16 is m itself; it may lead to an instance or a NAT"),
    ("pcx", "vpc_peering_connection", "InvalidParameterValue: 10.0.0.0/16 is m itself"),
    ("box", "instance", ""),
    ("nat", "nat_gateway", ""),
    ("local", "local", ""),
]


@pytest.mark.parametrize(("target", "kind", "said"), REPLACED)
def test_what_may_stand_in_for_local(target: str, kind: str, said: str) -> None:
    account = full_account()
    request = ReplaceRoute("m", "main", parse_block("10.0.0.0/16"), target, kind, mark=MARK)  # type: ignore[arg-type]
    if said:
        assert account.refusal(request).startswith(said)
        return
    account.call(request)
    later = ReplaceRoute("m", "main", parse_block("10.0.1.0/24"), "igw", "internet_gateway", mark=MARK)
    account.call(route("10.0.1.0/24", "box"))
    assert account.refusal(later).startswith("InvalidParameterValue: 10.0.1.0/24 is in m itself")


# What is gone

NAT = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      in: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: out}
      nat: {availability_zone: a, cidr_block: 10.0.2.0/24}
    route_tables: {out: {routes: {10.9.0.0/16: nat, 10.0.0.0/8: box}}}
    nat_gateways: {nat: {subnet: nat, connectivity_type: private}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      one: {subnet: in, security_groups: open}
      box: {subnet: nat, security_groups: open, source_dest_check: false}
"""


def test_a_route_to_what_is_gone_stays_and_still_has_the_longest_prefix() -> None:
    from dcsim.cli.inspect import described

    region = Region(NAT)
    rows = described(region.world, "out")["table main/out"].fields["routes"]
    assert rows == ["10.0.0.0/16 -> local", "10.9.0.0/16 -> nat", "10.0.0.0/8 -> box"]
    region.call(DeleteNatGateway("main", "nat", mark=MARK))
    region.wait(2 * region.propagation_ns)
    rows = described(region.world, "out")["table main/out"].fields["routes"]
    assert rows == ["10.0.0.0/16 -> local", "10.9.0.0/16 -> nat, blackhole", "10.0.0.0/8 -> box"]
    ends = [trace(region.world, region["one"], parse_ip(to), parse_traffic("udp 9")) for to in ("10.9.0.9", "10.8.0.9")]
    assert [each.forward.outcome for each in ends] == [Outcome.BLACKHOLE, Outcome.DELIVERED]
    assert [hop.code for hop in ends[0].forward.blockers] == ["BAD_STATE_ROUTE"]
    packet = region.packet("one", "box", UDP(sport=9, dport=9), dst="10.9.0.9")
    assert region.post("one", packet).outcome is Outcome.BLACKHOLE
