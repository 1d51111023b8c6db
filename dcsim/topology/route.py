"""What a route goes through: an instance of the VPC, one of its gateways, or a peering that it is in."""

from collections.abc import Iterable, Iterator, Sequence

from dcsim.problem import Mark
from dcsim.request import BLACKHOLE, UNKNOWN, CreateRoute, PrefixListName, ReplaceRoute, Request, Through
from dcsim.topology.context import Context, Vpc
from dcsim.topology.names import Catalog, Copy
from dcsim.topology.schema import RouteTableFields
from dcsim.topology.words import instead, number, quoted
from netvirt.address import Cidr, parse_block

USUAL_GATEWAY = "igw"
LOCAL = "local"


def routes(context: Context, vpc: Vpc, tables: Iterable[Copy[RouteTableFields]]) -> Iterator[Request]:
    spec = context.file.vpcs[vpc.name]
    own = [spec.cidr_block, *spec.secondary_cidr_blocks]
    for table in tables:
        path = table.where("routes")
        for text, target in (table.fields.routes or {}).items():
            key = context.key([*path, text])
            destination = _destination(context, text, key)
            mark = context.value([*path, text])
            if target == LOCAL:
                found = _local(context, destination, own, mark)
            else:
                found = route_target(context, vpc, table, target, mark)
            if destination is None or found is None or found[1] == "local":
                continue
            # A block of the VPC itself has its route already, in every table.
            verb = ReplaceRoute if destination in own else CreateRoute
            yield verb(vpc.name, table.name, destination, *found, mark=key)


def _local(
    context: Context, destination: Cidr | PrefixListName | None, own: Sequence[Cidr | None], mark: Mark
) -> tuple[str, Through] | None:
    if destination is not None and destination not in own:
        context.complain(mark, f"{destination} is not local", "only a block of the VPC itself is")
    return LOCAL, "local"


def _destination(context: Context, text: str, mark: Mark) -> Cidr | PrefixListName | None:
    if text in context.file.prefix_lists:
        return PrefixListName(text)
    try:
        return parse_block(text)
    except ValueError:
        family = "IPv6" if ":" in text else "IPv4"
        lists = list(context.file.prefix_lists)
        also = " or a prefix list" if lists else ""
        advice = instead(text, lists, "there are") if lists else "write it like 10.0.0.0/16"
        context.complain(mark, f"{quoted(text)} is not an {family} block{also}", advice)
        return None


def route_target(
    context: Context, vpc: Vpc, table: Copy[RouteTableFields], text: str, mark: Mark
) -> tuple[str, Through] | None:
    """Its name and what it is. In a zone's copy of a table, `nat` means that zone's."""
    kinds = _kinds(context, vpc, text)
    if len(kinds) == 1 and kinds[0] in _catalogs(vpc):
        found = context.accept(_catalogs(vpc)[kinds[0]].one_for(text, table.zone, table.name, mark))
        if found is None:
            return None
        # `nat` may mean nat-a; that name too must be one thing only.
        text = found.name
        kinds = _kinds(context, vpc, text)
    if not kinds:
        return _unknown(context, vpc, text, mark)
    if len(kinds) > 1:
        return _ambiguous(context, vpc, text, kinds, mark)
    if kinds == ["vpc_peering_connection"] and not _leads_through(context, vpc, text, mark):
        return None
    if kinds == ["transit_gateway"] and not _is_attached(context, vpc, text, mark):
        return None
    return text, kinds[0]


def _catalogs(vpc: Vpc) -> dict[Through, Catalog]:
    """What there may be several of, in copies."""
    return {"instance": vpc.instances, "nat_gateway": vpc.nat_gateways}


def _kinds(context: Context, vpc: Vpc, name: str) -> list[Through]:
    """Everything that is called so."""
    kinds: list[Through] = [kind for kind, catalog in _catalogs(vpc).items() if name in catalog.meanings]
    if name == vpc.internet_gateway:
        kinds.append("internet_gateway")
    if name == vpc.egress_only_internet_gateway:
        kinds.append("egress_only_internet_gateway")
    if name in context.peerings:
        kinds.append("vpc_peering_connection")
    if name in context.file.transit_gateways:
        kinds.append("transit_gateway")
    if name in (BLACKHOLE, UNKNOWN):
        kinds.append("nowhere")
    return kinds


def _ambiguous(context: Context, vpc: Vpc, name: str, kinds: list[Through], mark: Mark) -> None:
    words = {
        "instance": f"an instance of {vpc.name}",
        "nat_gateway": f"a NAT gateway of {vpc.name}",
        "internet_gateway": f"the internet gateway of {vpc.name}",
        "egress_only_internet_gateway": f"the egress-only internet gateway of {vpc.name}",
        "vpc_peering_connection": "a peering connection",
        "transit_gateway": "a transit gateway",
        "nowhere": "what leads nowhere",
    }
    *others, last = (words[kind] for kind in kinds)
    message = f"{name} is {', '.join(others)} and {last}"
    context.complain(mark, message, f"rename {number(len(others))} of them")


def _leads_through(context: Context, vpc: Vpc, name: str, mark: Mark) -> bool:
    peering = context.peerings[name]
    if peering is None or peering.joins(vpc.name):
        return True
    context.complain(mark, f"{vpc.name} cannot route through {name}", f"it joins {peering.vpc} and {peering.peer_vpc}")
    return False


def _is_attached(context: Context, vpc: Vpc, name: str, mark: Mark) -> bool:
    attached = [each.vpc for each in context.file.transit_gateways[name].attachments.values()]
    if vpc.name in attached:
        return True
    advice = f"it attaches {', '.join(dict.fromkeys(attached)) or 'none'}"
    context.complain(mark, f"{vpc.name} cannot route through {name}", advice)
    return False


def _unknown(context: Context, vpc: Vpc, text: str, mark: Mark) -> None:
    gateways = {USUAL_GATEWAY, *(each.internet_gateway for each in context.vpcs.values())}
    if vpc.internet_gateway is None and text in gateways:
        advice = f"write internet_gateway: {text} in {vpc.name}"
        context.complain(mark, f"{vpc.name} has no internet gateway", advice)
        return
    here = [name for name, peering in context.peerings.items() if peering is None or peering.joins(vpc.name)]
    gateway = [name for name in (vpc.internet_gateway, vpc.egress_only_internet_gateway) if name]
    known = dict.fromkeys(
        [*vpc.instances.every(), *vpc.nat_gateways.every(), *gateway, *here, *context.file.transit_gateways]
    )
    advice = instead(text, known, f"{vpc.name} has") if known else f"{vpc.name} has none"
    nouns = ["instance"]
    nouns += ["NAT gateway"] if vpc.nat_gateways.every() else []
    nouns += ["internet gateway"] if gateway else []
    nouns += ["peering connection"] if context.peerings else []
    nouns += ["transit gateway"] if context.file.transit_gateways else []
    *others, last = nouns
    noun = f"{', '.join(others)} or {last}" if others else last
    context.complain(mark, f"no {noun} {quoted(text)}", advice)
