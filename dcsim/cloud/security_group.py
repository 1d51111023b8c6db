"""Security groups and their rules. VPC User Guide, "Security group rules"."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import TO_EVERYWHERE, TO_EVERYWHERE_IPV6, Vpc
from dcsim.quota import SECURITY_GROUP_RULES, SECURITY_GROUPS
from dcsim.request import (
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateSecurityGroup,
    DeleteSecurityGroup,
    PrefixListName,
    RevokeSecurityGroupEgress,
    RevokeSecurityGroupIngress,
)
from netvirt.address import Cidr
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.security_group import GroupRule, SecurityGroup
from netvirt.vpc.traffic import ALL_PORTS, Traffic

Authorize = AuthorizeSecurityGroupIngress | AuthorizeSecurityGroupEgress
Revoke = RevokeSecurityGroupIngress | RevokeSecurityGroupEgress

DEFAULT = "default"


def create_security_group(vpc: Vpc, vpcs: Mapping[str, Vpc], request: CreateSecurityGroup) -> list[str]:
    """A new group lets nothing in and everything out."""
    if request.name == DEFAULT:
        raise refusal(request, "InvalidGroup.Reserved", "every VPC has its group default already", "use another name")
    if request.name in vpc.groups:
        raise refusal(request, "InvalidGroup.Duplicate", f"{vpc.name} has a group {request.name} already")
    if request.name.startswith("sg-"):
        raise refusal(request, "InvalidParameterValue", "a group's name cannot begin with sg-", "use another name")
    there = sum(len(each.groups) for each in vpcs.values())
    if there >= vpc.quotas[SECURITY_GROUPS]:
        message = f"the region has {there:,} security groups already"
        raise exceeded(request, "SecurityGroupLimitExceeded", message, vpc.quotas, SECURITY_GROUPS)
    out = (TO_EVERYWHERE,) if vpc.ipv6_cidr is None else (TO_EVERYWHERE, TO_EVERYWHERE_IPV6)
    group = SecurityGroup(vpc.id("sg", request.name), request.name, (), out)
    vpc.groups[request.name] = group
    return [group.id]


def delete_security_group(vpc: Vpc, request: DeleteSecurityGroup) -> list[str]:
    """Refused while an interface has it, or a rule of another group of the VPC names it. Rules of other VPCs that name
    it stay, and match nobody (VPC Peering Guide, "Update your security groups to reference peer security groups")."""
    group = find(vpc.groups, request.group, request, "InvalidGroup.NotFound", "security group")
    if group.name == DEFAULT:
        raise refusal(request, "CannotDelete", f"{DEFAULT} is the default group of {vpc.name}")
    holder = next((eni.name for eni in vpc.everybodys.values() if group.id in eni.groups), None)
    if holder is not None:
        raise refusal(request, "DependencyViolation", f"{holder} has the group {group.name}", "Give it another first")
    naming = next((other.name for other in vpc.groups.values() if other is not group and _names(other, group.id)), None)
    if naming is not None:
        message = f"a rule of {naming} names the group {group.name}"
        raise refusal(request, "DependencyViolation", message, "Revoke it first")
    vpc.bury(vpc.groups.pop(group.name).id)
    return [group.id]


def _names(group: SecurityGroup, peer: str) -> bool:
    return any(rule.peer == peer for rule in (*group.ingress, *group.egress))


def authorize(vpc: Vpc, vpcs: Mapping[str, Vpc], lists: Mapping[str, PrefixList], request: Authorize) -> list[str]:
    """A peer group is the VPC's own, or `vpc/name`: it matches nothing unless the two VPCs are peered."""
    group, rules, rule = _rule(vpc, vpcs, lists, request)
    if any(_same(other, rule) for other in rules):
        message = f"{group.name} has the rule '{request.text}' already"
        raise refusal(request, "InvalidPermission.Duplicate", message)
    _has_room(vpc, group, rules, rule, request)
    return _write(vpc, group, request, (*rules, rule))


def revoke(vpc: Vpc, vpcs: Mapping[str, Vpc], lists: Mapping[str, PrefixList], request: Revoke) -> list[str]:
    """Tracked flows live on; untracked ones end with the next packet, once the host has heard."""
    group, rules, rule = _rule(vpc, vpcs, lists, request)
    others = tuple(other for other in rules if not _same(other, rule))
    if len(others) == len(rules):
        has = ", ".join(other.text for other in rules) or "none"
        message = f"{group.name} has no rule '{request.text}'"
        raise refusal(request, "InvalidPermission.NotFound", message, f"it has {has}")
    return _write(vpc, group, request, others)


def _rule(
    vpc: Vpc, vpcs: Mapping[str, Vpc], lists: Mapping[str, PrefixList], request: Authorize | Revoke
) -> tuple[SecurityGroup, tuple[GroupRule, ...], GroupRule]:
    """The group, its rules of that direction, and the rule that the request speaks of."""
    group = find(vpc.groups, request.group, request, "InvalidGroup.NotFound", "security group")
    peer = _peer(vpc, vpcs, lists, request)
    traffic = Traffic(request.protocol, *(request.ports or ALL_PORTS), request.icmp_type, request.icmp_code)
    rule = GroupRule(traffic, peer, request.text, f"{request.mark.file}:{request.mark.line}")
    return group, group.egress if _is_leaving(request) else group.ingress, rule


def _has_room(
    vpc: Vpc,
    group: SecurityGroup,
    rules: Sequence[GroupRule],
    rule: GroupRule,
    request: Authorize,
) -> None:
    """Each direction and each family counts for itself."""
    for ipv6 in (False, True):
        there, more = sum(_weight(each, ipv6) for each in rules), _weight(rule, ipv6)
        if more and there + more > vpc.quotas[SECURITY_GROUP_RULES]:
            way = "egress" if _is_leaving(request) else "ingress"
            message = f"{group.name} has {there} {way} rules already, and '{request.text}' counts as {more}"
            raise exceeded(request, "RulesPerSecurityGroupLimitExceeded", message, vpc.quotas, SECURITY_GROUP_RULES)


def _weight(rule: GroupRule, ipv6: bool) -> int:
    """A group as peer counts once in each family, a prefix list as many entries as it may have."""
    match rule.peer:
        case Cidr():
            return int(rule.peer.is_ipv6 == ipv6)
        case PrefixList():
            return rule.peer.weight(ipv6)
        case _:
            return 1


def _peer(
    vpc: Vpc,
    vpcs: Mapping[str, Vpc],
    lists: Mapping[str, PrefixList],
    request: Authorize | Revoke,
) -> Cidr | PrefixList | str:
    peer = request.peer
    if isinstance(peer, Cidr):
        return peer
    if isinstance(peer, PrefixListName):
        return find(lists, peer.name, request, "InvalidPrefixListID.NotFound", "prefix list")
    home, _, name = peer.rpartition("/")
    groups = find(vpcs, home, request, "InvalidVpcID.NotFound", "VPC").groups if home else vpc.groups
    return find(groups, name, request, "InvalidGroup.NotFound", "security group").id


def _same(one: GroupRule, other: GroupRule) -> bool:
    return (one.traffic, one.peer) == (other.traffic, other.peer)


def _is_leaving(request: Authorize | Revoke) -> bool:
    return isinstance(request, AuthorizeSecurityGroupEgress | RevokeSecurityGroupEgress)


def _write(vpc: Vpc, group: SecurityGroup, request: Authorize | Revoke, rules: tuple[GroupRule, ...]) -> list[str]:
    after = replace(group, egress=rules) if _is_leaving(request) else replace(group, ingress=rules)
    vpc.groups[group.name] = after
    return [group.id]
