"""What verbs do to VPCs that are there already."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from dcsim.instance_request import (
    AssignPrivateIpAddresses,
    RebootInstances,
    StartInstances,
    StopInstances,
    TerminateInstances,
    UnassignPrivateIpAddresses,
)
from dcsim.request import (
    AllocateAddress,
    AssociateAddress,
    DeleteNatGateway,
    DeleteNetworkAcl,
    DeleteNetworkAclEntry,
    DeleteRoute,
    DeleteRouteTable,
    DeleteSecurityGroup,
    DeleteVpcPeeringConnection,
    DetachInternetGateway,
    DisassociateAddress,
    DisassociateRouteTable,
    ModifyNetworkInterfaceAttribute,
    PrefixListName,
    ReleaseAddress,
    ReplaceNetworkAclEntry,
    ReplaceRouteTableAssociation,
    RevokeSecurityGroupEgress,
    RevokeSecurityGroupIngress,
    Verb,
)

from .model import AclRule, Instance, Region, Target, Vpc, acl_rule


@dataclass(frozen=True)
class Unknown(Exception):
    """Nobody asks random worlds for this."""

    request: Verb


def apply(region: Region, request: Verb) -> None:
    """EC2 has accepted it."""
    match request:
        case DisassociateAddress(public_ip=public):
            _take(region, IPv4Address(public))
        case DeleteVpcPeeringConnection(name=name):
            for vpc in region.vpcs.values():
                vpc.peers.pop(name, None)
        case DetachInternetGateway() | AllocateAddress() | ReleaseAddress() | DeleteNatGateway():
            raise Unknown(request)
        case AssignPrivateIpAddresses(private_ip_addresses=addresses):
            vpc = region.vpcs[request.vpc]
            for address in map(IPv4Address, addresses):
                publics = _lose(vpc.at(address), address)
                instance = vpc.instances[request.instance]
                instance.more_addresses += (address,)
                instance.publics |= publics
        case UnassignPrivateIpAddresses(private_ip_addresses=addresses):
            for address in map(IPv4Address, addresses):
                _lose(region.vpcs[request.vpc].instances[request.instance], address)
        case StopInstances() | StartInstances() | RebootInstances() | TerminateInstances():
            raise Unknown(request)
        case DeleteRouteTable() | DeleteNetworkAcl() | DeleteSecurityGroup():
            raise Unknown(request)
        case AssociateAddress(public_ip=int(public)):
            _take(region, IPv4Address(public))
            region.apply(request)
        case DeleteRoute() | ReplaceRouteTableAssociation() | DisassociateRouteTable():
            _route(region, request)
        case ReplaceNetworkAclEntry() | DeleteNetworkAclEntry():
            acl = region.vpcs[request.vpc].acls[request.network_acl]
            rules = acl.egress if request.egress else acl.ingress
            rules[:] = [rule for rule in rules if rule.number != request.rule_number]
            rules += _replacement(request)
        case RevokeSecurityGroupIngress() | RevokeSecurityGroupEgress():
            group = region.vpcs[request.vpc].groups[request.group]
            ingress = isinstance(request, RevokeSecurityGroupIngress)
            (group.ingress if ingress else group.egress).remove(region.group_rule(request))
        case ModifyNetworkInterfaceAttribute():
            instance = region.vpcs[request.vpc].instances[request.instance]
            instance.groups = request.groups or instance.groups
            if request.source_dest_check is not None:
                instance.checked = request.source_dest_check
        case _:
            region.apply(request)


def _replacement(request: ReplaceNetworkAclEntry | DeleteNetworkAclEntry) -> list[AclRule]:
    return [acl_rule(request)] if isinstance(request, ReplaceNetworkAclEntry) else []


def _route(region: Region, request: DeleteRoute | ReplaceRouteTableAssociation | DisassociateRouteTable) -> None:
    vpc = region.vpcs[request.vpc]
    match request:
        case DeleteRoute():
            for block in region.blocks(request.destination):
                del _routes(vpc, request)[block]
        case ReplaceRouteTableAssociation():
            vpc.subnets[request.subnet].table = request.route_table
        case DisassociateRouteTable():
            vpc.subnets[request.subnet].table = ""


def _routes(vpc: Vpc, request: DeleteRoute) -> dict[IPv4Network, Target]:
    of_lists = isinstance(request.destination, PrefixListName)
    return (vpc.list_routes if of_lists else vpc.tables)[request.route_table]


def _lose(holder: Instance | None, address: IPv4Address) -> dict[IPv4Address, IPv4Address]:
    """The address is not the holder's any more; its public one, if it has one, goes along."""
    if holder is None:
        return {}
    holder.more_addresses = tuple(each for each in holder.more_addresses if each != address)
    return {address: holder.publics.pop(address)} if address in holder.publics else {}


def _take(region: Region, public: IPv4Address) -> None:
    """Nobody has it any more; who was given one at its launch is given another."""
    owner = region.owner(public)
    if owner is None:
        return
    private = next(private for private, each in owner.publics.items() if each == public)
    del owner.publics[private]
    if _is_given(owner, private):
        owner.publics[private] = region.next_public()


def _is_given(instance: Instance, private: IPv4Address) -> bool:
    return instance.subnet.gives_public and private == instance.address
