"""IPv6 addresses of instances: named, counted, or as many as the subnet assigns.

EC2 User Guide, "Amazon EC2 instance IP addressing". EC2 picks them at random; here the lowest free one is next, so that
the same file gives the same world.
"""

from dcsim.cloud.interface_limits import addresses_each
from dcsim.cloud.refusal import refusal
from dcsim.cloud.subnet import usable
from dcsim.cloud.vpc import Vpc
from dcsim.problem import Refused
from dcsim.request import RunInstances
from netvirt.address import Cidr, Ip, format_ip
from netvirt.vpc.view import Subnet


def ipv6_addresses(vpc: Vpc, subnet: Subnet, request: RunInstances) -> list[Ip]:
    """None is taken before all are found."""
    chosen, count = request.ipv6_addresses, _count(vpc, subnet, request)
    if not chosen and not count:
        return []
    field = "ipv6_addresses" if chosen else "ipv6_address_count"
    block = subnet.ipv6_cidr
    if block is None:
        message = f"{subnet.name} has no IPv6 block for {request.name}"
        raise refusal(request, "InvalidParameterValue", message, "write ipv6_cidr_block: true there", field=field)
    most = addresses_each(request.instance_type)
    if len(chosen) + count > most:
        message = f"{request.name} has {len(chosen) + count} IPv6 addresses; an interface of {request.instance_type}"
        raise refusal(request, "PrivateIpAddressLimitExceeded", f"{message} has {most} at most", field=field)
    for address in chosen:
        _check(vpc, subnet, block, request, address)
    return [*chosen, *_free(vpc, subnet, block, count)]


def _count(vpc: Vpc, subnet: Subnet, request: RunInstances) -> int:
    chosen, count = request.ipv6_addresses, request.ipv6_address_count
    if chosen and count:
        message = f"{request.name} names its IPv6 addresses and counts them"
        field = "ipv6_address_count"
        raise refusal(request, "InvalidParameterCombination", message, "do one of both", field=field)
    if chosen or count is not None:
        return count or 0
    return int(vpc.assigns_ipv6[subnet.id])


def _check(vpc: Vpc, subnet: Subnet, block: Cidr, request: RunInstances, wanted: Ip) -> None:
    text = format_ip(wanted)
    if not block.holds(wanted):
        raise _bad(request, "InvalidParameterValue", f"{text} is outside {subnet.name}'s {block}")
    if wanted not in usable(block):
        advice = "the first four addresses and the last are AWS's"
        raise _bad(request, "InvalidParameterValue", f"{text} is reserved in {subnet.name} {block}", advice)
    if wanted in vpc.by_address:
        raise _bad(request, "InvalidIPAddress.InUse", f"{text} is {vpc.by_address[wanted]}'s")
    if request.ipv6_addresses.count(wanted) > 1:
        raise _bad(request, "InvalidParameterValue", f"{request.name} has {text} twice")


def _bad(request: RunInstances, code: str, message: str, advice: str = "") -> Refused:
    return refusal(request, code, message, advice, field="ipv6_addresses")


def _free(vpc: Vpc, subnet: Subnet, block: Cidr, count: int) -> list[Ip]:
    """No block ever runs dry: no region has so many instances."""
    key = f"{subnet.id} ipv6"
    found: list[Ip] = []
    address = vpc.lowest_free.get(key, usable(block).start)
    while len(found) < count:
        if address not in vpc.by_address:
            found.append(Ip(address))
        address += 1
    vpc.lowest_free[key] = address if found else vpc.lowest_free.get(key, address)
    return found
