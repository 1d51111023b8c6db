"""Transit gateways. Transit Gateway guide; EC2 API Reference, CreateTransitGateway and what follows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dcsim.cloud.capacity import Capacity
from dcsim.cloud.instance import INSTANCE_MAC, free_address, host_with_room
from dcsim.cloud.placed import Installed
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc, resource_id
from dcsim.fabric.layout import Kind, Layout
from dcsim.request import BLACKHOLE, UNKNOWN
from dcsim.transit_request import (
    AssociateTransitGatewayRouteTable,
    CreateTransitGateway,
    CreateTransitGatewayRoute,
    CreateTransitGatewayRouteTable,
    CreateTransitGatewayVpcAttachment,
    EnableTransitGatewayRouteTablePropagation,
)
from netvirt.address import Cidr, HostId, Mac
from netvirt.appliance.relay import Relay
from netvirt.vpc.route_table import Route, RouteTable, ToAttachment, ToNowhere
from netvirt.vpc.view import Interface, Subnet, TransitGateway, VpcAttachment

DEFAULT_TABLE = "default"
PER_VPC = 5
"""Transit Gateway guide, "Quotas for your transit gateways": transit gateways per VPC."""
TABLES = 20
"""The same: route tables per transit gateway."""


@dataclass(slots=True)
class Attachment:
    """`interfaces` are by zone."""

    id: str
    name: str
    vpc: Vpc
    appliance_mode: bool
    interfaces: dict[str, Interface]
    table: str = ""
    """The name of the table it is associated with."""


@dataclass(slots=True)
class Table:
    id: str
    name: str
    routes: dict[Cidr, Route] = field(default_factory=dict)
    propagating: list[str] = field(default_factory=list)
    """Names of attachments."""


@dataclass(slots=True)
class Transit:
    """One gateway. Everything is by name."""

    id: str
    name: str
    default_table: bool
    attachments: dict[str, Attachment] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    hosts: dict[str, HostId] = field(default_factory=dict)
    """Zone -> the host that all its interfaces there live on."""

    def attached(self, vpc: str) -> bool:
        return any(each.vpc.name == vpc for each in self.attachments.values())

    def frozen(self) -> TransitGateway:
        """As it is now."""
        attachments = {
            each.id: VpcAttachment(
                each.id,
                each.name,
                each.vpc.name,
                each.vpc.vni,
                self.tables[each.table].id if each.table else "",
                each.appliance_mode,
                dict(each.interfaces),
            )
            for each in self.attachments.values()
        }
        tables = {
            table.id: RouteTable.of(table.id, table.name, list(self._routes(table))) for table in self.tables.values()
        }
        return TransitGateway(self.id, self.name, attachments, tables)

    def _routes(self, table: Table) -> Iterator[Route]:
        """Static ones come before propagated ones, and of two attachments with one block the first propagates it
        ("How transit gateways work", route evaluation order)."""
        yield from table.routes.values()
        taken = set(table.routes)
        for name in table.propagating:
            attachment = self.attachments[name]
            for block in attachment.vpc.cidrs:
                if block not in taken:
                    taken.add(block)
                    yield Route(block, ToAttachment(attachment.id, name), "propagated")


def create_transit_gateway(transits: dict[str, Transit], request: CreateTransitGateway) -> list[str]:
    if request.name in transits:
        raise refusal(request, "InvalidParameterValue", f"there is a transit gateway {request.name} already")
    transit = transits[request.name] = Transit(
        resource_id("tgw", request.name), request.name, request.default_route_table
    )
    if request.default_route_table:
        _add_table(transit, DEFAULT_TABLE)
    return [transit.id]


def create_transit_gateway_vpc_attachment(
    vpc: Vpc,
    transits: Mapping[str, Transit],
    layout: Layout,
    capacity: Capacity,
    numbers: Iterator[int],
    request: CreateTransitGatewayVpcAttachment,
) -> list[Installed]:
    """An interface in each subnet; `numbers` are theirs, unique in the region."""
    transit = _find(transits, request.transit_gateway, request)
    subnets = [find(vpc.subnets, name, request, "InvalidSubnetID.NotFound", "subnet") for name in request.subnets]
    _check(vpc, transits, transit, subnets, request)
    placed = [_install(vpc, transit, subnet, layout, capacity, next(numbers), request) for subnet in subnets]
    interfaces = {each.subnet.zone: each.interface for each in placed}
    attachment = Attachment(
        resource_id("tgw-attach", transit.name, request.name),
        request.name,
        vpc,
        request.appliance_mode_support,
        interfaces,
    )
    transit.attachments[request.name] = attachment
    vpc.transits[transit.name] = transit
    if transit.default_table:
        attachment.table = DEFAULT_TABLE
        transit.tables[DEFAULT_TABLE].propagating.append(request.name)
    return placed


def _check(
    vpc: Vpc,
    transits: Mapping[str, Transit],
    transit: Transit,
    subnets: list[Subnet],
    request: CreateTransitGatewayVpcAttachment,
) -> None:
    if request.name in transit.attachments:
        raise refusal(request, "InvalidParameterValue", f"{transit.name} has an attachment {request.name} already")
    if transit.attached(vpc.name):
        message = f"{vpc.name} is attached to {transit.name} already"
        raise refusal(request, "DuplicateTransitGatewayAttachment", message, field="vpc")
    if len(vpc.transits) >= PER_VPC:
        message = f"{vpc.name} is attached to {PER_VPC} transit gateways already"
        raise refusal(request, "TransitGatewayAttachmentLimitExceeded", message, field="vpc")
    if not subnets:
        raise refusal(request, "MissingParameter", f"{request.name} has no subnet", field="subnets")
    zones: dict[str, str] = {}
    for subnet in subnets:
        first = zones.setdefault(subnet.zone, subnet.name)
        if first != subnet.name:
            message = f"{first} and {subnet.name} are both in zone {subnet.zone}"
            raise refusal(request, "DuplicateSubnetsInSameZone", message, "name one subnet a zone", field="subnets")


def _install(
    vpc: Vpc,
    transit: Transit,
    subnet: Subnet,
    layout: Layout,
    capacity: Capacity,
    number: int,
    request: CreateTransitGatewayVpcAttachment,
) -> Installed:
    if subnet.zone not in transit.hosts:
        transit.hosts[subnet.zone] = host_with_room(capacity.zones[subnet.zone], subnet.zone, 0, request)
    host = transit.hosts[subnet.zone]
    name = f"{transit.name}-{request.name}-{subnet.zone}"
    address = free_address(vpc, subnet, None, request)
    interface = Interface(
        id=vpc.id("eni", f"tgw {number}"),
        name=name,
        number=number,
        mac=Mac(INSTANCE_MAC + number),
        address=address,
        subnet=subnet.id,
        groups=(),
        source_dest_check=False,
        host=host,
        host_name=layout.name(Kind.HOST, host),
    )
    vpc.managed[name] = interface
    vpc.by_address[address] = name
    return Installed(
        vpc, subnet, interface, lambda: Relay(transit.name, interface.mac, subnet.router_mac, interface.addresses)
    )


def create_transit_gateway_route_table(
    transits: Mapping[str, Transit], request: CreateTransitGatewayRouteTable
) -> list[str]:
    transit = _find(transits, request.transit_gateway, request)
    if request.name in transit.tables:
        raise refusal(request, "InvalidParameterValue", f"{transit.name} has a route table {request.name} already")
    if len(transit.tables) >= TABLES:
        message = f"{transit.name} has {TABLES} route tables already"
        raise refusal(request, "TransitGatewayRouteTableLimitExceeded", message)
    return [_add_table(transit, request.name).id]


def associate_transit_gateway_route_table(
    transits: Mapping[str, Transit], request: AssociateTransitGatewayRouteTable
) -> list[str]:
    transit, table, attachment = _ends(transits, request)
    if attachment.table:
        message = f"{attachment.name} is associated with {attachment.table} already"
        raise refusal(request, "Resource.AlreadyAssociated", message, "an attachment has one table")
    attachment.table = table.name
    return [transit.id]


def enable_transit_gateway_route_table_propagation(
    transits: Mapping[str, Transit], request: EnableTransitGatewayRouteTablePropagation
) -> list[str]:
    transit, table, attachment = _ends(transits, request)
    if attachment.name in table.propagating:
        message = f"{attachment.name} propagates to {table.name} already"
        raise refusal(request, "TransitGatewayRouteTablePropagation.Duplicate", message)
    table.propagating.append(attachment.name)
    return [transit.id]


def create_transit_gateway_route(transits: Mapping[str, Transit], request: CreateTransitGatewayRoute) -> list[str]:
    transit = _find(transits, request.transit_gateway, request)
    table = _table(transit, request.route_table, request)
    if request.destination in table.routes:
        message = f"{table.name} has a route to {request.destination} already"
        raise refusal(request, "RouteAlreadyExists", message)
    target: ToAttachment | ToNowhere = ToAttachment("", BLACKHOLE)
    if request.attachment == UNKNOWN:
        target = ToNowhere(simulated=False)
    elif request.attachment is not None:
        attachment = _attachment(transit, request.attachment, request)
        target = ToAttachment(attachment.id, attachment.name)
    written = f"{request.mark.file}:{request.mark.line}"
    table.routes[request.destination] = Route(request.destination, target, written)
    return [transit.id]


def _add_table(transit: Transit, name: str) -> Table:
    table = transit.tables[name] = Table(resource_id("tgw-rtb", transit.name, name), name)
    return table


Joint = AssociateTransitGatewayRouteTable | EnableTransitGatewayRouteTablePropagation


def _ends(transits: Mapping[str, Transit], request: Joint) -> tuple[Transit, Table, Attachment]:
    transit = _find(transits, request.transit_gateway, request)
    return transit, _table(transit, request.route_table, request), _attachment(transit, request.attachment, request)


def _find(
    transits: Mapping[str, Transit],
    name: str,
    request: Joint | CreateTransitGatewayVpcAttachment | CreateTransitGatewayRouteTable | CreateTransitGatewayRoute,
) -> Transit:
    return find(transits, name, request, "InvalidTransitGatewayID.NotFound", "transit gateway")


def _table(transit: Transit, name: str, request: Joint | CreateTransitGatewayRoute) -> Table:
    return find(transit.tables, name, request, "InvalidRouteTableID.NotFound", "transit gateway route table")


def _attachment(transit: Transit, name: str, request: Joint | CreateTransitGatewayRoute) -> Attachment:
    return find(transit.attachments, name, request, "InvalidTransitGatewayAttachmentID.NotFound", "attachment")


Verb = CreateTransitGateway | CreateTransitGatewayRouteTable | Joint | CreateTransitGatewayRoute
"""What is asked of a gateway itself."""


def call(transits: dict[str, Transit], request: Verb) -> list[str]:
    match request:
        case CreateTransitGateway():
            return create_transit_gateway(transits, request)
        case CreateTransitGatewayRouteTable():
            return create_transit_gateway_route_table(transits, request)
        case AssociateTransitGatewayRouteTable():
            return associate_transit_gateway_route_table(transits, request)
        case EnableTransitGatewayRouteTablePropagation():
            return enable_transit_gateway_route_table_propagation(transits, request)
        case CreateTransitGatewayRoute():
            return create_transit_gateway_route(transits, request)


def attached_vpcs(transits: Mapping[str, Transit], request: Verb) -> list[str]:
    """Whose views such a request could change."""
    transit = transits.get(request.name if isinstance(request, CreateTransitGateway) else request.transit_gateway)
    return [] if transit is None else [each.vpc.name for each in transit.attachments.values()]
