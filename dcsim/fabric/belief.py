"""What one switch believes to work: it notices what happens beside itself sooner than the rest of the fabric does."""

from dcsim.fabric.layout import TRANSITS, Kind
from dcsim.fabric.place import Place, Places
from dcsim.fabric.wire import Wire, Wires

BELOW_SPINE = (Kind.POWER_DOMAIN, Kind.RACK, Kind.TOR)
BEYOND_CORE = (Kind.ZONE, Kind.CORE, Kind.TRANSIT)


class Beliefs:
    """The fabric as `viewer` sees it. None looks in from outside the region, and stands beside its transit centres."""

    __slots__ = ("_inside", "_places", "_wires", "viewer")

    def __init__(self, viewer: Place | None, places: Places, wires: Wires) -> None:
        self.viewer = viewer
        self._places = places
        self._wires = wires
        self._inside = {} if viewer is None else {place.kind: place for place in viewer.lineage()}

    def usable(self, a: Place, b: Place) -> bool:
        """Both ends, and the wire between them."""
        wire = self._wires.known(a, b)
        return self.up(a) and self.up(b) and (wire is None or self._wire_up(wire))

    def _wire_up(self, wire: Wire) -> bool:
        return not (wire.near_down if self.viewer in wire.ends else wire.far_down)

    def up(self, place: Place) -> bool:
        for part in place.lineage():
            if part.near_down != part.far_down:
                if part.near_down if self._beside(part) else part.far_down:
                    return False
            elif part.far_down:
                return False
        return True

    def _beside(self, part: Place) -> bool:
        """Whether the viewer stands in that place, or has a wire into it."""
        if self.viewer is None:
            return part.kind in (Kind.REGION, Kind.TRANSIT)
        if self._inside.get(part.kind) is part:
            return True
        match self.viewer.kind:
            case Kind.TRANSIT:
                return part.kind in (Kind.ZONE, Kind.CORE)
            case Kind.CORE:
                inner = part.kind in (Kind.DATACENTER, Kind.SPINE)
                return part.kind in BEYOND_CORE or (inner and part.within(self._inside[Kind.ZONE]))
            case Kind.SPINE:
                if part.kind is Kind.CORE:
                    return part.parent is self._inside[Kind.ZONE]
                return part.kind in BELOW_SPINE and part.within(self._inside[Kind.DATACENTER])
            case _:
                inside = self._inside[Kind.DATACENTER if part.kind is Kind.SPINE else Kind.RACK]
                return part.parent is inside

    # What follows from it about the parts of a way.

    def spines(self, datacenter: int) -> list[Place]:
        layout = self._places.layout
        return [self._places.at(Kind.SPINE, index) for index in layout.within(Kind.DATACENTER, datacenter, Kind.SPINE)]

    def spines_down(self, core: Place, tor: Place, datacenter: int) -> tuple[Place, ...]:
        """The spines that lead from a zone's core to one of its racks."""
        spines = self.spines(datacenter)
        return tuple(spine for spine in spines if self.usable(core, spine) and self.usable(spine, tor))

    def transits(self) -> list[Place]:
        return [self._places.at(Kind.TRANSIT, index) for index in range(TRANSITS)]

    def exits(self, core: Place) -> tuple[Place, ...]:
        """The transit centres that a core reaches itself."""
        return tuple(transit for transit in self.transits() if self.usable(core, transit))

    def ways_out(self, core: Place) -> tuple[Place, ...]:
        """A core's exits; where it has none, the other cores that have."""
        return self.exits(core) or tuple(other for other in self._neighbours(core) if self.exits(other))

    def ways_in(self, transit: Place, core: Place) -> tuple[Place, ...]:
        """From a transit centre to a core: itself, or the other cores that lead to it."""
        if self.usable(core, transit):
            return (core,)
        return tuple(other for other in self._neighbours(core) if self.usable(other, transit))

    def _neighbours(self, core: Place) -> list[Place]:
        cores = [self._places.at(Kind.CORE, zone) for zone in range(len(self._places.layout.zones))]
        return [other for other in cores if other is not core and self.usable(core, other)]
