"""Route tables and routes. VPC User Guide, "Configure route tables"."""

from collections.abc import Mapping

from dcsim.cloud.peering import Peering
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import CreateRoute, CreateRouteTable
from netvirt.address import parse_cidr
from netvirt.vpc.route_table import Local, Route, RouteTable, Target, ToInterface, ToInternet, ToNat, ToPeering

SERVICES = parse_cidr("169.254.168.0/22")
"""No route may lead there: the host answers it (VPC User Guide, "Route table concepts")."""


def create_route_table(vpc: Vpc, request: CreateRouteTable) -> list[str]:
    if request.name in vpc.tables:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has a route table {request.name} already")
    table = RouteTable.of(vpc.id("rtb", request.name), request.name, [Route(cidr, Local()) for cidr in vpc.cidrs])
    vpc.tables[request.name] = table
    return [table.id]


def create_route(vpc: Vpc, peerings: Mapping[str, Peering], request: CreateRoute) -> list[str]:
    """A route to an instance's interface (a middlebox, a NAT instance), or over a peering connection."""
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    target = _target(vpc, peerings, request)
    destination = request.destination
    if SERVICES.covers(destination):
        message = f"{destination} is reserved for link-local services"
        raise refusal(request, "InvalidParameterValue", message, "the host answers it without any route")
    if any(route.destination == destination for route in table.routes):
        raise refusal(request, "RouteAlreadyExists", f"{table.name} has a route to {destination} already")
    if vpc.covers(destination) and all(subnet.cidr != destination for subnet in vpc.subnets.values()):
        message = f"{destination} is more specific than local, and no whole subnet"
        raise refusal(request, "InvalidParameterValue", message, "name one whole subnet's block")
    route = Route(destination, target, f"{request.mark.file}:{request.mark.line}")
    vpc.tables[table.name] = RouteTable.of(table.id, table.name, (*table.routes, route))
    return [table.id]


def _target(vpc: Vpc, peerings: Mapping[str, Peering], request: CreateRoute) -> Target:
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
    if vpc.covers(request.destination):
        message = f"{request.destination} is in {vpc.name} itself"
        raise refusal(
            request,
            "InvalidParameterValue",
            message,
            "a route more specific than local leads to an instance or a NAT gateway",
        )
    return ToPeering(peering.id, peering.name)
