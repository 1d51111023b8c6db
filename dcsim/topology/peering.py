"""Peering connections: which VPCs they join."""

from collections.abc import Iterator

from dcsim.problem import Mark
from dcsim.request import CreateVpcPeeringConnection
from dcsim.topology.context import Context, Peering
from dcsim.topology.schema import VpcPeeringConnectionSpec


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
