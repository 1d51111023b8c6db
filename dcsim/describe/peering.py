"""Peering connections between VPCs of the file."""

from dcsim.describe.inventory import Inventory
from dcsim.describe.names import Wanted, distinct
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import Peering, Vpc
from dcsim.describe.write import Map, Noted
from dcsim.request import BLACKHOLE, UNKNOWN


def active(stock: Inventory, vpcs: dict[str, Vpc], notes: Notes) -> list[Peering]:
    """Those that join two VPCs of the file, by id."""
    found: dict[frozenset[str], Peering] = {}
    for peering in sorted(stock.peerings.values(), key=lambda each: each.vpc_peering_connection_id):
        ends = [end.vpc_id for end in (peering.requester_vpc_info, peering.accepter_vpc_info)]
        called = peering.tagged or peering.vpc_peering_connection_id
        if not any(end in vpcs for end in ends):
            continue
        if peering.status.code != "active":
            notes.leave_out("peering connection", called, f"that is {peering.status.code or 'in no state'}")
        elif not all(end in vpcs for end in ends):
            notes.leave_out("peering connection", called, "with a VPC that is not in this file")
        elif _overlap(vpcs[ends[0]], vpcs[ends[1]]) or found.setdefault(frozenset(ends), peering) is not peering:
            notes.leave_out("peering connection", called, "that EC2 would refuse")
    return list(found.values())


def _overlap(a: Vpc, b: Vpc) -> bool:
    return a is b or any(one.overlaps(other) for one in a.blocks for other in b.blocks)


def peering_names(peerings: list[Peering], vpcs: dict[str, str]) -> dict[str, str]:
    """Its tag, or the two VPCs' names: shop-data."""
    tags = {each.vpc_peering_connection_id: each.tagged or "-".join(ends(each, vpcs)) for each in peerings}
    return distinct((Wanted(aws_id, tag) for aws_id, tag in tags.items()), (BLACKHOLE, UNKNOWN))


def ends(peering: Peering, vpcs: dict[str, str]) -> tuple[str, str]:
    return vpcs[peering.requester_vpc_info.vpc_id], vpcs[peering.accepter_vpc_info.vpc_id]


def section_of_peerings(peerings: list[Peering], names: dict[str, str], vpcs: dict[str, str]) -> Map:
    entries: Map = {}
    for peering in peerings:
        aws_id, (vpc, peer) = peering.vpc_peering_connection_id, ends(peering, vpcs)
        entries[names[aws_id]] = Noted({"vpc": vpc, "peer_vpc": peer}, aws_id)
    return entries
