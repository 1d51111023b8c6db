"""What can be changed of an interface. EC2 User Guide, "Elastic network interfaces"."""

from collections.abc import Mapping
from dataclasses import replace

from dcsim.cloud.instance import groups_of
from dcsim.cloud.refusal import find
from dcsim.cloud.vpc import Vpc
from dcsim.request import ModifyNetworkInterfaceAttribute
from netvirt.vpc.security_group import SecurityGroup


def modify_network_interface_attribute(
    vpc: Vpc, vpcs: Mapping[str, Vpc], request: ModifyNetworkInterfaceAttribute
) -> list[str]:
    """Other groups, or another source/destination check; tracked flows live on under both."""
    before = find(vpc.everybodys, request.instance, request, "InvalidInstanceID.NotFound", "instance")
    groups = before.groups if request.groups is None else groups_of(vpc, before.name, request.groups, request)
    check = before.source_dest_check if request.source_dest_check is None else request.source_dest_check
    after = replace(before, groups=groups, source_dest_check=check)
    if before.name in vpc.interfaces:
        vpc.interfaces[before.name] = after
    else:
        vpc.resting[before.name] = after
    return [before.id, *groups_naming(vpcs, {*before.groups, *groups})]


def groups_naming(vpcs: Mapping[str, Vpc], peers: set[str]) -> list[str]:
    """The groups in whose rules one of these is the peer: who their members are has changed what the rules mean."""
    every = (group for vpc in vpcs.values() for group in vpc.groups.values())
    return [group.id for group in every if _names(group, peers)]


def _names(group: SecurityGroup, peers: set[str]) -> bool:
    return any(rule.peer in peers for rule in (*group.ingress, *group.egress))
