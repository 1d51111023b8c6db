"""Instances and their interfaces: RunInstances gives an address, a MAC and a place on a host."""

from dataclasses import dataclass

from dcsim.cloud.capacity import Capacity, vcpus
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.subnet import usable
from dcsim.cloud.vpc import Vpc
from dcsim.fabric.layout import Kind, Layout
from dcsim.request import RunInstances
from netvirt.address import Ip, Mac, format_ip
from netvirt.vpc.view import Interface, Subnet

GROUPS_PER_INTERFACE = 5
"""VPC User Guide, "Amazon VPC quotas"."""

INSTANCE_MAC = 0x02_01_00_00_00_00
"""Interfaces' MAC addresses count up from here: locally administered."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What RunInstances came to."""

    request: RunInstances
    vpc: Vpc
    subnet: Subnet
    interface: Interface


def run_instances(vpc: Vpc, layout: Layout, capacity: Capacity, number: int, request: RunInstances) -> Placed:
    """One instance; `number` is its interface's, unique in the region."""
    if request.name in vpc.interfaces:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has an instance {request.name} already")
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    groups = _groups(vpc, request)
    address = _address(vpc, subnet, request)
    zone = capacity.zones[subnet.zone]
    host = zone.place(vcpus(request.instance_type))
    if host is None:
        wanted = vcpus(request.instance_type)
        message = f"zone {subnet.zone} has {zone.hosts} hosts, all full; {request.name} needs {wanted} vCPU"
        raise refusal(request, "InsufficientInstanceCapacity", message, "Raise plant.hosts")
    interface = Interface(
        id=vpc.id("eni", request.name),
        name=request.name,
        number=number,
        mac=Mac(INSTANCE_MAC + number),
        address=address,
        subnet=subnet.id,
        groups=groups,
        source_dest_check=request.source_dest_check,
        host=host,
        host_name=layout.name(Kind.HOST, host),
    )
    vpc.interfaces[request.name] = interface
    vpc.by_address[address] = request.name
    return Placed(request, vpc, subnet, interface)


def _groups(vpc: Vpc, request: RunInstances) -> tuple[str, ...]:
    names = request.security_groups or ("default",)
    if len(names) > GROUPS_PER_INTERFACE:
        message = f"{request.name} has {len(names)} security groups"
        raise refusal(request, "SecurityGroupsPerInterfaceLimitExceeded", message, f"{GROUPS_PER_INTERFACE} at most")
    return tuple(
        find(vpc.groups, name, request, "InvalidGroup.NotFound", "security group").id for name in dict.fromkeys(names)
    )


def _address(vpc: Vpc, subnet: Subnet, request: RunInstances) -> Ip:
    wanted = request.private_ip_address
    if wanted is None:
        for address in usable(subnet.cidr):
            if address not in vpc.by_address:
                return Ip(address)
        message = f"{subnet.name} {subnet.cidr} has no free address for {request.name}"
        raise refusal(request, "InsufficientFreeAddressesInSubnet", message, "use a larger block")
    if not subnet.cidr.holds(wanted):
        message = f"{format_ip(wanted)} is outside {subnet.name}'s {subnet.cidr}"
        raise refusal(request, "InvalidParameterValue", message)
    if wanted not in usable(subnet.cidr):
        message = f"{format_ip(wanted)} is reserved in {subnet.name} {subnet.cidr}"
        raise refusal(request, "InvalidParameterValue", message, "the first four addresses and the last are AWS's")
    if wanted in vpc.by_address:
        message = f"{format_ip(wanted)} is {vpc.by_address[wanted]}'s"
        raise refusal(request, "InvalidIPAddress.InUse", message)
    return wanted
