"""What EC2 accepts and a file shows to be a trap: a warning at its line, and none where there is none."""

import pytest
from journeys.lab import Region
from topology.files import topology

from dcsim.topology.load import load, shipped, shipped_directory
from dcsim.topology.traps import traps

FILE = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    gateway_route_table: edge
    subnets:
      app: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: through, network_acl: app}
      box: {availability_zone: a, cidr_block: 10.0.9.0/24, route_table: out}
    route_tables:
      edge: {routes: {10.0.1.0/24: box}}
      through: {routes: {0.0.0.0/0: box, 10.1.0.0/16: pcx}}
      out: {routes: {0.0.0.0/0: igw, 192.168.0.0/16: box}}
    network_acls:
      app:
        ingress:
          - 100 allow tcp 80 from 0.0.0.0/0
          - 110 allow tcp 1024-65535 from 0.0.0.0/0
          - 120 deny udp from 10.0.0.0/8
        egress: 100 allow all to 0.0.0.0/0
    security_groups:
      web: {ingress: [tcp 80 from 0.0.0.0/0, tcp 22 from admins]}
      admins: {}
    instances:
      app: {subnet: app, security_groups: web}
      box: {subnet: box, security_groups: [web, admins], elastic_ip: true, source_dest_check: false}
  data:
    cidr_block: 10.1.0.0/16
    subnets: {main: {availability_zone: a, cidr_block: 10.1.0.0/24, route_table: back}}
    route_tables: {back: {routes: {10.0.0.0/16: pcx}}}
  far:
    cidr_block: 10.2.0.0/16
vpc_peering_connections:
  pcx: {vpc: shop, peer_vpc: data}
  other: {vpc: shop, peer_vpc: far}
"""

CASES = [
    ("- 110 allow tcp 1024-65535 from 0.0.0.0/0", "- 110 deny tcp 80 from 10.0.0.0/8",
     "rule 110 can never match: rule 100 decides first"),
    ("- 120 deny udp from 10.0.0.0/8", "- 120 deny tcp 2000-3000 from 10.0.0.0/8",
     "rule 120 can never match: rule 110 decides first"),
    ("egress: 100 allow all to 0.0.0.0/0", "egress: [20 allow icmp to 10.0.0.0/8, 10 allow all to 0.0.0.0/0]",
     "rule 20 can never match: rule 10 decides first"),
    ("- 120 deny udp from 10.0.0.0/8", "- 120 deny udp from 10.0.1.0/25",
     "rule 120 can never match: inside app, no network ACL is asked"),
    ("security_groups: [web, admins]", "security_groups: web",
     "'tcp 22 from admins' matches nobody: no instance has the group admins"),
    ("cidr_block: 10.2.0.0/16", "cidr_block: 10.1.128.0/20",
     "shop's peers data and far overlap: what both have, a route leads to one of"),
    ("{routes: {10.0.0.0/16: pcx}}", "{routes: {}}", "data has no route through pcx: it never answers over it"),
    ("cidr_block: 10.2.0.0/16", "cidr_block: 172.17.4.0/24",
     "172.17.4.0/24 is of 172.17.0.0/16, which some of AWS's services use for themselves"),
    ("0.0.0.0/0: igw, 192", "0.0.0.0/0: box, 192", "box is in box, which out serves: what it forwards comes back to it"),
    ("elastic_ip: true, ", "", "box gets nothing from the internet gateway: it has no public address"),
    ("{10.0.1.0/24: box}", "{10.0.1.0/24: box, 10.0.9.0/24: box}",
     "box is in box itself, between whose computers nothing can stand"),
    ("{0.0.0.0/0: box, 10", "{10", "answers from app do not come back through box"),
]  # fmt: skip


def test_none_where_there_is_none() -> None:
    assert topology(FILE).warnings == ()
    for name in shipped():
        if (shipped_directory() / name).read_text("utf-8").find("\nvpcs:") >= 0:
            assert [*traps(load(shipped_directory() / name).requests)] == [], name


@pytest.mark.parametrize(("old", "new", "said"), CASES)
def test_one_for_each_trap(old: str, new: str, said: str) -> None:
    assert old in FILE
    warnings = topology(FILE.replace(old, new)).warnings
    assert [each.message for each in warnings] == [said]
    (warning,) = warnings
    assert warning.warning and warning.advice and warning.mark.line > 3
    Region(FILE.replace(old, new))


def test_a_middlebox_that_checks() -> None:
    """At each route that leads to it."""
    warnings = topology(FILE.replace("source_dest_check: false", "source_dest_check: true")).warnings
    drops = "box drops what this route leads to it: its source/destination check is on"
    assert [each.message for each in warnings] == [drops] * 3
