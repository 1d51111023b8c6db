"""Verbs one by one: what each makes, with EC2's defaults, and what it refuses with EC2's codes."""

import pytest

from dcsim.cloud.vpc import resource_id
from dcsim.request import (
    AssociateRouteTable,
    CreateNetworkAcl,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    ReplaceNetworkAclAssociation,
    Request,
    RevokeSecurityGroupEgress,
)
from netvirt.address import format_ip, format_mac, parse_cidr, parse_ip
from netvirt.vpc.route_table import Local, ToInterface

from .account import MARK, Account, egress_of_all, entry, ingress, instance


@pytest.fixture
def account() -> Account:
    return Account()


# VPCs


def test_a_vpc_comes_with_what_ec2_makes_along(account: Account) -> None:
    view = account.view()
    assert (view.name, [str(cidr) for cidr in view.cidrs], view.vni) == ("m", ["10.0.0.0/16"], 4096)
    assert format_ip(view.resolver) == "10.0.0.2"
    assert view.services.domain_name == "eu-west-1.compute.internal"
    (main,) = view.tables.values()
    assert (main.name, [route.text for route in main.routes]) == ("main", ["10.0.0.0/16 -> local"])
    (acl,) = view.acls.values()
    assert acl.name == "default"
    assert [each.text for each in acl.ingress] == ["100 allow all from 0.0.0.0/0"]
    assert [each.text for each in acl.egress] == ["100 allow all to 0.0.0.0/0"]
    (group,) = view.groups.values()
    assert group.name == "default"
    assert [(rule.text, rule.peer) for rule in group.ingress] == [("all from default", group.id)]
    assert [rule.text for rule in group.egress] == ["all to 0.0.0.0/0"]


def test_the_first_region_has_its_own_domain() -> None:
    assert Account(region="us-east-1").vpc.services.domain_name == "ec2.internal"


def test_vpcs_are_apart(account: Account) -> None:
    """They may even have the same addresses."""
    account.call(CreateVpc("o", parse_cidr("10.0.0.0/16"), mark=MARK))
    other = account.control.vpcs["o"]
    assert other.vni == 4097
    ids = [set(vpc.tables) and {t.id for t in vpc.tables.values()} for vpc in (account.vpc, other)]
    assert not ids[0] & ids[1]
    account.call(CreateSubnet("o", "net", parse_cidr("10.0.1.0/24"), "b", mark=MARK))
    assert account.vpc.subnets["net"].router_mac != other.subnets["net"].router_mac


VPCS = [
    ("10.0.0.0/15", "InvalidVpcRange: n cannot be 10.0.0.0/15; a VPC's block is /16 to /28"),
    ("10.0.0.0/29", "InvalidVpcRange: n cannot be 10.0.0.0/29; a VPC's block is /16 to /28"),
    ("169.254.7.0/24", "InvalidVpcRange: 169.254.7.0/24 is link-local; use a private block, like 10.0.0.0/16"),
]


@pytest.mark.parametrize(("block", "said"), VPCS)
def test_vpc_blocks(account: Account, block: str, said: str) -> None:
    assert account.refusal(CreateVpc("n", parse_cidr(block), mark=MARK)) == said
    assert list(account.control.vpcs) == ["m"]


def test_a_vpcs_name_is_taken(account: Account) -> None:
    said = account.refusal(CreateVpc("m", parse_cidr("10.1.0.0/16"), mark=MARK))
    assert said == "InvalidParameterValue: there is a VPC m already; use another name"


@pytest.mark.parametrize("block", ["10.1.0.0/16", "10.1.0.0/28", "203.0.113.0/24"])
def test_blocks_that_are_fine(account: Account, block: str) -> None:
    assert account.call(CreateVpc("n", parse_cidr(block), mark=MARK)) == [resource_id("vpc", "n", "")]


# Subnets


def test_a_subnet_starts_with_the_main_table_and_the_default_acl(account: Account) -> None:
    net = account.vpc.subnets["net"]
    assert (net.zone, str(net.cidr), format_ip(net.router)) == ("a", "10.0.1.0/24", "10.0.1.1")
    assert net.table == account.vpc.tables["main"].id
    assert net.acl == account.vpc.acls["default"].id
    assert format_mac(net.router_mac) == "0a:00:00:00:00:00"
    account.subnet("next", "10.0.2.0/24")
    assert format_mac(account.vpc.subnets["next"].router_mac) == "0a:00:00:00:00:01"


SUBNETS = [
    ("10.0.2.0/29", "a", "InvalidSubnet.Range: n cannot be 10.0.2.0/29; a subnet's block is /16 to /28"),
    ("10.0.0.0/15", "a", "InvalidSubnet.Range: n cannot be 10.0.0.0/15; a subnet's block is /16 to /28"),
    ("10.1.2.0/24", "a", "InvalidSubnet.Range: n 10.1.2.0/24 is outside m's 10.0.0.0/16"),
    ("10.0.1.0/24", "a", "InvalidSubnet.Conflict: n 10.0.1.0/24 overlaps net 10.0.1.0/24 (line 7)"),
    ("10.0.1.240/28", "a", "InvalidSubnet.Conflict: n 10.0.1.240/28 overlaps net 10.0.1.0/24 (line 7)"),
    ("10.0.0.0/16", "b", "InvalidSubnet.Conflict: n 10.0.0.0/16 overlaps net 10.0.1.0/24 (line 7)"),
    ("10.0.2.0/24", "c", "InvalidZone.NotFound: no zone 'c'; there are a, b"),
]


@pytest.mark.parametrize(("block", "zone", "said"), SUBNETS)
def test_subnets_that_cannot_be(account: Account, block: str, zone: str, said: str) -> None:
    assert account.refusal(CreateSubnet("m", "n", parse_cidr(block), zone, mark=MARK)) == said
    assert list(account.vpc.subnets) == ["net"]


def test_a_subnet_changes_its_table_and_its_acl(account: Account) -> None:
    (table,) = account.call(CreateRouteTable("m", "out", mark=MARK))
    (acl,) = account.call(CreateNetworkAcl("m", "edge", mark=MARK))
    (subnet,) = account.call(AssociateRouteTable("m", "out", "net", mark=MARK))
    assert account.call(ReplaceNetworkAclAssociation("m", "edge", "net", mark=MARK)) == [subnet]
    net = account.vpc.subnets["net"]
    assert (net.id, net.table, net.acl) == (subnet, table, acl)


# Routes


def test_a_new_table_knows_the_way_within(account: Account) -> None:
    account.call(CreateRouteTable("m", "out", mark=MARK))
    (route,) = account.vpc.tables["out"].routes
    assert (str(route.destination), route.target) == ("10.0.0.0/16", Local())


def test_a_route_to_an_instance(account: Account) -> None:
    eni = account.run("box")
    account.call(CreateRoute("m", "main", parse_cidr("0.0.0.0/0"), "box", mark=MARK))
    account.call(CreateRoute("m", "main", parse_cidr("10.0.1.0/24"), "box", mark=MARK))
    table = account.vpc.tables["main"]
    assert [route.text for route in table.routes] == ["10.0.0.0/16 -> local", "0.0.0.0/0 -> box", "10.0.1.0/24 -> box"]
    assert table.routes[1].target == ToInterface(eni.id, "box")
    assert table.routes[1].written == "a.yaml:7"
    longest = table.lookup(parse_ip("10.0.1.77"))
    assert longest is not None and longest.text == "10.0.1.0/24 -> box"


ROUTES = [
    ("10.0.0.0/16", "RouteAlreadyExists: main has a route to 10.0.0.0/16 already"),
    ("10.0.2.0/24", "InvalidParameterValue: 10.0.2.0/24 is more specific than local, and no whole subnet; "
                    "name one whole subnet's block"),
    ("10.0.1.0/25", "InvalidParameterValue: 10.0.1.0/25 is more specific than local, and no whole subnet; "
                    "name one whole subnet's block"),
    ("169.254.168.0/22", "InvalidParameterValue: 169.254.168.0/22 is reserved for link-local services; "
                         "the host answers it without any route"),
    ("169.254.169.254/32", "InvalidParameterValue: 169.254.169.254/32 is reserved for link-local services; "
                           "the host answers it without any route"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "said"), ROUTES)
def test_routes_that_cannot_be(account: Account, block: str, said: str) -> None:
    account.run("box")
    assert account.refusal(CreateRoute("m", "main", parse_cidr(block), "box", mark=MARK)) == said
    assert len(account.vpc.tables["main"].routes) == 1


def test_wider_than_the_reserved_block_is_fine(account: Account) -> None:
    account.run("box")
    account.call(CreateRoute("m", "main", parse_cidr("169.254.0.0/16"), "box", mark=MARK))
    account.call(CreateRoute("m", "main", parse_cidr("10.0.0.0/8"), "box", mark=MARK))


# Network ACLs


def test_a_new_acl_denies_everything(account: Account) -> None:
    account.call(CreateNetworkAcl("m", "edge", mark=MARK))
    assert (account.vpc.acls["edge"].ingress, account.vpc.acls["edge"].egress) == ((), ())


def test_entries_are_in_order_of_their_numbers(account: Account) -> None:
    (acl,) = account.call(CreateNetworkAcl("m", "edge", mark=MARK))
    for number in (200, 1, 32766, 100):
        assert account.call(entry("edge", number)) == [acl]
    account.call(entry("edge", 100, egress=True))
    assert [each.number for each in account.vpc.acls["edge"].ingress] == [1, 100, 200, 32766]
    assert [each.number for each in account.vpc.acls["edge"].egress] == [100]
    assert account.vpc.acls["edge"].ingress[0].written == "a.yaml:7"
    assert account.refusal(entry("edge", 100)) == "NetworkAclEntryAlreadyExists: edge has an entry 100 already"
    assert account.refusal(entry("default", 100)) == "NetworkAclEntryAlreadyExists: default has an entry 100 already"


@pytest.mark.parametrize("number", [0, -1, 32767])
def test_entry_numbers_have_a_range(account: Account, number: int) -> None:
    said = account.refusal(entry("default", number))
    assert said == f"InvalidParameterValue: rule number {number} is out of range; use 1 to 32766"


# Security groups


def test_a_new_group_lets_nothing_in_and_everything_out(account: Account) -> None:
    (group,) = account.call(CreateSecurityGroup("m", "web", mark=MARK))
    web = account.vpc.groups["web"]
    assert (web.id, web.ingress, [rule.text for rule in web.egress]) == (group, (), ["all to 0.0.0.0/0"])


def test_a_rule_may_name_a_block_or_a_group(account: Account) -> None:
    for name in ("web", "app"):
        account.call(CreateSecurityGroup("m", name, mark=MARK))
    account.call(ingress("web", "0.0.0.0/0"))
    account.call(ingress("app", "web"))
    account.call(ingress("app", "app"))
    assert [rule.peer for rule in account.vpc.groups["web"].ingress] == [parse_cidr("0.0.0.0/0")]
    assert [rule.peer for rule in account.vpc.groups["app"].ingress] == [
        account.vpc.groups["web"].id,
        account.vpc.groups["app"].id,
    ]


def test_a_rule_is_not_written_twice(account: Account) -> None:
    account.call(CreateSecurityGroup("m", "web", mark=MARK))
    account.call(ingress("web", "10.0.0.0/8", None))
    said = "InvalidPermission.Duplicate: web has the rule 'text' already"
    assert account.refusal(ingress("web", "10.0.0.0/8", None)) == said
    assert account.refusal(ingress("web", "10.0.0.0/8", (0, 65535))) == said
    account.call(ingress("web", "10.0.0.0/8", (1, 65535)))
    account.call(ingress("web", "10.0.0.0/9", None))
    assert account.refusal(egress_of_all("web", "0.0.0.0/0")) == said
    account.call(egress_of_all("web", "web"))


def test_ec2s_own_rule_can_be_taken_away_once(account: Account) -> None:
    account.call(CreateSecurityGroup("m", "web", mark=MARK))
    account.call(egress_of_all("web", "10.0.0.0/8"))
    account.call(RevokeSecurityGroupEgress("m", "web", mark=MARK))
    assert [rule.text for rule in account.vpc.groups["web"].egress] == ["text"]
    said = account.refusal(RevokeSecurityGroupEgress("m", "web", mark=MARK))
    assert said == "InvalidPermission.NotFound: web has no rule 'all to 0.0.0.0/0'; it has text"


GROUPS = [
    ("default", "InvalidGroup.Reserved: every VPC has its group default already; use another name"),
    ("sg-web", "InvalidParameterValue: a group's name cannot begin with sg-; use another name"),
    ("web", "InvalidGroup.Duplicate: m has a group web already"),
]


@pytest.mark.parametrize(("name", "said"), GROUPS)
def test_group_names(account: Account, name: str, said: str) -> None:
    account.call(CreateSecurityGroup("m", "web", mark=MARK))
    assert account.refusal(CreateSecurityGroup("m", name, mark=MARK)) == said


# What is not there


MISSING = [
    (CreateRouteTable("n", "x", mark=MARK), "InvalidVpcID.NotFound: no VPC 'n'; there are m"),
    (AssociateRouteTable("m", "mian", "net", mark=MARK), "InvalidRouteTableID.NotFound: no route table 'mian'. "
                                                         "Did you mean main?"),
    (AssociateRouteTable("m", "main", "ne", mark=MARK), "InvalidSubnetID.NotFound: no subnet 'ne'. Did you mean net?"),
    (ReplaceNetworkAclAssociation("m", "x", "net", mark=MARK), "InvalidNetworkAclID.NotFound: no network ACL 'x'; "
                                                               "there are default"),
    (CreateRoute("m", "main", parse_cidr("0.0.0.0/0"), "x", mark=MARK), "InvalidInstanceID.NotFound: no instance 'x'; "
                                                                        "there are none"),
    (ingress("x", "0.0.0.0/0"), "InvalidGroup.NotFound: no security group 'x'; there are default"),
    (ingress("default", "x"), "InvalidGroup.NotFound: no security group 'x'; there are default"),
    (instance("i", groups=("x",)), "InvalidGroup.NotFound: no security group 'x'; there are default"),
    (instance("i", subnet="x"), "InvalidSubnetID.NotFound: no subnet 'x'; there are net"),
    (instance("i", image="agnet"), "InvalidAMIID.NotFound: no image 'agnet'; shipped images are agent"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), MISSING)
def test_what_is_not_there(account: Account, request_: Request, said: str) -> None:
    before = (account.view(), account.vpc.lowest_free)
    assert account.refusal(request_) == said
    assert (account.view(), account.vpc.lowest_free) == before, "a refused verb changes nothing"
    assert account.placed == []


@pytest.mark.parametrize("verb", [CreateRouteTable, CreateNetworkAcl])
def test_names_are_taken(account: Account, verb: type[CreateRouteTable | CreateNetworkAcl]) -> None:
    account.call(verb("m", "x", mark=MARK))
    assert account.refusal(verb("m", "x", mark=MARK)).endswith(" x already")
