"""Where everything stands, as arithmetic: no object exists until somebody uses it.

A place is a kind and an index, its number in the whole region from 0. Children follow their parents in order, so
parents, children, names and wires all come out of divisions.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from dcsim.topology.plan import Plant


class Kind(IntEnum):
    """Levels of the tree from the root down, then the switches that stand in them."""

    REGION = 0
    ZONE = 1
    DATACENTER = 2
    POWER_DOMAIN = 3
    RACK = 4
    HOST = 5
    TOR = 6
    SPINE = 7
    CORE = 8
    TRANSIT = 9

    def __str__(self) -> str:
        match self:
            case Kind.POWER_DOMAIN:
                return "power domain"
            case Kind.TRANSIT:
                return "transit centre"
            case _:
                return self.name.lower()


PARENT = {
    Kind.ZONE: Kind.REGION,
    Kind.DATACENTER: Kind.ZONE,
    Kind.POWER_DOMAIN: Kind.DATACENTER,
    Kind.RACK: Kind.POWER_DOMAIN,
    Kind.HOST: Kind.RACK,
    Kind.TOR: Kind.RACK,
    Kind.SPINE: Kind.DATACENTER,
    Kind.CORE: Kind.ZONE,
    Kind.TRANSIT: Kind.REGION,
}

TRANSITS = 2
"""Transit centres of a region, in no zone: every zone is wired to each of them (J. Hamilton, re:Invent 2014)."""

LETTER = {Kind.DATACENTER: "d", Kind.POWER_DOMAIN: "p", Kind.RACK: "r", Kind.HOST: "h"}
"""A level's letter in a path: `b/d1/p3/r250/h50`."""

SWITCHES = (Kind.TOR, Kind.SPINE, Kind.CORE, Kind.TRANSIT)
"""What wires connect with each other and with hosts, from the bottom up."""


Address = tuple[Kind, int]
"""A place, without making it."""


@dataclass(frozen=True)
class Layout:
    """The counts of a region: its zones by key, and the plant that each of them is built from."""

    region: str
    zones: tuple[str, ...]
    plant: Plant

    @cached_property
    def fanout(self) -> dict[Kind, int]:
        """How many of a kind its parent has."""
        plant = self.plant
        return {
            Kind.REGION: 1,
            Kind.ZONE: len(self.zones),
            Kind.DATACENTER: plant.datacenters,
            Kind.POWER_DOMAIN: plant.power_domains,
            Kind.RACK: plant.racks,
            Kind.HOST: plant.hosts,
            Kind.TOR: 1,
            Kind.SPINE: plant.spines,
            Kind.CORE: 1,
            Kind.TRANSIT: TRANSITS,
        }

    @cached_property
    def counts(self) -> dict[Kind, int]:
        """How many of a kind the region has."""
        counts = {Kind.REGION: 1}
        for kind, parent in PARENT.items():
            counts[kind] = counts[parent] * self.fanout[kind]
        return counts

    def above(self, kind: Kind, index: int, ancestor: Kind) -> int:
        """The index of the `ancestor` that this place stands in."""
        while kind is not ancestor:
            index //= self.fanout[kind]
            kind = PARENT[kind]
        return index

    def within(self, kind: Kind, index: int, inner: Kind) -> range:
        """The indices of all places of the `inner` kind that stand in this one, or are it: they follow each other."""
        if kind is inner:
            return range(index, index + 1)
        each = self.counts[inner] // self.counts[kind]
        return range(index * each, (index + 1) * each)

    def name(self, kind: Kind, index: int) -> str:
        """What users call it; levels above it with a single sibling are left out."""
        match kind:
            case Kind.REGION:
                return self.region
            case Kind.ZONE:
                return f"zone {self.zones[index]}"
            case Kind.TRANSIT:
                return f"transit-{index + 1}"
            case Kind.CORE:
                return f"core-{self.zones[index]}"
            case Kind.SPINE:
                zone, number = divmod(index, self.plant.datacenters * self.plant.spines)
                return f"spine-{self.zones[zone]}{number + 1}"
            case Kind.TOR:
                return self.path(Kind.RACK, index) + "/tor"
            case _:
                parent, number = divmod(index, self.fanout[kind])
                return f"{self.path(PARENT[kind], parent)}/{LETTER[kind]}{number + 1}"

    def path(self, kind: Kind, index: int) -> str:
        """The way from the zone down to a place that others stand in: `b`, `b/r2`, `b/d1/p3`."""
        if kind is Kind.ZONE:
            return self.zones[index]
        # A rack is always written: `b/r1/h1` is a host even where there is only one rack.
        if self.fanout[kind] == 1 and kind is not Kind.RACK:
            return self.path(PARENT[kind], index)
        return self.name(kind, index)

    @cached_property
    def first_wire(self) -> dict[Kind, int]:
        """The number of the first wire up from each kind; a transit centre's are those that come up to it."""
        hosts, racks = self.counts[Kind.HOST], self.counts[Kind.RACK]
        tor = hosts
        spine = tor + racks * self.plant.spines
        core = spine + self.counts[Kind.SPINE]
        transit = core + len(self.zones) ** 2
        return {Kind.HOST: 0, Kind.TOR: tor, Kind.SPINE: spine, Kind.CORE: core, Kind.TRANSIT: transit}

    @property
    def wires(self) -> int:
        """More than the number of any wire."""
        return self.first_wire[Kind.TRANSIT] + len(self.zones) * TRANSITS

    def wire(self, lower: Address, upper: Address) -> int:
        """The number of the wire from `lower` to `upper`, one kind up; of two cores, the later one."""
        kind, index = lower
        match kind, upper[0]:
            case Kind.TOR, _:
                return self.first_wire[kind] + index * self.plant.spines + upper[1] % self.plant.spines
            case Kind.CORE, Kind.CORE:
                return self.first_wire[kind] + index * len(self.zones) + upper[1]
            case Kind.CORE, _:
                return self.first_wire[Kind.TRANSIT] + index * TRANSITS + upper[1]
            case _:
                return self.first_wire[kind] + index
