"""Quotas: EC2's refusals at each, and what raises them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cloud.account import MARK, Account, entry, ingress, instance
from topology.files import said_of, topology

from dcsim.quota import QUOTAS
from dcsim.request import (
    CreateInternetGateway,
    CreateManagedPrefixList,
    CreateNetworkAcl,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    PrefixListName,
    Request,
    RequestServiceQuotaIncrease,
)
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.topology.quota import QuotasSpec
from netvirt.address import Cidr, Ip, parse_block


def raised(name: str, value: int) -> RequestServiceQuotaIncrease:
    return RequestServiceQuotaIncrease(name, value, mark=MARK)


def block(number: int) -> Cidr:
    return Cidr(Ip((172 << 24) + (number << 8)), 24)


def asked(kind: str) -> Iterator[Request]:
    """One thing after another, without end."""
    number = 0
    while True:
        number += 1
        match kind:
            case "vpcs_per_region":
                yield CreateVpc(f"v{number}", parse_block("10.0.0.0/16"), mark=MARK)
            case "subnets_per_vpc":
                yield CreateSubnet("m", f"s{number}", Cidr(Ip((10 << 24) + 512 + 16 * number), 28), "a", mark=MARK)
            case "route_tables_per_vpc":
                yield CreateRouteTable("m", f"t{number}", mark=MARK)
            case "routes_per_route_table":
                yield CreateRoute("m", "main", block(number), "box", mark=MARK)
            case "network_acls_per_vpc":
                yield CreateNetworkAcl("m", f"a{number}", mark=MARK)
            case "rules_per_network_acl":
                yield entry("default", 1000 + number)
            case "security_groups_per_region":
                yield CreateSecurityGroup("m", f"g{number}", mark=MARK)
            case "rules_per_security_group":
                yield ingress("default", str(block(number)))
            case "prefix_lists_per_region":
                yield CreateManagedPrefixList(f"l{number}", 1, (), mark=MARK)
            case "internet_gateways_per_region":
                yield CreateInternetGateway(f"v{number}", "igw", mark=MARK)
            case "active_vpc_peering_connections_per_vpc":
                yield CreateVpcPeeringConnection("m", f"p{number}", f"v{number}", mark=MARK)
            case _:
                raise AssertionError(kind)


CASES = [
    # What every VPC or region has already, the code, how it is said.
    ("vpcs_per_region", 1, "VpcLimitExceeded: the region has 5 VPCs already; 5 at most; raise vpcs_per_region in quotas"),
    ("subnets_per_vpc", 1, "SubnetLimitExceeded: m has 200 subnets already; 200 at most"),
    ("route_tables_per_vpc", 1, "RouteTableLimitExceeded: m has 200 route tables already; 200 at most"),
    ("routes_per_route_table", 0, "RouteLimitExceeded: main has 50 routes already, and 172.0.51.0/24 counts as 1; 50 at"),
    ("network_acls_per_vpc", 1, "NetworkAclLimitExceeded: m has 200 network ACLs already; 200 at most"),
    ("rules_per_network_acl", 2, "NetworkAclEntryLimitExceeded: default has 19 ingress rules already, and *; 20 at most"),
    ("security_groups_per_region", 1, "SecurityGroupLimitExceeded: the region has 2,500 security groups already; 2,500"),
    ("rules_per_security_group", 1, "RulesPerSecurityGroupLimitExceeded: default has 60 ingress rules already, and 'text' "
                                    "counts as 1; 60 at most; raise rules_per_security_group in quotas"),
    ("prefix_lists_per_region", 0, "PrefixListLimitExceeded: the region has 100 prefix lists already; 100 at most"),
]  # fmt: skip


JOINTS = [
    ("internet_gateways_per_region", "InternetGatewayLimitExceeded: the region has 5 internet gateways already; 5 at most"),
    ("active_vpc_peering_connections_per_vpc", "ActiveVpcPeeringConnectionPerVpcLimitExceeded: m has 50 peerings already"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said"), JOINTS)
def test_those_that_take_many_vpcs(name: str, said: str) -> None:
    account, quota = Account(), QUOTAS[name]
    account.call(raised("vpcs_per_region", 60))
    for number in range(1, 59):
        account.call(CreateVpc(f"v{number}", parse_block(f"10.{number}.0.0/16"), mark=MARK))
    requests = asked(name)
    for _ in range(quota.default):
        account.call(next(requests))
    one_more = next(requests)
    assert account.refusal(one_more).startswith(said)
    account.call(raised(name, quota.default + 1))
    account.call(one_more)


@pytest.mark.parametrize(("name", "there", "said"), CASES)
def test_each_is_refused_at_its_quota_and_goes_on_when_it_is_raised(name: str, there: int, said: str) -> None:
    account, quota = Account(), QUOTAS[name]
    account.run("box")
    requests = asked(name)
    for _ in range(quota.default - there):
        account.call(next(requests))
    one_more = next(requests)
    assert account.refusal(one_more).startswith(said)
    account.call(raised(name, quota.default + 1))
    account.call(one_more)
    assert account.refusal(next(requests)).partition(":")[0] == said.partition(":")[0]


def test_groups_of_an_interface() -> None:
    account = Account()
    names = tuple(f"g{number}" for number in range(6))
    for name in names:
        account.call(CreateSecurityGroup("m", name, mark=MARK))
    assert account.refusal(instance("one", groups=names)) == (
        "SecurityGroupsPerInterfaceLimitExceeded: one has 6 security groups; 5 at most; "
        "raise security_groups_per_network_interface in quotas"
    )
    account.call(raised("security_groups_per_network_interface", 6))
    account.call(instance("one", groups=names))


def test_rules_of_an_interface_are_a_thousand_whatever_is_raised() -> None:
    account = Account()
    account.call(raised("rules_per_security_group", 200))
    assert account.refusal(raised("security_groups_per_network_interface", 6)) == (
        "IllegalArgumentException: 6 groups an interface with 200 rules a group are 1,200 rules; "
        "1,000 at most; lower the other"
    )
    account.call(raised("rules_per_security_group", 62))
    account.call(raised("security_groups_per_network_interface", 16))
    assert account.refusal(raised("security_groups_per_network_interface", 17)) == (
        "IllegalArgumentException: security_groups_per_network_interface cannot be 17; 16 at most"
    )
    assert account.refusal(raised("rules_per_security_group", 63)).startswith("IllegalArgumentException: 16 groups")


def test_a_prefix_list_counts_as_all_it_may_have() -> None:
    """In rules of both directions, each for itself, and in routes; how many entries there are does not matter."""
    account = Account()
    account.run("box")
    account.call(CreateManagedPrefixList("large", 51, (), mark=MARK))
    account.call(CreateManagedPrefixList("middle", 49, (parse_block("10.9.0.0/16"),), mark=MARK))
    by_list = replace(ingress("default", "10.0.0.0/8"), peer=PrefixListName("large"))
    account.call(by_list)
    for number in range(8):
        account.call(ingress("default", str(block(number))))
    assert "'text' counts as 49" in account.refusal(replace(by_list, peer=PrefixListName("middle")))
    to_large = CreateRoute("m", "main", PrefixListName("large"), "box", mark=MARK)
    assert account.refusal(to_large) == (
        "RouteLimitExceeded: main has 0 routes already, and large counts as 51; 50 at most; "
        "raise routes_per_route_table in quotas"
    )
    account.call(replace(to_large, destination=PrefixListName("middle")))
    account.call(replace(to_large, destination=block(1)))
    assert account.refusal(replace(to_large, destination=block(2))).startswith("RouteLimitExceeded: main has 50 routes")


def test_each_family_counts_for_itself() -> None:
    """A group as peer counts in both."""
    account = Account()
    for number in range(59):
        account.call(ingress("default", str(block(number))))
    assert "default has 60 ingress rules" in account.refusal(ingress("default", "default"))
    account.call(replace(ingress("default", "10.0.0.0/8"), peer=parse_block("2001:db8::/32")))
    account.call(raised("rules_per_security_group", 61))
    account.call(ingress("default", "default"))
    assert "default has 61 ingress rules" in account.refusal(ingress("default", str(block(60))))


def test_the_file_knows_every_quota() -> None:
    assert list(QuotasSpec.model_fields) == list(QUOTAS)


def test_a_file_that_raises_some_is_written_out_and_read_again() -> None:
    text = "quotas: {routes_per_route_table: 1000, vpcs_per_region: 7}\nvpcs: {v: {cidr_block: 10.0.0.0/16}}\n"
    plan = topology(text)
    assert raised("routes_per_route_table", 1000) in plan.requests
    assert "quotas:\n  vpcs_per_region: 7\n  routes_per_route_table: 1000\n" in expanded(plan)
    assert plan_of(expanded(plan).encode(), "a.yaml", "a").requests == plan.requests


BAD = [
    ("routes: 5", "quotas has no 'routes'"),
    ("routes_per_route_table: 1001", "routes_per_route_table 1001 is out of range"),
    ("routes_per_route_table: 0", "routes_per_route_table 0 is out of range"),
    ("routes_per_route_table: many", "routes_per_route_table 'many' is not a whole number"),
]


@pytest.mark.parametrize(("line", "said"), BAD)
def test_bad_files(line: str, said: str) -> None:
    assert said_of(f"quotas: {{{line}}}").splitlines()[0].partition(": ")[2].startswith(said)
