"""Network ACLs and their entries. VPC User Guide, "Control traffic to subnets using network ACLs"."""

from dataclasses import replace

from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import CreateNetworkAcl, CreateNetworkAclEntry
from netvirt.vpc.network_acl import AclEntry, NetworkAcl
from netvirt.vpc.traffic import ALL_PORTS, Traffic

FIRST_RULE, LAST_RULE = 1, 32766


def create_network_acl(vpc: Vpc, request: CreateNetworkAcl) -> list[str]:
    """A custom ACL denies everything until it has entries."""
    if request.name in vpc.acls:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has a network ACL {request.name} already")
    acl = vpc.acls[request.name] = NetworkAcl(vpc.id("acl", request.name), request.name, (), ())
    return [acl.id]


def create_network_acl_entry(vpc: Vpc, request: CreateNetworkAclEntry) -> list[str]:
    acl = find(vpc.acls, request.network_acl, request, "InvalidNetworkAclID.NotFound", "network ACL")
    number = request.rule_number
    if not FIRST_RULE <= number <= LAST_RULE:
        message = f"rule number {number} is out of range"
        raise refusal(request, "InvalidParameterValue", message, f"use {FIRST_RULE} to {LAST_RULE}")
    entries = acl.egress if request.egress else acl.ingress
    if any(entry.number == number for entry in entries):
        raise refusal(request, "NetworkAclEntryAlreadyExists", f"{acl.name} has an entry {number} already")
    traffic = Traffic(request.protocol, *(request.ports or ALL_PORTS), request.icmp_type, request.icmp_code)
    written = f"{request.mark.file}:{request.mark.line}"
    entry = AclEntry(number, request.allow, traffic, request.cidr_block, request.text, written)
    ordered = tuple(sorted((*entries, entry), key=lambda entry: entry.number))
    vpc.acls[acl.name] = replace(acl, egress=ordered) if request.egress else replace(acl, ingress=ordered)
    return [acl.id]
