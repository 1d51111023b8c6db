"""What can be changed of an interface. EC2 User Guide, "Elastic network interfaces"."""

from collections.abc import Mapping
from dataclasses import replace

from dcsim.cloud.instance import free_address, groups_of
from dcsim.cloud.interface_limits import addresses_each
from dcsim.cloud.public_address import PublicAddresses, give_up
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.instance_request import AssignPrivateIpAddresses, UnassignPrivateIpAddresses
from dcsim.request import ModifyNetworkInterfaceAttribute
from netvirt.address import Ip, format_ip, is_ipv6
from netvirt.vpc.security_group import SecurityGroup
from netvirt.vpc.view import Interface, Subnet


def modify_network_interface_attribute(
    vpc: Vpc, vpcs: Mapping[str, Vpc], request: ModifyNetworkInterfaceAttribute
) -> list[str]:
    """Other groups, or another source/destination check; tracked flows live on under both."""
    before = find(vpc.everybodys, request.instance, request, "InvalidInstanceID.NotFound", "instance")
    groups = before.groups if request.groups is None else groups_of(vpc, before.name, request.groups, request)
    check = before.source_dest_check if request.source_dest_check is None else request.source_dest_check
    after = replace(before, groups=groups, source_dest_check=check)
    _keep(vpc, after)
    return [before.id, *groups_naming(vpcs, {*before.groups, *groups})]


def assign_private_ip_addresses(vpc: Vpc, instance_type: str, request: AssignPrivateIpAddresses) -> list[str]:
    """An Elastic IP moves along with the private address that has it."""
    interface = find(vpc.everybodys, request.instance, request, "InvalidInstanceID.NotFound", "instance")
    subnet = next(subnet for subnet in vpc.subnets.values() if subnet.id == interface.subnet)
    chosen, counted = request.private_ip_addresses, request.secondary_private_ip_address_count
    if bool(chosen) == bool(counted):
        code = "InvalidParameterCombination" if chosen else "MissingParameter"
        raise refusal(request, code, f"{interface.name} gets addresses by name or by number", "Say one of both")
    _check_room(interface, len(chosen) + counted, instance_type, request)
    losing = [_holder(vpc, subnet, interface, address, request) for address in chosen]
    addresses = list(chosen)
    while len(addresses) < len(chosen) + counted:
        addresses.append(free_address(vpc, subnet, None, request, addresses))
    for address, holder in zip(chosen, losing):
        if holder is not None:
            _keep(vpc, _without(vpc.everybodys[holder], {address}))
    _keep(vpc, replace(interface, secondary=(*interface.secondary, *addresses)))
    vpc.by_address |= dict.fromkeys(addresses, interface.name)
    losers = [vpc.everybodys[name].id for name in losing if name is not None]
    return list(dict.fromkeys([interface.id, *losers, *interface.groups]))


def unassign_private_ip_addresses(vpc: Vpc, pool: PublicAddresses, request: UnassignPrivateIpAddresses) -> list[str]:
    """Secondary ones only. An Elastic IP of one stays the owner's, and nobody has it."""
    interface = find(vpc.everybodys, request.instance, request, "InvalidInstanceID.NotFound", "instance")
    wrong = next((each for each in request.private_ip_addresses if each not in interface.secondary), None)
    if wrong is not None:
        what = "the primary address" if wrong == interface.address else "no address"
        has = ", ".join(format_ip(each) for each in interface.secondary if not is_ipv6(each))
        message = f"{format_ip(wrong)} is {what} of {interface.name}"
        advice = f"its secondary ones are {has}" if has else "it has no secondary ones"
        raise refusal(request, "InvalidParameterValue", message, advice)
    _keep(vpc, _without(interface, set(request.private_ip_addresses)))
    for address in request.private_ip_addresses:
        del vpc.by_address[address]
        if address in vpc.public:
            give_up(pool, vpc.public.pop(address))
    vpc.lowest_free.pop(interface.subnet, None)
    return [interface.id, *interface.groups]


def _check_room(interface: Interface, more: int, instance_type: str, request: AssignPrivateIpAddresses) -> None:
    most, wanted = addresses_each(instance_type), more + sum(not is_ipv6(each) for each in interface.addresses)
    if wanted > most:
        message = f"{interface.name} would have {wanted} addresses"
        advice = f"an interface of {instance_type} has {most} at most"
        raise refusal(request, "PrivateIpAddressLimitExceeded", message, advice)


def _holder(
    vpc: Vpc, subnet: Subnet, interface: Interface, address: Ip, request: AssignPrivateIpAddresses
) -> str | None:
    """Who loses it, None when it is free. Refused when it cannot be had."""
    name = vpc.by_address.get(address)
    if name is None:
        free_address(vpc, subnet, address, request)
        return None
    holder = vpc.everybodys.get(name)
    movable = holder is not None and address in holder.secondary and holder is not interface
    if not movable or not request.allow_reassignment:
        message = f"{format_ip(address)} is {name}'s"
        advice = "allow_reassignment: true takes it" if movable else "a primary address never moves"
        raise refusal(request, "Resource.AlreadyAssigned", message, advice)
    return name


def _keep(vpc: Vpc, interface: Interface) -> None:
    if interface.name in vpc.interfaces:
        vpc.interfaces[interface.name] = interface
    else:
        vpc.resting[interface.name] = interface


def _without(interface: Interface, addresses: set[Ip]) -> Interface:
    return replace(interface, secondary=tuple(each for each in interface.secondary if each not in addresses))


def groups_naming(vpcs: Mapping[str, Vpc], peers: set[str]) -> list[str]:
    """The groups in whose rules one of these is the peer: who their members are has changed what the rules mean."""
    every = (group for vpc in vpcs.values() for group in vpc.groups.values())
    return [group.id for group in every if _names(group, peers)]


def _names(group: SecurityGroup, peers: set[str]) -> bool:
    return any(rule.peer in peers for rule in (*group.ingress, *group.egress))
