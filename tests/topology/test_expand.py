"""The expanded file is the same topology, written out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.topology.expand import expanded
from dcsim.topology.load import load, plan_of
from dcsim.topology.python import Topology

from .files import answer, topology


def test_two_az_written_out() -> None:
    assert (
        expanded(load("two-az.yaml"))
        == answer(
            """
        version: 1
        region: eu-west-1
        zones: [a, b]
        start: 2025-01-01T00:00:00Z
        plant: {datacenters: 1, power_domains: 1, racks: 2, hosts: 4, spines: 2, \
nic: 25 Gbit, uplink: 100 Gbit, delay: 5 us, between_zones: 500 us, nic_limit: 1 MB, uplink_limit: 4 MB, \
detection: 50 ms, convergence: 200 ms, propagation: 100 ms}

        vpcs:
          main:
            cidr_block: 10.0.0.0/16
            subnets:
              net-a: {cidr_block: 10.0.1.0/24, availability_zone: a}
              net-b: {cidr_block: 10.0.2.0/24, availability_zone: b}
            security_groups:
              friends: {ingress: [icmp from friends]}
            instances:
              left: {subnet: net-a, security_groups: [friends], instance_type: m7i.large, image: agent}
              right: {subnet: net-b, security_groups: [friends], instance_type: m7i.large, image: agent}
        """
        )
        + "\n"
    )


EVERYTHING = """\
start: 1999-12-31T23:59:59Z
plant: {racks: 4, hosts: 8, nic: 12.5 Gbit, nic_limit: 1.5 MB}
links:
  a <-> b: {delay: 0.3 ms, corrupt: 1 %, duplicate: 0.5 %, reorder: 25 %}
  a -> c: {delay: 0.7 ms, jitter: 20 us, loss: 0.001 %, limit: 1000, rate: 1 Gbit}
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      public: {availability_zone: a, cidr_block: 10.0.0.0/24, route_table: public, map_public_ip_on_launch: true}
      private: {per_zone: true, cidr_block: 10.0.10.0/24, route_table: private, network_acl: edge}
      odd: {per_zone: {a: {}, c: {cidr_block: 10.0.99.0/24}}, cidr_block: 10.0.30.7/24}
    route_tables:
      public: {routes: {0.0.0.0/0: igw}}
      private: {per_zone: true, routes: {0.0.0.0/0: nat, 10.3.4.5/16: box, 10.1.0.0/16: shop-data}}
    network_acls:
      edge: {ingress: [120 deny icmp 3/4  from 10.0.0.1/16], egress: 100 allow all to 0.0.0.0/0}
    security_groups:
      app: {ingress: [tcp 8080 from app, tcp 22 from data/x], egress: []}
      open: {ingress: all from 0.0.0.0/0, egress: tcp 1-5 to default}
    instances:
      nat: {per_zone: true, subnet: private, elastic_ip: true, source_dest_check: false, security_groups: [open, app]}
      box: {subnet: private-a, private_ip_address: 10.0.10.50, frequency: 3.2 GHz, boot: 1.5 s}
      door: {subnet: public, elastic_ip: 198.18.0.10}
      app: {per_zone: [a, c], count: 2, subnet: odd, image: "my 'image: x"}
    flow_logs:
      all: {}
      some: {resource_type: Subnet, resources: [odd, public], traffic_type: ACCEPT, log_format: "${type} ${az-id}"}
      boxes: {resource_type: NetworkInterface, resources: [box, app], max_aggregation_interval: 60 s}
  data:
    cidr_block: 10.1.0.0/16
    route_tables: {main-b: {routes: {10.0.0.0/16: shop-data}}}
    security_groups: {x: {egress: icmp to shop/default}, y: {}}
vpc_peering_connections:
  shop-data: {vpc: shop, peer_vpc: data}
  again: {vpc: data, peer_vpc: shop}
internet:
  delay: 35 ms
  instances: {customer: {}, admin: {ip_address: 198.51.100.7, image: agent}}
"""


def test_the_expanded_file_asks_for_the_same() -> None:
    plan = topology(EVERYTHING)
    again = plan_of(expanded(plan).encode(), "b.yaml", "a")
    assert again == plan
    assert expanded(again) == expanded(plan)


READABLE = st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f\ufffe\uffff\ufeff")


@settings(deadline=None, derandomize=True)
@given(st.text(READABLE, min_size=1))
def test_whatever_an_image_is_called(image: str) -> None:
    topology = Topology(region="r", zones=["a"])
    vpc = topology.vpc("m", cidr_block="10.0.0.0/16")
    vpc.subnet("n", cidr_block="10.0.0.0/24")
    vpc.instance("i", subnet="n", image=image)
    plan = topology.plan()
    assert plan_of(expanded(plan).encode(), "b.yaml", "topology") == plan
