"""NAT gateways in a file: what is asked for, what is doubted, what does not fit."""

import pytest

from dcsim.problem import Refused
from dcsim.request import CreateNatGateway, CreateRoute, Request
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.topology.python import Topology
from netvirt.address import EVERYWHERE, parse_cidr, parse_ip

from .files import said_of, topology
from .test_internet import NOWHERE

SHOP = """\
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      public: {per_zone: true, cidr_block: 10.0.0.0/24, route_table: public}
      private: {per_zone: true, cidr_block: 10.0.10.0/24, route_table: private}
      inner: {availability_zone: a, cidr_block: 10.0.20.0/24}
    route_tables:
      public: {routes: {0.0.0.0/0: igw}}
      private: {per_zone: true, routes: {0.0.0.0/0: nat, 10.0.20.0/24: inner}}
    nat_gateways:
      nat: {per_zone: {a: {elastic_ip: 198.18.0.10}, b: {}, c: {}}, subnet: public}
      inner: {subnet: inner, connectivity_type: private, secondary_private_ip_address_count: 2}
      big: {subnet: public-a, elastic_ip: 198.18.0.20, secondary_elastic_ips: [true, 198.18.0.21], \
private_ip_address: 10.0.0.9}
"""


def nat(name: str, subnet: str, *elastic_ips: str | None, kind: str = "public") -> CreateNatGateway:
    addresses = tuple((each and parse_ip(each)) or None for each in elastic_ips)
    return CreateNatGateway("shop", name, subnet, "public" if kind == "public" else "private", addresses, mark=NOWHERE)


def asked(text: str, *kinds: type[Request]) -> list[Request]:
    return [each for each in topology(text).requests if isinstance(each, kinds)]


def test_what_is_asked_for() -> None:
    assert asked(SHOP, CreateNatGateway) == [
        nat("nat-a", "public-a", "198.18.0.10"),
        nat("nat-b", "public-b", None),
        nat("nat-c", "public-c", None),
        CreateNatGateway("shop", "inner", "inner", "private", (), None, 2, mark=NOWHERE),
        CreateNatGateway(
            "shop",
            "big",
            "public-a",
            "public",
            (parse_ip("198.18.0.20"), None, parse_ip("198.18.0.21")),
            parse_ip("10.0.0.9"),
            mark=NOWHERE,
        ),
    ]


def test_a_zones_table_means_the_zones_gateway() -> None:
    routes = [each for each in asked(SHOP, CreateRoute) if isinstance(each, CreateRoute)]
    assert [each for each in routes if each.destination == EVERYWHERE][1:] == [
        CreateRoute("shop", f"private-{zone}", EVERYWHERE, f"nat-{zone}", "nat_gateway", mark=NOWHERE) for zone in "abc"
    ]
    block = parse_cidr("10.0.20.0/24")
    assert [(each.target, each.through) for each in routes if each.destination == block] == [
        ("inner", "nat_gateway")
    ] * 3


def test_written_out_it_is_the_same() -> None:
    plan = topology(SHOP)
    assert plan_of(expanded(plan).encode(), "a.yaml", "a").requests == plan.requests


def test_the_same_in_python() -> None:
    shop = Topology(region="eu-west-1", zones=["a"])
    vpc = shop.vpc("shop", cidr_block="10.0.0.0/16", internet_gateway="igw")
    vpc.subnet("public", cidr_block="10.0.0.0/24", route_table="public")
    vpc.route_table("public", routes={"0.0.0.0/0": "igw"})
    vpc.nat_gateway("nat", subnet="public", elastic_ip="198.18.0.10")
    requests = [each for each in shop.plan().requests if isinstance(each, CreateNatGateway)]
    assert requests == [nat("nat", "public", "198.18.0.10")]


# What is doubted


def doubts(text: str) -> list[str]:
    return [str(each) for each in topology(text).warnings]


def test_nothing_is_wrong_with_one_in_every_zone() -> None:
    assert doubts(SHOP.replace(", 10.0.20.0/24: inner", "")) == []


def test_one_gateway_for_three_zones_is_a_trap() -> None:
    one = SHOP.replace("{0.0.0.0/0: nat, 10.0.20.0/24: inner}", "{0.0.0.0/0: nat-b}")
    assert doubts(one) == [
        "a.yaml:14:42: nat-b is in zone b, private-a is not: without zone b it has no such way (warning). "
        "Make the gateway and the route table per_zone",
        "a.yaml:14:42: nat-b is in zone b, private-c is not: without zone b it has no such way (warning). "
        "Make the gateway and the route table per_zone",
    ]


def test_subnets_without_a_table_of_their_own_have_main() -> None:
    text = SHOP.replace(
        "per_zone: true, cidr_block: 10.0.10.0/24, route_table: private",
        "availability_zone: b, cidr_block: 10.0.10.0/24",
    )
    text = text.replace("    route_tables:\n", "    route_tables:\n      lone: {routes: {0.0.0.0/0: nat-c}}\n")
    assert doubts(text) == [], "nobody uses those tables"


def test_a_public_gateway_in_a_private_subnet_is_a_trap() -> None:
    text = SHOP.replace(
        "nat: {per_zone: {a: {elastic_ip: 198.18.0.10}, b: {}, c: {}}, subnet: public}",
        "nat: {per_zone: true, subnet: private}",
    )
    said = [each for each in doubts(text) if "is public" in each]
    assert said[0] == (
        "a.yaml:16:37: nat-a is public, but private-a's route table private-a has no route to an internet gateway (warning). "
        "Put it in a public subnet"
    )
    assert len(said) == 3


# What does not fit


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("subnet: inner, connectivity_type: private", "connectivity_type: private",
         "17:7: NAT gateway inner lacks subnet; "
         "shop has public-a, public-b, public-c, private-a, private-b, private-c, inner"),
        ("connectivity_type: private", "connectivity_type: secret",
         "17:49: connectivity_type 'secret' is neither public nor private"),
        ("{a: {elastic_ip: 198.18.0.10}, b: {}, c: {}}", "true, elastic_ip: 198.18.0.10",
         "16:41: one elastic_ip for three NAT gateways"),
        ("[true, 198.18.0.21]", "[198.18.0.20]",
         "18:79: 198.18.0.20 is here twice; one private address has one public one"),
        ("[true, 198.18.0.21]", "[198.18.0.10]",
         "18:79: shop/big cannot have 198.18.0.10, which is shop/nat-a's; see line 16"),
        ("0.0.0.0/0: nat, ", "0.0.0.0/0: nut, ", "14:53: no instance, NAT gateway or internet gateway 'nut'; "
         "shop has nat-a, nat-b, nat-c, inner, big, igw"),
        ("subnet: public}", "subnet: nowhere}", "16:77: no subnet 'nowhere'; "
         "shop has public-a, public-b, public-c, private-a, private-b, private-c, inner"),
        ("subnet: public}", "subnet: public-a}", "16:77: nat-b belongs in zone b; public-a is in zone a"),
        ("      big: {", "      igw: {", "13:36: igw is a NAT gateway of shop and the internet gateway of shop; "
         "rename one of them"),
        ("private_ip_address: 10.0.0.9", "private_ip_addres: 10.0.0.9",
         "18:100: NAT gateway has no 'private_ip_addres'. Did you mean private_ip_address?"),
    ],
)  # fmt: skip
def test_what_does_not_fit(before: str, after: str, said: str) -> None:
    assert SHOP.count(before) == 1
    with pytest.raises(Refused) as refused:
        topology(SHOP.replace(before, after))
    assert str(refused.value.problems[0]).removeprefix("a.yaml:") == said


def test_a_name_for_two_things_is_refused_where_a_route_leads_to_it() -> None:
    both = SHOP + "    instances: {nat-a: {subnet: public-a}}\n"
    assert "nat-a is an instance of shop and a NAT gateway of shop" in said_of(both)
