"""The whole: a folder of descriptions to the text of a topology file, with its notes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dcsim.cloud.capacity import vcpus
from dcsim.describe.folder import read_folder
from dcsim.describe.guest import Guest
from dcsim.describe.inventory import Inventory, take_stock
from dcsim.describe.names import Wanted, distinct
from dcsim.describe.notes import Notes, printable, some
from dcsim.describe.peering import active, ends, peering_names, section_of_peerings
from dcsim.describe.plant import racks_and_hosts
from dcsim.describe.prefix_list import list_names, prefix_lists, section_of_lists
from dcsim.describe.public import public_addresses
from dcsim.describe.quota import quotas
from dcsim.describe.region import Region, choose
from dcsim.describe.rule import Peers
from dcsim.describe.section import section
from dcsim.describe.shapes import Peering
from dcsim.describe.transit_gateway import section_of_transits, transit_gateways, transit_names
from dcsim.describe.vpc import Home, home_of, name_everything
from dcsim.describe.write import Entry, Map, Noted, written
from dcsim.request import BLACKHOLE, UNKNOWN
from dcsim.topology.plan import INTERNET
from dcsim.topology.vpc import DEFAULT_INSTANCE_TYPE
from dcsim.topology.words import plural


@dataclass(frozen=True, slots=True)
class Described:
    """`text` loads as a topology; `notes` are what is to be said of it, a line each."""

    text: str
    summary: str
    notes: tuple[str, ...]


def describe(directory: Path, region: str | None = None, account: str | None = None) -> Described:
    """Refused when the folder cannot be read; Mistake when it holds more, or less, than one region to choose."""
    stock, notes = take_stock(read_folder(directory)), Notes()
    chosen = choose(stock, region, account, notes)
    vpcs = _vpc_names(chosen)
    joints = active(stock, chosen.vpcs, notes)
    peerings = peering_names(joints, vpcs)
    homes = [home_of(stock, vpc, vpcs[vpc.vpc_id], notes) for vpc in chosen.vpcs.values()]
    by_vpc = {home.vpc.vpc_id: home for home in homes}
    transits = transit_gateways(stock, by_vpc, chosen, notes)
    doors = transit_names(transits, (*peerings.values(), BLACKHOLE, UNKNOWN))
    for home in homes:
        name_everything(home, chosen, (*peerings.values(), *doors.values(), BLACKHOLE, UNKNOWN))
        home.names |= {each.id: doors[each.id] for each in transits if home.vpc.vpc_id in each.vpcs}
        home.names |= {joint: name for joint, name in peerings.items() if home.name in _ends_of(joint, joints, vpcs)}
    _say_who_answers(homes, notes)
    public = public_addresses(homes, notes)
    _count_unsimulated(stock, chosen, notes)
    lists = prefix_lists(stock, homes, notes)
    called = list_names(stock, lists, homes)
    sections: Map = {}
    for home in homes:
        reach = Peers(_groups(home, homes, joints, vpcs), called, public, stock, notes)
        sections[home.name] = section(home, chosen, reach)
    parts = _top(chosen, homes, notes)
    more = quotas(homes, joints, lists, stock.prefix_lists)
    parts |= {"quotas": more} if more else {}
    parts |= {"prefix_lists": section_of_lists(stock, lists, called)} if lists else {}
    parts |= {"vpcs": sections} if sections else {}
    parts |= {"vpc_peering_connections": section_of_peerings(joints, peerings, vpcs)} if joints else {}
    if transits:
        parts["transit_gateways"] = section_of_transits(stock, transits, doors, by_vpc, chosen, notes)
    for file in stock.ignored:
        notes.leave_out("file", file, "of no use")
    said = notes.lines()
    summary = _summary(chosen, homes)
    return Described("\n".join([*_head(summary, said), *_body(parts)]) + "\n", summary, tuple(said))


def _vpc_names(region: Region) -> dict[str, str]:
    wanted = (Wanted(vpc.vpc_id, vpc.tagged or ("default" if vpc.is_default else "")) for vpc in region.vpcs.values())
    return distinct(wanted, {INTERNET})


def _ends_of(joint: str, joints: Iterable[Peering], vpcs: dict[str, str]) -> tuple[str, str]:
    return next(ends(each, vpcs) for each in joints if each.vpc_peering_connection_id == joint)


def _groups(home: Home, homes: list[Home], joints: list[Peering], vpcs: dict[str, str]) -> dict[str, str | None]:
    """Every group as this VPC's rules can name it."""
    peers = {name for joint in joints for name in ends(joint, vpcs) if home.name in ends(joint, vpcs)}
    names: dict[str, str | None] = {}
    for other in homes:
        for group in other.security_groups:
            far = f"{other.name}/{other.names[group]}" if other.name in peers else None
            names[group] = home.names[group] if other is home else far
    return names


def _top(region: Region, homes: list[Home], notes: Notes) -> Map:
    zones = sorted(set(region.zones.values())) or ["a"]
    top: Map = {"version": "1", "region": region.name, "zones": zones}
    in_zones = [[_vcpus(each) for each in _guests(homes) if region.zone(each.subnet) == zone] for zone in zones]
    plant = racks_and_hosts(in_zones)
    if plant:
        racks, hosts = plant
        top["plant"] = Noted({"racks": str(racks), "hosts": str(hosts)}, "room for the guests")
        notes.change(f"every zone has {racks * hosts} hosts: room for the guests, no more is known of AWS's")
    return top


def _guests(homes: list[Home]) -> Iterator[Guest]:
    for home in homes:
        yield from home.guests


def _vcpus(guest: Guest) -> int:
    return vcpus(guest.instance_type or DEFAULT_INSTANCE_TYPE)


def _say_who_answers(homes: list[Home], notes: Notes) -> None:
    if any(True for _ in _guests(homes)):
        notes.change("guests answer pings, and nothing else: whoever may ask on a port is told that nothing listens")
    forwarding = [home.names[each.id] for home in homes for each in home.guests if not each.source_dest_check]
    if forwarding:
        notes.change(
            f"whoever forwards for others does not: {some(forwarding)}; write image: router or nat where they do"
        )
    services = Counter(each.what for each in _guests(homes) if each.what)
    if services:
        counted = ", ".join(plural(count, what) for what, count in sorted(services.items()))
        notes.change(f"interfaces of services are guests: {counted}")


def _count_unsimulated(stock: Inventory, region: Region, notes: Notes) -> None:
    """What is in no VPC counts where its ARN names the region, or it has none."""
    for attachment in stock.transit_gateway_attachments.values():
        if attachment.resource_type != "vpc" and attachment.state == "available":
            notes.leave_out("transit gateway attachment", attachment.transit_gateway_attachment_id)
    for each in stock.unsimulated.values():
        if each.noun == "Interface endpoint" and "NetworkInterfaces" in stock.calls:
            # Its interfaces are guests.
            continue
        elsewhere = each.arn and f":{region.name}:" not in each.arn
        if each.vpc in region.vpcs or not (each.vpc or elsewhere):
            notes.leave_out(each.noun, each.id)


def _summary(region: Region, homes: list[Home]) -> str:
    counts = (
        plural(len(homes), "VPC"),
        plural(sum(len(home.subnets) for home in homes), "subnet"),
        plural(sum(len(home.guests) for home in homes), "guest"),
    )
    accounts = "accounts" if len(region.accounts) > 1 else "account"
    whose = f", {accounts} {printable(', '.join(region.accounts))}" if region.accounts else ""
    return f"{region.name}{whose}: {', '.join(counts)}"


def _head(summary: str, said: list[str]) -> list[str]:
    return [f"# {summary}", *(f"# {line}" for line in said)]


def _body(parts: Map) -> Iterator[str]:
    for key, entry in parts.items():
        if key in ("prefix_lists", "vpcs", "vpc_peering_connections", "transit_gateways"):
            yield ""
            yield f"{key}:"
            yield from _spread(entry)
        else:
            yield from written(key, entry)


def _spread(entry: Entry) -> Iterator[str]:
    """An empty line between two VPCs."""
    assert isinstance(entry, dict), "sections are maps"
    for position, (name, each) in enumerate(entry.items()):
        if position and isinstance(each, Noted) and isinstance(each.value, dict) and "cidr_block" in each.value:
            yield ""
        yield from written(name, each, 2)
