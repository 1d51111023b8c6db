"""IPv6: a VPC's block, its subnets' parts of it, and the egress-only gateway. The addresses are AWS's own."""

from collections.abc import Iterable

from dcsim.cloud.ipv6_block import SUBNET_PREFIX, VPC_PREFIX
from dcsim.describe.inventory import Inventory
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import EgressOnlyInternetGateway, Ipv6BlockAssociation, Subnet, Vpc
from dcsim.topology.internet import GLOBAL_UNICAST
from netvirt.address import Cidr


def vpc_block(vpc: Vpc, name: str, notes: Notes) -> Cidr | None:
    """The first of its blocks that can be simulated; the others are named."""
    blocks = _associated(vpc.ipv6_cidr_block_association_set)
    fitting = [block for block in blocks if block.prefix == VPC_PREFIX and GLOBAL_UNICAST.covers(block)]
    for block in blocks:
        if block not in fitting[:1]:
            notes.leave_out("IPv6 block", f"{name} {block}")
    return fitting[0] if fitting else None


def _associated(associations: Iterable[Ipv6BlockAssociation]) -> list[Cidr]:
    return [each.ipv6_cidr_block for each in associations if each.ipv6_cidr_block_state.state in ("", "associated")]


def subnet_blocks(whole: Cidr | None, subnets: Iterable[Subnet], notes: Notes) -> dict[str, Cidr]:
    """By subnet id; a subnet has one at most."""
    found: dict[str, Cidr] = {}
    for subnet in subnets:
        for block in _associated(subnet.ipv6_cidr_block_association_set):
            fits = whole is not None and whole.covers(block) and block.prefix == SUBNET_PREFIX
            if fits and subnet.subnet_id not in found and block not in found.values():
                found[subnet.subnet_id] = block
            else:
                notes.leave_out("IPv6 block", f"{subnet.tagged or subnet.subnet_id} {block}")
    return found


def egress_only_gateway(stock: Inventory, vpc: str) -> EgressOnlyInternetGateway | None:
    attached = ("attached", "available")
    return next(
        (
            gateway
            for gateway in stock.egress_only_internet_gateways.values()
            if any(each.vpc_id == vpc and each.state in attached for each in gateway.attachments)
        ),
        None,
    )
