"""Peering, internet gateways and public addresses: what the verbs make, and what they refuse with EC2's codes."""

import pytest

from dcsim.cloud.vpc import resource_id
from dcsim.request import (
    AssociateAddress,
    CreateInternetGateway,
    CreateRoute,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    Request,
)
from netvirt.address import EVERYWHERE, Cidr, Ip, format_ip, parse_cidr, parse_ip
from netvirt.vpc.route_table import ToInternet, ToPeering

from .account import MARK, Account, ingress, instance


@pytest.fixture
def account() -> Account:
    """Beside `m` 10.0.0.0/16 there are `o` 10.1.0.0/16 and `twin`, with m's own block."""
    account = Account()
    account.call(CreateVpc("o", parse_cidr("10.1.0.0/16"), mark=MARK))
    account.call(CreateVpc("twin", parse_cidr("10.0.0.0/16"), mark=MARK))
    return account


def peer(name: str = "pcx", vpc: str = "m", other: str = "o") -> CreateVpcPeeringConnection:
    return CreateVpcPeeringConnection(vpc, name, other, mark=MARK)


def gateway(name: str = "igw", vpc: str = "m") -> CreateInternetGateway:
    return CreateInternetGateway(vpc, name, mark=MARK)


def elastic(name: str, address: str | None = None, vpc: str = "m") -> AssociateAddress:
    return AssociateAddress(vpc, name, None if address is None else parse_ip(address), mark=MARK)


def over_peering(destination: str, target: str = "pcx", vpc: str = "m") -> CreateRoute:
    return CreateRoute(vpc, "main", parse_cidr(destination), target, "vpc_peering_connection", mark=MARK)


def to_internet(target: str = "igw", destination: Cidr = EVERYWHERE) -> CreateRoute:
    return CreateRoute("m", "main", destination, target, "internet_gateway", mark=MARK)


# Peering


def test_a_peering_is_active_at_once_and_known_on_both_sides(account: Account) -> None:
    (pcx,) = account.call(peer())
    assert pcx == resource_id("pcx", "pcx")
    assert {id: view.name for id, view in account.view("m").peers.items()} == {pcx: "o"}
    assert {id: view.name for id, view in account.view("o").peers.items()} == {pcx: "m"}
    assert account.view("twin").peers == {}
    assert account.view("m").peers[pcx].peers == {}, "a peer's peers are nobody's business"
    assert (account.control.touched("m"), account.control.touched("twin")) == (["m", "o"], ["twin"])


def test_groups_of_a_peer_may_be_named(account: Account) -> None:
    (db,) = account.call(CreateSecurityGroup("o", "db", mark=MARK))
    assert account.refusal(ingress("default", "o/dc")) == (
        "InvalidGroup.NotFound: no security group 'dc'; there are default, db"
    )
    account.call(ingress("default", "o/db"))
    assert account.vpc.groups["default"].ingress[-1].peer == db
    assert db not in account.view("m").members, "not before they are peered"
    account.call(peer())
    assert account.view("m").members[db] == frozenset()


PEERINGS = [
    (peer("again"), "VpcPeeringConnectionAlreadyExists: m and o are peered already; route to pcx"),
    (peer("again", "o", "m"), "VpcPeeringConnectionAlreadyExists: o and m are peered already; route to pcx"),
    (peer("pcx", "o", "twin"), "InvalidParameterValue: there is a peering pcx already"),
    (peer("self", "m", "m"), "InvalidParameterValue: m cannot peer with itself"),
    (peer("same", "m", "twin"), "InvalidParameterValue: m 10.0.0.0/16 and twin 10.0.0.0/16 overlap, so their peering "
                                "fails; give one of them another block"),
    (peer("new", "m", "x"), "InvalidVpcID.NotFound: no VPC 'x'; there are m, o, twin"),
    (over_peering("10.9.0.0/16", "nope"), "InvalidVpcPeeringConnectionID.NotFound: no peering connection 'nope'; "
                                          "there are pcx"),
    (over_peering("10.9.0.0/16", vpc="twin"), "InvalidVpcPeeringConnectionID.NotFound: no peering connection 'pcx'; "
                                              "there are none"),
    (over_peering("10.0.1.0/24"), "InvalidParameterValue: 10.0.1.0/24 is in m itself; a route more specific than "
                                  "local leads to an instance or a NAT gateway"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), PEERINGS)
def test_peerings_that_cannot_be(account: Account, request_: Request, said: str) -> None:
    account.call(peer())
    before = account.view("m"), account.view("o"), dict(account.control.peerings)
    assert account.refusal(request_) == said
    assert (account.view("m"), account.view("o"), dict(account.control.peerings)) == before


def test_a_part_of_the_same_block_is_an_overlap_too(account: Account) -> None:
    account.call(CreateVpc("part", parse_cidr("10.0.128.0/20"), mark=MARK))
    assert "overlap" in account.refusal(peer("part", "m", "part"))
    account.call(peer("fine", "o", "part"))


def test_one_vpc_may_have_many_peers(account: Account) -> None:
    account.call(peer("one", "m", "o"))
    account.call(peer("two", "o", "twin"))
    assert sorted(view.name for view in account.view("o").peers.values()) == ["m", "twin"]


def test_a_route_over_a_peering(account: Account) -> None:
    (pcx,) = account.call(peer())
    account.call(over_peering("10.1.0.0/16"))
    assert account.vpc.tables["main"].routes[1].target == ToPeering(pcx, "pcx")
    account.call(over_peering("0.0.0.0/0"))
    assert account.refusal(over_peering("10.1.0.0/16")).startswith("RouteAlreadyExists: ")


# Internet gateways


def test_a_gateway_is_made_attached_and_routed_to(account: Account) -> None:
    (igw,) = account.call(gateway())
    assert account.view().internet_gateway == igw == resource_id("igw", "m", "igw")
    account.call(to_internet())
    assert account.vpc.tables["main"].routes[1].target == ToInternet(igw, "igw")
    assert account.call(gateway("igw", "o")) != [igw], "the same name in another VPC is another gateway"


GATEWAYS = [
    (gateway("second"), "Resource.AlreadyAssociated: m has the internet gateway igw already; one VPC has one"),
    (gateway("igw"), "Resource.AlreadyAssociated: m has the internet gateway igw already; one VPC has one"),
    (gateway("igw", "x"), "InvalidVpcID.NotFound: no VPC 'x'; there are m, o, twin"),
    (to_internet("second"), "InvalidInternetGatewayID.NotFound: m has no internet gateway second; "
                            "write internet_gateway: NAME"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), GATEWAYS)
def test_gateways_that_cannot_be(account: Account, request_: Request, said: str) -> None:
    account.call(gateway())
    before = account.view()
    assert account.refusal(request_) == said
    assert account.view() == before


# Public addresses


def test_new_ones_count_up(account: Account) -> None:
    account.call(gateway())
    enis = [account.run(name) for name in ("x", "y")]
    assert [account.call(elastic(name)) for name in ("x", "y")] == [[eni.id] for eni in enis]
    assert {format_ip(a): format_ip(b) for a, b in account.view().public.items()} == {
        "10.0.1.4": "198.18.0.1",
        "10.0.1.5": "198.18.0.2",
    }


def test_one_may_be_named_and_is_given_to_nobody_else(account: Account) -> None:
    account.call(gateway())
    for name in ("x", "y", "z"):
        account.run(name)
    account.call(elastic("x", "198.18.0.1"))
    account.control.public.promise(parse_ip("198.18.0.2"))
    account.call(elastic("y"))
    account.call(elastic("z", "198.18.0.2"))
    assert [format_ip(address) for address in account.view().public.values()] == [
        "198.18.0.1",
        "198.18.0.3",
        "198.18.0.2",
    ]


ADDRESSES = [
    (elastic("y", "198.18.0.7"), "Resource.AlreadyAssociated: 198.18.0.7 is x's; use another, or true"),
    (elastic("y", "203.0.113.1"), "InvalidAddress.NotFound: 203.0.113.1 is none of the region's Elastic IPs; "
                                  "use one of 198.18.0.0/16, or true"),
    (elastic("nobody"), "InvalidInstanceID.NotFound: no instance 'nobody'; there are x, y"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), ADDRESSES)
def test_addresses_that_cannot_be(account: Account, request_: Request, said: str) -> None:
    account.call(gateway())
    account.run("x")
    account.run("y")
    account.call(elastic("x", "198.18.0.7"))
    before = account.view()
    assert account.refusal(request_) == said
    assert account.view() == before


def test_no_address_without_a_gateway(account: Account) -> None:
    account.run("x")
    assert account.refusal(elastic("x")) == (
        "Gateway.NotAttached: m has no internet gateway, so x cannot have a public address; "
        "write internet_gateway: NAME"
    )
    assert account.view().public == {}


def test_a_subnet_may_give_them(account: Account) -> None:
    account.call(CreateSubnet("m", "easy", parse_cidr("10.0.2.0/24"), "a", True, mark=MARK))
    account.run("in", subnet="net")
    account.run("out", subnet="easy")
    assert [format_ip(private) for private in account.view().public] == ["10.0.2.4"]


def exhaust(account: Account) -> None:
    """All but the network's and the last address of 198.18.0.0/16 are somebody's."""
    for _ in range(2**16 - 2):
        assert account.control.public.take("somebody") is not None


def test_the_pool_runs_dry(account: Account) -> None:
    account.call(gateway())
    account.run("x")
    exhaust(account)
    assert account.refusal(elastic("x")) == "InsufficientAddressCapacity: all of 198.18.0.0/16 is taken"
    assert account.control.public.holder(Ip(parse_ip("198.18.255.254"))) == "somebody"


def test_without_an_address_to_give_a_subnet_runs_nobody(account: Account) -> None:
    """A refused verb changes nothing: the instance is not there, and its private address is free."""
    account.call(CreateSubnet("m", "easy", parse_cidr("10.0.2.0/24"), "a", True, mark=MARK))
    exhaust(account)
    before = account.view()
    said = "InsufficientAddressCapacity: the region has no public address left"
    assert account.refusal(instance("x", "easy")) == said
    assert account.view() == before
    assert account.placed == []
    assert account.refusal(instance("x", "easy")) == said


def test_an_elastic_ip_takes_the_place_of_what_the_subnet_gave(account: Account) -> None:
    """What was given before is nobody's: it may be asked for, and is not given out again unasked."""
    account.call(gateway())
    account.call(CreateSubnet("m", "easy", parse_cidr("10.0.2.0/24"), "a", True, mark=MARK))
    account.run("x", subnet="easy")
    account.run("y")
    account.call(elastic("x"))
    assert [format_ip(address) for address in account.view().public.values()] == ["198.18.0.2"]
    account.call(elastic("y"))
    account.call(elastic("y", "198.18.0.1"))
    assert [format_ip(address) for address in account.view().public.values()] == ["198.18.0.2", "198.18.0.1"]


# Ids


def test_ids_depend_on_names_only() -> None:
    """Whoever is asked for first, and whatever else there is."""

    def ids(requests: list[Request]) -> list[str]:
        account = Account()
        account.call(CreateVpc("o", parse_cidr("10.1.0.0/16"), mark=MARK))
        return sorted(id for request in requests for id in account.call(request))

    verbs: list[Request] = [gateway(), peer(), gateway("igw", "o")]
    assert ids(verbs) == ids(verbs[::-1])
    assert set(ids([peer()])) <= set(ids(verbs))
    assert [id.partition("-")[0] for id in ids(verbs)] == ["igw", "igw", "pcx"]
    assert {len(id.partition("-")[2]) for id in ids(verbs)} == {17}
    assert ids([peer()]) == ["pcx-c175967d1a5c35de4"]
