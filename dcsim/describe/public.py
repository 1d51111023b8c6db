"""Public addresses: the simulated region has its own, so each of AWS's gets one that stands for it."""

from collections.abc import Iterable

from dcsim.describe.nat_gateway import public
from dcsim.describe.notes import Notes
from dcsim.describe.vpc import Home
from dcsim.topology.internet import REGION_POOL
from netvirt.address import Ip, format_ip

FIRST = 10


def public_addresses(homes: Iterable[Home], notes: Notes) -> dict[int, Ip]:
    """AWS's -> the stand-in, in the order of AWS's. A VPC without an internet gateway has none."""
    theirs: dict[int, None] = {}
    for home in homes:
        found = [address for guest in home.guests for address in guest.publics]
        found += [address for gateway in home.nat_gateways if (address := public(gateway)) is not None]
        for address in found:
            if home.gateway is None:
                notes.leave_out("public address", format_ip(address), "of VPCs without an internet gateway")
            else:
                theirs[address] = None
    if theirs:
        few = "public address" if len(theirs) == 1 else "public addresses"
        notes.change(f"{len(theirs)} {few} of {REGION_POOL} here, in rules too; AWS's are in comments")
    return {address: Ip(REGION_POOL.network + FIRST + place) for place, address in enumerate(sorted(theirs))}
