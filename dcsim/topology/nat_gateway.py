"""NAT gateways of a VPC: their copies, and what is asked of EC2 for each."""

from collections.abc import Iterator, Sequence

from dcsim.problem import Mark
from dcsim.request import CreateNatGateway
from dcsim.topology.context import Context, Vpc
from dcsim.topology.names import Copy, Named, zone_copies
from dcsim.topology.schema import NatGatewayFields, NatGatewaySpec
from dcsim.topology.tree import Path
from dcsim.topology.words import number
from netvirt.address import Ip, format_ip

Copies = list[Copy[NatGatewayFields]]


def expand_nat_gateways(context: Context, names: Vpc, specs: dict[str, NatGatewaySpec], path: Path) -> Copies:
    """Every copy, which from then on can be named."""
    expanded: Copies = []
    for name, spec in specs.items():
        where = [*path, "nat_gateways", name]
        context.check_zones(spec.per_zone or (), where)
        for copy in zone_copies(name, spec, spec.per_zone, context.zones, where):
            expanded.append(copy)
            named = Named(copy.name, copy.zone, copy.zone is not None)
            problem = names.nat_gateways.add([name], named, context.key(where))
            if problem:
                context.problems.append(problem)
    return expanded


def nat_gateways(context: Context, names: Vpc, copies: Copies) -> Iterator[CreateNatGateway]:
    for copy in copies:
        subnet = _subnet(context, names, copy)
        kind = copy.fields.connectivity_type or "public"
        elastic_ips = _elastic_ips(context, names, copy, kind)
        _is_alone(context, names, copy, "private_ip_address", copy.fields.private_ip_address)
        if subnet is None:
            continue
        marks = {field: context.value(copy.where(field)) for field in _written(copy)}
        yield CreateNatGateway(
            vpc=names.name,
            name=copy.name,
            subnet=subnet,
            connectivity_type=kind,
            elastic_ips=elastic_ips,
            private_ip_address=copy.fields.private_ip_address,
            secondary_private_ip_address_count=copy.fields.secondary_private_ip_address_count or 0,
            mark=context.key(copy.path),
            marks=marks,
        )


def _written(copy: Copy[NatGatewayFields]) -> Sequence[str]:
    return sorted(copy.fields.model_fields_set - {"per_zone"})


def _subnet(context: Context, names: Vpc, copy: Copy[NatGatewayFields]) -> str | None:
    text = copy.fields.subnet
    if text is None:
        advice = f"{names.name} has {', '.join(names.subnets.every()) or 'none'}"
        context.complain(context.key(copy.path), f"NAT gateway {copy.name} lacks subnet", advice)
        return None
    mark = context.value(copy.where("subnet"))
    found = context.accept(names.subnets.one_for(text, copy.zone, copy.name, mark))
    if found and copy.zone is not None and found.zone != copy.zone:
        context.complain(mark, f"{copy.name} belongs in zone {copy.zone}; {text} is in zone {found.zone}")
    return found.name if found else None


def _elastic_ips(context: Context, names: Vpc, copy: Copy[NatGatewayFields], kind: str) -> tuple[Ip | None, ...]:
    """The primary address's first: a public gateway has one even if the file does not say which."""
    primary, more = copy.fields.elastic_ip, copy.fields.secondary_elastic_ips or []
    if primary is None and kind == "private" and not more:
        return ()
    if primary is None and kind == "public" and "elastic_ip" in copy.fields.model_fields_set:
        mark = context.value(copy.where("elastic_ip"))
        context.complain(mark, f"{copy.name} is public, so it has an Elastic IP", "or connectivity_type: private")
    if None in more:
        mark = context.value(copy.where("secondary_elastic_ips"))
        context.complain(mark, "secondary_elastic_ips has a false", "write only those that are wanted")
    wanted = [("elastic_ip", primary or "new"), *(("secondary_elastic_ips", each) for each in more)]
    addresses: list[Ip | None] = []
    for field, each in wanted:
        address = None if each == "new" else each
        mark = context.value(copy.where(field)) if address is not None else context.key(copy.path)
        if address is not None and address in addresses:
            context.complain(mark, f"{format_ip(address)} is here twice", "one private address has one public one")
        elif address is not None and _is_alone(context, names, copy, field, address):
            context.give_address(address, f"{names.name}/{copy.name}", mark)
        addresses.append(address)
    return tuple(addresses)


def _is_alone(context: Context, names: Vpc, copy: Copy[NatGatewayFields], field: str, address: Ip | None) -> bool:
    """One address cannot serve several copies."""
    own = copy.own is not None and field in copy.own.model_fields_set
    sharing = [] if own else names.nat_gateways.meanings.get(str(copy.path[-1]), [])
    if address is None or len(sharing) <= 1:
        return True
    mark: Mark = context.value(copy.where(field))
    context.complain(mark, f"one {field} for {number(len(sharing))} NAT gateways")
    return False
