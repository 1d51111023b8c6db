"""Security groups and their rules. VPC User Guide, "Security group rules"."""

from collections.abc import Mapping
from dataclasses import replace

from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import EVERYTHING, Vpc
from dcsim.request import (
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateSecurityGroup,
    PrefixListName,
    RevokeSecurityGroupEgress,
)
from netvirt.address import EVERYWHERE, Cidr
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.security_group import GroupRule, SecurityGroup
from netvirt.vpc.traffic import ALL_PORTS, Traffic

TO_EVERYWHERE = GroupRule(EVERYTHING, EVERYWHERE, "all to 0.0.0.0/0")


def create_security_group(vpc: Vpc, request: CreateSecurityGroup) -> list[str]:
    """A new group lets nothing in and everything out."""
    if request.name == "default":
        raise refusal(request, "InvalidGroup.Reserved", "every VPC has its group default already", "use another name")
    if request.name in vpc.groups:
        raise refusal(request, "InvalidGroup.Duplicate", f"{vpc.name} has a group {request.name} already")
    if request.name.startswith("sg-"):
        raise refusal(request, "InvalidParameterValue", "a group's name cannot begin with sg-", "use another name")
    group = SecurityGroup(vpc.id("sg", request.name), request.name, (), (TO_EVERYWHERE,))
    vpc.groups[request.name] = group
    return [group.id]


def authorize(
    vpc: Vpc,
    vpcs: Mapping[str, Vpc],
    lists: Mapping[str, PrefixList],
    request: AuthorizeSecurityGroupIngress | AuthorizeSecurityGroupEgress,
) -> list[str]:
    """A peer group is the VPC's own, or `vpc/name`: it matches nothing unless the two VPCs are peered."""
    group = find(vpc.groups, request.group, request, "InvalidGroup.NotFound", "security group")
    peer = _peer(vpc, vpcs, lists, request)
    traffic = Traffic(request.protocol, *(request.ports or ALL_PORTS), request.icmp_type, request.icmp_code)
    rule = GroupRule(traffic, peer, request.text, f"{request.mark.file}:{request.mark.line}")
    leaving = isinstance(request, AuthorizeSecurityGroupEgress)
    rules = group.egress if leaving else group.ingress
    if any((other.traffic, other.peer) == (traffic, peer) for other in rules):
        message = f"{group.name} has the rule '{request.text}' already"
        raise refusal(request, "InvalidPermission.Duplicate", message)
    if leaving:
        vpc.groups[group.name] = replace(group, egress=(*rules, rule))
    else:
        vpc.groups[group.name] = replace(group, ingress=(*rules, rule))
    return [group.id]


def _peer(
    vpc: Vpc,
    vpcs: Mapping[str, Vpc],
    lists: Mapping[str, PrefixList],
    request: AuthorizeSecurityGroupIngress | AuthorizeSecurityGroupEgress,
) -> Cidr | PrefixList | str:
    peer = request.peer
    if isinstance(peer, Cidr):
        return peer
    if isinstance(peer, PrefixListName):
        return find(lists, peer.name, request, "InvalidPrefixListID.NotFound", "prefix list")
    home, _, name = peer.rpartition("/")
    groups = find(vpcs, home, request, "InvalidVpcID.NotFound", "VPC").groups if home else vpc.groups
    return find(groups, name, request, "InvalidGroup.NotFound", "security group").id


def revoke_default_egress(vpc: Vpc, request: RevokeSecurityGroupEgress) -> list[str]:
    group = find(vpc.groups, request.group, request, "InvalidGroup.NotFound", "security group")
    if TO_EVERYWHERE not in group.egress:
        raise refusal(request, "InvalidPermission.NotFound", f"{group.name} does not allow all to 0.0.0.0/0")
    vpc.groups[group.name] = replace(group, egress=tuple(rule for rule in group.egress if rule != TO_EVERYWHERE))
    return [group.id]
