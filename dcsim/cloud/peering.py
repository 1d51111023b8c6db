"""VPC peering connections. VPC Peering Guide, "Create a VPC peering connection"."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc, resource_id
from dcsim.quota import PEERINGS
from dcsim.request import CreateVpcPeeringConnection, DeleteVpcPeeringConnection


@dataclass(frozen=True, slots=True)
class Peering:
    """An active connection between two VPCs."""

    id: str
    name: str
    vpcs: frozenset[str]

    def other(self, vpc: str) -> str:
        (other,) = self.vpcs - {vpc}
        return other


def create_vpc_peering_connection(
    vpcs: Mapping[str, Vpc], peerings: dict[str, Peering], gone: set[str], request: CreateVpcPeeringConnection
) -> list[str]:
    """Both sides are the same owner's, so it is accepted at once, and active. `gone` are the ids of deleted ones."""
    vpc = find(vpcs, request.vpc, request, "InvalidVpcID.NotFound", "VPC")
    peer = find(vpcs, request.peer_vpc, request, "InvalidVpcID.NotFound", "VPC")
    ends = frozenset({vpc.name, peer.name})
    if request.name in peerings:
        raise refusal(request, "InvalidParameterValue", f"there is a peering {request.name} already")
    if vpc is peer:
        raise refusal(request, "InvalidParameterValue", f"{vpc.name} cannot peer with itself", field="peer_vpc")
    twin = next((peering for peering in peerings.values() if peering.vpcs == ends), None)
    if twin is not None:
        message = f"{vpc.name} and {peer.name} are peered already"
        raise refusal(request, "VpcPeeringConnectionAlreadyExists", message, f"route to {twin.name}")
    clash = next((pair for pair in product(vpc.cidrs, peer.cidrs) if pair[0].overlaps(pair[1])), None)
    if clash is not None:
        message = f"{vpc.name} {clash[0]} and {peer.name} {clash[1]} overlap, so their peering fails"
        raise refusal(request, "InvalidParameterValue", message, "give one of them another block")
    for end in (vpc, peer):
        there = sum(end.name in each.vpcs for each in peerings.values())
        if there >= end.quotas[PEERINGS]:
            code, message = "ActiveVpcPeeringConnectionPerVpcLimitExceeded", f"{end.name} has {there} peerings already"
            raise exceeded(request, code, message, end.quotas, PEERINGS)
    pcx = resource_id("pcx", request.name, gone=gone)
    peerings[request.name] = Peering(pcx, request.name, ends)
    return [pcx]


def delete_vpc_peering_connection(
    peerings: dict[str, Peering], gone: set[str], request: DeleteVpcPeeringConnection
) -> list[str]:
    """Routes over it stay, as black holes, for good: a connection that is made later is another one."""
    code = "InvalidVpcPeeringConnectionID.NotFound"
    pcx = find(peerings, request.name, request, code, "peering connection").id
    del peerings[request.name]
    gone.add(pcx)
    return [pcx]
