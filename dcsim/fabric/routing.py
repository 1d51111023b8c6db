"""Where a switch may send a packet next: up, across between zones, and down; never up again after going down."""

from dcsim.fabric.belief import Beliefs
from dcsim.fabric.layout import Kind
from dcsim.fabric.place import Place, Places
from dcsim.fabric.wire import Wires

OUTSIDE = -1
"""The zone of whoever is in none, beyond the transit centres."""


class Router:
    """The next hops of one switch, computed from its beliefs each time; whoever asks remembers."""

    __slots__ = ("_datacenter", "_layout", "_places", "_sees", "_zone", "switch")

    def __init__(self, switch: Place, places: Places, wires: Wires) -> None:
        self.switch = switch
        self._places = places
        self._sees = Beliefs(switch, places, wires)
        self._layout = places.layout
        inside = {place.kind: place.index for place in switch.lineage()}
        self._zone = inside.get(Kind.ZONE, OUTSIDE)
        self._datacenter = inside.get(Kind.DATACENTER, -1)

    def to_host(self, host: Place) -> tuple[Place, ...]:
        """The last hop, out of the host's own rack's switch."""
        return (host,) if self._sees.usable(self.switch, host) else ()

    def to_border(self, came_from: int) -> tuple[Place, ...]:
        """Every equally short next hop out of the region; `came_from` is the zone of the packet's source."""
        core = self._places.at(Kind.CORE, self._zone)
        if self.switch is core:
            # One fibre between zones at most: what two cores do not yet know of each other's losses makes no circle.
            return self._sees.ways_out(core) if came_from == self._zone else self._sees.exits(core)
        return self._up_to(core) if self._sees.ways_out(core) else ()

    def to_rack(self, rack: int, came_from: int) -> tuple[Place, ...]:
        """Every equally short next hop towards a rack's switch; `came_from` is the zone of the packet's source."""
        tor = self._places.at(Kind.TOR, rack)
        datacenter = self._layout.above(Kind.TOR, rack, Kind.DATACENTER)
        match self.switch.kind:
            case Kind.TOR:
                return self._from_tor(tor, datacenter)
            case Kind.SPINE:
                return self._from_spine(tor, datacenter)
            case Kind.TRANSIT:
                return self._from_transit(tor, datacenter)
            case _:
                return self._from_core(tor, datacenter, came_from)

    def _from_tor(self, tor: Place, datacenter: int) -> tuple[Place, ...]:
        if datacenter == self._datacenter:
            return tuple(spine for spine in self._spines_up() if self._sees.usable(spine, tor))
        core = self._places.at(Kind.CORE, self._zone)
        return self._up_to(core) if self._core_reaches(core, tor, datacenter) else ()

    def _from_spine(self, tor: Place, datacenter: int) -> tuple[Place, ...]:
        if datacenter == self._datacenter:
            return (tor,) if self._sees.usable(self.switch, tor) else ()
        core = self._places.at(Kind.CORE, self._zone)
        return self._up_to(core) if self._core_reaches(core, tor, datacenter) else ()

    def _from_core(self, tor: Place, datacenter: int, came_from: int) -> tuple[Place, ...]:
        zone = self._layout.above(Kind.DATACENTER, datacenter, Kind.ZONE)
        goal = self._places.at(Kind.CORE, zone)
        down = self._sees.spines_down(goal, tor, datacenter)
        if zone == self._zone or not down:
            return down
        if came_from == OUTSIDE:
            # One fibre at most, as on the way out.
            return (goal,) if self._sees.usable(self.switch, goal) else ()
        # Never back to where it came from: what would circle between two cores that have not yet heard of each
        # other's losses is dropped instead.
        barred = came_from if came_from != self._zone else -1
        distance = self._distances(zone, barred)
        here = distance.get(self._zone)
        if here is None:
            return ()
        nearer = sorted(zone for zone, hops in distance.items() if hops == here - 1)
        cores = (self._places.at(Kind.CORE, index) for index in nearer)
        return tuple(core for core in cores if self._sees.usable(self.switch, core))

    def _from_transit(self, tor: Place, datacenter: int) -> tuple[Place, ...]:
        core = self._places.at(Kind.CORE, self._layout.above(Kind.DATACENTER, datacenter, Kind.ZONE))
        return self._sees.ways_in(self.switch, core) if self._sees.spines_down(core, tor, datacenter) else ()

    def _up_to(self, core: Place) -> tuple[Place, ...]:
        """From a spine or a rack to the zone's core."""
        if self.switch.kind is Kind.SPINE:
            return (core,) if self._sees.usable(self.switch, core) else ()
        return tuple(spine for spine in self._spines_up() if self._sees.usable(spine, core))

    def _spines_up(self) -> list[Place]:
        return [spine for spine in self._sees.spines(self._datacenter) if self._sees.usable(self.switch, spine)]

    def _core_reaches(self, core: Place, tor: Place, datacenter: int) -> bool:
        zone = self._layout.above(Kind.DATACENTER, datacenter, Kind.ZONE)
        if zone != core.index and core.index not in self._distances(zone, -1):
            return False
        return bool(self._sees.spines_down(self._places.at(Kind.CORE, zone), tor, datacenter))

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
                if self._sees.usable(here, self._places.at(Kind.CORE, other)):
                    distance[other] = distance[zone] + 1
                    frontier.append(other)
        return distance
