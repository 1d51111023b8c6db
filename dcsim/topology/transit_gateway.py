"""Transit gateways: the file's words to requests."""

from collections.abc import Iterator

from dcsim.request import BLACKHOLE, UNKNOWN, Request
from dcsim.topology.context import Context
from dcsim.topology.transit_spec import TransitGatewayAttachmentSpec, TransitGatewayRouteTableSpec, TransitGatewaySpec
from dcsim.topology.tree import Path
from dcsim.topology.words import instead, quoted
from dcsim.transit_request import (
    AssociateTransitGatewayRouteTable,
    CreateTransitGateway,
    CreateTransitGatewayRoute,
    CreateTransitGatewayRouteTable,
    CreateTransitGatewayVpcAttachment,
    EnableTransitGatewayRouteTablePropagation,
)
from netvirt.address import parse_cidr


def transit_gateways(context: Context) -> Iterator[Request]:
    """Every gateway with what hangs on it; which VPCs a gateway joins can be asked of the context before."""
    for name, spec in context.file.transit_gateways.items():
        path: Path = ["transit_gateways", name]
        yield CreateTransitGateway(name, not spec.route_tables, mark=context.key(path))
        for attachment, fields in spec.attachments.items():
            yield from _attachment(context, name, attachment, fields, [*path, "attachments", attachment])
        for table, rows in spec.route_tables.items():
            yield from _table(context, name, spec, table, rows, [*path, "route_tables", table])


def _attachment(
    context: Context, gateway: str, name: str, spec: TransitGatewayAttachmentSpec, path: Path
) -> Iterator[Request]:
    vpc = context.vpc(spec.vpc, context.value([*path, "vpc"]))
    if name in (BLACKHOLE, UNKNOWN):
        context.complain(context.key(path), f"no attachment can be called {name}", "Choose another name")
    if vpc is None:
        return
    subnets: list[str] = []
    for position, text in enumerate(spec.subnets):
        found = context.accept(vpc.subnets.all_of(text, context.value([*path, "subnets", position])))
        subnets += [each.name for each in found or ()]
    marks = {word: context.value([*path, word]) for word in ("vpc", "subnets")}
    yield CreateTransitGatewayVpcAttachment(
        vpc.name,
        name,
        gateway,
        tuple(dict.fromkeys(subnets)),
        spec.appliance_mode_support,
        mark=context.key(path),
        marks=marks,
    )


def _table(
    context: Context,
    gateway: str,
    spec: TransitGatewaySpec,
    name: str,
    rows: TransitGatewayRouteTableSpec,
    path: Path,
) -> Iterator[Request]:
    yield CreateTransitGatewayRouteTable(gateway, name, mark=context.key(path))
    for word, verb, attachments in (
        ("associations", AssociateTransitGatewayRouteTable, rows.associations),
        ("propagations", EnableTransitGatewayRouteTablePropagation, rows.propagations),
    ):
        for position, attachment in enumerate(attachments):
            where = [*path, word, position]
            if _is_known(context, gateway, spec, attachment, where):
                yield verb(gateway, name, attachment, mark=context.value(where))
    for text, target in rows.routes.items():
        where = [*path, "routes", text]
        try:
            block = parse_cidr(text)
        except ValueError:
            context.complain(context.key(where), f"{quoted(text)} is not an IPv4 block", "write it like 10.0.0.0/16")
            continue
        if target == BLACKHOLE:
            yield CreateTransitGatewayRoute(gateway, name, block, None, mark=context.key(where))
        elif target == UNKNOWN or _is_known(context, gateway, spec, target, where):
            yield CreateTransitGatewayRoute(gateway, name, block, target, mark=context.key(where))


def _is_known(context: Context, gateway: str, spec: TransitGatewaySpec, name: str, path: Path) -> bool:
    if name in spec.attachments:
        return True
    advice = instead(name, spec.attachments, f"{gateway} has") if spec.attachments else f"{gateway} has none"
    context.complain(context.value(path), f"no attachment {quoted(name)}", advice)
    return False
