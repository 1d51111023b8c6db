"""NAT gateways. VPC User Guide, "Work with NAT gateways", "Troubleshoot NAT gateways"."""

from collections.abc import Iterable

from dcsim.cloud.capacity import Capacity
from dcsim.cloud.instance import INSTANCE_MAC, free_address, host_with_room
from dcsim.cloud.placed import Installed
from dcsim.cloud.public_address import NOBODY, PublicAddresses, choose_address
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import NatGateway, Vpc
from dcsim.fabric.layout import Kind, Layout
from dcsim.problem import Refused
from dcsim.request import CreateNatGateway, DeleteNatGateway
from netvirt.address import Ip, Mac
from netvirt.appliance.nat import Nat, Ways
from netvirt.appliance.nat_metrics import Metrics
from netvirt.vpc.view import Interface, Subnet

PER_ZONE = 5
"""VPC User Guide, "Amazon VPC quotas": NAT gateways per Availability Zone."""
MOST_ADDRESSES = 8
"""VPC User Guide, "NAT gateway basics": one primary private address, seven secondary."""


def create_nat_gateway(
    vpc: Vpc, layout: Layout, capacity: Capacity, pool: PublicAddresses, number: int, request: CreateNatGateway
) -> Installed:
    """It is available at once; `number` is its interface's, unique in the region."""
    subnet = find(vpc.subnets, request.subnet, request, "InvalidSubnetID.NotFound", "subnet")
    _check(vpc, subnet, request)
    host = host_with_room(capacity.zones[subnet.zone], subnet.zone, 0, request)
    addresses = _addresses(vpc, subnet, pool, request)
    interface = Interface(
        id=vpc.id("eni", f"nat {number}"),
        name=request.name,
        number=number,
        mac=Mac(INSTANCE_MAC + number),
        address=addresses[0],
        subnet=subnet.id,
        groups=(),
        source_dest_check=False,
        host=host,
        host_name=layout.name(Kind.HOST, host),
        secondary=addresses[1:],
    )
    vpc.managed[request.name] = interface
    vpc.nat_gateways[request.name] = NatGateway(vpc.id("nat", request.name), request.name, subnet.id, interface)
    ways = Ways(request.name, interface.mac, subnet.router_mac, addresses)
    metrics = Metrics()
    return Installed(vpc, subnet, interface, lambda: Nat(ways, metrics))


def _check(vpc: Vpc, subnet: Subnet, request: CreateNatGateway) -> None:
    if request.name in vpc.nat_gateways:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has a NAT gateway {request.name} already")
    public = request.connectivity_type == "public"
    if public and not vpc.internet_gateway[0]:
        message = f"{vpc.name} has no internet gateway attached, so {request.name} cannot be public"
        raise refusal(request, "Gateway.NotAttached", message, "write internet_gateway: NAME")
    if not public and request.elastic_ips:
        message = f"{request.name} is private, and cannot have an Elastic IP"
        raise refusal(
            request, "InvalidParameterCombination", message, "leave it out, or make it connectivity_type: public"
        )
    zones = {each.id: each.zone for each in vpc.subnets.values()}
    there = [each for each in vpc.nat_gateways.values() if zones[each.subnet] == subnet.zone]
    if len(there) >= PER_ZONE:
        message = f"zone {subnet.zone} has {PER_ZONE} NAT gateways already"
        raise refusal(request, "NatGatewayLimitExceeded", message, "that is AWS's quota")
    if _count(request) > MOST_ADDRESSES:
        message = f"{request.name} would have {_count(request)} addresses"
        raise refusal(request, "PrivateIpAddressLimitExceeded", message, f"{MOST_ADDRESSES} at most")


def _addresses(vpc: Vpc, subnet: Subnet, pool: PublicAddresses, request: CreateNatGateway) -> tuple[Ip, ...]:
    """Its private addresses, the primary one first; taken, and mapped to the Elastic IPs. A refusal takes nothing."""
    private: list[Ip] = []
    public: list[Ip] = []
    owned = frozenset(pool.elastic)
    try:
        for position in range(_count(request)):
            wanted = request.private_ip_address if position == 0 else None
            private.append(free_address(vpc, subnet, wanted, request))
            vpc.by_address[private[-1]] = request.name
        public.extend(choose_address(pool, each, request.name, request) for each in request.elastic_ips)
    except Refused:
        _give_back(vpc, subnet.id, private)
        for address in public:
            if address in owned:
                pool.reserve(address, NOBODY)
            else:
                pool.release(address)
        raise
    vpc.public.update(zip(private, public, strict=False))
    return tuple(private)


def _count(request: CreateNatGateway) -> int:
    """How many private addresses it asks for: one for each Elastic IP, and one at least."""
    return 1 + request.secondary_private_ip_address_count + len(request.elastic_ips[1:])


def _give_back(vpc: Vpc, subnet: str, addresses: Iterable[Ip]) -> None:
    for address in addresses:
        del vpc.by_address[address]
    vpc.lowest_free.pop(subnet, None)


def delete_nat_gateway(vpc: Vpc, pool: PublicAddresses, request: DeleteNatGateway) -> list[str]:
    """Routes to it stay, as black holes; its Elastic IPs stay the owner's, and nobody has them."""
    gateway = find(vpc.nat_gateways, request.name, request, "NatGatewayNotFound", "NAT gateway")
    del vpc.nat_gateways[gateway.name], vpc.managed[gateway.name]
    for address in gateway.interface.addresses:
        if address in vpc.public:
            pool.reserve(vpc.public.pop(address), NOBODY)
    _give_back(vpc, gateway.subnet, gateway.interface.addresses)
    vpc.bury(gateway.id)
    return [gateway.id, gateway.interface.id]
