"""Transit gateways, as far as they join VPCs of the file.

A table's routes to VPNs, other regions and VPCs that are not in the file are `unknown`. A gateway whose tables are not
in the folder is left out whole, and routes to it are `unknown`: half of its routes would be a wrong answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dcsim.cloud.transit_gateway import PER_VPC, TABLES
from dcsim.describe.inventory import Inventory
from dcsim.describe.names import Wanted, distinct
from dcsim.describe.notes import Notes
from dcsim.describe.region import Region
from dcsim.describe.shapes import (
    TransitGateway,
    TransitGatewayRoute,
    TransitGatewayRouteTable,
    TransitGatewayVpcAttachment,
)
from dcsim.describe.vpc import Home
from dcsim.describe.write import Map, Noted
from dcsim.request import BLACKHOLE, UNKNOWN
from netvirt.address import Cidr

SEARCH = "aws ec2 search-transit-gateway-routes --transit-gateway-route-table-id ID ... > ID.json"
THERE = ("available", "modifying", "pending")


@dataclass(frozen=True, slots=True)
class Transit:
    """One that joins VPCs of the file; `attachments` lead to them, `tables` are those that route for them."""

    gateway: TransitGateway
    attachments: list[TransitGatewayVpcAttachment]
    tables: list[TransitGatewayRouteTable]
    associations: dict[str, str]
    """Attachment id -> table id."""

    @property
    def vpcs(self) -> list[str]:
        return [each.vpc_id for each in self.attachments]

    @property
    def id(self) -> str:
        return self.gateway.transit_gateway_id


def transit_gateways(stock: Inventory, homes: dict[str, Home], region: Region, notes: Notes) -> list[Transit]:
    """`homes` by VPC id. By id."""
    found = []
    joined: dict[str, int] = dict.fromkeys(homes, 0)
    for gateway in sorted(stock.transit_gateways.values(), key=lambda each: each.transit_gateway_id):
        elsewhere = gateway.transit_gateway_arn and f":{region.name}:" not in gateway.transit_gateway_arn
        if gateway.state not in THERE or elsewhere:
            continue
        attachments = [each for each in _attachments(stock, gateway, homes) if joined[each.vpc_id] < PER_VPC]
        transit = _transit(stock, gateway, attachments, notes)
        if transit is None:
            notes.leave_out("transit gateway", gateway.tagged or gateway.transit_gateway_id)
            continue
        for each in attachments:
            joined[each.vpc_id] += 1
        found.append(transit)
    return found


def _attachments(
    stock: Inventory, gateway: TransitGateway, homes: dict[str, Home]
) -> Iterator[TransitGatewayVpcAttachment]:
    """One a VPC, with a subnet at least."""
    seen: dict[str, None] = {}
    for each in sorted(
        stock.transit_gateway_vpc_attachments.values(), key=lambda one: one.transit_gateway_attachment_id
    ):
        ours = each.transit_gateway_id == gateway.transit_gateway_id and each.state in THERE
        home = homes.get(each.vpc_id)
        if ours and home and each.vpc_id not in seen and any(subnet in home.subnets for subnet in each.subnet_ids):
            seen[each.vpc_id] = None
            yield each


def _transit(
    stock: Inventory, gateway: TransitGateway, attachments: list[TransitGatewayVpcAttachment], notes: Notes
) -> Transit | None:
    """None where not enough of it is known."""
    associations = {
        each.transit_gateway_attachment_id: each.association.transit_gateway_route_table_id
        for each in stock.transit_gateway_attachments.values()
        if each.association is not None and each.association.state == "associated"
    }
    ids = [each.transit_gateway_attachment_id for each in attachments]
    mine = {attachment: associations[attachment] for attachment in ids if attachment in associations}
    wanted = list(dict.fromkeys(mine.values()))
    for table in wanted:
        if table not in stock.transit_gateway_route_tables:
            notes.miss("aws ec2 describe-transit-gateway-route-tables", table)
        elif table not in stock.transit_routes:
            notes.miss(SEARCH, table)
    if not mine:
        command = "aws ec2 describe-transit-gateway-vpc-attachments, and describe-transit-gateway-attachments"
        if attachments or "TransitGatewayVpcAttachments" not in stock.calls:
            notes.miss(command, gateway.transit_gateway_id)
        return None
    tables = [stock.transit_gateway_route_tables.get(table) for table in wanted if table in stock.transit_routes]
    known = [table for table in tables if table is not None]
    if len(known) < len(wanted) or len(known) > TABLES:
        return None
    return Transit(gateway, attachments, known, mine)


def transit_names(transits: Iterable[Transit], taken: Iterable[str]) -> dict[str, str]:
    wanted = (Wanted(each.id, each.gateway.tagged) for each in transits)
    return distinct(wanted, tuple(taken))


def section_of_transits(
    stock: Inventory,
    transits: list[Transit],
    names: dict[str, str],
    homes: dict[str, Home],
    region: Region,
    notes: Notes,
) -> Map:
    entries: Map = {}
    for transit in sorted(transits, key=lambda each: names[each.id]):
        called = _attachment_names(transit, homes)
        entries[names[transit.id]] = Noted(
            {
                "attachments": {
                    called[each.transit_gateway_attachment_id]: Noted(
                        _attachment(each, homes[each.vpc_id], region), each.transit_gateway_attachment_id
                    )
                    for each in transit.attachments
                },
                "route_tables": _tables(stock, transit, names[transit.id], called, notes),
            },
            transit.id,
        )
    return entries


def _attachment_names(transit: Transit, homes: dict[str, Home]) -> dict[str, str]:
    wanted = (
        Wanted(each.transit_gateway_attachment_id, each.tagged or homes[each.vpc_id].name)
        for each in transit.attachments
    )
    return distinct(wanted, (BLACKHOLE, UNKNOWN))


def _attachment(attachment: TransitGatewayVpcAttachment, home: Home, region: Region) -> Map:
    """One subnet a zone."""
    zones = {
        region.zone(home.subnets[each]): home.names[each] for each in attachment.subnet_ids if each in home.subnets
    }
    block: Map = {"vpc": home.name, "subnets": [zones[zone] for zone in sorted(zones)]}
    return block | (
        {"appliance_mode_support": "enable"} if attachment.options.appliance_mode_support == "enable" else {}
    )


def _tables(stock: Inventory, transit: Transit, gateway: str, called: dict[str, str], notes: Notes) -> Map:
    names = distinct(Wanted(each.transit_gateway_route_table_id, each.tagged) for each in transit.tables)
    entries: Map = {}
    for table in transit.tables:
        aws_id = table.transit_gateway_route_table_id
        associated = [called[each] for each, home in transit.associations.items() if home == aws_id]
        propagating: dict[str, None] = {}
        routes: dict[Cidr, str] = {}
        for route in sorted(stock.transit_routes[aws_id], key=_order):
            target = _target(route, called)
            if route.type == "propagated" and target not in (BLACKHOLE, UNKNOWN):
                propagating[target] = None
                continue
            if target == UNKNOWN:
                what = ", ".join(each.resource_type for each in route.transit_gateway_attachments) or "nobody"
                notes.lead_to_unknown("transit gateway route", f"{gateway} {names[aws_id]} {route.block}", f"to {what}")
            routes.setdefault(route.block, target)
        block: Map = {"associations": sorted(associated)}
        block |= {"propagations": sorted(propagating)} if propagating else {}
        block |= {"routes": {str(destination): routes[destination] for destination in sorted(routes)}} if routes else {}
        entries[names[aws_id]] = Noted(block, aws_id)
    return dict(sorted(entries.items()))


def _order(route: TransitGatewayRoute) -> tuple[bool, Cidr]:
    """Static routes come before propagated ones to the same block."""
    return route.type == "propagated", route.block


def _target(route: TransitGatewayRoute, called: dict[str, str]) -> str:
    if route.state == "blackhole":
        return BLACKHOLE
    ids = [each.transit_gateway_attachment_id for each in route.transit_gateway_attachments]
    return called.get(ids[0], UNKNOWN) if len(ids) == 1 else UNKNOWN
