"""VPC peering: straight into the other VPC's own blocks, and nowhere else.

VPC Peering Guide, "VPC peering limitations": no transit, no use of the peer's gateways (edge to edge).
"""

from netvirt.frame import Flow
from netvirt.journey import Hop, Outcome
from netvirt.vpc.view import VpcView


def cross(peer: VpcView, flow: Flow) -> Hop:
    """The hop into `peer`: what is not for one of its own addresses would have to leave it again."""
    if any(cidr.holds(flow.dst) for cidr in peer.cidrs):
        return Hop("peering", peer.name, f"destination is in {peer.name}")
    blocks = ", ".join(map(str, peer.cidrs))
    rule = f"peering leads to {peer.name}'s {blocks} only"
    return Hop("peering", peer.name, rule, "", Outcome.NOT_TRANSITIVE, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")
