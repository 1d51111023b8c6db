"""Route tables and routes. VPC User Guide, "Configure route tables"."""

from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import CreateRoute, CreateRouteTable
from netvirt.address import parse_cidr
from netvirt.vpc.route_table import Local, Route, RouteTable, ToInterface

SERVICES = parse_cidr("169.254.168.0/22")
"""No route may lead there: the host answers it (VPC User Guide, "Route table concepts")."""


def create_route_table(vpc: Vpc, request: CreateRouteTable) -> list[str]:
    if request.name in vpc.tables:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has a route table {request.name} already")
    table = RouteTable.of(vpc.id("rtb", request.name), request.name, [Route(vpc.cidr, Local())])
    vpc.tables[request.name] = table
    return [table.id]


def create_route(vpc: Vpc, request: CreateRoute) -> list[str]:
    """A route to an instance's interface: a middlebox or a NAT instance."""
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    target = find(vpc.interfaces, request.target, request, "InvalidInstanceID.NotFound", "instance")
    destination = request.destination
    if SERVICES.covers(destination):
        message = f"{destination} is reserved for link-local services"
        raise refusal(request, "InvalidParameterValue", message, "the host answers it without any route")
    if any(route.destination == destination for route in table.routes):
        raise refusal(request, "RouteAlreadyExists", f"{table.name} has a route to {destination} already")
    if vpc.cidr.covers(destination) and all(subnet.cidr != destination for subnet in vpc.subnets.values()):
        message = f"{destination} is more specific than local, and no whole subnet"
        raise refusal(request, "InvalidParameterValue", message, "name one whole subnet's block")
    route = Route(destination, ToInterface(target.id, target.name), f"{request.mark.file}:{request.mark.line}")
    vpc.tables[table.name] = RouteTable.of(table.id, table.name, (*table.routes, route))
    return [table.id]
