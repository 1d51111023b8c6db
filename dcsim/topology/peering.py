"""Peering connections: which VPCs they join, and the routes that go through them."""

from collections.abc import Iterator
from typing import Literal

from dcsim.problem import Mark
from dcsim.request import CreateVpcPeeringConnection
from dcsim.topology.context import Context, Peering, Vpc
from dcsim.topology.names import Copy
from dcsim.topology.schema import RouteTableFields, VpcPeeringConnectionSpec
from dcsim.topology.words import instead, quoted

Target = tuple[str, Literal["instance", "vpc_peering_connection"]]
"""What a route goes through: its name, and what it is."""


def peerings(context: Context) -> Iterator[CreateVpcPeeringConnection]:
    """Every connection, which from then on can be named."""
    for name, spec in context.file.vpc_peering_connections.items():
        path = ["vpc_peering_connections", name]
        marks = {end: context.value([*path, end]) for end in ("vpc", "peer_vpc")}
        peering = _peering(context, name, spec, marks["vpc"], marks["peer_vpc"])
        context.peerings[name] = peering
        if peering:
            yield CreateVpcPeeringConnection(peering.vpc, name, peering.peer_vpc, mark=context.key(path), marks=marks)


def _peering(
    context: Context, name: str, spec: VpcPeeringConnectionSpec, vpc_mark: Mark, peer_mark: Mark
) -> Peering | None:
    # Both are looked up, so that both are complained of.
    ends = context.vpc(spec.vpc, vpc_mark), context.vpc(spec.peer_vpc, peer_mark)
    if None in ends:
        return None
    if spec.vpc == spec.peer_vpc:
        context.complain(peer_mark, f"{name} joins {spec.vpc} to itself", "name another VPC")
        return None
    return Peering(spec.vpc, spec.peer_vpc)


def route_target(context: Context, vpc: Vpc, table: Copy[RouteTableFields], text: str, mark: Mark) -> Target | None:
    """An instance of the VPC, or a peering connection that it is in."""
    is_peering = text in context.peerings
    if text not in vpc.instances.meanings:
        return _through_peering(context, vpc, text, mark) if is_peering else _unknown(context, vpc, text, mark)
    found = None if is_peering else context.accept(vpc.instances.one_for(text, table.zone, table.name, mark))
    # `nat` may mean nat-a; that name too must be one thing only.
    name = found.name if found else text
    if name in context.peerings:
        context.complain(mark, f"{name} is an instance of {vpc.name} and a peering connection", "rename one of them")
        return None
    return (name, "instance") if found else None


def _through_peering(context: Context, vpc: Vpc, name: str, mark: Mark) -> Target | None:
    peering = context.peerings[name]
    if peering and not peering.joins(vpc.name):
        advice = f"it joins {peering.vpc} and {peering.peer_vpc}"
        context.complain(mark, f"{vpc.name} cannot route through {name}", advice)
        return None
    return name, "vpc_peering_connection"


def _unknown(context: Context, vpc: Vpc, text: str, mark: Mark) -> None:
    here = [name for name, peering in context.peerings.items() if peering is None or peering.joins(vpc.name)]
    known = dict.fromkeys([*vpc.instances.every(), *here])
    advice = instead(text, known, f"{vpc.name} has") if known else f"{vpc.name} has none"
    noun = "instance or peering connection" if context.peerings else "instance"
    context.complain(mark, f"no {noun} {quoted(text)}", advice)
