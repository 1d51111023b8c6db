"""`dcsim inspect`: what a file comes to, by name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import orjson

from dcsim.cli import status
from dcsim.cli.loading import command_line, load_plan
from dcsim.cloud.subnet import usable
from dcsim.cloud.vpc import Vpc
from dcsim.topology.expand import expanded as expanded_text
from dcsim.topology.words import closest, listed, quoted
from dcsim.world import Guest, World, build
from netvirt.address import format_ip, format_mac
from netvirt.vpc.network_acl import LAST_RULE, NetworkAcl
from netvirt.vpc.route_table import RouteTable
from netvirt.vpc.security_group import SecurityGroup
from netvirt.vpc.view import Subnet

Rows = dict[str, str | list[str]]
"""By label; several sentences take a line each, a list of names takes one."""
NAMES = ("subnets", "tables", "routes", "acls", "groups", "guests")
OVERVIEW = ("vpc", "subnet", "guest")
"""What is shown when nobody asks for a name; the others are in their VPC's rows."""
LABEL_WIDTH = 7


def inspect(file: Path, name: str | None, expanded: bool, as_json: bool) -> int:
    plan = load_plan(file)
    if expanded and (name is not None or as_json):
        raise command_line("--expanded prints the whole file, as YAML", "leave the rest out")
    if expanded:
        sys.stdout.write(expanded_text(plan))
        return status.YES
    shown = described(build(plan), name)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(shown)))
    return status.YES


def described(world: World, name: str | None) -> dict[str, Rows]:
    """What has that name, or an overview; BadArgument when nothing has it."""
    every = dict(_everything(world))
    if name is None:
        return {key: rows for key, rows in every.items() if key.partition(" ")[0] in OVERVIEW}
    shown = {key: rows for key, rows in every.items() if _called(key, name)}
    if not shown:
        names = sorted({key.partition(" ")[2].rpartition("/")[2] for key in every})
        meant = closest(name, names)
        advice = f"Did you mean {meant}?" if meant else f"there are {listed(names)}"
        raise command_line(f"nothing is called {quoted(name)}", advice)
    return shown


def _called(key: str, name: str) -> bool:
    path = key.partition(" ")[2]
    return name in (path, path.rpartition("/")[2])


def lines(shown: dict[str, Rows]) -> list[str]:
    """For people; an empty line between two things."""
    blocks = ["\n".join(_lines(rows)) for rows in shown.values()]
    return "\n\n".join(blocks).split("\n")


def _lines(rows: Rows) -> Iterator[str]:
    for label, value in rows.items():
        if isinstance(value, list):
            value = [", ".join(value) or "none"] if label in NAMES else value or ["nothing"]
        else:
            value = [value]
        yield from (f"{label:<{LABEL_WIDTH}} {text}" for text in value)


def _everything(world: World) -> Iterator[tuple[str, Rows]]:
    """Each resource as `kind vpc/name` and its rows."""
    for vpc in world.control.vpcs.values():
        yield f"vpc {vpc.name}", _vpc(vpc)
        for subnet in vpc.subnets.values():
            yield f"subnet {vpc.name}/{subnet.name}", _subnet(world, vpc, subnet)
        for table in vpc.tables.values():
            yield f"table {vpc.name}/{table.name}", _table(vpc, table)
        for acl in vpc.acls.values():
            yield f"acl {vpc.name}/{acl.name}", _acl(vpc, acl)
        for group in vpc.groups.values():
            yield f"group {vpc.name}/{group.name}", _group(vpc, group)
    for guest in world:
        yield f"guest {world.full_name(guest)}", _guest(guest)


def _vpc(vpc: Vpc) -> Rows:
    return {
        "vpc": f"{vpc.name} {vpc.cidr}, {vpc.domain_name}, Geneve network {vpc.vni}",
        "subnets": list(vpc.subnets),
        "tables": list(vpc.tables),
        "acls": list(vpc.acls),
        "groups": list(vpc.groups),
        "guests": list(vpc.interfaces),
    }


def _subnet(world: World, vpc: Vpc, subnet: Subnet) -> Rows:
    guests = [interface.name for interface in vpc.interfaces.values() if interface.subnet == subnet.id]
    free = len(usable(subnet.cidr)) - len(guests)
    table = next(table for table in vpc.tables.values() if table.id == subnet.table)
    acl = next(acl for acl in vpc.acls.values() if acl.id == subnet.acl)
    return {
        "subnet": f"{subnet.name} {subnet.cidr} in {world.plan.region}{subnet.zone}, {free} addresses free",
        "routes": [route.text for route in table.routes],
        "acl": acl.name,
        "guests": guests,
        "from": vpc.asked[subnet.id],
    }


def _table(vpc: Vpc, table: RouteTable) -> Rows:
    return {
        "table": f"{table.name} {table.id}",
        "route": [route.text for route in table.routes],
        "subnets": [subnet.name for subnet in vpc.subnets.values() if subnet.table == table.id],
    }


def _acl(vpc: Vpc, acl: NetworkAcl) -> Rows:
    return {
        "acl": f"{acl.name} {acl.id}",
        "in": [*(entry.text for entry in acl.ingress), LAST_RULE],
        "out": [*(entry.text for entry in acl.egress), LAST_RULE],
        "subnets": [subnet.name for subnet in vpc.subnets.values() if subnet.acl == acl.id],
    }


def _group(vpc: Vpc, group: SecurityGroup) -> Rows:
    return {
        "group": f"{group.name} {group.id}",
        "in": [rule.text for rule in group.ingress],
        "out": [rule.text for rule in group.egress],
        "guests": [interface.name for interface in vpc.interfaces.values() if group.id in interface.groups],
    }


def _guest(guest: Guest) -> Rows:
    request, interface = guest.placed.request, guest.placed.interface
    names = {group.id: group.name for group in guest.placed.vpc.groups.values()}
    return {
        "guest": f"{guest.name}, {request.instance_type}, {request.image or 'no image: idles, answers pings'}",
        "address": f"{format_ip(interface.address)} in {guest.placed.subnet.name}, {format_mac(interface.mac)}",
        "groups": [names[group] for group in interface.groups],
        "host": interface.host_name,
        "from": f"{request.mark.file}:{request.mark.line}",
    }
