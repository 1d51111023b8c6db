"""Subnets: one zone each, inside their VPC's block, not over each other. VPC User Guide, "Subnet sizing"."""

from dataclasses import replace

from dcsim.cloud.ipv6_block import check_subnet_block
from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import LARGEST, SMALLEST, Vpc, router_mac
from dcsim.quota import SUBNETS
from dcsim.request import (
    AssociateRouteTable,
    CreateSubnet,
    DisassociateRouteTable,
    ReplaceMainRouteTable,
    ReplaceNetworkAclAssociation,
    ReplaceRouteTableAssociation,
)
from netvirt.address import Cidr
from netvirt.vpc.view import Subnet

RESERVED_FIRST = 4
"""Network, router, DNS and "future use"; the last address is reserved too."""


def create_subnet(vpc: Vpc, zones: tuple[str, ...], request: CreateSubnet) -> list[str]:
    cidr, name = request.cidr_block, request.name
    if request.availability_zone not in zones:
        message = f"no zone '{request.availability_zone}'"
        advice = f"there are {', '.join(zones)}"
        raise refusal(request, "InvalidZone.NotFound", message, advice, field="availability_zone")
    if len(vpc.subnets) >= vpc.quotas[SUBNETS]:
        message = f"{vpc.name} has {len(vpc.subnets)} subnets already"
        raise exceeded(request, "SubnetLimitExceeded", message, vpc.quotas, SUBNETS)
    if not LARGEST <= cidr.prefix <= SMALLEST:
        advice = "a subnet's block is /16 to /28"
        raise refusal(request, "InvalidSubnet.Range", f"{name} cannot be {cidr}", advice, field="cidr_block")
    if not vpc.covers(cidr):
        message = f"{name} {cidr} is outside {vpc.name}'s {vpc.blocks}"
        raise refusal(request, "InvalidSubnet.Range", message, field="cidr_block")
    other = vpc.subnets.overlapping(cidr)
    if other is not None:
        where = vpc.asked[other.id].rpartition(":")[2]
        raise refusal(
            request, "InvalidSubnet.Conflict", f"{name} {cidr} overlaps {other.name} {other.cidr} (line {where})"
        )
    check_subnet_block(vpc, request)
    subnet_id = vpc.id("subnet", name)
    vpc.asked[subnet_id] = f"{request.mark.file}:{request.mark.line}"
    vpc.maps_public[subnet_id] = request.map_public_ip_on_launch
    vpc.assigns_ipv6[subnet_id] = request.assign_ipv6_address_on_creation
    vpc.subnets[name] = Subnet(
        id=subnet_id,
        name=name,
        cidr=cidr,
        zone=request.availability_zone,
        table=vpc.tables[vpc.main_table].id,
        acl=vpc.acls["default"].id,
        router_mac=router_mac(vpc, len(vpc.subnets)),
        ipv6_cidr=request.ipv6_cidr_block,
    )
    return [subnet_id]


def associate_route_table(vpc: Vpc, request: AssociateRouteTable | ReplaceRouteTableAssociation) -> list[str]:
    """A subnet has one table: the main one until it is given another, which only a replacement takes away again."""
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    own = vpc.associations.get(subnet.name, "")
    if isinstance(request, ReplaceRouteTableAssociation) and not own:
        message = f"{subnet.name} follows {vpc.main_table}"
        raise refusal(request, "InvalidAssociationID.NotFound", message, "Associate it")
    if isinstance(request, AssociateRouteTable) and own and own != table.name:
        message = f"{subnet.name} has the route table {own} already"
        raise refusal(request, "Resource.AlreadyAssociated", message, "Replace the association")
    vpc.associations[subnet.name] = table.name
    vpc.subnets[subnet.name] = replace(subnet, table=table.id)
    return [subnet.id]


def disassociate_route_table(vpc: Vpc, request: DisassociateRouteTable) -> list[str]:
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    if subnet.name not in vpc.associations:
        message = f"{subnet.name} follows {vpc.main_table}"
        raise refusal(request, "InvalidAssociationID.NotFound", message)
    del vpc.associations[subnet.name]
    vpc.subnets[subnet.name] = replace(subnet, table=vpc.tables[vpc.main_table].id)
    return [subnet.id]


def replace_main_route_table(vpc: Vpc, request: ReplaceMainRouteTable) -> list[str]:
    """All subnets without a table of their own follow at once; the former main table becomes one like any other."""
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    if table.name == vpc.gateway_table:
        message = f"{table.name} is the route table of {vpc.internet_gateway[1]}"
        raise refusal(request, "InvalidParameterValue", message, "a gateway's cannot be main")
    vpc.main_table = table.name
    followers = [subnet for subnet in vpc.subnets.values() if subnet.name not in vpc.associations]
    for subnet in followers:
        vpc.subnets[subnet.name] = replace(subnet, table=table.id)
    return [table.id, *(subnet.id for subnet in followers)]


def replace_network_acl_association(vpc: Vpc, request: ReplaceNetworkAclAssociation) -> list[str]:
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    acl = find(vpc.acls, request.network_acl, request, "InvalidNetworkAclID.NotFound", "network ACL")
    vpc.subnets[subnet.name] = replace(subnet, acl=acl.id)
    return [subnet.id]


def usable(cidr: Cidr) -> range:
    """The addresses of a block that interfaces may have; the same are reserved in both families."""
    return range(cidr.network + RESERVED_FIRST, cidr.last)
