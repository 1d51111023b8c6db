"""The physical network of one region: hosts attach to it, faults hold causes on it, packets find their way in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dcsim.fabric.border import Arrive, Border
from dcsim.fabric.convergence import BORDER_NAME, Convergence, Observer, access_host
from dcsim.fabric.layout import SWITCHES, Kind, Layout
from dcsim.fabric.place import Component, Place, Places, Power
from dcsim.fabric.switch import Forwarded, Switch
from dcsim.fabric.target import find_links, find_place
from dcsim.fabric.wire import Direction, Leg, Wires
from dcsim.problem import Mistake
from dcsim.topology.plan import LinkSetting, Plant
from hypervisor.clock import Clock
from hypervisor.link import Land, Link
from netvirt.address import HostId
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.overlay import BORDER

MOST_LEGS = 64
"""A path longer than this circles between switches that disagree; it ends when the fabric converges."""


@dataclass(frozen=True, slots=True)
class Path:
    """The links that a packet would cross now. When it would not arrive, `place` is where it ends, and why."""

    legs: tuple[Leg, ...]
    outcome: Outcome
    place: str


class Fabric:
    """Registries of places, wires and switches, and the verbs on them."""

    def __init__(
        self,
        region: str,
        zones: Sequence[str],
        plant: Plant,
        clock: Clock,
        ledger: Ledger,
        seed: int,
        settings: Sequence[LinkSetting] = (),
    ) -> None:
        self.layout = Layout(region, tuple(zones), plant)
        self.places = Places(self.layout)
        self._wires = Wires(self.layout, clock, ledger, seed, self._land_at)
        self._switches: dict[Place, Switch] = {}
        self._receivers: dict[Place, Land] = {}
        self.border = Border(self.places, self._wires, ledger, seed, self.switch)
        self._convergence = Convergence(self.places, clock, self._forget)
        self._ledger = ledger
        self._seed = seed
        for setting in settings:
            for link in self.links(str(setting.link)):
                link.set(setting.impairment)

    # Names.

    def place(self, name: str) -> Place:
        """The place that users call `name`; Mistake says what there is instead."""
        return self.places.at(*find_place(self.layout, name))

    def host(self, host_id: HostId) -> Place:
        return self.places.at(Kind.HOST, host_id)

    def host_id(self, name: str) -> HostId:
        kind, index = find_place(self.layout, name)
        if kind is not Kind.HOST:
            raise Mistake(f"{name} is a {kind}, not a host", "write it like a/r1/h1")
        return HostId(index)

    def links(self, name: str) -> list[Direction]:
        """The links that users call `name`: `a <-> b`, `spine-b1 -> core-b`, `links into zone b`."""
        pairs = find_links(self.layout, name)
        return [self._wires.direction(self.places.at(*tail), self.places.at(*head)) for tail, head in pairs]

    # Hosts.

    def attach(self, host_id: HostId, receive: Callable[[Any], None], on_power: Power) -> Link:
        """A host is here now: frames for it go to `receive`, news of its power to `on_power`. Its NIC is the answer.

        `on_power` speaks of changes only; ask `host(host_id).up` how things stand.
        """
        place = self.host(host_id)
        assert place not in self._receivers, f"{place.name} is attached already"
        self._receivers[place] = receive
        place.on_power = on_power
        tor = self.places.at(Kind.TOR, self.layout.above(Kind.HOST, host_id, Kind.RACK))
        self._wires.direction(tor, place).connect(receive)
        return self._wires.direction(place, tor)

    def _land_at(self, place: Place) -> Land:
        """What takes the frames that arrive at a wire's end."""
        if place.kind is Kind.HOST:
            return self._receivers.get(place) or partial(self._drop_at, place.name)
        if place.kind is Kind.TRANSIT:
            return partial(self.border.leave, place.name)
        return self.switch(place).receive

    def _drop_at(self, name: str, frame: Any) -> None:
        self._ledger.drop(frame, name, Outcome.UNREACHABLE)

    def switch(self, place: Place) -> Switch:
        assert place.kind in SWITCHES, f"{place.name} is a {place.kind}"
        switch = self._switches.get(place)
        if switch is None:
            switch = self._switches[place] = Switch(place, self.places, self._wires, self._ledger, self._seed)
        return switch

    # The border.

    def attach_border(self, receive: Arrive) -> None:
        """Somebody speaks for the Internet now: frames for `BORDER` go to `receive`, with the transit centre's name."""
        assert self.border.arrive is None, "the border is attached already"
        self.border.arrive = receive
        self._convergence.open = True

    def from_border(self, frame: Forwarded) -> None:
        """Send a frame for a host from the transit centre that its flow takes now."""
        self.border.enter(frame)

    # Faults.

    def hold(self, target: Place | Direction, cause: str) -> None:
        """`cause` keeps `target` down until it is released; others may hold it too."""
        was = component_of(target).faulty
        target.causes.append(cause)
        self._follow(target, was)

    def release(self, target: Place | Direction, cause: str) -> None:
        assert cause in target.causes, f"{cause} does not hold {target.name}"
        was = component_of(target).faulty
        target.causes.remove(cause)
        self._follow(target, was)

    def _follow(self, target: Place | Direction, was: bool) -> None:
        """Its causes have changed: so may what works, at once, and what is believed, later."""
        component = component_of(target)
        changed = component.faulty != was
        if isinstance(target, Direction):
            target.settle()
        elif changed and (target.parent is None or target.parent.up):
            # Where the place that it stands in is dark, nothing changes for anybody.
            self._switch_power(target)
        if changed:
            self._convergence.changed(component)

    def _switch_power(self, place: Place) -> None:
        """First every wire follows, then the hosts are told: what they send at once finds the world as it is."""
        sharers = list(place.sharers())
        for sharer in sharers:
            for index in sorted(sharer.wires):
                sharer.wires[index].settle()
        up = place.up
        for sharer in sharers:
            if sharer.on_power is not None:
                sharer.on_power(up)

    def _forget(self, component: Component) -> None:
        """What is believed of `component` has changed."""
        self.border.forget()
        host = access_host(component)
        rack = -1 if host is None else self.layout.above(Kind.HOST, host.index, Kind.RACK)
        for place, switch in self._switches.items():
            if host is None or (place.kind is Kind.TOR and place.index == rack):
                switch.forget()

    # Watching.

    def observe(self, observer: Observer) -> None:
        """Tell `observer` whenever a switch changes its mind about where packets can go."""
        self._convergence.observers.append(observer)

    def watch_links(self, see: Callable[[Direction], None]) -> None:
        """Call `see` with every link that somebody used, and with each one when it is first used."""
        for link in self.all_links():
            see(link)
        self._wires.on_made.append(see)

    def all_links(self) -> list[Direction]:
        """Every link that somebody used, in structural order."""
        return self._wires.links()

    def path(self, source: HostId, target: HostId, flow: int) -> Path:
        """How a packet of `flow` would travel now; asking changes nothing that others could see.

        `BORDER` may be either end: the way then starts, or is delivered, at a transit centre.
        """
        here = self.border.entrance(flow, target) if source == BORDER else self.host(source)
        if here is None:
            return Path((), Outcome.UNREACHABLE, BORDER_NAME)
        hop = self._first_hop(here, flow, source, target)
        legs: list[Leg] = []
        while hop is not None and len(legs) < MOST_LEGS:
            leg = self._wires.leg(here, hop)
            legs.append(leg)
            if not leg.up:
                return Path(tuple(legs), Outcome.LINK_DOWN, leg.name)
            if hop.kind in (Kind.HOST, Kind.TRANSIT):
                return Path(tuple(legs), Outcome.DELIVERED, hop.name)
            here, hop = hop, self.switch(hop).next_hop(flow, source, target)
        return Path(tuple(legs), Outcome.UNREACHABLE, here.name)

    def _first_hop(self, here: Place, flow: int, source: HostId, target: HostId) -> Place | None:
        if here.kind is Kind.HOST:
            return self.places.at(Kind.TOR, self.layout.above(Kind.HOST, here.index, Kind.RACK))
        return self.switch(here).next_hop(flow, source, target)


def component_of(target: Place | Direction) -> Component:
    """What is believed up or down as a whole: of a wire, both directions."""
    return target.wire if isinstance(target, Direction) else target
