"""Routes: to what leads where the file can say it; the others are named."""

from dcsim.describe.rule import IPV6, Peers, list_name
from dcsim.describe.shapes import Route, RouteTable
from dcsim.describe.vpc import Home
from dcsim.describe.write import Map, Remark
from netvirt.address import EVERYWHERE, Cidr

KINDS = {
    "nat-": "NAT gateways",
    "tgw-": "transit gateways",
    "vgw-": "virtual private gateways",
    "vpce-": "VPC endpoints",
    "eigw-": "egress-only internet gateways",
    "pcx-": "peering connections that are not in this file",
    "igw-": "internet gateways that are not attached",
    "i-": "instances that are not in this file",
    "eni-": "interfaces that are not in this file",
    "lgw-": "local gateways",
    "cagw-": "carrier gateways",
}
"""Prefixes of ids -> what has them."""


def routes(home: Home, table: RouteTable, peers: Peers) -> Map:
    """Destination -> target, by block, the default route last; what is left out stays as a remark."""
    name = home.names[table.route_table_id]
    found: dict[Cidr | str, str] = {}
    remarks: Map = {}
    for route in table.routes:
        if route.gateway_id == "local":
            continue
        destination = _destination(name, route, peers)
        if destination is None:
            continue
        target = _target(route)
        called = home.names.get(target)
        if route.state == "blackhole" or called is None:
            lost = route.state == "blackhole"
            noun, what = ("blackhole route", "") if lost else ("route", f"to {_kind(target)}")
            peers.notes.leave_out(noun, f"{name} {destination} -> {target}", what)
            why = "a blackhole" if lost else "not simulated"
            remarks[f"left out {destination}"] = Remark(f"{destination} -> {target}: {why}")
        else:
            found.setdefault(destination, called)
    order = sorted(found, key=_reading_order)
    return {str(block): found[block] for block in order} | remarks


def _reading_order(destination: Cidr | str) -> tuple[int, Cidr, str]:
    """Blocks, prefix lists, and at last the default route."""
    if isinstance(destination, str):
        return 1, EVERYWHERE, destination
    return 2 if destination == EVERYWHERE else 0, destination, ""


def _destination(table: str, route: Route, peers: Peers) -> Cidr | str | None:
    """A block, or the name of a prefix list."""
    if route.destination_cidr_block is not None:
        return route.destination_cidr_block
    if route.destination_prefix_list_id is not None and _target(route)[:5] != "vpce-":
        return list_name(route.destination_prefix_list_id, table, peers)
    if route.destination_prefix_list_id is not None:
        peers.notes.leave_out("route", f"{table} {route.destination_prefix_list_id}", "to VPC endpoints")
    else:
        peers.notes.leave_out("route", f"{table} {route.destination_ipv6_cidr_block}", IPV6)
    return None


def _target(route: Route) -> str:
    """The id of whatever it leads to."""
    return (
        route.network_interface_id
        or route.instance_id
        or route.nat_gateway_id
        or route.vpc_peering_connection_id
        or route.transit_gateway_id
        or route.egress_only_internet_gateway_id
        or route.gateway_id
        or route.local_gateway_id
        or route.carrier_gateway_id
        or route.core_network_arn
        or "nothing"
    )


def _kind(target: str) -> str:
    return next((what for prefix, what in KINDS.items() if target.startswith(prefix)), "other things")
