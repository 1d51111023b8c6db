"""Names as users write them: places (`zone b`, `b/r2/h5`, `spine-b1`) and links (`a <-> b`, `links into zone b`)."""

import re

from dcsim.fabric.layout import LETTER, SWITCHES, TRANSITS, Address, Kind, Layout
from dcsim.problem import Mistake

LEVELS = tuple(LETTER)
PREFIX = {str(kind): kind for kind in Kind if kind not in (Kind.REGION, *SWITCHES)}
ARROW = re.compile(r"\s*(<->|->)\s*")
CROSSING = re.compile(r"links\s+(into|out of)\s+(.+)")


def find_place(layout: Layout, text: str) -> Address:
    """The place called `text`; its kind may be said before it (`zone b`, `rack b/r2`)."""
    text = text.strip()
    prefix = next((word for word in PREFIX if text.startswith(word + " ")), None)
    name = text if prefix is None else text[len(prefix) :].strip()
    address = _region_or_switch(layout, name) or _path(layout, name)
    if prefix is not None and address[0] is not PREFIX[prefix]:
        raise Mistake(f"{name} is a {address[0]}, not a {prefix}", f"write {layout.name(*address)}")
    return address


def _region_or_switch(layout: Layout, name: str) -> Address | None:
    if name == layout.region:
        return Kind.REGION, 0
    transit = _numbered(name, "transit-", TRANSITS, layout.region)
    if transit is not None:
        return Kind.TRANSIT, transit
    per_zone = layout.plant.datacenters * layout.plant.spines
    for index, zone in enumerate(layout.zones):
        if name == f"core-{zone}":
            return Kind.CORE, index
        spine = _numbered(name, f"spine-{zone}", per_zone, f"zone {zone}")
        if spine is not None:
            return Kind.SPINE, index * per_zone + spine
    return None


def _numbered(name: str, prefix: str, count: int, whole: str) -> int | None:
    """From 0, for users' numbers from 1 to `count`; None when it is another kind of name."""
    number = name.removeprefix(prefix)
    if number == name or not number.isdecimal() or not number.isascii():
        return None
    if not 1 <= int(number) <= count:
        raise Mistake(f"there is no {name}", f"{whole} has {prefix}1 to {prefix}{count}")
    return int(number) - 1


def _path(layout: Layout, name: str) -> Address:
    zone, *steps = name.split("/")
    if zone not in layout.zones:
        raise Mistake(f"no place is called '{name}'", f"the zones are {', '.join(layout.zones)}")
    kind, index = Kind.ZONE, layout.zones.index(zone)
    for step in steps:
        if step == "tor" and kind is Kind.RACK:
            kind = Kind.TOR
            continue
        wanted = next(
            (level for level in LEVELS if level > kind and re.fullmatch(LETTER[level] + r"[0-9]+", step)), None
        )
        if wanted is None or kind > Kind.RACK:
            raise Mistake(f"there is no '{step}' in {layout.name(kind, index)}", _advice(layout, kind, index))
        kind, index = _descend(layout, kind, index, wanted, int(step[1:]))
    return kind, index


def _descend(layout: Layout, kind: Kind, index: int, wanted: Kind, number: int) -> Address:
    place = index
    for level in LEVELS:
        if kind < level <= wanted:
            fanout = layout.fanout[level]
            chosen = number if level is wanted else 1
            # Only a level with a single sibling may be left out.
            if not 1 <= chosen <= fanout or (level is not wanted and fanout > 1):
                raise Mistake(f"{layout.name(kind, index)} has no {wanted} {number}", _advice(layout, kind, index))
            place = place * fanout + chosen - 1
    return wanted, place


def _advice(layout: Layout, kind: Kind, index: int) -> str:
    """What there is instead."""
    level = next((level for level in LEVELS if level > kind and layout.fanout[level] > 1), Kind.HOST)
    if kind >= Kind.HOST:
        return f"nothing stands in a {kind}"
    inside = layout.within(kind, index, level)
    return f"it has {layout.name(level, inside[0])} to {layout.name(level, inside[-1])}"


def find_links(layout: Layout, text: str) -> list[tuple[Address, Address]]:
    """The directions called `text`, each as its tail and its head, in structural order."""
    crossing = CROSSING.fullmatch(text.strip())
    if crossing is not None:
        pairs = _into(layout, find_place(layout, crossing[2]))
        return pairs if crossing[1] == "into" else [(head, tail) for tail, head in pairs]
    ends = ARROW.split(text.strip())
    if len(ends) != 3:
        raise Mistake(f"'{text}' names no link", "write a <-> b, a -> b or links into zone b")
    a, b = (_door(layout, find_place(layout, end)) for end in (ends[0], ends[2]))
    if not are_wired(layout, a, b):
        raise Mistake(f"no wire runs between {layout.name(*a)} and {layout.name(*b)}", _neighbours(layout, a))
    return [(a, b), (b, a)] if ends[1] == "<->" else [(a, b)]


def _door(layout: Layout, address: Address) -> Address:
    """The switch that a zone's or a rack's outer wires start from."""
    kind, index = address
    match kind:
        case Kind.ZONE:
            return Kind.CORE, index
        case Kind.RACK:
            return Kind.TOR, index
        case Kind.HOST | Kind.TOR | Kind.SPINE | Kind.CORE | Kind.TRANSIT:
            return address
        case _:
            name = layout.name(kind, index)
            advice = "name a zone, a rack, a switch or a host" if kind is Kind.REGION else f"write links into {name}"
            raise Mistake(f"{name} is a {kind}, which is not the end of one link", advice)


def are_wired(layout: Layout, a: Address, b: Address) -> bool:
    lower, upper = sorted((a, b))
    match lower[0], upper[0]:
        case Kind.HOST, Kind.TOR:
            return lower[1] // layout.plant.hosts == upper[1]
        case Kind.TOR, Kind.SPINE:
            return layout.above(*lower, Kind.DATACENTER) == layout.above(*upper, Kind.DATACENTER)
        case Kind.SPINE, Kind.CORE:
            return layout.above(*lower, Kind.ZONE) == upper[1]
        case Kind.CORE, Kind.CORE:
            return lower != upper
        case Kind.CORE, Kind.TRANSIT:
            return True
        case _:
            return False


def _neighbours(layout: Layout, address: Address) -> str:
    kind, index = address
    name = layout.name(kind, index)
    match kind:
        case Kind.HOST:
            return f"{name} is wired to {layout.name(Kind.TOR, index // layout.plant.hosts)}"
        case Kind.TOR:
            return f"{name} is wired to its hosts and the spines of its datacenter"
        case Kind.SPINE:
            core = layout.name(Kind.CORE, layout.above(kind, index, Kind.ZONE))
            return f"{name} is wired to its datacenter's racks and {core}"
        case Kind.TRANSIT:
            return f"{name} is wired to the core of every zone"
        case _:
            return f"{name} is wired to its zone's spines, the other cores and the transit centres"


def _into(layout: Layout, address: Address) -> list[tuple[Address, Address]]:
    """What leads into a place. A zone's core is its door and stands outside: traffic of every origin passes it."""
    kind, index = address
    match kind:
        case Kind.ZONE | Kind.DATACENTER | Kind.CORE | Kind.SPINE:
            zone = layout.above(kind, index, Kind.ZONE)
            return [((Kind.CORE, zone), (Kind.SPINE, spine)) for spine in layout.within(kind, index, Kind.SPINE)]
        case Kind.TRANSIT:
            return [((Kind.CORE, zone), address) for zone in range(len(layout.zones))]
        case Kind.HOST:
            return [((Kind.TOR, index // layout.plant.hosts), address)]
        case Kind.POWER_DOMAIN | Kind.RACK | Kind.TOR:
            spines = layout.within(Kind.DATACENTER, layout.above(kind, index, Kind.DATACENTER), Kind.SPINE)
            racks = layout.within(kind, index, Kind.TOR)
            return [((Kind.SPINE, spine), (Kind.TOR, rack)) for rack in racks for spine in spines]
        case _:
            raise Mistake(f"no links lead into {layout.name(kind, index)}", "name a zone, a rack or a host")
