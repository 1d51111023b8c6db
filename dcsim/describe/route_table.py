"""Routes, and what they lead to."""

from dcsim.describe.rule import Peers, list_name
from dcsim.describe.shapes import Route, RouteTable
from dcsim.describe.vpc import Home
from dcsim.describe.write import Map, Noted
from dcsim.request import BLACKHOLE, UNKNOWN
from netvirt.address import EVERYWHERE, EVERYWHERE_IPV6, Cidr

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
    """Destination -> target, by block, the default route last. What is not simulated is said to be unknown."""
    name = home.names[table.route_table_id]
    found: dict[Cidr | str, str | Noted] = {}
    for route in table.routes:
        destination = None if route.gateway_id == "local" else _destination(name, route, peers)
        if destination is None:
            continue
        target = _target(route)
        called = BLACKHOLE if route.state == "blackhole" else home.names.get(target, UNKNOWN)
        if called == UNKNOWN:
            peers.notes.lead_to_unknown("route", f"{name} {destination} -> {target}", f"to {_kind(target)}")
        found.setdefault(destination, Noted(called, target) if called in (BLACKHOLE, UNKNOWN) else called)
    return {str(destination): found[destination] for destination in sorted(found, key=_reading_order)}


def _reading_order(destination: Cidr | str) -> tuple[int, Cidr, str]:
    """Blocks, prefix lists, and at last the default route."""
    if isinstance(destination, str):
        return 1, EVERYWHERE, destination
    return 2 if destination in (EVERYWHERE, EVERYWHERE_IPV6) else 0, destination, ""


def _destination(table: str, route: Route, peers: Peers) -> Cidr | str | None:
    """A block, or the name of a prefix list."""
    if route.destination_cidr_block is not None:
        return route.destination_cidr_block
    if route.destination_prefix_list_id is not None:
        return list_name(route.destination_prefix_list_id, table, peers)
    if route.destination_ipv6_cidr_block is None:
        peers.notes.leave_out("route", table, "without a destination")
    return route.destination_ipv6_cidr_block


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
