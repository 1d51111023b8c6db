"""How news of a failure spreads: the switches beside it notice first, the rest of the fabric routes around it later.

Until then they go on sending into it, and what they send is lost. A change that is undone sooner than it would be
noticed is not noticed. Good news travels as slowly as bad.
"""

from collections.abc import Callable
from typing import Protocol

from dcsim.fabric.layout import TRANSITS, Kind
from dcsim.fabric.place import Component, Place, Places
from dcsim.fabric.wire import ROUTING_SOURCE, Wire
from dcsim.topology.plan import Plant
from hypervisor.clock import Clock, Source
from netvirt.address import Ns

FABRIC = "fabric"
"""Who speaks when all the other switches have heard."""
BORDER_NAME = "border"
"""Who speaks for those outside the region, whom its transit centres connect."""


class Observer(Protocol):
    """Told of each change of mind: when, which switch (or `fabric`), and what it does differently."""

    def __call__(self, time: Ns, switch: str, text: str, /) -> None: ...


class Convergence:
    """Owns what switches believe: the `near_down` and `far_down` of every component."""

    __slots__ = ("_clock", "_forget", "_places", "_plant", "_source", "observers", "open")

    def __init__(self, places: Places, clock: Clock, forget: Callable[[Component], None]) -> None:
        self._places = places
        self._plant: Plant = places.layout.plant
        self._clock = clock
        self._forget = forget
        self._source = Source(ROUTING_SOURCE)
        self.observers: list[Observer] = []
        self.open = False
        """Whether somebody outside speaks to this region: its transit centres are silent until then."""

    def changed(self, component: Component) -> None:
        """A cause came to `component`, or its last one went."""
        component.changes += 1
        when = Ns(self._clock.now + self._plant.detection_ns)
        self._clock.call_at(when, self._source, self._notice, (component, component.changes))

    def _notice(self, change: tuple[Component, int]) -> None:
        component, number = change
        if number != component.changes or component.near_down == component.faulty:
            return
        component.near_down = component.faulty
        component.notices += 1
        self._forget(component)
        verb = "stops using {}" if component.near_down else "uses {} again"
        for name in self._switches_beside(component):
            self._tell(name, verb.format(component.name))
        if access_host(component) is None:
            when = Ns(self._clock.now + self._plant.convergence_ns)
            self._clock.call_at(when, self._source, self._converge, (component, component.notices))

    def _converge(self, notice: tuple[Component, int]) -> None:
        component, number = notice
        if number != component.notices or component.far_down == component.near_down:
            return
        component.far_down = component.near_down
        self._forget(component)
        verb = "routes around {}" if component.far_down else "routes through {} again"
        if self._switches_beside(component):
            self._tell(FABRIC, verb.format(component.name))

    def _tell(self, switch: str, text: str) -> None:
        for observe in self.observers:
            observe(self._clock.now, switch, text)

    def _switches_beside(self, component: Component) -> list[str]:
        """The names of those that notice first and have power to do so."""
        if isinstance(component, Wire):
            return [end.name for end in component.ends if end.kind is not Kind.HOST and end.up]
        assert isinstance(component, Place)
        names = [place.name for place in self._around(component) if place.up]
        datacenter = component.parent
        if component.kind is Kind.SPINE and datacenter is not None and datacenter.up:
            # One line for what may be a thousand racks.
            names.append(f"racks of {self._places.layout.path(Kind.DATACENTER, datacenter.index)}")
        if component.kind is Kind.TRANSIT and self.open:
            names.append(BORDER_NAME)
        return names

    def _around(self, place: Place) -> list[Place]:
        layout, at = self._places.layout, self._places.at
        match place.kind:
            case Kind.REGION:
                return []
            case Kind.ZONE:
                return self._cores(place.index) + self._transits()
            case Kind.CORE:
                spines = layout.within(Kind.ZONE, place.index, Kind.SPINE)
                return [at(Kind.SPINE, spine) for spine in spines] + self._cores(place.index) + self._transits()
            case Kind.TRANSIT:
                return self._cores(-1)
            case Kind.DATACENTER | Kind.SPINE:
                return [at(Kind.CORE, layout.above(place.kind, place.index, Kind.ZONE))]
            case Kind.HOST:
                return [at(Kind.TOR, layout.above(Kind.HOST, place.index, Kind.RACK))]
            case _:
                datacenter = layout.above(place.kind, place.index, Kind.DATACENTER)
                return [at(Kind.SPINE, spine) for spine in layout.within(Kind.DATACENTER, datacenter, Kind.SPINE)]

    def _cores(self, but: int) -> list[Place]:
        return [self._places.at(Kind.CORE, zone) for zone in range(len(self._places.layout.zones)) if zone != but]

    def _transits(self) -> list[Place]:
        return [self._places.at(Kind.TRANSIT, index) for index in range(TRANSITS)] if self.open else []


def access_host(component: Component) -> Place | None:
    """The host, when `component` is one or its wire: only its own ToR routes by that, the others aim at the rack."""
    place = component.ends[0] if isinstance(component, Wire) else component
    return place if isinstance(place, Place) and place.kind is Kind.HOST else None
