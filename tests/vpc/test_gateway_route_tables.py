"""Gateway route tables: a middlebox before a subnet, for what comes in over the internet gateway."""

import pytest
from cloud.account import MARK, Account
from gateway.lab import ABROAD
from journeys.lab import Region
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from topology.files import said_of, topology

from dcsim.request import (
    AssociateGatewayRouteTable,
    AssociateRouteTable,
    CreateInternetGateway,
    CreateManagedPrefixList,
    CreateNatGateway,
    CreateRoute,
    CreateRouteTable,
    DeleteRouteTable,
    DetachInternetGateway,
    PrefixListName,
    ReplaceMainRouteTable,
    ReplaceRoute,
    Verb,
)
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.trace import trace
from dcsim.traffic_spec import parse_traffic
from netvirt.address import format_mac, parse_block, parse_ip
from netvirt.journey import Outcome

FILE = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    gateway_route_table: edge
    subnets:
      app: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: through}
      open: {availability_zone: a, cidr_block: 10.0.2.0/24, route_table: out}
      box: {availability_zone: b, cidr_block: 10.0.9.0/24, route_table: out, network_acl: box}
    route_tables:
      edge: {routes: {10.0.1.0/24: box}}
      through: {routes: {0.0.0.0/0: box}}
      out: {routes: {0.0.0.0/0: igw}}
    network_acls:
      box: {ingress: [10 deny udp 7 from 0.0.0.0/0, 20 allow all from 0.0.0.0/0], egress: 10 allow all to 0.0.0.0/0}
    security_groups: {all: {ingress: all from 0.0.0.0/0}}
    instances:
      app: {subnet: app, security_groups: all, elastic_ip: 198.18.0.10}
      open: {subnet: open, security_groups: all, elastic_ip: 198.18.0.11}
      box: {subnet: box, security_groups: all, elastic_ip: 198.18.0.12, source_dest_check: false}
internet: {delay: 1 ms, instances: {outside: {}}}
"""


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(FILE)


def visit(region: Region, public: str, port: int = 9) -> tuple[str, Outcome, str]:
    """Who gets a datagram from outside, and for which address it is by then; traced, the same comes of it."""
    outside = region["outside"]
    packet = IP(src=outside.ip, dst=public) / UDP(sport=4000, dport=port)
    lost, seen = len(region.lost), len(region.seen)
    region["outside"].send(Ether(src=format_mac(outside.mac), dst=format_mac(outside.router_mac)) / packet)
    region.wait(ABROAD)
    got = [each for each in region.seen[seen:] if not each.leaving]
    traced = trace(region.world, outside, parse_ip(public), parse_traffic(f"udp {port}"))
    if got:
        assert (traced.forward.outcome, traced.destination) == (Outcome.DELIVERED, got[0].guest)
        return got[0].guest, Outcome.DELIVERED, str(IP(got[0].data[14:]).dst)
    assert traced.forward.outcome is region.lost[lost].reason
    return region.lost[lost].place, region.lost[lost].reason, ""


def test_the_middlebox_gets_what_is_for_the_subnet_behind_it(region: Region) -> None:
    assert visit(region, "198.18.0.10") == ("box", Outcome.DELIVERED, "10.0.1.4")
    assert visit(region, "198.18.0.11") == ("open", Outcome.DELIVERED, "10.0.2.4")
    assert visit(region, "198.18.0.12") == ("box", Outcome.DELIVERED, "10.0.9.4")


def test_the_network_acl_is_that_of_the_middleboxs_subnet(region: Region) -> None:
    assert visit(region, "198.18.0.10", port=7)[:2] == (region["box"].host.name, Outcome.NETWORK_ACL)
    assert visit(region, "198.18.0.11", port=7)[0] == "open"


def test_a_trace_names_the_table_and_who_has_the_address(region: Region) -> None:
    traced = trace(region.world, region["outside"], parse_ip("198.18.0.10"), parse_traffic("udp 9"))
    hops = [(hop.kind, hop.name, hop.rule) for hop in traced.forward.hops]
    assert ("border", "", "198.18.0.10 is app") in hops
    assert ("rt", "edge", "10.0.1.0/24 -> box") in hops
    assert traced.middlebox is not None and traced.destination == "box"


def test_there_and_back_through_the_middlebox(region: Region) -> None:
    """What it forwards by hand reaches the app, and the app's answer reaches the Internet with the app's address."""
    box, app, outside = region["box"], region["app"], region["outside"]
    header = Ether(src=format_mac(box.mac), dst=format_mac(box.router_mac))
    onward = IP(src=outside.ip, dst=app.ip) / UDP(sport=4000, dport=9)
    assert region.post("box", header / onward)[:2] == ("app", Outcome.DELIVERED)
    answer = IP(src=app.ip, dst=outside.ip) / UDP(sport=9, dport=4000)
    assert region.post("app", Ether(src=format_mac(app.mac), dst=format_mac(app.router_mac)) / answer).place == "box"
    seen = len(region.seen)
    region["box"].send(header / answer)
    region.wait(ABROAD)
    got = [Ether(each.data) for each in region.seen[seen:] if each.guest == "outside" and not each.leaving]
    assert [each[IP].src for each in got if UDP in each] == ["198.18.0.10"]


CHANGES = [
    ("source_dest_check: false", "source_dest_check: true", "b/r1/h1", Outcome.SOURCE_DEST_CHECK),
    ("elastic_ip: 198.18.0.12, ", "", "border", Outcome.UNKNOWN),
    ("10.0.1.0/24: box}}\n      through", "10.0.1.0/24: blackhole}}\n      through", "border", Outcome.BLACKHOLE),
    ("10.0.1.0/24: box}}\n      through", "10.0.0.0/16: box}}\n      through", "box", Outcome.DELIVERED),
]


@pytest.mark.parametrize(("old", "new", "place", "outcome"), CHANGES)
def test_other_middleboxes(old: str, new: str, place: str, outcome: Outcome) -> None:
    assert old in FILE
    assert visit(Region(FILE.replace(old, new)), "198.18.0.10")[:2] == (place, outcome)


def test_from_inside_by_a_public_address_too(region: Region) -> None:
    """Out over the gateway and in again."""
    open_, seen = region["open"], len(region.seen)
    packet = IP(src=open_.ip, dst="198.18.0.10") / UDP(sport=4000, dport=9)
    open_.send(Ether(src=format_mac(open_.mac), dst=format_mac(open_.router_mac)) / packet)
    region.wait(ABROAD)
    assert [each.guest for each in region.seen[seen:] if not each.leaving] == ["box"]


# The control plane


def edge_account() -> Account:
    account = Account()
    account.call(CreateInternetGateway("m", "igw", mark=MARK))
    account.call(CreateManagedPrefixList("list", 1, (parse_block("10.0.1.0/24"),), mark=MARK))
    account.run("box")
    account.call(CreateNatGateway("m", "nat", "net", "private", (), mark=MARK))
    for name in ("edge", "other", "bad"):
        account.call(CreateRouteTable("m", name, mark=MARK))
    account.call(CreateRoute("m", "bad", parse_block("0.0.0.0/0"), "box", mark=MARK))
    account.call(AssociateGatewayRouteTable("m", "edge", mark=MARK))
    return account


def route(to: str, target: str = "box", kind: str = "instance") -> CreateRoute:
    destination = parse_block(to) if to[0].isdigit() else PrefixListName(to)
    return CreateRoute("m", "edge", destination, target, kind, mark=MARK)  # type: ignore[arg-type]


def whole(target: str, kind: str = "instance") -> ReplaceRoute:
    return ReplaceRoute("m", "edge", parse_block("10.0.0.0/16"), target, kind, mark=MARK)  # type: ignore[arg-type]


NO_BLOCK = "is no whole block of m and no whole subnet; a gateway's table leads nowhere else"
REQUESTS: list[tuple[Verb, str]] = [
    (route("10.0.1.0/24"), ""),
    (whole("box"), ""),
    (route("0.0.0.0/0"), f"InvalidParameterValue: edge is a gateway's, and 0.0.0.0/0 {NO_BLOCK}"),
    (route("10.9.0.0/16"), f"InvalidParameterValue: edge is a gateway's, and 10.9.0.0/16 {NO_BLOCK}"),
    (route("list"), f"InvalidParameterValue: edge is a gateway's, and list {NO_BLOCK}"),
    (route("10.0.1.0/24", "nat", "nat_gateway"),
     "InvalidParameterValue: edge is a gateway's, and cannot lead through nat; it leads to instances, or local"),
    (whole("nat", "nat_gateway"),
     "InvalidParameterValue: edge is a gateway's, and cannot lead through nat; it leads to instances, or local"),
    (AssociateGatewayRouteTable("m", "other", mark=MARK),
     "Resource.AlreadyAssociated: igw has the route table edge already; one gateway has one"),
    (ReplaceMainRouteTable("m", "edge", mark=MARK),
     "InvalidParameterValue: edge is the route table of igw; a gateway's cannot be main"),
    (DeleteRouteTable("m", "edge", mark=MARK), "DependencyViolation: igw has the route table edge. Disassociate it first"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), REQUESTS)
def test_what_a_gateways_table_may_hold(request_: Verb, said: str) -> None:
    account = edge_account()
    if said:
        assert account.refusal(request_) == said
    else:
        account.call(request_)


ASSOCIATIONS = [
    ("main", "InvalidParameterValue: main is the main route table of m; a gateway's cannot be main"),
    ("bad", f"InvalidParameterValue: bad is a gateway's, and 0.0.0.0/0 {NO_BLOCK}"),
    ("lost", "InvalidRouteTableID.NotFound: no route table 'lost'; there are main, edge, other, bad"),
]


@pytest.mark.parametrize(("table", "said"), ASSOCIATIONS)
def test_which_table_may_be_a_gateways(table: str, said: str) -> None:
    account = edge_account()
    account.vpc.gateway_table = ""
    assert account.refusal(AssociateGatewayRouteTable("m", table, mark=MARK)) == said
    account.call(AssociateRouteTable("m", "other", "net", mark=MARK))
    account.call(AssociateGatewayRouteTable("m", "other", mark=MARK))
    assert account.view().gateway_table == account.vpc.tables["other"].id


def test_without_a_gateway_there_is_no_table_of_it() -> None:
    account = edge_account()
    account.call(DetachInternetGateway("m", mark=MARK))
    assert account.view().gateway_table == ""
    assert account.refusal(AssociateGatewayRouteTable("m", "other", mark=MARK)) == (
        "Gateway.NotAttached: m has no internet gateway; write internet_gateway: NAME"
    )


# Files


def test_a_file_with_one_is_written_out_and_read_again() -> None:
    plan = topology(FILE)
    assert "    gateway_route_table: edge\n" in expanded(plan)
    assert plan_of(expanded(plan).encode(), "a.yaml", "a").requests == plan.requests
    assert "no route table 'egde'" in said_of(FILE.replace("gateway_route_table: edge", "gateway_route_table: egde"))
