"""CreateNatGateway and DeleteNatGateway: what they make, and what they refuse with EC2's codes."""

import pytest

from dcsim.request import AssociateAddress, CreateInternetGateway, CreateNatGateway, CreateRoute, DeleteNatGateway
from netvirt.address import Ip, format_ip, parse_cidr, parse_ip
from netvirt.vpc.route_table import ToNat

from .account import MARK, Account


@pytest.fixture
def account() -> Account:
    account = Account()
    account.call(CreateInternetGateway("m", "igw", mark=MARK))
    return account


def public(
    name: str = "nat", *elastic_ips: str | None, subnet: str = "net", address: str | None = None
) -> CreateNatGateway:
    addresses = tuple(None if each is None else parse_ip(each) for each in elastic_ips) or (None,)
    own = None if address is None else parse_ip(address)
    return CreateNatGateway("m", name, subnet, "public", addresses, own, mark=MARK)


def private(name: str = "nat", more: int = 0) -> CreateNatGateway:
    return CreateNatGateway("m", name, "net", "private", (), None, more, mark=MARK)


def delete(name: str = "nat") -> DeleteNatGateway:
    return DeleteNatGateway("m", name, mark=MARK)


def route(target: str = "nat", destination: str = "0.0.0.0/0") -> CreateRoute:
    return CreateRoute("m", "main", parse_cidr(destination), target, "nat_gateway", mark=MARK)


def test_it_has_an_interface_that_nothing_filters(account: Account) -> None:
    gateway, eni = account.call(public())
    interface = account.view().interfaces[eni]
    assert (interface.name, format_ip(interface.address), interface.groups) == ("nat", "10.0.1.4", ())
    assert not interface.source_dest_check
    assert account.view().nat_gateways == {gateway: eni}
    assert account.view().public == {interface.address: parse_ip("198.18.0.1")}
    account.call(route())
    (_, way) = account.view().tables[account.vpc.tables["main"].id].routes
    assert way.target == ToNat(gateway, "nat")


def test_each_elastic_ip_has_a_private_address(account: Account) -> None:
    account.call(public("nat", "198.18.0.9", None, "198.18.0.8", address="10.0.1.7"))
    named = {format_ip(private): format_ip(public) for private, public in account.vpc.public.items()}
    assert named == {"10.0.1.7": "198.18.0.9", "10.0.1.4": "198.18.0.1", "10.0.1.5": "198.18.0.8"}
    assert account.installed[-1].interface.addresses == tuple(map(parse_ip, named))


def test_a_private_one_needs_no_gateway_and_no_elastic_ip() -> None:
    account = Account()
    account.call(private(more=7))
    assert len(account.installed[-1].interface.addresses) == 8
    assert account.vpc.public == {}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (public(subnet="nat"), "InvalidSubnetID.NotFound: no subnet 'nat'. Did you mean net?"),
        (public("old"), "InvalidParameterValue: m has a NAT gateway old already"),
        (public("nat", "198.18.0.1"), "Resource.AlreadyAssociated: 198.18.0.1 is old's; use another, or true"),
        (public("nat", None, "198.18.0.1"), "Resource.AlreadyAssociated: 198.18.0.1 is old's; use another, or true"),
        (public("nat", "192.0.2.1"), "InvalidAddress.NotFound: 192.0.2.1 is none of the region's Elastic IPs; "
                                     "use one of 198.18.0.0/16, or true"),
        (public(address="10.0.1.4"), "InvalidIPAddress.InUse: 10.0.1.4 is old's"),
        (public(address="10.0.1.2"), "InvalidParameterValue: 10.0.1.2 is reserved in net 10.0.1.0/24; "
                                     "the first four addresses and the last are AWS's"),
        (public(address="10.9.0.4"), "InvalidParameterValue: 10.9.0.4 is outside net's 10.0.1.0/24"),
        (private(more=8), "PrivateIpAddressLimitExceeded: nat would have 9 addresses; 8 at most"),
        (public("nat", *[None] * 9), "PrivateIpAddressLimitExceeded: nat would have 9 addresses; 8 at most"),
        (CreateNatGateway("m", "nat", "net", "private", (None,), mark=MARK),
         "InvalidParameterCombination: nat is private, and cannot have an Elastic IP; leave it out, or "
         "make it connectivity_type: public"),
        (delete(), "NatGatewayNotFound: no NAT gateway 'nat'; there are old"),
        (route(), "NatGatewayNotFound: no NAT gateway 'nat'; there are old"),
        (route("old", "10.0.1.0/28"), "InvalidParameterValue: 10.0.1.0/28 is more specific than local, and no whole "
                                      "subnet; name one whole subnet's block"),
    ],
)  # fmt: skip
def test_what_cannot_be(account: Account, request_: CreateNatGateway, said: str) -> None:
    account.call(public("old"))
    before = account.view(), dict(account.vpc.by_address)
    assert account.refusal(request_) == said
    assert (account.view(), account.vpc.by_address) == before
    account.call(public("next"))
    taken = format_ip(account.vpc.managed["next"].address), format_ip(account.vpc.public[Ip(parse_ip("10.0.1.5"))])
    assert taken[0] == "10.0.1.5", "a refusal takes no address"


def test_no_public_one_without_an_internet_gateway() -> None:
    said = Account().refusal(public())
    assert said == (
        "Gateway.NotAttached: m has no internet gateway attached, so nat cannot be public; write internet_gateway: NAME"
    )


def test_five_in_a_zone(account: Account) -> None:
    account.subnet("far", "10.0.2.0/24", "b")
    for number in range(5):
        account.call(public(f"nat-{number}"))
    assert account.refusal(public()) == (
        "NatGatewayLimitExceeded: zone a has 5 NAT gateways already; that is AWS's quota"
    )
    account.call(public(subnet="far"))
    account.call(delete("nat-0"))
    account.call(public("another"))


def test_a_full_subnet_has_no_address_for_one(account: Account) -> None:
    account.subnet("tight", "10.0.2.0/28")
    for _ in range(11):
        account.run(f"i{_}", subnet="tight")
    assert account.refusal(public(subnet="tight")) == (
        "InsufficientFreeAddressesInSubnet: tight 10.0.2.0/28 has no free address for nat; use a larger block"
    )


def test_what_was_deleted_gives_its_addresses_back(account: Account) -> None:
    account.run("i", address="10.0.1.9")
    account.call(public("nat", "198.18.0.9"))
    account.call(route())
    gateway, eni = account.call(delete())
    assert eni not in account.view().interfaces and account.view().nat_gateways == {}
    assert account.view().public == {}
    (_, way) = account.view().tables[account.vpc.tables["main"].id].routes
    assert way.target == ToNat(gateway, "nat"), "the route stays"
    account.call(AssociateAddress("m", "i", parse_ip("198.18.0.9"), mark=MARK))
    assert account.run("next").address == parse_ip("10.0.1.4")
