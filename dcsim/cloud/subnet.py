"""Subnets: one zone each, inside their VPC's block, not over each other. VPC User Guide, "Subnet sizing"."""

from dataclasses import replace

from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import LARGEST, SMALLEST, Vpc, router_mac
from dcsim.request import (
    AssociateRouteTable,
    CreateSubnet,
    DisassociateRouteTable,
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
    subnet_id = vpc.id("subnet", name)
    vpc.asked[subnet_id] = f"{request.mark.file}:{request.mark.line}"
    vpc.maps_public[subnet_id] = request.map_public_ip_on_launch
    vpc.subnets[name] = Subnet(
        id=subnet_id,
        name=name,
        cidr=cidr,
        zone=request.availability_zone,
        table=vpc.tables["main"].id,
        acl=vpc.acls["default"].id,
        router_mac=router_mac(vpc, len(vpc.subnets)),
    )
    return [subnet_id]


def associate_route_table(vpc: Vpc, request: AssociateRouteTable | ReplaceRouteTableAssociation) -> list[str]:
    """A subnet has one table: the main one until it is given another, which only a replacement takes away again."""
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    own = _own_table(vpc, subnet)
    if isinstance(request, ReplaceRouteTableAssociation) and not own:
        raise refusal(request, "InvalidAssociationID.NotFound", f"{subnet.name} follows main", "Associate it")
    if isinstance(request, AssociateRouteTable) and own and own != table.name:
        message = f"{subnet.name} has the route table {own} already"
        raise refusal(request, "Resource.AlreadyAssociated", message, "Replace the association")
    vpc.subnets[subnet.name] = replace(subnet, table=table.id)
    return [subnet.id]


def disassociate_route_table(vpc: Vpc, request: DisassociateRouteTable) -> list[str]:
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    if not _own_table(vpc, subnet):
        raise refusal(request, "InvalidAssociationID.NotFound", f"{subnet.name} follows main")
    vpc.subnets[subnet.name] = replace(subnet, table=vpc.tables["main"].id)
    return [subnet.id]


def _own_table(vpc: Vpc, subnet: Subnet) -> str:
    """The name of the table that it was given; empty when it follows the main one."""
    name = next(table.name for table in vpc.tables.values() if table.id == subnet.table)
    return "" if name == "main" else name


def replace_network_acl_association(vpc: Vpc, request: ReplaceNetworkAclAssociation) -> list[str]:
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    acl = find(vpc.acls, request.network_acl, request, "InvalidNetworkAclID.NotFound", "network ACL")
    vpc.subnets[subnet.name] = replace(subnet, acl=acl.id)
    return [subnet.id]


def usable(cidr: Cidr) -> range:
    """The addresses of a block that interfaces may have."""
    return range(cidr.network + RESERVED_FIRST, cidr.last)
