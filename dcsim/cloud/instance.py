"""Instances and their interfaces: RunInstances gives an address, a MAC and a place on a host."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dcsim.asked import Asked
from dcsim.cloud.capacity import Capacity, Zone, check_type, is_arm, vcpus
from dcsim.cloud.interface_limits import addresses_each
from dcsim.cloud.ipv6_address import ipv6_addresses
from dcsim.cloud.placed import Placed
from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.subnet import usable
from dcsim.cloud.vpc import Vpc
from dcsim.fabric.layout import Kind, Layout
from dcsim.instance_request import AssignPrivateIpAddresses
from dcsim.problem import Mistake, Refused
from dcsim.quota import GROUPS_OF_INTERFACE
from dcsim.request import FORWARDING_IMAGES, CreateNatGateway, RunInstances
from dcsim.transit_request import CreateTransitGatewayVpcAttachment
from hypervisor.images import BadImage, Image, load_image
from netvirt.address import HostId, Ip, Mac, format_ip
from netvirt.vpc.view import Interface, Subnet

INSTANCE_MAC = 0x0A_01_00_00_00_00
"""Interfaces' MAC addresses count up from here: locally administered."""

NeedsPlace = RunInstances | CreateNatGateway | CreateTransitGatewayVpcAttachment | AssignPrivateIpAddresses
"""What asks for an address and a host."""


@dataclass(frozen=True, slots=True)
class Launched(Placed):
    """What RunInstances came to. `image` is what the guest boots from, None for one that idles."""

    request: RunInstances
    image: Image | None


def run_instances(vpc: Vpc, layout: Layout, capacity: Capacity, number: int, request: RunInstances) -> Launched:
    """One instance; `number` is its interface's, unique in the region."""
    if request.name in vpc.everybodys:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has an instance {request.name} already")
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    _check_type(request)
    groups = groups_of(vpc, request.name, request.security_groups, request)
    image = load_image_of(request)
    address, *secondary = _addresses(vpc, subnet, request)
    secondary += ipv6_addresses(vpc, subnet, request)
    host = _host(capacity.zones[subnet.zone], subnet.zone, request)
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
        secondary=tuple(secondary),
    )
    vpc.interfaces[request.name] = interface
    vpc.by_address |= dict.fromkeys(interface.addresses, request.name)
    return Launched(vpc, subnet, interface, request, image)


def _check_type(request: RunInstances) -> None:
    try:
        check_type(request.instance_type)
    except Mistake as mistake:
        raise refusal(
            request, "InvalidParameterValue", mistake.message, mistake.advice, field="instance_type"
        ) from None


def groups_of(vpc: Vpc, owner: str, wanted: tuple[str, ...], request: Asked) -> tuple[str, ...]:
    """The ids of the groups that an interface is to have; none asked for is the default one."""
    names = wanted or ("default",)
    if len(names) > vpc.quotas[GROUPS_OF_INTERFACE]:
        message, code = f"{owner} has {len(names)} security groups", "SecurityGroupsPerInterfaceLimitExceeded"
        raise exceeded(request, code, message, vpc.quotas, GROUPS_OF_INTERFACE, field="security_groups")
    return tuple(
        find(vpc.groups, name, request, "InvalidGroup.NotFound", "security group").id for name in dict.fromkeys(names)
    )


def load_image_of(request: RunInstances) -> Image | None:
    """One of dcsim's, or a file beside the one that names it."""
    if request.image is None or request.image in FORWARDING_IMAGES:
        return None
    if is_arm(request.instance_type):
        message = f"{request.instance_type} is an AArch64 type, and images run on x86-64 so far"
        raise refusal(request, "InvalidParameterValue", message, "use m7i.large", field="instance_type")
    try:
        return load_image(request.image, Path(request.mark.file).parent)
    except BadImage as bad:
        raise refusal(request, "InvalidAMIID.NotFound", str(bad), field="image") from None


def _host(zone: Zone, name: str, request: RunInstances) -> HostId:
    wanted = vcpus(request.instance_type)
    if wanted > zone.host_vcpus:
        message = f"{request.instance_type} needs {wanted} vCPU; a host has {zone.host_vcpus}"
        raise refusal(request, "InvalidParameterValue", message, "choose a smaller type", field="instance_type")
    return host_with_room(zone, name, wanted, request)


def host_with_room(zone: Zone, name: str, wanted: int, request: NeedsPlace) -> HostId:
    """`wanted` is in vCPU."""
    host = zone.place(wanted)
    if host is None:
        hosts = "1 host, which is" if zone.hosts == 1 else f"{zone.hosts} hosts, all"
        message = f"zone {name} has {hosts} full; {request.name} needs {wanted} vCPU"
        raise refusal(request, "InsufficientInstanceCapacity", message, "Raise plant.hosts")
    return host


def _addresses(vpc: Vpc, subnet: Subnet, request: RunInstances) -> list[Ip]:
    """The primary one first; none is taken before all are found."""
    chosen, counted = request.secondary_private_ip_addresses, request.secondary_private_ip_address_count
    if chosen and counted:
        message = f"{request.name} names its secondary addresses and counts them"
        field = "secondary_private_ip_address_count"
        raise refusal(request, "InvalidParameterCombination", message, "do one of both", field=field)
    most = addresses_each(request.instance_type)
    if 1 + len(chosen) + counted > most:
        message = f"{request.name} has {1 + len(chosen) + counted} addresses; an interface of {request.instance_type}"
        field = "secondary_private_ip_addresses" if chosen else "secondary_private_ip_address_count"
        raise refusal(request, "PrivateIpAddressLimitExceeded", f"{message} has {most} at most", field=field)
    secondary = [_chosen(vpc, subnet, request, each, "secondary_private_ip_addresses") for each in chosen]
    found: list[Ip] = []
    if request.private_ip_address is not None:
        found.append(_chosen(vpc, subnet, request, request.private_ip_address, "private_ip_address"))
    while len(found) < 1 + counted:
        found.append(_lowest_free(vpc, subnet, request, (*secondary, *found)))
    both = next((each for each in secondary if each in found or secondary.count(each) > 1), None)
    if both is not None:
        message = f"{request.name} has {format_ip(both)} twice"
        raise _bad_address(request, "InvalidParameterValue", message, field="secondary_private_ip_addresses")
    return found + secondary


def free_address(vpc: Vpc, subnet: Subnet, wanted: Ip | None, request: NeedsPlace, found: Collection[Ip] = ()) -> Ip:
    """The wanted one, or the lowest that is free and not `found` already."""
    if wanted is None:
        return _lowest_free(vpc, subnet, request, found)
    return _chosen(vpc, subnet, request, wanted, "private_ip_address")


def _chosen(vpc: Vpc, subnet: Subnet, request: NeedsPlace, wanted: Ip, field: str) -> Ip:
    if not subnet.cidr.holds(wanted):
        message = f"{format_ip(wanted)} is outside {subnet.name}'s {subnet.cidr}"
        raise _bad_address(request, "InvalidParameterValue", message, field=field)
    if wanted not in usable(subnet.cidr):
        message = f"{format_ip(wanted)} is reserved in {subnet.name} {subnet.cidr}"
        advice = "the first four addresses and the last are AWS's"
        raise _bad_address(request, "InvalidParameterValue", message, advice, field)
    if wanted in vpc.by_address:
        message = f"{format_ip(wanted)} is {vpc.by_address[wanted]}'s"
        raise _bad_address(request, "InvalidIPAddress.InUse", message, field=field)
    return wanted


def _bad_address(request: NeedsPlace, code: str, message: str, advice: str = "", field: str = "") -> Refused:
    return refusal(request, code, message, advice, field=field)


def _lowest_free(vpc: Vpc, subnet: Subnet, request: NeedsPlace, promised: Collection[Ip]) -> Ip:
    """All below what was found last time is taken: instances keep their addresses."""
    candidates = usable(subnet.cidr)
    start = vpc.lowest_free.get(subnet.id, candidates.start)
    free = (each for each in range(start, candidates.stop) if each not in vpc.by_address)
    lowest = next(free, candidates.stop)
    vpc.lowest_free[subnet.id] = lowest
    address = next((each for each in chain([lowest], free) if each not in promised), candidates.stop)
    if address == candidates.stop:
        message = f"{subnet.name} {subnet.cidr} has no free address for {request.name}"
        raise refusal(request, "InsufficientFreeAddressesInSubnet", message, "use a larger block")
    return Ip(address)
