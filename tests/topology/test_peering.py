"""VPCs that are joined: what is asked for, in which order, and what is said of joints that do not fit."""

import pytest

from dcsim.problem import Mark, Refused
from dcsim.request import (
    AuthorizeSecurityGroupIngress,
    CreateRoute,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    Request,
    RunInstances,
)
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.topology.python import Topology
from netvirt.address import parse_cidr

from .files import answer, said_of, topology

NOWHERE = Mark("", 1, 1, 2)
"""Requests compare without their marks."""

JOINED = """\
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets: {app: {per_zone: [a, b], cidr_block: 10.0.0.0/24, route_table: app}}
    route_tables: {app: {routes: {10.1.0.0/16: shop-data}}}
    security_groups: app
    instances: {app: {per_zone: [a, b], subnet: app, security_groups: app}}
  data:
    cidr_block: 10.1.0.0/16
    subnets: {cache: {availability_zone: a, cidr_block: 10.1.0.0/24, route_table: cache}}
    route_tables: {cache: {routes: {10.0.0.0/16: shop-data}}}
    security_groups: {cache: {ingress: [tcp 6379 from shop/app, icmp from data/cache]}}
    instances: {cache: {subnet: cache, security_groups: cache}}
vpc_peering_connections:
  shop-data: {vpc: shop, peer_vpc: data}
"""


def test_two_joined_vpcs() -> None:
    requests = topology(JOINED).requests
    peering = CreateVpcPeeringConnection("shop", "shop-data", "data", mark=NOWHERE)
    there, back = parse_cidr("10.1.0.0/16"), parse_cidr("10.0.0.0/16")
    assert [each for each in requests if isinstance(each, CreateVpcPeeringConnection | CreateRoute)] == [
        peering,
        CreateRoute("shop", "app", there, "shop-data", "vpc_peering_connection", mark=NOWHERE),
        CreateRoute("data", "cache", back, "shop-data", "vpc_peering_connection", mark=NOWHERE),
    ]
    rules = [each for each in requests if isinstance(each, AuthorizeSecurityGroupIngress)]
    assert [(each.vpc, each.peer, each.text) for each in rules] == [
        ("data", "shop/app", "tcp 6379 from shop/app"),
        ("data", "cache", "icmp from cache"),
    ]
    assert isinstance(requests[-1], CreateRoute)


def test_a_joint_is_asked_for_when_both_vpcs_are_there_and_nothing_needs_it_yet() -> None:
    kinds: list[type[Request]] = [type(each) for each in topology(JOINED).requests]
    joint = kinds.index(CreateVpcPeeringConnection)
    before, after = set(kinds[:joint]), set(kinds[joint + 1 :])
    assert {CreateVpc, CreateSubnet, CreateSecurityGroup} <= before
    assert after == {AuthorizeSecurityGroupIngress, RunInstances, CreateRoute}


def test_a_joint_knows_where_it_is_written() -> None:
    (peering,) = (each for each in topology(JOINED).requests if isinstance(each, CreateVpcPeeringConnection))
    assert str(peering.mark) == "a.yaml:18:3"
    assert [str(peering.where(end)) for end in ("vpc", "peer_vpc")] == ["a.yaml:18:20", "a.yaml:18:36"]


def test_written_out() -> None:
    plan = topology(JOINED)
    text = expanded(plan)
    assert text.endswith("\n\nvpc_peering_connections:\n  shop-data: {vpc: shop, peer_vpc: data}\n")
    assert "      app: {routes: {10.1.0.0/16: shop-data}}\n" in text
    assert plan_of(text.encode(), "b.yaml", "a") == plan


def in_python() -> Topology:
    topology = Topology(region="eu-west-1", zones=["a", "b", "c"], name="a")
    shop = topology.vpc("shop", cidr_block="10.0.0.0/16")
    shop.subnet("app", per_zone=["a", "b"], cidr_block="10.0.0.0/24", route_table="app")
    shop.route_table("app", routes={"10.1.0.0/16": "shop-data"})
    shop.security_group("app")
    shop.instance("app", per_zone=["a", "b"], subnet="app", security_groups="app")
    data = topology.vpc("data", cidr_block="10.1.0.0/16")
    data.subnet("cache", availability_zone="a", cidr_block="10.1.0.0/24", route_table="cache")
    data.route_table("cache", routes={"10.0.0.0/16": "shop-data"})
    data.security_group("cache", ingress=["tcp 6379 from shop/app", "icmp from data/cache"])
    data.instance("cache", subnet="cache", security_groups="cache")
    topology.vpc_peering_connection("shop-data", vpc="shop", peer_vpc="data")
    return topology


def test_in_python() -> None:
    plan = in_python().plan()
    assert plan == topology(JOINED)
    assert plan_of(plan.files[0].data, "a.yaml", "a") == plan


def test_in_python_a_problem_points_at_the_call() -> None:
    topology = in_python()
    topology.vpc_peering_connection("more", vpc="shop", peer_vpc="dat")
    with pytest.raises(Refused) as refused:
        topology.plan()
    (problem,) = refused.value.problems
    assert problem.message == "no vpc 'dat'"
    assert "test_peering.py" in problem.mark.file


THREE = """\
vpcs:
  shop: {cidr_block: 10.0.0.0/16, security_groups: app}
  data: {cidr_block: 10.1.0.0/16, security_groups: {x: {ingress: tcp 1 from shop/app}}}
  far: {cidr_block: 10.2.0.0/16, route_tables: {t: {routes: {10.1.0.0/16: shop-data}}}}
"""

PROBLEMS = [
    (
        # The rule and the routes rely on a joint whose end is misspelt: one complaint is enough.
        THREE + "vpc_peering_connections: {shop-data: {vpc: shop, peer_vpc: dta}}\n",
        """
        a.yaml:8:60: no vpc 'dta'; there are shop, data, far. Did you mean data?
         8 | vpc_peering_connections: {shop-data: {vpc: shop, peer_vpc: dta}}
           |                                                            ^^^
        """,
    ),
    (
        THREE + "vpc_peering_connections: {shop-data: {vpc: Shop, peer_vpc: nowhere}}\n",
        """
        a.yaml:8:44: no vpc 'Shop'; there are shop, data, far. Did you mean shop?
         8 | vpc_peering_connections: {shop-data: {vpc: Shop, peer_vpc: nowhere}}
           |                                            ^^^^
        a.yaml:8:60: no vpc 'nowhere'; there are shop, data, far
         8 | vpc_peering_connections: {shop-data: {vpc: Shop, peer_vpc: nowhere}}
           |                                                            ^^^^^^^
        """,
    ),
    (
        THREE + "vpc_peering_connections: {shop-data: {vpc: shop, peer_vpc: shop}}\n",
        """
        a.yaml:8:60: shop-data joins shop to itself; name another VPC
         8 | vpc_peering_connections: {shop-data: {vpc: shop, peer_vpc: shop}}
           |                                                            ^^^^
        """,
    ),
    (
        THREE + "vpc_peering_connections: {shop-data: {vpc: shop, peer: data}, 1st: }\n",
        """
        a.yaml:8:27: peering connection shop-data lacks peer_vpc
         8 | vpc_peering_connections: {shop-data: {vpc: shop, peer: data}, 1st: }
           |                           ^^^^^^^^^
        a.yaml:8:50: peering connection has no 'peer'. Did you mean peer_vpc?
         8 | vpc_peering_connections: {shop-data: {vpc: shop, peer: data}, 1st: }
           |                                                  ^^^^
        a.yaml:8:63: '1st' is not a name
         8 | vpc_peering_connections: {shop-data: {vpc: shop, peer: data}, 1st: }
           |                                                               ^^^
            names are letters, digits, - and _, and start with a letter
        a.yaml:8:63: peering connection 1st lacks vpc
         8 | vpc_peering_connections: {shop-data: {vpc: shop, peer: data}, 1st: }
           |                                                               ^^^
        a.yaml:8:63: peering connection 1st lacks peer_vpc
         8 | vpc_peering_connections: {shop-data: {vpc: shop, peer: data}, 1st: }
           |                                                               ^^^
        """,
    ),
    (
        "vpc_peering_connections:\n",
        """
        a.yaml:4:1: vpc_peering_connections is empty; leave it out, or write {} for none
         4 | vpc_peering_connections:
           | ^^^^^^^^^^^^^^^^^^^^^^^
        """,
    ),
    (
        "vpc_peering_connections: [shop-data]\n",
        """
        a.yaml:4:26: vpc_peering_connections needs a map, not a list
         4 | vpc_peering_connections: [shop-data]
           |                          ^^^^^^^^^^^
        """,
    ),
    (
        THREE + "vpc_peering_connections: {shop-data: {vpc: shop, peer_vpc: data}}\n",
        """
        a.yaml:7:75: far cannot route through shop-data; it joins shop and data
         7 |  ... 10.2.0.0/16, route_tables: {t: {routes: {10.1.0.0/16: shop-data}}}}
           |                                                            ^^^^^^^^^
        """,
    ),
    (
        THREE + "vpc_peering_connections: {shop-far: {vpc: shop, peer_vpc: far}}\n",
        """
        a.yaml:6:77: shop/app is in another VPC that data is not peered with
         6 |  ...  10.1.0.0/16, security_groups: {x: {ingress: tcp 1 from shop/app}}}
           |                                                              ^^^^^^^^
            join the two in vpc_peering_connections, or name a block
        a.yaml:7:75: no instance or peering connection 'shop-data'
         7 |  ... 10.2.0.0/16, route_tables: {t: {routes: {10.1.0.0/16: shop-data}}}}
           |                                                            ^^^^^^^^^
            far has shop-far. Did you mean shop-far?
        """,
    ),
    (
        """\
        vpcs:
          shop: {cidr_block: 10.0.0.0/16, security_groups: app}
          data:
            cidr_block: 10.1.0.0/16
            security_groups: {x: {egress: [all to shop/ap, all to shp/app, all to shop/default]}}
        vpc_peering_connections: {shop-data: {vpc: shop, peer_vpc: data}}
        """,
        """
        a.yaml:8:43: no security group 'ap'; shop has app. Did you mean app?
         8 |     security_groups: {x: {egress: [all to shop/ap, all to shp/app, all t ...
           |                                           ^^^^^^^
        a.yaml:8:59: no vpc 'shp'; there are shop, data. Did you mean shop?
         8 |  ... curity_groups: {x: {egress: [all to shop/ap, all to shp/app, all to ...
           |                                                          ^^^^^^^
        """,
    ),
    (
        """\
        vpcs:
          shop:
            cidr_block: 10.0.0.0/16
            subnets: {net: {per_zone: true, cidr_block: 10.0.0.0/24}}
            route_tables:
              t: {routes: {10.1.0.0/16: door, 10.2.0.0/16: nobody}}
              each: {per_zone: [a], routes: {10.1.0.0/16: nat}}
            instances:
              door: {subnet: net-a}
              nat: {per_zone: true, subnet: net}
          data: {cidr_block: 10.1.0.0/16, route_tables: {t: {routes: {10.0.0.0/16: nobody}}}}
          far: {cidr_block: 10.2.0.0/16, route_tables: {t: {routes: {10.0.0.0/16: nobody}}}}
        vpc_peering_connections:
          door: {vpc: shop, peer_vpc: data}
          nat-a: {vpc: data, peer_vpc: shop}
        """,
        """
        a.yaml:9:33: door is an instance of shop and a peering connection
         9 |       t: {routes: {10.1.0.0/16: door, 10.2.0.0/16: nobody}}
           |                                 ^^^^
            rename one of them
        a.yaml:9:52: no instance or peering connection 'nobody'
         9 |       t: {routes: {10.1.0.0/16: door, 10.2.0.0/16: nobody}}
           |                                                    ^^^^^^
            shop has door, nat-a, nat-b, nat-c
        a.yaml:10:51: nat-a is an instance of shop and a peering connection
         10 |       each: {per_zone: [a], routes: {10.1.0.0/16: nat}}
            |                                                   ^^^
            rename one of them
        a.yaml:14:76: no instance or peering connection 'nobody'; data has door, nat-a
         14 |  ... k: 10.1.0.0/16, route_tables: {t: {routes: {10.0.0.0/16: nobody}}}}
            |                                                               ^^^^^^
        a.yaml:15:75: no instance or peering connection 'nobody'; far has none
         15 |  ... k: 10.2.0.0/16, route_tables: {t: {routes: {10.0.0.0/16: nobody}}}}
            |                                                               ^^^^^^
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), PROBLEMS)
def test_problems(text: str, expected: str) -> None:
    assert said_of(text) == answer(expected)
