"""How many of something an account may have, and how many at most if it asks for more.

VPC User Guide, "Amazon VPC quotas"; EC2 User Guide, "Amazon EC2 service quotas".
"""

from dataclasses import dataclass

NO_MAXIMUM = 1_000_000
"""Where AWS names none."""


@dataclass(frozen=True, slots=True)
class Quota:
    name: str
    default: int
    most: int = NO_MAXIMUM


VPCS = Quota("vpcs_per_region", 5)
SUBNETS = Quota("subnets_per_vpc", 200)
BLOCKS = Quota("ipv4_cidr_blocks_per_vpc", 5, 50)
ROUTE_TABLES = Quota("route_tables_per_vpc", 200)
ROUTES = Quota("routes_per_route_table", 50, 1_000)
NETWORK_ACLS = Quota("network_acls_per_vpc", 200)
NETWORK_ACL_RULES = Quota("rules_per_network_acl", 20, 40)
SECURITY_GROUPS = Quota("security_groups_per_region", 2_500)
SECURITY_GROUP_RULES = Quota("rules_per_security_group", 60, 1_000)
GROUPS_OF_INTERFACE = Quota("security_groups_per_network_interface", 5, 16)
PREFIX_LISTS = Quota("prefix_lists_per_region", 100)
PEERINGS = Quota("active_vpc_peering_connections_per_vpc", 50, 125)
INTERNET_GATEWAYS = Quota("internet_gateways_per_region", 5)

QUOTAS = {
    quota.name: quota
    for quota in (
        VPCS,
        SUBNETS,
        BLOCKS,
        ROUTE_TABLES,
        ROUTES,
        NETWORK_ACLS,
        NETWORK_ACL_RULES,
        SECURITY_GROUPS,
        SECURITY_GROUP_RULES,
        GROUPS_OF_INTERFACE,
        PREFIX_LISTS,
        PEERINGS,
        INTERNET_GATEWAYS,
    )
}
RULES_OF_INTERFACE = 1_000
"""Groups of an interface times rules of a group: no more, whatever is asked for."""


class Quotas:
    """An account's: `quotas[ROUTES]`."""

    def __init__(self) -> None:
        self._applied: dict[Quota, int] = {}

    def __getitem__(self, quota: Quota) -> int:
        return self._applied.get(quota, quota.default)

    def apply(self, quota: Quota, value: int) -> None:
        self._applied[quota] = value
