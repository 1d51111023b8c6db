"""Where a switch may send a packet next: up, across between zones, and down; never up again after going down.

A switch decides by what it believes: it notices what happens beside itself sooner than the rest of the fabric does.
"""

from dcsim.fabric.layout import Kind
from dcsim.fabric.place import Place, Places
from dcsim.fabric.wire import Wire, Wires

FABRIC_BELOW_SPINE = (Kind.POWER_DOMAIN, Kind.RACK, Kind.TOR)


class Router:
    """The next hops of one switch, computed from its beliefs each time; whoever asks remembers."""

    __slots__ = ("_datacenter", "_layout", "_places", "_wires", "_zone", "switch")

    def __init__(self, switch: Place, places: Places, wires: Wires) -> None:
        self.switch = switch
        self._places = places
        self._wires = wires
        self._layout = layout = places.layout
        self._zone = layout.above(switch.kind, switch.index, Kind.ZONE)
        self._datacenter = -1 if switch.kind is Kind.CORE else layout.above(switch.kind, switch.index, Kind.DATACENTER)

    def to_host(self, host: Place) -> tuple[Place, ...]:
        """The last hop, out of the host's own rack's switch."""
        return (host,) if self._usable(self.switch, host) else ()

    def to_rack(self, rack: int, came_from: int) -> tuple[Place, ...]:
        """Every equally short next hop towards a rack's switch; `came_from` is the zone of the packet's source."""
        tor = self._places.at(Kind.TOR, rack)
        datacenter = self._layout.above(Kind.TOR, rack, Kind.DATACENTER)
        match self.switch.kind:
            case Kind.TOR:
                return self._from_tor(tor, datacenter)
            case Kind.SPINE:
                return self._from_spine(tor, datacenter)
            case _:
                return self._from_core(tor, datacenter, came_from)

    def _from_tor(self, tor: Place, datacenter: int) -> tuple[Place, ...]:
        up = [spine for spine in self._spines(self._datacenter) if self._usable(self.switch, spine)]
        if datacenter == self._datacenter:
            return tuple(spine for spine in up if self._usable(spine, tor))
        core = self._places.at(Kind.CORE, self._zone)
        if not self._core_reaches(core, tor, datacenter):
            return ()
        return tuple(spine for spine in up if self._usable(spine, core))

    def _from_spine(self, tor: Place, datacenter: int) -> tuple[Place, ...]:
        if datacenter == self._datacenter:
            return (tor,) if self._usable(self.switch, tor) else ()
        core = self._places.at(Kind.CORE, self._zone)
        return (core,) if self._usable(self.switch, core) and self._core_reaches(core, tor, datacenter) else ()

    def _from_core(self, tor: Place, datacenter: int, came_from: int) -> tuple[Place, ...]:
        zone = self._layout.above(Kind.DATACENTER, datacenter, Kind.ZONE)
        down = self._spines_down(self._places.at(Kind.CORE, zone), tor, datacenter)
        if zone == self._zone or not down:
            return down
        # Never back to where it came from: what would circle between two cores that have not yet heard of each
        # other's losses is dropped instead.
        barred = came_from if came_from != self._zone else -1
        distance = self._distances(zone, barred)
        here = distance.get(self._zone)
        if here is None:
            return ()
        nearer = sorted(zone for zone, hops in distance.items() if hops == here - 1)
        cores = (self._places.at(Kind.CORE, index) for index in nearer)
        return tuple(core for core in cores if self._usable(self.switch, core))

    def _core_reaches(self, core: Place, tor: Place, datacenter: int) -> bool:
        zone = self._layout.above(Kind.DATACENTER, datacenter, Kind.ZONE)
        if zone != core.index and core.index not in self._distances(zone, -1):
            return False
        return bool(self._spines_down(self._places.at(Kind.CORE, zone), tor, datacenter))

    def _spines_down(self, core: Place, tor: Place, datacenter: int) -> tuple[Place, ...]:
        spines = self._spines(datacenter)
        return tuple(spine for spine in spines if self._usable(core, spine) and self._usable(spine, tor))

    def _spines(self, datacenter: int) -> list[Place]:
        return [
            self._places.at(Kind.SPINE, index) for index in self._layout.within(Kind.DATACENTER, datacenter, Kind.SPINE)
        ]

    def _distances(self, target: int, barred: int) -> dict[int, int]:
        """Fibres between each zone's core and the target's; a core that is not in it cannot reach the target."""
        distance = {target: 0}
        frontier = [target]
        while frontier:
            zone = frontier.pop(0)
            here = self._places.at(Kind.CORE, zone)
            for other in range(len(self._layout.zones)):
                if other in distance or other == barred:
                    continue
                if self._usable(here, self._places.at(Kind.CORE, other)):
                    distance[other] = distance[zone] + 1
                    frontier.append(other)
        return distance

    def _usable(self, a: Place, b: Place) -> bool:
        wire = self._wires.known(a, b)
        return self._believes_up(a) and self._believes_up(b) and (wire is None or self._believes_wire(wire))

    def _believes_wire(self, wire: Wire) -> bool:
        return not (wire.near_down if self.switch in wire.ends else wire.far_down)

    def _believes_up(self, place: Place) -> bool:
        for part in place.lineage():
            if part.near_down != part.far_down:
                if part.near_down if self._beside(part) else part.far_down:
                    return False
            elif part.far_down:
                return False
        return True

    def _beside(self, part: Place) -> bool:
        """Whether this switch stands in that place, or has a wire into it."""
        if self.switch.within(part):
            return True
        zone = self._places.at(Kind.ZONE, self._zone)
        if self.switch.kind is Kind.CORE:
            return part.kind in (Kind.ZONE, Kind.CORE) or (
                part.kind in (Kind.DATACENTER, Kind.SPINE) and part.within(zone)
            )
        if part.kind is Kind.CORE:
            return self.switch.kind is Kind.SPINE and part.parent is zone
        datacenter = self._places.at(Kind.DATACENTER, self._datacenter)
        if self.switch.kind is Kind.SPINE:
            return part.kind in FABRIC_BELOW_SPINE and part.within(datacenter)
        return part.parent is datacenter if part.kind is Kind.SPINE else part.parent is self.switch.parent
