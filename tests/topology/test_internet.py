"""Doors to the Internet and who is outside: what is asked for, in which order, what is said of what does not fit."""

import pytest

from dcsim.problem import Mark, Refused
from dcsim.request import (
    AssociateAddress,
    CreateInternetGateway,
    CreateRoute,
    CreateSubnet,
    Request,
    RunInstances,
)
from dcsim.scenario.schema import json_schema
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.topology.plan import Internet, Outsider
from dcsim.topology.python import Topology
from netvirt.address import EVERYWHERE, parse_ip

from .files import answer, said_of, topology

NOWHERE = Mark("", 1, 1, 2)
"""Requests compare without their marks."""

SHOP = """\
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      public: {per_zone: [a, b], cidr_block: 10.0.0.0/24, route_table: public}
      easy: {availability_zone: a, cidr_block: 10.0.9.0/24, map_public_ip_on_launch: true}
    route_tables: {public: {routes: {0.0.0.0/0: igw}}}
    instances:
      bastion: {subnet: public-a, elastic_ip: 198.18.0.10, image: agent}
      web: {per_zone: {a: {}, b: {elastic_ip: false}}, subnet: public, elastic_ip: true}
      inner: {subnet: easy}
internet:
  delay: 35 ms
  instances: {customer: {}, admin: {ip_address: 198.51.100.7, image: agent}}
"""


def asked(*kinds: type[Request]) -> list[Request]:
    return [each for each in topology(SHOP).requests if isinstance(each, kinds)]


def test_a_door_and_who_uses_it() -> None:
    assert asked(CreateInternetGateway, CreateRoute, AssociateAddress) == [
        CreateInternetGateway("shop", "igw", mark=NOWHERE),
        AssociateAddress("shop", "bastion", parse_ip("198.18.0.10"), mark=NOWHERE),
        AssociateAddress("shop", "web-a", None, mark=NOWHERE),
        CreateRoute("shop", "public", EVERYWHERE, "igw", "internet_gateway", mark=NOWHERE),
    ]


def test_each_finds_what_it_refers_to() -> None:
    kinds = (CreateSubnet, CreateInternetGateway, RunInstances, AssociateAddress, CreateRoute)
    order = [type(each) for each in asked(*kinds)]
    assert tuple(dict.fromkeys(order)) == kinds
    assert order == sorted(order, key=kinds.index)


def test_each_knows_where_it_is_written() -> None:
    marks = [str(each.mark) for each in asked(CreateInternetGateway, AssociateAddress)]
    assert marks == ["a.yaml:7:23", "a.yaml:13:47", "a.yaml:14:84"]


def test_a_subnet_gives_public_addresses_only_when_told_to() -> None:
    given = {each.name: each.map_public_ip_on_launch for each in asked(CreateSubnet) if isinstance(each, CreateSubnet)}
    assert given == {"public-a": False, "public-b": False, "easy": True}


def test_the_rest_of_the_world() -> None:
    customer = Outsider("customer", None, None, mark=NOWHERE)
    admin = Outsider("admin", parse_ip("198.51.100.7"), "agent", mark=NOWHERE)
    plan = topology(SHOP)
    assert plan.internet == Internet(35_000_000, (customer, admin))
    assert [str(each.mark) for each in plan.internet.instances] == ["a.yaml:18:15", "a.yaml:18:29"]


@pytest.mark.parametrize("text", ["internet: {instances: [customer]}", "internet: {instances: customer}"])
def test_short_forms(text: str) -> None:
    assert topology(text).internet == Internet(20_000_000, (Outsider("customer", None, None, mark=NOWHERE),))


@pytest.mark.parametrize("text", ["", "internet:", "internet: {}", "internet: {delay: 20 ms, instances: []}"])
def test_an_empty_world_is_20_ms_away(text: str) -> None:
    plan = topology(text)
    assert plan.internet == Internet()
    assert "internet" not in expanded(plan)


def test_written_out() -> None:
    plan = topology(SHOP)
    text = expanded(plan)
    assert "    cidr_block: 10.0.0.0/16\n    internet_gateway: igw\n    subnets:\n" in text
    assert "easy: {cidr_block: 10.0.9.0/24, availability_zone: a, map_public_ip_on_launch: true}\n" in text
    assert "public: {routes: {0.0.0.0/0: igw}}\n" in text
    assert "web-a: {subnet: public-a, security_groups: [default], instance_type: m7i.large, elastic_ip: true}\n" in text
    assert "web-b: {subnet: public-b, security_groups: [default], instance_type: m7i.large}\n" in text
    assert text.endswith(
        answer("""
        internet:
          delay: 35 ms
          instances:
            customer: {}
            admin: {ip_address: 198.51.100.7, image: agent}
        """)
        + "\n"
    )
    assert plan_of(text.encode(), "b.yaml", "a") == plan


def in_python() -> Topology:
    topology = Topology(region="eu-west-1", zones=["a", "b", "c"], name="a")
    shop = topology.vpc("shop", cidr_block="10.0.0.0/16", internet_gateway="igw")
    shop.subnet("public", per_zone=["a", "b"], cidr_block="10.0.0.0/24", route_table="public")
    shop.subnet("easy", availability_zone="a", cidr_block="10.0.9.0/24", map_public_ip_on_launch=True)
    shop.route_table("public", routes={"0.0.0.0/0": "igw"})
    shop.instance("bastion", subnet="public-a", elastic_ip="198.18.0.10", image="agent")
    shop.instance("web", per_zone={"a": {}, "b": {"elastic_ip": False}}, subnet="public", elastic_ip=True)
    shop.instance("inner", subnet="easy")
    internet = topology.internet(delay="35 ms")
    internet.instance("customer")
    internet.instance("admin", ip_address="198.51.100.7", image="agent")
    return topology


def test_in_python() -> None:
    plan = in_python().plan()
    assert plan == topology(SHOP)
    assert plan_of(plan.files[0].data, "a.yaml", "a") == plan


def test_in_python_all_at_once() -> None:
    topology = Topology(region="r", zones="a")
    topology.internet(instances={"customer": {}, "admin": {"image": "agent"}})
    assert [each.name for each in topology.plan().internet.instances] == ["customer", "admin"]
    with pytest.raises(Refused, match="'internet' is here twice; it is at line"):
        topology.internet(delay="1 ms")


def test_in_python_a_problem_points_at_the_call() -> None:
    topology = in_python()
    topology.vpc("internet", cidr_block="10.1.0.0/16")
    with pytest.raises(Refused) as refused:
        topology.plan()
    (problem,) = refused.value.problems
    assert problem.message == "no vpc can be called internet"
    assert "test_internet.py" in problem.mark.file


def test_an_editor_is_told_of_both_forms_of_an_elastic_ip() -> None:
    elastic_ip = json_schema()["$defs"]["InstanceSpec"]["properties"]["elastic_ip"]
    assert [each["type"] for each in elastic_ip["anyOf"]] == ["boolean", "string"]


def test_everyone_outside_gets_an_address() -> None:
    names = ", ".join(f"x{number}" for number in range(245))
    assert len(topology(f"internet: {{instances: [{names}]}}").internet.instances) == 245
    assert said_of(f"internet:\n  instances: [{names},\n    late]") == answer("""
        a.yaml:6:5: no address is left for late; write its ip_address
         6 |     late]
           |     ^^^^
        """)


SHORT = """\
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets: {n: {availability_zone: a, cidr_block: 10.0.0.0/24}}
"""


def vpc(rest: str) -> str:
    return SHORT + rest


PROBLEMS = [
    (
        vpc(
            """\
    internet_gateway: 1st
    instances: {x: {subnet: n, elastic_ip: maybe}, y: {subnet: n, elastic_ip: }}
"""
        ),
        """
        a.yaml:8:23: '1st' is not a name
         8 |     internet_gateway: 1st
           |                       ^^^
            names are letters, digits, - and _, and start with a letter
        a.yaml:9:44: elastic_ip 'maybe' is neither true nor an IPv4 address
         9 |     instances: {x: {subnet: n, elastic_ip: maybe}, y: {subnet: n, elasti ...
           |                                            ^^^^^
            write true for a new one, or one like 198.18.0.10
        a.yaml:9:67: elastic_ip is empty
         9 |  ... : {x: {subnet: n, elastic_ip: maybe}, y: {subnet: n, elastic_ip: }}
           |                                                           ^^^^^^^^^^
        """,
    ),
    (
        vpc(
            """\
    internet_gateway:
    internet_gatway: x
    instances: {x: {subnet: n, elastic_ip: 10.0.0.9, elastic: true}}
"""
        ),
        """
        a.yaml:8:5: internet_gateway is empty
         8 |     internet_gateway:
           |     ^^^^^^^^^^^^^^^^
        a.yaml:9:5: vpc has no 'internet_gatway'. Did you mean internet_gateway?
         9 |     internet_gatway: x
           |     ^^^^^^^^^^^^^^^
        a.yaml:10:44: elastic_ip 10.0.0.9 is private (RFC 1918)
         10 |     instances: {x: {subnet: n, elastic_ip: 10.0.0.9, elastic: true}}
            |                                            ^^^^^^^^
            write a public address, like 198.18.0.10
        a.yaml:10:54: instance has no 'elastic'. Did you mean elastic_ip?
         10 |     instances: {x: {subnet: n, elastic_ip: 10.0.0.9, elastic: true}}
            |                                                      ^^^^^^^
        """,
    ),
    (
        vpc(
            """\
    instances: {x: {subnet: n, elastic_ip: [198.18.0.1]}}
    internet_gateway: {igw: {}}
"""
        ),
        """
        a.yaml:8:44: elastic_ip needs one value, not a list
         8 |     instances: {x: {subnet: n, elastic_ip: [198.18.0.1]}}
           |                                            ^^^^^^^^^^^^
        a.yaml:9:23: internet_gateway needs one value, not a map
         9 |     internet_gateway: {igw: {}}
           |                       ^^^^^^^^^
        """,
    ),
    (
        "vpcs: {main: {subnets: {n: {map_public_ip_on_launch: yes}, m: {map_public_ip: true}}}}",
        """
        a.yaml:4:54: map_public_ip_on_launch 'yes' is neither true nor false
         4 | vpcs: {main: {subnets: {n: {map_public_ip_on_launch: yes}, m: {map_publi ...
           |                                                      ^^^
        a.yaml:4:64: subnet has no 'map_public_ip'
         4 |  ... nets: {n: {map_public_ip_on_launch: yes}, m: {map_public_ip: true}} ...
           |                                                    ^^^^^^^^^^^^^
            Did you mean map_public_ip_on_launch?
        """,
    ),
    (
        vpc(
            """\
    instances:
      x: {subnet: n, elastic_ip: 198.18.0.9}
      y: {subnet: n, elastic_ip: 198.18.0.9}
      z: {subnet: n, count: 2, elastic_ip: 198.18.0.8}
internet: {instances: {customer: {ip_address: 198.51.100.7}, admin: {ip_address: 198.51.100.7}}}
"""
        ),
        """
        a.yaml:10:34: shop/y cannot have 198.18.0.9, which is shop/x's; see line 9
         10 |       y: {subnet: n, elastic_ip: 198.18.0.9}
            |                                  ^^^^^^^^^^
        a.yaml:11:44: one elastic_ip for two instances
         11 |       z: {subnet: n, count: 2, elastic_ip: 198.18.0.8}
            |                                            ^^^^^^^^^^
        a.yaml:12:82: internet/admin cannot have 198.51.100.7, which is internet/customer's
         12 |  ... er: {ip_address: 198.51.100.7}, admin: {ip_address: 198.51.100.7}}}
            |                                                          ^^^^^^^^^^^^
            see line 12
        """,
    ),
    (
        vpc(
            """\
    internet_gateway: nat-a
    route_tables:
      t: {routes: {10.1.0.0/16: door, 0.0.0.0/0: nat-a, 10.2.0.0/16: igw}}
      each: {per_zone: [a], routes: {10.1.0.0/16: nat}}
    instances:
      nat: {per_zone: [a], subnet: n}
  data:
    cidr_block: 10.1.0.0/16
    internet_gateway: door
    route_tables: {t: {routes: {0.0.0.0/0: door, 10.0.0.0/16: nat-a}}}
    instances: {door: {subnet: n}}
    subnets: {n: {availability_zone: a, cidr_block: 10.1.0.0/24}}
vpc_peering_connections:
  door: {vpc: shop, peer_vpc: data}
"""
        ),
        """
        a.yaml:10:50: nat-a is an instance of shop and the internet gateway of shop
         10 |       t: {routes: {10.1.0.0/16: door, 0.0.0.0/0: nat-a, 10.2.0.0/16: igw ...
            |                                                  ^^^^^
            rename one of them
        a.yaml:10:70: no instance, internet gateway or peering connection 'igw'
         10 |  ... : {routes: {10.1.0.0/16: door, 0.0.0.0/0: nat-a, 10.2.0.0/16: igw}}
            |                                                                    ^^^
            shop has nat-a, door
        a.yaml:11:51: nat-a is an instance of shop and the internet gateway of shop
         11 |       each: {per_zone: [a], routes: {10.1.0.0/16: nat}}
            |                                                   ^^^
            rename one of them
        a.yaml:17:44: door is an instance of data, the internet gateway of data and a peering connection
         17 |     route_tables: {t: {routes: {0.0.0.0/0: door, 10.0.0.0/16: nat-a}}}
            |                                            ^^^^
            rename two of them
        a.yaml:17:63: no instance, internet gateway or peering connection 'nat-a'
         17 |     route_tables: {t: {routes: {0.0.0.0/0: door, 10.0.0.0/16: nat-a}}}
            |                                                               ^^^^^
            data has door
        """,
    ),
    (
        vpc(
            """\
    route_tables: {t: {routes: {0.0.0.0/0: igw, 10.1.0.0/16: gate}}}
  data: {cidr_block: 10.1.0.0/16, internet_gateway: gate, route_tables: {t: {routes: {0.0.0.0/0: gat}}}}
  far: {cidr_block: 10.2.0.0/16, route_tables: {t: {routes: {0.0.0.0/0: gat}}}}
"""
        ),
        """
        a.yaml:8:44: shop has no internet gateway; write internet_gateway: igw in shop
         8 |     route_tables: {t: {routes: {0.0.0.0/0: igw, 10.1.0.0/16: gate}}}
           |                                            ^^^
        a.yaml:8:62: shop has no internet gateway; write internet_gateway: gate in shop
         8 |     route_tables: {t: {routes: {0.0.0.0/0: igw, 10.1.0.0/16: gate}}}
           |                                                              ^^^^
        a.yaml:9:98: no instance or internet gateway 'gat'
         9 |  ... ernet_gateway: gate, route_tables: {t: {routes: {0.0.0.0/0: gat}}}}
           |                                                                  ^^^
            data has gate. Did you mean gate?
        a.yaml:10:73: no instance 'gat'; far has none
         10 |  ... _block: 10.2.0.0/16, route_tables: {t: {routes: {0.0.0.0/0: gat}}}}
            |                                                                  ^^^
        """,
    ),
    (
        "vpcs: {internet: {cidr_block: 10.0.0.0/16}}",
        """
        a.yaml:4:8: no vpc can be called internet. Choose another name
         4 | vpcs: {internet: {cidr_block: 10.0.0.0/16}}
           |        ^^^^^^^^
        """,
    ),
    (
        "internet: {instnces: [x], delay: 20}",
        """
        a.yaml:4:12: internet has no 'instnces'. Did you mean instances?
         4 | internet: {instnces: [x], delay: 20}
           |            ^^^^^^^^
        a.yaml:4:34: delay 20 lacks a unit; write 20 ms
         4 | internet: {instnces: [x], delay: 20}
           |                                  ^^
        """,
    ),
    (
        "internet: {instances: {customer: {ip_adress: 198.51.100.7, subnet: n}, 1st: {}}}",
        """
        a.yaml:4:35: internet instance has no 'ip_adress'. Did you mean ip_address?
         4 | internet: {instances: {customer: {ip_adress: 198.51.100.7, subnet: n}, 1 ...
           |                                   ^^^^^^^^^
        a.yaml:4:60: internet instance has no 'subnet'
         4 |  ... et: {instances: {customer: {ip_adress: 198.51.100.7, subnet: n}, 1s ...
           |                                                           ^^^^^^
            it has ip_address, ipv6_address, image
        a.yaml:4:72: '1st' is not a name
         4 |  ... stances: {customer: {ip_adress: 198.51.100.7, subnet: n}, 1st: {}}}
           |                                                                ^^^
            names are letters, digits, - and _, and start with a letter
        """,
    ),
    (
        "internet: [customer]",
        """
        a.yaml:4:11: internet needs a map, not a list
         4 | internet: [customer]
           |           ^^^^^^^^^^
        """,
    ),
    (
        "internet: {instances: [x, x]}",
        """
        a.yaml:4:23: 'x' is here twice
         4 | internet: {instances: [x, x]}
           |                       ^^^^^^
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), PROBLEMS)
def test_problems(text: str, expected: str) -> None:
    assert said_of(text) == answer(expected)


NOT_OUTSIDE = [
    ("198.51.100", "ip_address '198.51.100' is not an IPv4 address; write it like 198.51.100.7"),
    ("0.0.0.1", "ip_address 0.0.0.1 is nobody's (RFC 1122); write a public address, like 198.51.100.7"),
    ("10.0.0.7", "ip_address 10.0.0.7 is private (RFC 1918); write a public address, like 198.51.100.7"),
    ("100.64.0.1", "ip_address 100.64.0.1 is a carrier's own (RFC 6598); write a public address, like 198.51.100.7"),
    ("127.0.0.1", "ip_address 127.0.0.1 is every computer's own (RFC 1122); write a public address, like 198.51.100.7"),
    (
        "169.254.169.254",
        "ip_address 169.254.169.254 is link-local (RFC 3927); write a public address, like 198.51.100.7",
    ),
    ("172.16.0.9", "ip_address 172.16.0.9 is private (RFC 1918); write a public address, like 198.51.100.7"),
    ("192.168.1.9", "ip_address 192.168.1.9 is private (RFC 1918); write a public address, like 198.51.100.7"),
    ("224.0.0.1", "ip_address 224.0.0.1 is multicast (RFC 5771); write a public address, like 198.51.100.7"),
    ("255.255.255.255", "ip_address 255.255.255.255 is reserved (RFC 1112); write a public address, like 198.51.100.7"),
    ("198.18.0.10", "198.18.0.10 is one of the region's own; write one outside 198.18.0.0/16"),
    ("8.8.8.0", "8.8.8.0 is its network's or its router's; customer can have 8.8.8.2 to 8.8.8.254"),
    ("8.8.8.1", "8.8.8.1 is its network's or its router's; customer can have 8.8.8.2 to 8.8.8.254"),
    ("8.8.8.255", "8.8.8.255 is its network's or its router's; customer can have 8.8.8.2 to 8.8.8.254"),
]


@pytest.mark.parametrize(("address", "expected"), NOT_OUTSIDE)
def test_addresses_that_nobody_outside_can_have(address: str, expected: str) -> None:
    with pytest.raises(Refused) as refused:
        topology(f"internet: {{instances: {{customer: {{ip_address: {address}}}}}}}")
    assert str(refused.value) == f"a.yaml:4:47: {expected}"
