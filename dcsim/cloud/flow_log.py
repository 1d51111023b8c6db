"""Flow logs: CreateFlowLogs, and which interfaces each one watches. VPC User Guide, "VPC Flow Logs"."""

import re
from dataclasses import dataclass

from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import CreateFlowLogs
from netvirt.vpc.view import Interface

LOGS_PER_RESOURCE = 2
"""VPC User Guide, "Amazon VPC quotas": per interface, per subnet and per VPC."""
NITRO_INTERVAL_NS = 60_000_000_000
"""Interfaces of Nitro instances never aggregate longer (VPC User Guide, "Aggregation interval")."""

_XEN = re.compile(
    r"(c1|c3|c4|cc2|cr1|d2|f1|g2|g3s?|h1|hs1|i2|i3|m1|m2|m3|m4|p2|p3|r3|r4|t1|t2|u-[0-9]+tb1|x1e?)\.(?!metal)"
)
"""Instance types from before Nitro, whose bare metal sizes have it all the same (EC2 Instance Types, "Amazon EC2
instance hypervisor type")."""


def is_nitro(instance_type: str) -> bool:
    return not _XEN.match(instance_type)


@dataclass(frozen=True, slots=True)
class FlowLog:
    """`resource` is the id of what it watches: a VPC, a subnet or an interface."""

    id: str
    vpc: str
    resource: str
    request: CreateFlowLogs

    def watches(self, vpc: Vpc, interface: Interface) -> bool:
        return self.resource in (vpc.id("vpc", ""), interface.subnet, interface.id)

    def interval_ns(self, nitro: bool) -> int:
        longest = self.request.max_aggregation_interval_ns
        return min(longest, NITRO_INTERVAL_NS) if nitro else longest


def create_flow_logs(vpc: Vpc, logs: dict[str, FlowLog], request: CreateFlowLogs) -> list[str]:
    """One flow log, of one resource; `logs` are by id. It changes nothing that hosts decide by."""
    resource = _resource(vpc, request)
    others = [log for log in logs.values() if log.resource == resource]
    twin = next((log for log in others if log.request.same_records(request)), None)
    if twin is not None:
        message = f"{twin.request.name} writes the same records of {request.resource} already"
        raise refusal(request, "FlowLogAlreadyExists", message, "let the two differ, or leave one out")
    if len(others) >= LOGS_PER_RESOURCE:
        message = f"{request.resource} has {len(others)} flow logs"
        raise refusal(request, "FlowLogsLimitExceeded", message, f"{LOGS_PER_RESOURCE} at most")
    log_id = vpc.id("fl", f"{request.name}/{resource}")
    if log_id in logs:
        message = f"{vpc.name} has a flow log {request.name} of {request.resource} already"
        raise refusal(request, "InvalidParameterValue", message, "use another name")
    logs[log_id] = FlowLog(log_id, vpc.name, resource, request)
    return [log_id]


def _resource(vpc: Vpc, request: CreateFlowLogs) -> str:
    match request.resource_type:
        case "VPC":
            return vpc.id("vpc", "")
        case "Subnet":
            return find(vpc.subnets, request.resource, request, "InvalidSubnetID.NotFound", "subnet").id
        case "NetworkInterface":
            code = "InvalidNetworkInterfaceID.NotFound"
            return find({**vpc.managed, **vpc.interfaces}, request.resource, request, code, "instance").id
