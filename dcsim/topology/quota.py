"""What may stand under `quotas`."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from dcsim.quota import (
    BLOCKS,
    GROUPS_OF_INTERFACE,
    INTERNET_GATEWAYS,
    NETWORK_ACL_RULES,
    NETWORK_ACLS,
    NO_MAXIMUM,
    PEERINGS,
    PREFIX_LISTS,
    ROUTE_TABLES,
    ROUTES,
    SECURITY_GROUP_RULES,
    SECURITY_GROUPS,
    SUBNETS,
    VPCS,
    Quota,
)
from dcsim.topology.fields import Spec, Whole


def _field(quota: Quota) -> Any:
    most = "" if quota.most == NO_MAXIMUM else f", {quota.most:,} at most"
    return Field(default=None, description=f"By default {quota.default:,}{most}.")


class QuotasSpec(Spec):
    """Names are those of AWS's table of quotas, in snake_case."""

    noun: ClassVar[str] = "quotas"
    vpcs_per_region: Annotated[int, Whole(1, VPCS.most)] | None = _field(VPCS)
    subnets_per_vpc: Annotated[int, Whole(1, SUBNETS.most)] | None = _field(SUBNETS)
    ipv4_cidr_blocks_per_vpc: Annotated[int, Whole(1, BLOCKS.most)] | None = _field(BLOCKS)
    route_tables_per_vpc: Annotated[int, Whole(1, ROUTE_TABLES.most)] | None = _field(ROUTE_TABLES)
    routes_per_route_table: Annotated[int, Whole(1, ROUTES.most)] | None = _field(ROUTES)
    network_acls_per_vpc: Annotated[int, Whole(1, NETWORK_ACLS.most)] | None = _field(NETWORK_ACLS)
    rules_per_network_acl: Annotated[int, Whole(1, NETWORK_ACL_RULES.most)] | None = _field(NETWORK_ACL_RULES)
    security_groups_per_region: Annotated[int, Whole(1, SECURITY_GROUPS.most)] | None = _field(SECURITY_GROUPS)
    rules_per_security_group: Annotated[int, Whole(1, SECURITY_GROUP_RULES.most)] | None = _field(SECURITY_GROUP_RULES)
    security_groups_per_network_interface: Annotated[int, Whole(1, GROUPS_OF_INTERFACE.most)] | None = _field(
        GROUPS_OF_INTERFACE
    )
    prefix_lists_per_region: Annotated[int, Whole(1, PREFIX_LISTS.most)] | None = _field(PREFIX_LISTS)
    active_vpc_peering_connections_per_vpc: Annotated[int, Whole(1, PEERINGS.most)] | None = _field(PEERINGS)
    internet_gateways_per_region: Annotated[int, Whole(1, INTERNET_GATEWAYS.most)] | None = _field(INTERNET_GATEWAYS)
