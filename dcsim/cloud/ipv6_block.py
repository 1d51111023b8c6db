"""IPv6 blocks of VPCs and subnets. VPC User Guide, "VPC CIDR blocks", "Subnet sizing for IPv6"."""

from collections.abc import Mapping
from dataclasses import replace

from dcsim.cloud.refusal import refusal
from dcsim.cloud.vpc import ALLOW_IN, ALLOW_IN_IPV6, ALLOW_OUT, ALLOW_OUT_IPV6, TO_EVERYWHERE, TO_EVERYWHERE_IPV6, Vpc
from dcsim.problem import Refused
from dcsim.request import AssociateVpcCidrBlock, CreateSubnet
from dcsim.topology.internet import GLOBAL_UNICAST
from netvirt.vpc.route_table import Local, Route, RouteTable

VPC_PREFIX, SUBNET_PREFIX = 56, 64


def associate_ipv6_block(vpcs: Mapping[str, Vpc], vpc: Vpc, request: AssociateVpcCidrBlock) -> list[str]:
    """Local in every table; and default rules get their counterparts, where nobody has changed them."""
    block = request.cidr_block
    if vpc.ipv6_cidr is not None:
        message = f"{vpc.name} has the IPv6 block {vpc.ipv6_cidr} already, and more are not simulated yet"
        raise refusal(request, "CidrLimitExceeded", message)
    if block.prefix != VPC_PREFIX:
        raise _bad_range(request, f"{vpc.name} cannot have {block}", f"a VPC's IPv6 block is a /{VPC_PREFIX}")
    if not GLOBAL_UNICAST.covers(block):
        raise _bad_range(request, f"{block} is not global", "use one like 2001:db8:0:100::/56")
    for other in vpcs.values():
        if other.ipv6_cidr == block:
            raise _bad_range(request, f"{block} is {other.name}'s", "an IPv6 block is one VPC's in the whole world")
    vpc.ipv6_cidr = block
    for name, table in vpc.tables.items():
        vpc.tables[name] = RouteTable.of(table.id, name, (*table.routes, Route(block, Local())))
    return [*(table.id for table in vpc.tables.values()), *_extend_defaults(vpc)]


def _extend_defaults(vpc: Vpc) -> list[str]:
    """VPC User Guide, "Default network ACL", "Security group rules": a list that was changed stays as it is."""
    acl = vpc.acls["default"]
    ingress = (ALLOW_IN, ALLOW_IN_IPV6) if acl.ingress == (ALLOW_IN,) else acl.ingress
    egress = (ALLOW_OUT, ALLOW_OUT_IPV6) if acl.egress == (ALLOW_OUT,) else acl.egress
    vpc.acls["default"] = replace(acl, ingress=ingress, egress=egress)
    untouched = [group for group in vpc.groups.values() if group.egress == (TO_EVERYWHERE,)]
    for group in untouched:
        vpc.groups[group.name] = replace(group, egress=(TO_EVERYWHERE, TO_EVERYWHERE_IPV6))
    return [acl.id, *(group.id for group in untouched)]


def check_subnet_block(vpc: Vpc, request: CreateSubnet) -> None:
    """A /64 of the VPC's block that no other subnet has."""
    block, name = request.ipv6_cidr_block, request.name
    if block is None:
        if request.assign_ipv6_address_on_creation:
            message = f"{name} has no IPv6 block to assign addresses of"
            field = "assign_ipv6_address_on_creation"
            raise refusal(request, "InvalidParameterValue", message, "write ipv6_cidr_block: true", field=field)
        return
    if block.prefix != SUBNET_PREFIX:
        raise _bad_subnet(request, "Range", f"{name} cannot be {block}", f"a subnet's IPv6 block is a /{SUBNET_PREFIX}")
    if vpc.ipv6_cidr is None or not vpc.ipv6_cidr.covers(block):
        whole = "has no IPv6 block" if vpc.ipv6_cidr is None else f"has {vpc.ipv6_cidr}"
        raise _bad_subnet(request, "Range", f"{name} {block} is outside {vpc.name}, which {whole}")
    for other in vpc.subnets.values():
        if other.ipv6_cidr == block:
            raise _bad_subnet(request, "Conflict", f"{name} cannot have {block}, which is {other.name}'s")


def _bad_range(request: AssociateVpcCidrBlock, message: str, advice: str) -> Refused:
    return refusal(request, "InvalidVpcRange", message, advice)


def _bad_subnet(request: CreateSubnet, what: str, message: str, advice: str = "") -> Refused:
    return refusal(request, f"InvalidSubnet.{what}", message, advice, field="ipv6_cidr_block")
