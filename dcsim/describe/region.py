"""Which VPCs become one file: those of one region. Accounts may be several, peered with each other as they are.

A VPC does not say where it is; its subnets do, by their zones.
"""

import re
from collections import Counter
from dataclasses import dataclass

from dcsim.describe.inventory import Inventory
from dcsim.describe.names import cleaned
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import Subnet, Vpc
from dcsim.problem import Mistake
from dcsim.topology.words import listed, plural, quoted

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
ZONE_KEY = re.compile(r"[a-z][a-z0-9]{0,7}")


@dataclass(frozen=True, slots=True)
class Region:
    """`zones` is by the names that AWS prints, with the keys that the file has for them."""

    name: str
    accounts: tuple[str, ...]
    vpcs: dict[str, Vpc]
    zones: dict[tuple[str, str], str]

    def zone(self, subnet: Subnet) -> str:
        return self.zones[_place(subnet)]


def choose(stock: Inventory, region: str | None, account: str | None, notes: Notes) -> Region:
    """Mistake when there is nothing to choose from, or more than one region and none was chosen."""
    homes = _homes(stock)
    lost = [vpc for vpc in stock.vpcs if vpc not in homes]
    there = Counter(homes.values())
    if region is None:
        region = _only(there)
    elif there and region not in there:
        raise Mistake(f"nothing is in {quoted(region)}", f"there is {_counted(there)}")
    chosen = {name: vpc for name, vpc in stock.vpcs.items() if homes.get(name, region) == region}
    if lost and len(there) > 1:
        chosen = {name: vpc for name, vpc in chosen.items() if name in homes}
        for vpc in lost:
            notes.leave_out("VPC", vpc, "without subnets, whose region nothing tells")
    accounts = Counter(vpc.owner_id for vpc in chosen.values())
    if account is not None:
        if account not in accounts:
            raise Mistake(f"nothing in {region} is of account {quoted(account)}", f"there is {_counted(accounts)}")
        chosen = {name: vpc for name, vpc in chosen.items() if vpc.owner_id == account}
    for name in stock.vpcs:
        if homes.get(name, region) != region:
            notes.leave_out("VPC", name, f"of {homes[name]}")
        elif name not in chosen and name in homes:
            notes.leave_out("VPC", name, f"of account {stock.vpcs[name].owner_id}")
    order = sorted(chosen.values(), key=lambda vpc: (vpc.is_default, vpc.cidr_block, vpc.vpc_id))
    kept = {vpc.vpc_id: vpc for vpc in order}
    accounts_kept = tuple(sorted({vpc.owner_id for vpc in order} - {""}))
    return Region(region, accounts_kept, kept, _zones(stock, kept, notes))


def _only(there: Counter[str]) -> str:
    if len(there) == 1:
        return next(iter(there))
    if there:
        raise Mistake(f"there are {len(there)} regions: {_counted(there)}", "choose one with --region")
    raise Mistake("nothing tells the region", "run aws ec2 describe-subnets too, or name it with --region")


def _counted(there: Counter[str]) -> str:
    return listed(f"{name or 'nobody'} ({plural(count, 'VPC')})" for name, count in sorted(there.items()))


def _homes(stock: Inventory) -> dict[str, str]:
    """VPC -> its region, where that can be known."""
    said = [(subnet.vpc_id, _split(subnet.availability_zone)[0] or "") for subnet in stock.subnets.values()]
    for peering in stock.peerings.values():
        said += [(end.vpc_id, end.region) for end in (peering.requester_vpc_info, peering.accepter_vpc_info)]
    zones = {zone.region_name for zone in stock.zones.values()}
    if len(zones) == 1:
        said += [(vpc, min(zones)) for vpc in stock.vpcs]
    homes: dict[str, str] = {}
    for vpc, region in said:
        if vpc in stock.vpcs and REGION.fullmatch(region):
            homes.setdefault(vpc, region)
    return homes


def _split(zone: str) -> tuple[str | None, str]:
    """`eu-west-1a` to region and key; a local zone, `us-west-2-lax-1a`, has the key lax1a."""
    region = REGION.match(zone)
    if region is None:
        return None, re.sub(r"[^a-z0-9]", "", zone.lower())
    return region.group(), re.sub(r"[^a-z0-9]", "", zone[region.end() :].lower())


def _place(subnet: Subnet) -> tuple[str, str]:
    """What AWS calls a zone, and which one it is: accounts have the same letters for different zones."""
    return subnet.availability_zone, subnet.availability_zone_id


def _zones(stock: Inventory, vpcs: dict[str, Vpc], notes: Notes) -> dict[tuple[str, str], str]:
    """The first account keeps its letters; what is another zone there gets its id's end: az4."""
    owners = {vpc.vpc_id: vpc.owner_id for vpc in vpcs.values()}
    subnets = sorted(
        (subnet for subnet in stock.subnets.values() if subnet.vpc_id in owners),
        key=lambda subnet: (owners[subnet.vpc_id], *_place(subnet)),
    )
    keys: dict[tuple[str, str], str] = {}
    by_id: dict[str, str] = {}
    for subnet in subnets:
        zone, zone_id = _place(subnet)
        key = by_id.get(zone_id) if zone_id else None
        if key is None:
            key = _split(zone)[1]
            if not ZONE_KEY.fullmatch(key) or (zone_id and key in by_id.values()):
                key = cleaned(zone_id.rpartition("-")[2], "z").lower().replace("-", "")[:8] or "z"
        if zone_id:
            by_id[zone_id] = key
        if keys.setdefault((zone, zone_id), key) != _split(zone)[1]:
            notes.change(f"{zone} ({zone_id}) is zone {key} here: accounts give the letters to different zones")
    return keys
