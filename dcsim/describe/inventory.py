"""Everything that a folder describes, by kind and id: what two files both say counts once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dcsim.describe import shapes
from dcsim.describe.folder import Document, Folder
from dcsim.describe.shapes import Shape
from dcsim.problem import Problem, Refused
from dcsim.topology.fields import kind_of_value
from dcsim.topology.source import shown_path, whole_file
from dcsim.topology.words import listed
from netvirt.address import parse_cidr

AnyShape = TypeVar("AnyShape", bound=Shape)

READ: dict[str, tuple[type[Shape], str]] = {
    "Vpcs": (shapes.Vpc, "vpc_id"),
    "Subnets": (shapes.Subnet, "subnet_id"),
    "RouteTables": (shapes.RouteTable, "route_table_id"),
    "NetworkAcls": (shapes.NetworkAcl, "network_acl_id"),
    "SecurityGroups": (shapes.SecurityGroup, "group_id"),
    "NetworkInterfaces": (shapes.NetworkInterface, "network_interface_id"),
    "InternetGateways": (shapes.InternetGateway, "internet_gateway_id"),
    "EgressOnlyInternetGateways": (shapes.EgressOnlyInternetGateway, "egress_only_internet_gateway_id"),
    "NatGateways": (shapes.NatGateway, "nat_gateway_id"),
    "Addresses": (shapes.ElasticIp, "public_ip"),
    "VpcPeeringConnections": (shapes.Peering, "vpc_peering_connection_id"),
    "PrefixLists": (shapes.PrefixList, "prefix_list_id"),
    "DhcpOptions": (shapes.DhcpOptions, "dhcp_options_id"),
    "TransitGateways": (shapes.TransitGateway, "transit_gateway_id"),
    "TransitGatewayAttachments": (shapes.TransitGatewayAttachment, "transit_gateway_attachment_id"),
    "TransitGatewayVpcAttachments": (shapes.TransitGatewayVpcAttachment, "transit_gateway_attachment_id"),
    "TransitGatewayRouteTables": (shapes.TransitGatewayRouteTable, "transit_gateway_route_table_id"),
    "AvailabilityZones": (shapes.AvailabilityZone, "zone_name"),
}
"""Top-level key -> what each of its items is, and the field that is its id."""

UNSIMULATED = {
    "CarrierGateways": ("carrier gateway", "CarrierGatewayId"),
    "CustomerGateways": ("customer gateway", "CustomerGatewayId"),
    "LoadBalancers": ("load balancer", "LoadBalancerName"),
    "LoadBalancerDescriptions": ("classic load balancer", "LoadBalancerName"),
    "LocalGateways": ("local gateway", "LocalGatewayId"),
    "TargetGroups": ("target group", "TargetGroupName"),
    "VpcEndpoints": ("VPC endpoint", "VpcEndpointId"),
    "VpnConnections": ("VPN connection", "VpnConnectionId"),
    "VpnGateways": ("virtual private gateway", "VpnGatewayId"),
}
"""Top-level key -> what each of its items is called, and the key of its name."""

SAID_ELSEWHERE = ("AccountAttributes", "Associations", "Regions", "SecurityGroupRules", "Tags")
"""Calls whose answers say nothing that others do not say, or only of what is not simulated."""
ATTRIBUTES = frozenset({"EnableDnsSupport", "EnableDnsHostnames"})
PREFIX_LIST = re.compile(r"pl-[0-9a-f]{8,17}")
TRANSIT_TABLE = re.compile(r"tgw-rtb-[0-9a-f]{8,17}")
GONE = ("deleted", "deleting", "failed", "rejected", "expired")


@dataclass(frozen=True, slots=True)
class Unsimulated:
    """Something that is named and counted, no more. `vpc` is empty where it is in none."""

    noun: str
    id: str
    vpc: str
    arn: str


@dataclass(slots=True)
class Inventory:
    vpcs: dict[str, shapes.Vpc] = field(default_factory=dict)
    subnets: dict[str, shapes.Subnet] = field(default_factory=dict)
    route_tables: dict[str, shapes.RouteTable] = field(default_factory=dict)
    network_acls: dict[str, shapes.NetworkAcl] = field(default_factory=dict)
    security_groups: dict[str, shapes.SecurityGroup] = field(default_factory=dict)
    network_interfaces: dict[str, shapes.NetworkInterface] = field(default_factory=dict)
    instances: dict[str, shapes.Instance] = field(default_factory=dict)
    internet_gateways: dict[str, shapes.InternetGateway] = field(default_factory=dict)
    egress_only_internet_gateways: dict[str, shapes.EgressOnlyInternetGateway] = field(default_factory=dict)
    nat_gateways: dict[str, shapes.NatGateway] = field(default_factory=dict)
    elastic_ips: dict[int, shapes.ElasticIp] = field(default_factory=dict)
    peerings: dict[str, shapes.Peering] = field(default_factory=dict)
    prefix_lists: dict[str, shapes.PrefixList] = field(default_factory=dict)
    entries: dict[str, list[str]] = field(default_factory=dict)
    """Prefix list id -> its blocks."""
    transit_gateways: dict[str, shapes.TransitGateway] = field(default_factory=dict)
    transit_gateway_attachments: dict[str, shapes.TransitGatewayAttachment] = field(default_factory=dict)
    transit_gateway_vpc_attachments: dict[str, shapes.TransitGatewayVpcAttachment] = field(default_factory=dict)
    transit_gateway_route_tables: dict[str, shapes.TransitGatewayRouteTable] = field(default_factory=dict)
    transit_routes: dict[str, list[shapes.TransitGatewayRoute]] = field(default_factory=dict)
    """Transit gateway route table id -> its routes to IPv4 blocks."""
    dhcp_options: dict[str, shapes.DhcpOptions] = field(default_factory=dict)
    dns_support: dict[str, bool] = field(default_factory=dict)
    """VPC id -> the attribute, where it was asked for."""
    dns_hostnames: dict[str, bool] = field(default_factory=dict)
    zones: dict[str, shapes.AvailabilityZone] = field(default_factory=dict)
    unsimulated: dict[str, Unsimulated] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)
    """The top-level keys that were there, though perhaps with nothing in them."""
    ignored: list[str] = field(default_factory=list)
    """What was in the folder and is of no use: `buckets.json (Buckets)`."""


def take_stock(folder: Folder) -> Inventory:
    """Refused with everything that is not as the AWS CLI prints it."""
    stock, problems = Inventory(), list[Problem]()
    for document in folder.documents:
        if not isinstance(document.value, dict):
            problems.append(_problem(document, "a list and no map", "leave --query out of the command"))
            continue
        keys = [str(key) for key in document.value]
        if ATTRIBUTES.intersection(keys):
            problems += [each for each in [_attribute(stock, document)] if each]
            continue
        for key in keys:
            problems += _take(stock, document, key, document.value[key])
        if not any(_known(key) for key in keys):
            stock.ignored.append(f"{shown_path(document.path)} ({listed(keys) or 'nothing in it'})")
    stock.ignored += [f"{shown_path(path)} (no JSON)" for path in folder.other]
    stock.ignored += [f"{shown_path(path)} (empty: did the command fail?)" for path in folder.empty]
    if problems:
        raise Refused(problems)
    return stock


def _known(key: str) -> bool:
    return key in READ or key in UNSIMULATED or key in SAID_ELSEWHERE or key in ("Reservations", "Entries", "Routes")


def _take(stock: Inventory, document: Document, key: str, items: Any) -> list[Problem]:
    """Put what stands under one top-level key where it belongs."""
    if not _known(key):
        return []
    if not isinstance(items, list):
        return [_problem(document, f"{key} is no list", "leave --query out of the command")]
    stock.calls[key] = None
    if key in READ:
        shape, name = READ[key]
        return [each for each in _read_all(stock, document, key, items, shape, name) if each]
    if key == "Reservations":
        return [each for each in _instances(stock, document, items) if each]
    if key == "Entries":
        return [each for each in _prefix_list_entries(stock, document, items) if each]
    if key == "Routes":
        return [each for each in _transit_routes(stock, document, items) if each]
    if key in UNSIMULATED:
        _count(stock, key, items)
    return []


def _store(stock: Inventory, key: str) -> dict[Any, Any]:
    names = {"Addresses": "elastic_ips", "VpcPeeringConnections": "peerings", "AvailabilityZones": "zones"}
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
    store: dict[Any, Any] = getattr(stock, names.get(key, snake))
    return store


def _read_all(
    stock: Inventory, document: Document, key: str, items: list[Any], shape: type[Shape], name: str
) -> Iterator[Problem | None]:
    store = _store(stock, key)
    for position, item in enumerate(items):
        found, problem = _read(document, f"{key}[{position}]", shape, item)
        yield problem
        if found is not None:
            store.setdefault(getattr(found, name), found)


def _read(document: Document, where: str, shape: type[AnyShape], item: Any) -> tuple[AnyShape | None, Problem | None]:
    try:
        return shape.model_validate(item), None
    except ValidationError as error:
        return None, _problem(document, f"{where}{_wrong(error.errors(include_url=False)[0])}", _ADVICE)


_ADVICE = "leave --query out of the command, and the file as it was printed"


def _wrong(error: ErrorDetails) -> str:
    """`[0].IpRanges[1] lacks CidrIp`, `.CidrBlock is 'banana'`."""
    *parents, last = error["loc"] or ("",)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parents)
    if error["type"] == "missing":
        return f"{path} lacks {last}"
    path += f"[{last}]" if isinstance(last, int) else f".{last}" if last else ""
    given = error["input"]
    return f"{path} is {kind_of_value(given if isinstance(given, dict | list) else str(given))}"


def _instances(stock: Inventory, document: Document, items: list[Any]) -> Iterator[Problem | None]:
    for position, item in enumerate(items):
        reservation, problem = _read(document, f"Reservations[{position}]", shapes.Reservation, item)
        yield problem
        for instance in reservation.instances if reservation else ():
            stock.instances.setdefault(instance.instance_id, instance)


def _prefix_list_entries(stock: Inventory, document: Document, items: list[Any]) -> Iterator[Problem | None]:
    """The answer does not say of which list: the file's name has to."""
    found = PREFIX_LIST.search(document.path.name)
    if found is None:
        advice = "name it like pl-0123456789abcdef0.json: the entries do not say of which prefix list they are"
        yield _problem(document, "entries of a prefix list", advice)
        return
    for position, item in enumerate(items):
        entry, problem = _read(document, f"Entries[{position}]", shapes.PrefixListEntry, item)
        yield problem
        blocks = stock.entries.setdefault(found.group(), [])
        if entry and entry.cidr not in blocks:
            blocks.append(entry.cidr)


def _transit_routes(stock: Inventory, document: Document, items: list[Any]) -> Iterator[Problem | None]:
    """These do not say of which table they are either."""
    found = TRANSIT_TABLE.search(document.path.name)
    if found is None:
        advice = "name it like tgw-rtb-0123456789abcdef0.json: the routes do not say of which table they are"
        yield _problem(document, "routes of a transit gateway", advice)
        return
    routes = stock.transit_routes.setdefault(found.group(), [])
    for position, item in enumerate(items):
        route, problem = _read(document, f"Routes[{position}]", shapes.TransitGatewayRoute, item)
        yield problem
        if route and route not in routes and _is_ipv4(route.destination_cidr_block):
            routes.append(route)


def _is_ipv4(block: str) -> bool:
    try:
        parse_cidr(block)
    except ValueError:
        return False
    return True


def _attribute(stock: Inventory, document: Document) -> Problem | None:
    found, problem = _read(document, "", shapes.VpcAttribute, document.value)
    if found and found.enable_dns_support:
        stock.dns_support[found.vpc_id] = found.enable_dns_support.value
    if found and found.enable_dns_hostnames:
        stock.dns_hostnames[found.vpc_id] = found.enable_dns_hostnames.value
    return problem


def _count(stock: Inventory, key: str, items: list[Any]) -> None:
    usual, name = UNSIMULATED[key]
    for item in items:
        if not isinstance(item, dict) or str(item.get("State", "")) in GONE:
            continue
        kind = str(item.get("VpcEndpointType", ""))
        noun = f"{kind} endpoint" if kind else usual
        called, vpc = str(item.get(name, "one")), str(item.get("VpcId", ""))
        arn = next((str(value) for each, value in item.items() if str(each).endswith("Arn")), "")
        stock.unsimulated.setdefault(f"{noun} {called}", Unsimulated(noun, called, vpc, arn))


def _problem(document: Document, message: str, advice: str) -> Problem:
    path: Path = document.path
    return Problem(whole_file(Path(shown_path(path))), None, message, advice)
