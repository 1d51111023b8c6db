"""Route tables and routes. VPC User Guide, "Configure route tables"."""

from collections.abc import Mapping

from dcsim.cloud.peering import Peering
from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.quota import ROUTE_TABLES, ROUTES
from dcsim.request import (
    BLACKHOLE,
    AssociateGatewayRouteTable,
    CreateRoute,
    CreateRouteTable,
    DeleteRoute,
    DeleteRouteTable,
    ReplaceRoute,
)
from dcsim.rng import stream
from netvirt.address import Cidr, parse_block
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.route_table import (
    Local,
    Route,
    RouteTable,
    Target,
    ToEgressOnly,
    ToInterface,
    ToInternet,
    ToNat,
    ToNowhere,
    ToPeering,
    ToTransit,
)

SERVICES = parse_block("169.254.168.0/22"), parse_block("fd00:ec2::/32")
"""No route may lead there: the host answers it (VPC User Guide, "Route table concepts")."""
INSIDE = Local | ToInterface | ToNat | ToNowhere
"""What may stand in for local: of what leads nowhere, nobody can say."""
DISASSOCIATE = "Disassociate it first"


def create_route_table(vpc: Vpc, request: CreateRouteTable) -> list[str]:
    if request.name in vpc.tables:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} has a route table {request.name} already")
    if len(vpc.tables) >= vpc.quotas[ROUTE_TABLES]:
        message = f"{vpc.name} has {len(vpc.tables)} route tables already"
        raise exceeded(request, "RouteTableLimitExceeded", message, vpc.quotas, ROUTE_TABLES)
    table = RouteTable.of(vpc.id("rtb", request.name), request.name, [Route(cidr, Local()) for cidr in vpc.all_cidrs])
    vpc.tables[request.name] = table
    return [table.id]


def delete_route_table(vpc: Vpc, request: DeleteRouteTable) -> list[str]:
    """Refused for the main one, and while a subnet has it."""
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    if table.name == vpc.main_table:
        raise refusal(request, "DependencyViolation", f"{table.name} is the main route table of {vpc.name}")
    if table.name == vpc.gateway_table:
        message = f"{vpc.internet_gateway[1]} has the route table {table.name}"
        raise refusal(request, "DependencyViolation", message, DISASSOCIATE)
    user = next((subnet.name for subnet in vpc.subnets.values() if subnet.table == table.id), None)
    if user is not None:
        raise refusal(request, "DependencyViolation", f"{user} has the route table {table.name}", DISASSOCIATE)
    vpc.bury(vpc.tables.pop(table.name).id)
    return [table.id]


def create_route(
    vpc: Vpc, peerings: Mapping[str, Peering], lists: Mapping[str, PrefixList], seed: int, request: CreateRoute
) -> list[str]:
    """A route to an instance's interface (a middlebox, a NAT instance), a gateway, or over a peering connection.

    `seed` decides between prefix lists that hold the same block.
    """
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    destination = _destination(lists, request)
    target = _target(vpc, peerings, request)
    if any(route.destination == destination for route in table.routes):
        raise refusal(request, "RouteAlreadyExists", f"{table.name} has a route to {destination} already")
    for block in (destination,) if isinstance(destination, Cidr) else destination.entries:
        _may_lead_to(vpc, block, target, request)
    if table.name == vpc.gateway_table:
        _suits_gateway(vpc, table, destination, target, request)
    _has_room(vpc, table, destination, request)
    draw = 0 if isinstance(destination, Cidr) else stream(seed, f"{table.id} {destination.id}").getrandbits(32)
    route = Route(destination, target, f"{request.mark.file}:{request.mark.line}", draw)
    return _write(vpc, table, (*table.routes, route))


def associate_gateway_route_table(vpc: Vpc, request: AssociateGatewayRouteTable) -> list[str]:
    """From now on the table takes only what a gateway's may hold (VPC User Guide, "Gateway route tables")."""
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    if not vpc.internet_gateway[0]:
        message = f"{vpc.name} has no internet gateway"
        raise refusal(request, "Gateway.NotAttached", message, "write internet_gateway: NAME")
    if vpc.gateway_table not in ("", table.name):
        message = f"{vpc.internet_gateway[1]} has the route table {vpc.gateway_table} already"
        raise refusal(request, "Resource.AlreadyAssociated", message, "one gateway has one")
    if table.name == vpc.main_table:
        message = f"{table.name} is the main route table of {vpc.name}"
        raise refusal(request, "InvalidParameterValue", message, "a gateway's cannot be main")
    for route in table.routes:
        _suits_gateway(vpc, table, route.destination, route.target, request)
    vpc.gateway_table = table.name
    return [table.id]


def _suits_gateway(
    vpc: Vpc,
    table: RouteTable,
    destination: Cidr | PrefixList,
    target: Target,
    request: CreateRoute | ReplaceRoute | AssociateGatewayRouteTable,
) -> None:
    """To whole blocks of the VPC, or whole subnets; through interfaces."""
    parts = (block for subnet in vpc.subnets.values() for block in (subnet.cidr, subnet.ipv6_cidr))
    whole = [*vpc.all_cidrs, *parts]
    if destination not in whole:
        message = f"{table.name} is a gateway's, and {destination} is no whole block of {vpc.name} and no whole subnet"
        raise refusal(request, "InvalidParameterValue", message, "a gateway's table leads nowhere else")
    if not isinstance(target, Local | ToInterface | ToNowhere):
        message = f"{table.name} is a gateway's, and cannot lead through {target}"
        raise refusal(request, "InvalidParameterValue", message, "it leads to instances, or local")


def _destination(
    lists: Mapping[str, PrefixList], request: CreateRoute | ReplaceRoute | DeleteRoute
) -> Cidr | PrefixList:
    destination = request.destination
    if isinstance(destination, Cidr):
        return destination
    return find(lists, destination.name, request, "InvalidPrefixListID.NotFound", "prefix list")


def _may_lead_to(vpc: Vpc, block: Cidr, target: Target, request: CreateRoute | ReplaceRoute) -> None:
    named = "" if isinstance(request.destination, Cidr) else f" of {request.destination}"
    if any(reserved.covers(block) for reserved in SERVICES):
        message = f"{block}{named} is reserved for link-local services"
        raise refusal(request, "InvalidParameterValue", message, "the host answers it without any route")
    if vpc.covers(block) and all(block not in subnet.blocks for subnet in vpc.subnets.values()):
        what = "the VPC's own block" if block in vpc.cidrs else "more specific than local, and no whole subnet"
        message = f"{block}{named} is {what}"
        raise refusal(request, "InvalidParameterValue", message, "name one whole subnet's block")
    if vpc.covers(block) and not isinstance(target, INSIDE):
        advice = "a route more specific than local leads to an instance or a NAT gateway"
        raise refusal(request, "InvalidParameterValue", f"{block}{named} is in {vpc.name} itself", advice)


def replace_route(
    vpc: Vpc, peerings: Mapping[str, Peering], lists: Mapping[str, PrefixList], request: ReplaceRoute
) -> list[str]:
    """Another target from now on; for the next packet, once its host has heard."""
    table, before = _route(vpc, lists, request)
    target = _target(vpc, peerings, request)
    if before.destination not in vpc.all_cidrs:
        for block in before.blocks:
            _may_lead_to(vpc, block, target, request)
    elif not isinstance(target, INSIDE):
        message = f"{before.destination} is {vpc.name} itself"
        raise refusal(request, "InvalidParameterValue", message, "it may lead to an instance or a NAT gateway instead")
    if table.name == vpc.gateway_table:
        _suits_gateway(vpc, table, before.destination, target, request)
    after = Route(before.destination, target, f"{request.mark.file}:{request.mark.line}", before.draw)
    return _write(vpc, table, tuple(after if route is before else route for route in table.routes))


def delete_route(vpc: Vpc, lists: Mapping[str, PrefixList], request: DeleteRoute) -> list[str]:
    table, gone = _route(vpc, lists, request)
    if gone.destination in vpc.all_cidrs:
        message = f"{gone.destination} is local in {table.name}"
        raise refusal(request, "InvalidParameterValue", message, "a VPC's own routes stay")
    return _write(vpc, table, tuple(route for route in table.routes if route is not gone))


def _route(vpc: Vpc, lists: Mapping[str, PrefixList], request: ReplaceRoute | DeleteRoute) -> tuple[RouteTable, Route]:
    """The table, and the one route with exactly that destination."""
    table = find(vpc.tables, request.route_table, request, "InvalidRouteTableID.NotFound", "route table")
    destination = _destination(lists, request)
    found = next((route for route in table.routes if route.destination == destination), None)
    if found is None:
        has = ", ".join(str(route.destination) for route in table.routes)
        message = f"{table.name} has no route to {request.destination}"
        raise refusal(request, "InvalidRoute.NotFound", message, f"it has {has}", field="destination")
    return table, found


def _write(vpc: Vpc, table: RouteTable, routes: tuple[Route, ...]) -> list[str]:
    vpc.tables[table.name] = RouteTable.of(table.id, table.name, routes)
    return [table.id]


def _has_room(vpc: Vpc, table: RouteTable, destination: Cidr | PrefixList, request: CreateRoute) -> None:
    """Each family counts for itself, and a prefix list as many entries as it may have. Local routes do not count."""
    for ipv6 in (False, True):
        there = sum(
            _weight(route.destination, ipv6) for route in table.routes if route.destination not in vpc.all_cidrs
        )
        more = _weight(destination, ipv6)
        if more and there + more > vpc.quotas[ROUTES]:
            message = f"{table.name} has {there} routes already, and {destination} counts as {more}"
            raise exceeded(request, "RouteLimitExceeded", message, vpc.quotas, ROUTES)


def _weight(destination: Cidr | PrefixList, ipv6: bool) -> int:
    if isinstance(destination, PrefixList):
        return destination.weight(ipv6)
    return int(destination.is_ipv6 == ipv6)


def _target(vpc: Vpc, peerings: Mapping[str, Peering], request: CreateRoute | ReplaceRoute) -> Target:
    if request.through == "local":
        if request.destination not in vpc.all_cidrs:
            message = f"{request.destination} is not local in {vpc.name}"
            raise refusal(request, "InvalidParameterValue", message, f"{vpc.blocks} is")
        return Local()
    if request.through == "nowhere":
        return ToNowhere(request.target == BLACKHOLE)
    if request.through == "instance":
        interface = find(vpc.everybodys, request.target, request, "InvalidInstanceID.NotFound", "instance")
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
    if request.through == "transit_gateway":
        transit = find(vpc.transits, request.target, request, "InvalidTransitGatewayID.NotFound", "transit gateway")
        return ToTransit(transit.id, transit.name)
    if request.through == "egress_only_internet_gateway":
        return _egress_only(vpc, request)
    ours = {name: peering for name, peering in peerings.items() if vpc.name in peering.vpcs}
    peering = find(ours, request.target, request, "InvalidVpcPeeringConnectionID.NotFound", "peering connection")
    return ToPeering(peering.id, peering.name)


def _egress_only(vpc: Vpc, request: CreateRoute | ReplaceRoute) -> Target:
    gateway, name = vpc.egress_only_internet_gateway
    if name != request.target:
        message = f"{vpc.name} has no egress-only internet gateway {request.target}"
        advice = "write egress_only_internet_gateway: NAME"
        raise refusal(request, "InvalidEgressOnlyInternetGatewayId.NotFound", message, advice)
    # Prefix lists are of IPv4.
    if not isinstance(request.destination, Cidr) or not request.destination.is_ipv6:
        message = f"{name} carries IPv6 only, and {request.destination} is IPv4"
        raise refusal(request, "InvalidParameterValue", message, "write ::/0")
    return ToEgressOnly(gateway, name)
