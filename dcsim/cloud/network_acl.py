"""Network ACLs and their entries. VPC User Guide, "Control traffic to subnets using network ACLs"."""

from collections.abc import Sequence
from dataclasses import replace

from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.quota import NETWORK_ACL_RULES, NETWORK_ACLS
from dcsim.request import (
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    DeleteNetworkAcl,
    DeleteNetworkAclEntry,
    ReplaceNetworkAclEntry,
)
from netvirt.vpc.network_acl import AclEntry, NetworkAcl
from netvirt.vpc.traffic import ALL_PORTS, Traffic

FIRST_RULE, LAST_RULE = 1, 32766
DEFAULT = "default"

EntryRequest = CreateNetworkAclEntry | ReplaceNetworkAclEntry | DeleteNetworkAclEntry


def create_network_acl(vpc: Vpc, request: CreateNetworkAcl) -> list[str]:
    """A custom ACL denies everything until it has entries."""
    if request.name in vpc.acls:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has a network ACL {request.name} already")
    if len(vpc.acls) >= vpc.quotas[NETWORK_ACLS]:
        message = f"{vpc.name} has {len(vpc.acls)} network ACLs already"
        raise exceeded(request, "NetworkAclLimitExceeded", message, vpc.quotas, NETWORK_ACLS)
    acl = vpc.acls[request.name] = NetworkAcl(vpc.id("acl", request.name), request.name, (), ())
    return [acl.id]


def delete_network_acl(vpc: Vpc, request: DeleteNetworkAcl) -> list[str]:
    """Refused for the default one, and while a subnet has it."""
    acl = find(vpc.acls, request.network_acl, request, "InvalidNetworkAclID.NotFound", "network ACL")
    if acl.name == DEFAULT:
        raise refusal(request, "InvalidParameterValue", f"{DEFAULT} is the default network ACL of {vpc.name}")
    user = next((subnet.name for subnet in vpc.subnets.values() if subnet.acl == acl.id), None)
    if user is not None:
        raise refusal(request, "DependencyViolation", f"{user} has the network ACL {acl.name}", "Give it another first")
    vpc.bury(vpc.acls.pop(acl.name).id)
    return [acl.id]


def create_network_acl_entry(vpc: Vpc, request: CreateNetworkAclEntry | ReplaceNetworkAclEntry) -> list[str]:
    """A new rule under a free number, or another one in the place of the number's."""
    acl = find(vpc.acls, request.network_acl, request, "InvalidNetworkAclID.NotFound", "network ACL")
    number = request.rule_number
    if not FIRST_RULE <= number <= LAST_RULE:
        message = f"rule number {number} is out of range"
        raise refusal(request, "InvalidParameterValue", message, f"use {FIRST_RULE} to {LAST_RULE}")
    entries = _entries(acl, request)
    if isinstance(request, ReplaceNetworkAclEntry):
        entries = _without(acl, request)
    elif any(entry.number == number for entry in entries):
        raise refusal(request, "NetworkAclEntryAlreadyExists", f"{acl.name} has an entry {number} already")
    _has_room(vpc, acl, entries, request)
    traffic = Traffic(request.protocol, *(request.ports or ALL_PORTS), request.icmp_type, request.icmp_code)
    written = f"{request.mark.file}:{request.mark.line}"
    entry = AclEntry(number, request.allow, traffic, request.cidr_block, request.text, written)
    return _write(vpc, acl, request.egress, tuple(sorted((*entries, entry), key=lambda entry: entry.number)))


def delete_network_acl_entry(vpc: Vpc, request: DeleteNetworkAclEntry) -> list[str]:
    acl = find(vpc.acls, request.network_acl, request, "InvalidNetworkAclID.NotFound", "network ACL")
    return _write(vpc, acl, request.egress, _without(acl, request))


def _entries(acl: NetworkAcl, request: EntryRequest) -> tuple[AclEntry, ...]:
    return acl.egress if request.egress else acl.ingress


def _without(acl: NetworkAcl, request: ReplaceNetworkAclEntry | DeleteNetworkAclEntry) -> tuple[AclEntry, ...]:
    """The other entries of that direction."""
    entries, number = _entries(acl, request), request.rule_number
    others = tuple(entry for entry in entries if entry.number != number)
    if len(others) == len(entries):
        way = "egress" if request.egress else "ingress"
        has = ", ".join(str(entry.number) for entry in entries) or "none"
        raise refusal(
            request, "InvalidNetworkAclEntry.NotFound", f"{acl.name} has no {way} entry {number}", f"it has {has}"
        )
    return others


def _write(vpc: Vpc, acl: NetworkAcl, egress: bool, entries: tuple[AclEntry, ...]) -> list[str]:
    vpc.acls[acl.name] = replace(acl, egress=entries) if egress else replace(acl, ingress=entries)
    return [acl.id]


def _has_room(vpc: Vpc, acl: NetworkAcl, entries: Sequence[AclEntry], request: CreateNetworkAclEntry) -> None:
    """Each direction and each family counts for itself; `*`, which denies the rest, counts too."""
    family = [entry for entry in entries if entry.peer.is_ipv6 == request.cidr_block.is_ipv6]
    if 1 + len(family) >= vpc.quotas[NETWORK_ACL_RULES]:
        way = "egress" if request.egress else "ingress"
        message = f"{acl.name} has {len(family)} {way} rules already, and *"
        raise exceeded(request, "NetworkAclEntryLimitExceeded", message, vpc.quotas, NETWORK_ACL_RULES)
