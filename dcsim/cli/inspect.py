"""`dcsim inspect`: what a file comes to, by name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import orjson

from dcsim.cli import status
from dcsim.cli.loading import command_line, load_plan
from dcsim.cli.places import Rows, Thing, place, places
from dcsim.cloud.flow_log import FlowLog
from dcsim.cloud.subnet import usable
from dcsim.cloud.vpc import NatGateway, Vpc
from dcsim.problem import Mistake
from dcsim.request import CreateNatGateway, CreateNetworkAcl, CreateRouteTable, CreateSecurityGroup, CreateVpc
from dcsim.topology.expand import expanded as expanded_text
from dcsim.topology.quantity import format_duration
from dcsim.topology.words import closest, listed, quoted
from dcsim.world import Guest, World, build
from netvirt.address import format_ip, format_mac
from netvirt.vpc.network_acl import LAST_RULE, NetworkAcl
from netvirt.vpc.route_table import RouteTable, ToNat
from netvirt.vpc.security_group import SecurityGroup
from netvirt.vpc.view import Subnet

NAMES = ("subnets", "tables", "routes", "acls", "groups", "guests", "nats", "inside")
LABEL_WIDTH = 7
EC2S_OWN = "EC2: every VPC has it"


def inspect(file: Path, name: str | None, expanded: bool, as_json: bool) -> int:
    plan = load_plan(file)
    if expanded and (name is not None or as_json):
        raise command_line("--expanded prints the whole file, as YAML", "leave the rest out")
    if expanded:
        sys.stdout.write(expanded_text(plan))
        return status.YES
    shown = described(build(plan), name)
    if as_json:
        fields = {key: thing.fields for key, thing in shown.items()}
        sys.stdout.buffer.write(orjson.dumps(fields, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(shown)))
    return status.YES


def described(world: World, name: str | None) -> dict[str, Thing]:
    """What has that name, a resource, a guest or a place; or all there is. BadArgument when nothing has it."""
    every = dict(_everything(world))
    if name is None:
        return {**every, **dict(places(world))}
    shown = {key: thing for key, thing in every.items() if _called(key, name)}
    try:
        key, thing = place(world, name)
        shown[key] = thing
    except Mistake as mistake:
        if not shown and name.partition("/")[0] in world.plan.zones:
            raise command_line(mistake.message, mistake.advice) from None
    if not shown:
        names = sorted({key.partition(" ")[2].rpartition("/")[2] for key in every})
        meant = closest(name, names)
        advice = f"Did you mean {meant}?" if meant else f"there are {listed(names)}"
        raise command_line(f"nothing is called {quoted(name)}", advice)
    return shown


def _called(key: str, name: str) -> bool:
    path = key.partition(" ")[2]
    return name in (path, path.rpartition("/")[2])


def lines(shown: dict[str, Thing]) -> list[str]:
    """For people; an empty line between two things."""
    blocks = ["\n".join(_lines(thing.rows)) for thing in shown.values()]
    return "\n\n".join(blocks).split("\n")


def _lines(rows: Rows) -> Iterator[str]:
    for label, value in rows.items():
        if isinstance(value, list):
            value = [", ".join(value) or "none"] if label in NAMES else value or ["nothing"]
        else:
            value = [value]
        yield from (f"{label:<{LABEL_WIDTH}} {text}" for text in value)


def _everything(world: World) -> Iterator[tuple[str, Thing]]:
    """Each resource as `kind vpc/name`, and what there is to say of it."""
    asked = _Asked(world)
    for vpc in world.control.vpcs.values():
        yield f"vpc {vpc.name}", _vpc(vpc, asked)
        for subnet in vpc.subnets.values():
            yield f"subnet {vpc.name}/{subnet.name}", _subnet(world, vpc, subnet)
        for table in vpc.tables.values():
            yield f"table {vpc.name}/{table.name}", _table(world, vpc, table, asked)
        for acl in vpc.acls.values():
            yield f"acl {vpc.name}/{acl.name}", _acl(vpc, acl, asked)
        for group in vpc.groups.values():
            yield f"group {vpc.name}/{group.name}", _group(vpc, group, asked)
        for gateway in vpc.nat_gateways.values():
            yield f"nat {vpc.name}/{gateway.name}", _nat_gateway(vpc, gateway, asked)
    for log in world.control.flow_logs.values():
        yield f"log {log.vpc}/{log.request.name}/{log.request.resource}", _flow_log(log)
    for guest in world:
        yield f"guest {world.full_name(guest)}", _guest(guest)


class _Asked:
    """Where the file asks for what; what it does not ask for, EC2 makes with every VPC."""

    def __init__(self, world: World) -> None:
        kinds = (CreateVpc, CreateRouteTable, CreateNetworkAcl, CreateSecurityGroup, CreateNatGateway)
        self._marks = {
            (type(each), getattr(each, "vpc", each.name), each.name): each.mark
            for each in world.plan.requests
            if isinstance(each, kinds)
        }

    def __call__(self, kind: type, vpc: str, name: str) -> str:
        mark = self._marks.get((kind, vpc, name))
        return EC2S_OWN if mark is None else f"{mark.file}:{mark.line}"


def _vpc(vpc: Vpc, asked: _Asked) -> Thing:
    lists: dict[str, list[str]] = {
        "subnets": list(vpc.subnets),
        "tables": list(vpc.tables),
        "acls": list(vpc.acls),
        "groups": list(vpc.groups),
        "guests": list(vpc.everybodys),
        **({"nats": list(vpc.nat_gateways)} if vpc.nat_gateways else {}),
    }
    where = asked(CreateVpc, vpc.name, vpc.name)
    sentence = f"{vpc.name} {vpc.blocks}, {vpc.services.domain_name}, Geneve network {vpc.vni}"
    fields = {
        "name": vpc.name,
        "cidr_block": str(vpc.cidr),
        "secondary_cidr_blocks": [str(cidr) for cidr in vpc.secondary_cidrs],
        "domain_name": vpc.services.domain_name,
        "vni": int(vpc.vni),
    }
    return Thing({"vpc": sentence, **lists, "from": where}, {**fields, **lists, "from": where})


def _subnet(world: World, vpc: Vpc, subnet: Subnet) -> Thing:
    here = [interface for interface in vpc.everybodys.values() if interface.subnet == subnet.id]
    guests = [interface.name for interface in here]
    taken = sum(subnet.cidr.holds(address) for address in vpc.by_address)
    free = len(usable(subnet.cidr)) - taken
    table = next(table for table in vpc.tables.values() if table.id == subnet.table)
    acl = next(acl for acl in vpc.acls.values() if acl.id == subnet.acl)
    zone, routes, where = (
        f"{world.plan.region}{subnet.zone}",
        _routes(world, vpc, table),
        vpc.asked[subnet.id],
    )
    return Thing(
        {
            "subnet": f"{subnet.name} {subnet.cidr} in {zone}, {free} addresses free",
            "routes": routes,
            "acl": acl.name,
            "guests": guests,
            "from": where,
        },
        {
            "name": subnet.name,
            "vpc": vpc.name,
            "cidr_block": str(subnet.cidr),
            "availability_zone": zone,
            "free_addresses": free,
            "route_table": table.name,
            "routes": routes,
            "network_acl": acl.name,
            "guests": guests,
            "from": where,
        },
    )


def _table(world: World, vpc: Vpc, table: RouteTable, asked: _Asked) -> Thing:
    routes = _routes(world, vpc, table)
    subnets = [subnet.name for subnet in vpc.subnets.values() if subnet.table == table.id]
    where = asked(CreateRouteTable, vpc.name, table.name)
    main = ", the main one" if table.name == vpc.main_table != "main" else ""
    return Thing(
        {"table": f"{table.name} {table.id}{main}", "route": routes, "subnets": subnets, "from": where},
        {
            "name": table.name,
            "vpc": vpc.name,
            "id": table.id,
            "main": table.name == vpc.main_table,
            "routes": routes,
            "subnets": subnets,
            "from": where,
        },
    )


def _routes(world: World, vpc: Vpc, table: RouteTable) -> list[str]:
    """Each with its state where that is not `active`."""
    view = world.control.view(vpc.name)
    return [f"{each.text}{'' if view.reaches(each.target) else ', blackhole'}" for each in table.routes]


def _acl(vpc: Vpc, acl: NetworkAcl, asked: _Asked) -> Thing:
    ways = {
        "in": [*(entry.text for entry in acl.ingress), LAST_RULE],
        "out": [*(entry.text for entry in acl.egress), LAST_RULE],
    }
    subnets = [subnet.name for subnet in vpc.subnets.values() if subnet.acl == acl.id]
    where = asked(CreateNetworkAcl, vpc.name, acl.name)
    fields = {"name": acl.name, "vpc": vpc.name, "id": acl.id, "ingress": ways["in"], "egress": ways["out"]}
    return Thing(
        {"acl": f"{acl.name} {acl.id}", **ways, "subnets": subnets, "from": where},
        {**fields, "subnets": subnets, "from": where},
    )


def _group(vpc: Vpc, group: SecurityGroup, asked: _Asked) -> Thing:
    ways = {"in": [rule.text for rule in group.ingress], "out": [rule.text for rule in group.egress]}
    guests = [interface.name for interface in vpc.everybodys.values() if group.id in interface.groups]
    where = asked(CreateSecurityGroup, vpc.name, group.name)
    fields = {"name": group.name, "vpc": vpc.name, "id": group.id, "ingress": ways["in"], "egress": ways["out"]}
    return Thing(
        {"group": f"{group.name} {group.id}", **ways, "guests": guests, "from": where},
        {**fields, "guests": guests, "from": where},
    )


def _nat_gateway(vpc: Vpc, gateway: NatGateway, asked: _Asked) -> Thing:
    interface = gateway.interface
    subnet = next(subnet for subnet in vpc.subnets.values() if subnet.id == gateway.subnet)
    addresses = {
        format_ip(each): format_ip(vpc.public[each]) if each in vpc.public else None for each in interface.addresses
    }
    texts = [f"{private}, outside {public}" if public else private for private, public in addresses.items()]
    where = asked(CreateNatGateway, vpc.name, gateway.name)
    routed = [table.name for table in vpc.tables.values() if _leads_to(table, gateway)]
    kind = "public" if any(addresses.values()) else "private"
    return Thing(
        {
            "nat": f"{gateway.name} {gateway.id}, {kind}, in {subnet.name}, {format_mac(interface.mac)}",
            "address": texts,
            "tables": routed,
            "host": interface.host_name,
            "from": where,
        },
        {
            "name": gateway.name,
            "vpc": vpc.name,
            "id": gateway.id,
            "connectivity_type": kind,
            "subnet": subnet.name,
            "addresses": addresses,
            "mac_address": format_mac(interface.mac),
            "route_tables": routed,
            "host": interface.host_name,
            "from": where,
        },
    )


def _leads_to(table: RouteTable, gateway: NatGateway) -> bool:
    return any(isinstance(each.target, ToNat) and each.target.nat_gateway == gateway.id for each in table.routes)


def _flow_log(log: FlowLog) -> Thing:
    request = log.request
    what = request.vpc if request.resource_type == "VPC" else f"{request.resource_type} {request.resource}"
    interval, where = format_duration(request.max_aggregation_interval_ns), f"{request.mark.file}:{request.mark.line}"
    return Thing(
        {
            "log": f"{request.name} {log.id}, {request.traffic_type} of {what}, {interval} at most",
            "fields": " ".join(request.log_format),
            "from": where,
        },
        {
            "name": request.name,
            "vpc": log.vpc,
            "id": log.id,
            "resource_type": request.resource_type,
            "resource": request.resource,
            "traffic_type": request.traffic_type,
            "max_aggregation_interval": interval,
            "log_format": list(request.log_format),
            "from": where,
        },
    )


def _guest(guest: Guest) -> Thing:
    request, interface, subnet = guest.placed.request, guest.placed.interface, guest.placed.subnet
    names = {group.id: group.name for group in guest.placed.vpc.groups.values()}
    address, *secondary = map(format_ip, interface.addresses)
    mac = format_mac(interface.mac)
    groups, where = [names[group] for group in interface.groups], f"{request.mark.file}:{request.mark.line}"
    return Thing(
        {
            "guest": f"{guest.name}, {request.instance_type}, {request.image or 'no image: idles, answers pings'}",
            "address": f"{' and '.join([address, *secondary])} in {subnet.name}, {mac}",
            "groups": groups,
            "host": interface.host_name,
            "from": where,
        },
        {
            "name": guest.name,
            "vpc": guest.placed.vpc.name,
            "instance_type": request.instance_type,
            "image": request.image,
            "private_ip_address": address,
            "secondary_private_ip_addresses": secondary,
            "mac_address": mac,
            "subnet": subnet.name,
            "security_groups": groups,
            "source_dest_check": request.source_dest_check,
            "host": interface.host_name,
            "from": where,
        },
    )
