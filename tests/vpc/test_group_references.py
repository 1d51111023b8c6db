"""Groups as peers, and where they do not reach: behind a middlebox, and over a peering that is gone."""

import pytest
from journeys.lab import HERE, Region
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from dcsim.request import CreateRoute, CreateVpcPeeringConnection, DeleteRoute, DeleteVpcPeeringConnection
from netvirt.address import format_mac, parse_cidr
from netvirt.journey import Outcome

MIDDLEBOX = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      one: {availability_zone: a, cidr_block: 10.0.1.0/24}
      two: {availability_zone: b, cidr_block: 10.0.2.0/24}
      box: {availability_zone: a, cidr_block: 10.0.9.0/24}
    security_groups:
      asks: {}
      answers: {ingress: [udp 9 from asks, udp 10 from 10.0.1.0/24]}
      box: {ingress: all from 0.0.0.0/0}
    instances:
      one: {subnet: one, security_groups: asks}
      two: {subnet: two, security_groups: answers}
      box: {subnet: box, security_groups: box, source_dest_check: false}
"""


@pytest.mark.parametrize(
    ("by", "port", "outcome"),
    [
        ("one", 9, Outcome.DELIVERED),
        ("one", 10, Outcome.DELIVERED),
        ("box", 9, Outcome.SECURITY_GROUP),
        ("box", 10, Outcome.DELIVERED),
    ],
)
def test_a_group_is_not_known_behind_a_middlebox_and_a_block_is(by: str, port: int, outcome: Outcome) -> None:
    """The same packet of one's, sent by itself and brought by the middlebox."""
    region = Region(MIDDLEBOX)
    sender, one, two = region[by], region["one"], region["two"]
    header = Ether(src=format_mac(sender.mac), dst=format_mac(sender.router_mac))
    packet = header / IP(src=one.ip, dst=two.ip) / UDP(sport=4000, dport=port)
    assert region.post(by, packet).outcome is outcome


PEERED = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets: {main: {availability_zone: a, cidr_block: 10.0.0.0/24, route_table: out}}
    route_tables: {out: {routes: {10.1.0.0/16: pcx}}}
    security_groups: {web: {}}
    instances: {web: {subnet: main, security_groups: web}}
  data:
    cidr_block: 10.1.0.0/16
    subnets: {main: {availability_zone: a, cidr_block: 10.1.0.0/24, route_table: out}}
    route_tables: {out: {routes: {10.0.0.0/16: pcx}}}
    security_groups: {db: {ingress: udp 9 from shop/web}}
    instances: {db: {subnet: main, security_groups: db}}
vpc_peering_connections: {pcx: {vpc: shop, peer_vpc: data}}
"""


def test_a_stale_rule_matches_nobody_until_the_two_are_peered_again() -> None:
    """Routes over the old connection are black holes for good; the rule is not."""
    region = Region(PEERED)

    def ask(sport: int) -> Outcome:
        return region.post("web", region.packet("web", "db", UDP(sport=sport, dport=9))).outcome

    assert ask(1) is Outcome.DELIVERED
    region.call(DeleteVpcPeeringConnection("pcx", mark=HERE))
    region.wait(2 * region.propagation_ns)
    assert ask(2) is Outcome.BLACKHOLE
    group = region.world.control.vpcs["data"].groups["db"]
    assert [rule.text for rule in group.ingress] == ["udp 9 from shop/web"]
    assert group.ingress[0].peer not in region.world.control.view("data").members
    region.call(CreateVpcPeeringConnection("data", "again", "shop", mark=HERE))
    for vpc, block in (("shop", "10.1.0.0/16"), ("data", "10.0.0.0/16")):
        region.call(DeleteRoute(vpc, "out", parse_cidr(block), mark=HERE))
        region.call(CreateRoute(vpc, "out", parse_cidr(block), "again", "vpc_peering_connection", mark=HERE))
    region.wait(2 * region.propagation_ns)
    assert ask(3) is Outcome.DELIVERED
