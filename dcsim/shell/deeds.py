"""What was done to the world: each deed a fault of the kind that scenarios have, with its beginning and its end."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dcsim.api.verbs import asked
from dcsim.fabric.place import Place as FabricPlace
from dcsim.fabric.wire import Direction
from dcsim.faults.fault import Fault
from dcsim.problem import Mark, Mistake, Refused
from dcsim.scenario.scenario import Disturbance, GuestRef, HostOf, Impair, LinkDown, Place, PlaceKind, PowerOff
from dcsim.topology.plan import INTERNET, Impairment, Link
from dcsim.topology.python import properties_of
from dcsim.world import Guest, World

KINDS: dict[str, PlaceKind] = {
    "zone": "zone",
    "datacenter": "datacenter",
    "power domain": "power domain",
    "rack": "rack",
    "host": "host",
}
MARK = Mark("shell", 1, 1, 2)
LONGEST_NAME = 63


@dataclass(slots=True)
class Deed:
    """One action on one place, or on one direction of a link. `end_ns` None: it goes on."""

    name: str
    action: Disturbance
    fault: Fault
    begin_ns: int
    end_ns: int | None = None

    @property
    def target(self) -> FabricPlace | Direction:
        return self.fault.targets[0]


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was carried out."""

    name: str
    verb: str
    properties: Mapping[str, tuple[str, ...]]
    begin_ns: int


class Journal:
    """Every deed of a session, in order. Links are cut a direction at a time, so that each can come back alone."""

    def __init__(self, world: World, guest: Callable[[str], Guest]) -> None:
        """`guest` finds one by name; Mistake when there is none."""
        self._world = world
        self._guest = guest
        self.deeds: list[Deed] = []
        self.calls: list[Made] = []

    # Links. Each answers how many directions it changed.

    def cut(self, link: Link) -> int:
        ways = [way for way in self._ways(link) if self._open(LinkDown, way[1]) is None]
        name = self._name("cut", str(link))
        for way, _ in ways:
            self._begin(name, LinkDown(way))
        return len(ways)

    def mend(self, link: Link) -> int:
        return self._end_all(LinkDown, link)

    def impair(self, link: Link, impairment: Impairment) -> None:
        name = self._name("impair", str(link))
        for way, _ in self._ways(link):
            self._begin(name, Impair(way, impairment))

    def clear(self, link: Link) -> int:
        return self._end_all(Impair, link)

    def _ways(self, link: Link) -> list[tuple[Link, Direction]]:
        """Its directions, each with its own name; Mistake when there is no such link."""
        ways = [Link(link.a, link.b, both=False)]
        if link.both:
            ways.append(Link(link.b, link.a, both=False))
        return [(way, direction) for way in ways for direction in self._world.fabric.links(str(way))]

    def _end_all(self, kind: type[Disturbance], link: Link) -> int:
        directions = [direction for _, direction in self._ways(link)]
        ending = [deed for deed in self.going_on(kind) if deed.target in directions]
        for deed in ending:
            self._end(deed)
        return len(ending)

    # Power. Each answers whether it changed anything.

    def power_off(self, text: str) -> bool:
        place = self._place(text)
        if self._open(PowerOff, self._target(place)) is not None:
            return False
        self._begin(self._name("off", str(place)), PowerOff(place))
        return True

    def power_on(self, text: str) -> bool:
        deed = self._open(PowerOff, self._target(self._place(text)))
        if deed is None:
            return False
        self._end(deed)
        return True

    def _place(self, text: str) -> Place | HostOf:
        kind = next(kind for kind in KINDS if text.startswith(f"{kind} "))
        name = text.removeprefix(f"{kind} ")
        bare = name.removeprefix("of ")
        if kind == "host" and (bare != name or self._is_guest(name)):
            guest = self._guest(bare)
            if guest.placed.vpc.name == INTERNET:
                raise Mistake(f"{guest.name} is in the Internet", "a host of this region can be powered off")
            return HostOf(GuestRef(guest.placed.vpc.name, guest.name))
        self._world.fabric.place(text)
        return Place(KINDS[kind], name)

    def _is_guest(self, name: str) -> bool:
        try:
            self._world[name]
        except KeyError:
            return False
        return True

    def _target(self, place: Place | HostOf) -> FabricPlace:
        if isinstance(place, HostOf):
            return self._world.fabric.host(self._world.guests[place.guest.vpc, place.guest.name].host.id)
        return self._world.fabric.place(str(place))

    # Calls.

    def call(self, verb: str, properties: Mapping[str, tuple[str, ...]]) -> str:
        """Mistake with EC2's code when it is refused."""
        values = {name: each[0] if len(each) == 1 else each for name, each in properties.items()}
        try:
            made = self._world.call(asked(self._world.control, verb, properties_of(values, MARK), MARK))
        except Refused as refused:
            first = refused.problems[0]
            raise Mistake(f"{first.code}: {first.message}" if first.code else first.message, first.advice) from None
        name = self._name(verb, next((each[0] for each in properties.values()), ""))
        self.calls.append(Made(name, verb, properties, self._world.clock.now))
        return made

    # Deeds.

    def going_on(self, kind: type[Disturbance]) -> Iterator[Deed]:
        return (deed for deed in self.deeds if deed.end_ns is None and isinstance(deed.action, kind))

    def _open(self, kind: type[Disturbance], target: FabricPlace | Direction) -> Deed | None:
        return next((deed for deed in self.going_on(kind) if deed.target is target), None)

    def _begin(self, name: str, action: Disturbance) -> None:
        now = self._world.clock.now
        fault = Fault(self._world, name, action, MARK)
        fault.begin()
        self.deeds.append(Deed(name, action, fault, now))

    def _end(self, deed: Deed) -> None:
        deed.end_ns = self._world.clock.now
        deed.fault.end()

    def _name(self, verb: str, target: str) -> str:
        """What a timeline may call it: `cut-a-b`, then `cut-a-b-2`."""
        stem = re.sub(r"[^A-Za-z0-9]+", "-", f"{verb} {target}").strip("-")[: LONGEST_NAME - 8]
        taken = {deed.name for deed in self.deeds} | {call.name for call in self.calls}
        names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)
