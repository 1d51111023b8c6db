"""Actions of a scenario as causes held on places and links. A cause is the name of the timeline entry."""

from dcsim.fabric.place import Place
from dcsim.fabric.wire import Direction
from dcsim.problem import Mark, Mistake, Problem, Refused
from dcsim.scenario.scenario import Disturbance, HostOf, Impair, LinkDown, PowerOff
from dcsim.topology.expand import impairment_words
from dcsim.topology.plan import Impairment
from dcsim.world import World

Target = Place | Direction

SAID = ("loss", "delay", "jitter", "rate", "corrupt", "duplicate", "reorder", "limit")


class Fault:
    """One timeline entry's action on its targets, found when the world is built so that wrong names are told then."""

    def __init__(self, world: World, name: str, action: Disturbance, mark: Mark) -> None:
        self.name = name
        self._world = world
        self._action = action
        try:
            self.targets = _targets(world, action)
        except Mistake as mistake:
            raise Refused([Problem(mark, None, mistake.message, mistake.advice)]) from None

    @property
    def text(self) -> str:
        match self._action:
            case PowerOff():
                return f"{self._action.target} without power"
            case LinkDown():
                return f"{self._action.target} down"
            case Impair():
                return f"{self._action.target} {_said(self._action.impairment)}"

    def begin(self) -> None:
        for target in self.targets:
            if isinstance(self._action, Impair):
                assert isinstance(target, Direction)
                target.impose(self.name, self._action.impairment)
            else:
                self._world.fabric.hold(target, self.name)

    def end(self) -> None:
        for target in self.targets:
            if isinstance(self._action, Impair):
                assert isinstance(target, Direction)
                target.lift(self.name)
            else:
                self._world.fabric.release(target, self.name)


def _said(impairment: Impairment) -> str:
    """`loss 15 %, delay 5 ms`: what a reader asks about first comes first."""
    words = impairment_words(impairment)
    return ", ".join(f"{word} {words[word]}" for word in sorted(words, key=SAID.index))


def _targets(world: World, action: Disturbance) -> list[Target]:
    match action:
        case PowerOff(HostOf(reference)):
            guest = world.guests[reference.vpc, reference.name]
            return [world.fabric.host(guest.host.id)]
        case PowerOff(place):
            return [world.fabric.place(str(place))]
        case LinkDown(link) | Impair(link):
            return list(world.fabric.links(str(link)))
