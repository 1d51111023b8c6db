"""Quotas that an account must have had raised, to have what it has."""

from collections.abc import Sequence

from dcsim.describe.prefix_list import weight
from dcsim.describe.shapes import IpPermission, Peering, PrefixList
from dcsim.describe.vpc import Home
from dcsim.describe.write import Map
from dcsim.quota import (
    BLOCKS,
    GROUPS_OF_INTERFACE,
    INTERNET_GATEWAYS,
    NETWORK_ACL_RULES,
    NETWORK_ACLS,
    PEERINGS,
    PREFIX_LISTS,
    ROUTE_TABLES,
    ROUTES,
    RULES_OF_INTERFACE,
    SECURITY_GROUP_RULES,
    SECURITY_GROUPS,
    SUBNETS,
    VPCS,
    Quota,
)
from netvirt.address import Cidr

Weights = dict[str, int]
"""Prefix list id -> the rules or routes that it counts as."""


def quotas(
    homes: Sequence[Home], joints: Sequence[Peering], lists: dict[str, list[Cidr]], known: dict[str, PrefixList]
) -> Map:
    """What is more than an account has unasked. Accounts count together here."""
    weights = {aws_id: weight(blocks, known.get(aws_id)) for aws_id, blocks in lists.items()}
    needed: dict[Quota, int] = {
        VPCS: len(homes),
        PREFIX_LISTS: len(lists),
        INTERNET_GATEWAYS: sum(home.gateway is not None for home in homes),
        SECURITY_GROUPS: sum(1 + len(home.security_groups) for home in homes),
    }
    for home in homes:
        ends = [joint for joint in joints if home.vpc.vpc_id in _ends(joint)]
        counts = {
            BLOCKS: 1 + len(home.secondary),
            SUBNETS: len(home.subnets),
            ROUTE_TABLES: 1 + len(home.route_tables),
            NETWORK_ACLS: 1 + len(home.network_acls),
            PEERINGS: len(ends),
            ROUTES: max((_routes(home, each, weights) for each in home.route_tables), default=0),
            NETWORK_ACL_RULES: max((len(each.entries) for each in home.network_acls.values()), default=0),
            SECURITY_GROUP_RULES: max((_rules(home, each, weights) for each in home.security_groups), default=0),
            GROUPS_OF_INTERFACE: max((len(each.groups) for each in home.guests), default=0),
        }
        needed |= {quota: max(needed.get(quota, 0), count) for quota, count in counts.items()}
    raised = {quota: min(count, quota.most) for quota, count in needed.items() if count > quota.default}
    return {quota.name: str(value) for quota, value in _within_bounds(raised).items()}


def _ends(joint: Peering) -> tuple[str, str]:
    return joint.requester_vpc_info.vpc_id, joint.accepter_vpc_info.vpc_id


def _routes(home: Home, table: str, weights: Weights) -> int:
    routes = home.route_tables[table].routes
    return sum(weights.get(each.destination_prefix_list_id or "", 1) for each in routes)


def _rules(home: Home, group: str, weights: Weights) -> int:
    """Of the direction that has more."""
    found = home.security_groups[group]
    return max(_weight(each, weights) for each in (found.ip_permissions, found.ip_permissions_egress))


def _weight(permissions: tuple[IpPermission, ...], weights: Weights) -> int:
    return sum(
        len(each.ip_ranges)
        + len(each.ipv6_ranges)
        + len(each.user_id_group_pairs)
        + sum(weights.get(listed.prefix_list_id, 1) for listed in each.prefix_list_ids)
        for each in permissions
    )


def _within_bounds(raised: dict[Quota, int]) -> dict[Quota, int]:
    """Groups times rules have a bound: whoever has more of one has fewer of the other, and says that first."""
    rules = raised.get(SECURITY_GROUP_RULES, SECURITY_GROUP_RULES.default)
    groups = raised.get(GROUPS_OF_INTERFACE, GROUPS_OF_INTERFACE.default)
    if rules * groups <= RULES_OF_INTERFACE:
        return raised
    rest = {quota: value for quota, value in raised.items() if quota is not SECURITY_GROUP_RULES}
    rest[GROUPS_OF_INTERFACE] = max(1, RULES_OF_INTERFACE // rules)
    return rest | {SECURITY_GROUP_RULES: rules}
