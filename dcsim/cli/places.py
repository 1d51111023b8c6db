"""What `dcsim inspect` says of places: what stands in them, who lives there, and their links."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dcsim.fabric.layout import Kind, Layout
from dcsim.fabric.target import find_place
from dcsim.fabric.wire import Direction
from dcsim.topology.quantity import format_duration, format_rate
from dcsim.topology.words import LISTED
from dcsim.world import World

Rows = dict[str, str | list[str]]
"""By label; several sentences take a line each, a list of names takes one."""


class Thing(NamedTuple):
    """One block: for people, and for programs."""

    rows: Rows
    fields: dict[str, Any]


def place(world: World, name: str) -> tuple[str, Thing]:
    """`a`, `a/r1`, `a/r1/h1`, `core-a`, also with its kind before it; Mistake when there is no such place."""
    layout = world.fabric.layout
    kind, index = find_place(layout, name)
    called = layout.name(kind, index).removeprefix("zone ")
    inside = _inside(layout, kind, index)
    hosts = set(layout.within(kind, index, Kind.HOST)) if kind <= Kind.HOST else set()
    guests = [guest.name for guest in world if guest.host.id in hosts]
    links = [_link(each) for end in _neighbours(layout, kind, index) for each in world.fabric.links(end)]
    rows: Rows = {str(kind): _sentence(world, kind, called, len(hosts)), "inside": _range(inside), "guests": guests}
    rows["links"] = [each["text"] for each in links]
    if not inside:
        del rows["inside"]
    if kind > Kind.HOST:
        del rows["guests"]
    rows["from"] = "plant"
    fields = {
        "name": called,
        "kind": str(kind),
        "inside": inside,
        "hosts": len(hosts),
        "guests": guests,
        "links": [{key: value for key, value in each.items() if key != "text"} for each in links],
        "from": "plant",
    }
    return f"{kind} {called}", Thing(rows, fields)


def places(world: World) -> Iterator[tuple[str, Thing]]:
    """The zones: what stands in them is asked for by name."""
    for zone in world.plan.zones:
        yield place(world, f"zone {zone}")


def _sentence(world: World, kind: Kind, called: str, hosts: int) -> str:
    region = world.plan.region
    if kind is Kind.ZONE:
        return f"{called} is {region}{called}, {hosts} hosts"
    return f"{called}, {hosts} hosts" if kind < Kind.HOST else called


def _inside(layout: Layout, kind: Kind, index: int) -> list[str]:
    """The next level that has something to tell apart, and a zone's or a datacenter's switches."""
    levels = (Kind.DATACENTER, Kind.POWER_DOMAIN, Kind.RACK, Kind.HOST)
    level = next((each for each in levels if each > kind and (layout.fanout[each] > 1 or each >= Kind.RACK)), None)
    if kind > Kind.RACK or level is None:
        return []
    switches = {Kind.ZONE: (Kind.SPINE, Kind.CORE), Kind.DATACENTER: (Kind.SPINE,), Kind.RACK: (Kind.TOR,)}
    kinds = (level, *switches.get(kind, ()))
    return [layout.name(each, at) for each in kinds for at in layout.within(kind, index, each)]


def _range(names: list[str]) -> list[str]:
    return names if len(names) <= LISTED else [*names[: LISTED - 1], f"and {len(names) - LISTED + 1} more"]


def _neighbours(layout: Layout, kind: Kind, index: int) -> list[str]:
    """Its links upwards and sideways, as `find_links` calls them."""
    plant, name = layout.plant, layout.name
    match kind:
        case Kind.HOST:
            return [f"{name(kind, index)} <-> {name(Kind.TOR, index // plant.hosts)}"]
        case Kind.RACK | Kind.TOR:
            center = layout.above(kind, index, Kind.DATACENTER)
            tor = name(Kind.TOR, index)
            return [f"{tor} <-> {name(Kind.SPINE, at)}" for at in layout.within(Kind.DATACENTER, center, Kind.SPINE)]
        case Kind.SPINE:
            return [f"{name(kind, index)} <-> {name(Kind.CORE, layout.above(kind, index, Kind.ZONE))}"]
        case Kind.ZONE | Kind.CORE:
            cores = range(len(layout.zones))
            return [f"{name(Kind.CORE, index)} <-> {name(Kind.CORE, at)}" for at in cores if at != index]
        case _:
            return []


def _link(link: Direction) -> dict[str, Any]:
    state = "up" if link.up else "down"
    rate, delay = link.line.rate, link.line.delay_ns
    text = f"{link.name}, {format_rate(rate)}, {format_duration(delay)}, {state}"
    return {"text": text, "name": link.name, "rate_bps": int(rate), "delay_ns": int(delay), "up": link.up}
