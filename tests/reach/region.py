"""Small regions to ask."""

from pathlib import Path

from dcsim.reach.matrix import Reach, reach
from dcsim.topology.load import load
from dcsim.topology.plan import Plan
from dcsim.topology.python import Topology

THREE_TIER = """\
version: 1
region: eu-west-1
zones: [a, b]
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets:
      app: {per_zone: true, cidr_block: 10.0.10.0/24}
      db: {per_zone: true, cidr_block: 10.0.20.0/24, network_acl: db}
    network_acls:
      db:
        ingress: 100 allow tcp 5432 from 10.0.10.0/23
        egress: 100 allow tcp 1024-65535 to 10.0.10.0/23
    security_groups:
      app: {ingress: [tcp 8080 from app, tcp 22 from bastion]}
      db: {ingress: [tcp 5432 from app, tcp 22 from bastion]}
      bastion: {}
    instances:
      app: {per_zone: true, count: 2, subnet: app, security_groups: app}
      db: {per_zone: true, subnet: db, security_groups: db}
      bastion: {subnet: app-a, security_groups: bastion}
"""


def region_with(*ingress: str) -> Plan:
    """Two guests in one subnet behind these rules."""
    topology = Topology(region="eu-west-1", zones=["a"])
    vpc = topology.vpc("m", cidr_block="10.0.0.0/16")
    vpc.subnet("s", availability_zone="a", cidr_block="10.0.1.0/24")
    vpc.security_group("g", ingress=list(ingress))
    vpc.instance("left", subnet="s", security_groups="g")
    vpc.instance("right", subnet="s", security_groups="g")
    return topology.plan()


def three_tier(directory: Path) -> Reach:
    (directory / "shop.yaml").write_text(THREE_TIER, "utf-8")
    return reach(load("shop.yaml"))
