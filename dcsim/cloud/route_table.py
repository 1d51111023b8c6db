"""Route tables and routes. VPC User Guide, "Configure route tables"."""

from collections.abc import Mapping

from dcsim.cloud.peering import Peering
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import CreateRoute, CreateRouteTable
from dcsim.rng import stream
from netvirt.address import Cidr, parse_cidr
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.route_table import Local, Route, RouteTable, Target, ToInterface, ToInternet, ToNat, ToPeering

SERVICES = parse_cidr("169.254.168.0/22")
"""No route may lead there: the host answers it (VPC User Guide, "Route table concepts")."""


def create_route_table(vpc: Vpc, request: CreateRouteTable) -> list[str]:
    if request.name in vpc.tables:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has a route table {request.name} already")
    table = RouteTable.of(vpc.id("rtb", request.name), request.name, [Route(cidr, Local()) for cidr in vpc.cidrs])
    vpc.tables[request.name] = table
    return [table.id]


def create_route(
    vpc: Vpc, peerings: Mapping[str, Peering], lists: Mapping[str, PrefixList], seed: int, request: CreateRoute
) -> list[str]:
    """A route to an instance's interface (a middlebox, a NAT instance), a gateway, or over a peering connection.

    `seed` decides between prefix lists that hold the same block.
    """
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    destination = _destination(lists, request)
    target = _target(vpc, peerings, destination, request)
    if any(route.destination == destination for route in table.routes):
        raise refusal(request, "RouteAlreadyExists", f"{table.name} has a route to {destination} already")
    for block in (destination,) if isinstance(destination, Cidr) else destination.entries:
        _may_lead_to(vpc, block, request)
    draw = 0 if isinstance(destination, Cidr) else stream(seed, f"{table.id} {destination.id}").getrandbits(32)
    route = Route(destination, target, f"{request.mark.file}:{request.mark.line}", draw)
    vpc.tables[table.name] = RouteTable.of(table.id, table.name, (*table.routes, route))
    return [table.id]


def _destination(lists: Mapping[str, PrefixList], request: CreateRoute) -> Cidr | PrefixList:
    destination = request.destination
    if isinstance(destination, Cidr):
        return destination
    return find(lists, destination.name, request, "InvalidPrefixListID.NotFound", "prefix list")


def _may_lead_to(vpc: Vpc, block: Cidr, request: CreateRoute) -> None:
    named = "" if isinstance(request.destination, Cidr) else f" of {request.destination}"
    if SERVICES.covers(block):
        message = f"{block}{named} is reserved for link-local services"
        raise refusal(request, "InvalidParameterValue", message, "the host answers it without any route")
    if vpc.covers(block) and all(subnet.cidr != block for subnet in vpc.subnets.values()):
        message = f"{block}{named} is more specific than local, and no whole subnet"
        raise refusal(request, "InvalidParameterValue", message, "name one whole subnet's block")


def _target(vpc: Vpc, peerings: Mapping[str, Peering], destination: Cidr | PrefixList, request: CreateRoute) -> Target:
    if request.through == "instance":
        interface = find(vpc.interfaces, request.target, request, "InvalidInstanceID.NotFound", "instance")
        return ToInterface(interface.id, interface.name)
    if request.through == "internet_gateway":
        gateway, name = vpc.internet_gateway
        if name != request.target:
            message = f"{vpc.name} has no internet gateway {request.target}"
            raise refusal(request, "InvalidInternetGatewayID.NotFound", message, "write internet_gateway: NAME")
        return ToInternet(gateway, name)
    if request.through == "nat_gateway":
        nat = find(vpc.nat_gateways, request.target, request, "NatGatewayNotFound", "NAT gateway")
        return ToNat(nat.id, nat.name)
    ours = {name: peering for name, peering in peerings.items() if vpc.name in peering.vpcs}
    peering = find(ours, request.target, request, "InvalidVpcPeeringConnectionID.NotFound", "peering connection")
    if isinstance(destination, Cidr) and vpc.covers(destination):
        message = f"{destination} is in {vpc.name} itself"
        raise refusal(
            request,
            "InvalidParameterValue",
            message,
            "a route more specific than local leads to an instance or a NAT gateway",
        )
    return ToPeering(peering.id, peering.name)
