"""One random story, told to the evaluator and to the product; where they part, the least of it that still shows it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from random import Random
from typing import TypeVar

from dcsim.problem import Refused
from dcsim.request import RunInstances
from dcsim.topology.plan import INTERNET
from dcsim.trace import Traced

from .evaluator import Evaluator
from .lab import CRAMPED, ROOMY, Lab, Seen, ports_in, refusals, traced
from .later import apply
from .packet import ECHO, ICMP, TCP, Ending, Packet, Place, Verdict
from .random_changes import Change
from .random_flows import Step, reply_to
from .random_stories import Event, a_script
from .random_vpcs import SmallWorld, a_world
from .wire import Dresser, aged

T = TypeVar("T")
TRACED = 0.33
"""Of all steps, so many are traced before they are sent."""


@dataclass(frozen=True)
class Case:
    """A world and what happens in it."""

    seed: int
    world: SmallWorld
    story: tuple[Event, ...]
    roomy: bool

    def __str__(self) -> str:
        story = "\n".join(f"  {event}" for event in self.story)
        return f"seed {self.seed}, {'roomy' if self.roomy else 'cramped'}\n{self.world}\nand then\n{story}"


@dataclass(frozen=True)
class Disagreement:
    """`asked`: by a `live` packet, a `trace`, or its `reply`."""

    asked: str
    step: Step
    way: tuple[Verdict, ...]
    seen: Seen

    def __str__(self) -> str:
        evaluator = "; ".join(map(str, self.way))
        return f"{self.asked} of {self.step}\n  evaluator: {evaluator}\n  product: {self.seen}"


def random_case(
    seed: int,
    change: Callable[[Random, SmallWorld], SmallWorld] = lambda _, world: world,
    more: Callable[[Random, SmallWorld], Iterable[Event]] = lambda *_: (),
) -> Case:
    """`change` is made to the world, and `more` happens in it."""
    random = Random(f"{seed}/second opinion")
    world = change(random, a_world(random))
    script = (*a_script(random, world), *more(random, world))
    story = tuple(_finished(random, event) for event in script)
    return Case(seed, world, story, roomy=seed % 2 == 0)


def _finished(random: Random, event: Event) -> Event:
    if isinstance(event, Change):
        return event
    return replace(event, traced=random.random() < TRACED, dress=random.getrandbits(32))


class Comparison:
    """Plays a case on both sides until they part. `asked` counts the comparisons by kind."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._addresses = dict(case.world.addresses)
        self._evaluator = Evaluator(case.world.requests, self._addresses, case.world.outsiders)
        self._lab = Lab(case.world, case.seed, ROOMY if case.roomy else CRAMPED)
        self.asked: Counter[str] = Counter()

    def play(self) -> Disagreement | None:
        for event in self._case.story:
            self._lab.wait(event.gap_s)
            if isinstance(event, Change):
                self._change(event)
                continue
            found = self._step(event)
            if found is not None:
                return found
        return None

    def _step(self, step: Step) -> Disagreement | None:
        if step.src not in self._lab.guests:
            return None  # EC2 refused to run it: a change had given its address away
        found = self._trace(replace(step, packet=_opening(step.packet))) if step.traced else None
        return found or self._send(step)

    def _change(self, change: Change) -> None:
        try:
            self._lab.change(change.request)
        except Refused:
            return
        apply(self._evaluator, change.request)
        if isinstance(change.request, RunInstances):
            somebody = self._case.world.somebody(change.request)
            self._addresses[somebody.key] = str(somebody.address)

    def _send(self, step: Step) -> Disagreement | None:
        self.asked["live"] += 1
        self.asked["large"] += step.packet.octets > 0
        # First, because asking for a MAC address takes some time.
        self._lab.resolve(step.src, step.dst, step.packet)
        home = step.packet.source or IPv4Address(self._addresses[step.src])
        now_s = self._lab.now_s
        seen = self._lab.send(step.src, step.dst, step.packet, step.dress)
        self._evaluator.seen_ports = self._lab.seen_ports
        verdict = self._evaluator.send(step.src, step.dst, step.packet, now_s)
        if not seen.agrees(verdict, step.src[1]):
            return _parted("live", step, [verdict], seen)
        if verdict.arrived is not None:
            self.asked["translated"] += verdict.arrived.src != home or verdict.arrived.dst != step.dst
            sent = verdict.arrived
            self.asked["by NAT"] += sent.nats > 0
            dressed = Dresser(Random(step.dress)).dress(sent.src, sent.dst, sent.packet)
            if not sent.made_here and aged(dressed, sent) != seen.octets:
                return _parted("octets", step, [verdict], seen)
            if sent.nats == 1 and not sent.made_here and step.answered:
                return self._answer(step, verdict)
        return None

    def _answer(self, step: Step, verdict: Verdict) -> Disagreement | None:
        """Nobody can write beforehand what a NAT gateway makes of a packet."""
        assert verdict.arrived is not None
        asked = verdict.arrived
        replier = self._key(verdict.receiver)
        if asked.dst not in self._own(replier):
            return None
        self.asked["answers to NAT"] += 1
        back = replace(reply_to(asked.packet), source=asked.dst, via="")
        if back.is_error or back.quote is not None:
            return None
        return self._send(Step(0, replier, asked.src, back, answered=False, dress=step.dress + 1))

    def _trace(self, step: Step) -> Disagreement | None:
        """Both ways, past every blocker."""
        self.asked["trace"] += 1
        evaluator = self._evaluator.copy()
        trace = self._lab.trace(step.src, step.dst, step.packet)
        evaluator.seen_ports = ports_in(trace.forward)
        way = evaluator.explain(step.src, step.dst, step.packet, self._lab.now_s)
        told = any("tells" in note and "does not let it in" not in note for note in trace.notes)
        seen = replace(traced(trace.forward, trace.destination), told=told)
        if not seen.agrees(way[0], step.src[1]) or seen.refusals != refusals(way):
            return _parted("trace", step, way, seen)
        arrived = way[-1].arrived
        # Who is not the destination (an appliance) replies nothing by itself.
        if arrived is None or arrived.dst not in self._own(replier := self._key(way[-1].receiver)):
            return None if trace.reply is None else _parted("reply", step, way, traced(trace.reply))
        back = Step(0, replier, arrived.src, replace(reply_to(arrived.packet), source=arrived.dst))
        return self._trace_reply(trace, back, step.src[1], way, evaluator)

    def _own(self, key: tuple[str, str]) -> Sequence[IPv4Address]:
        if key[0] == INTERNET:
            return [self._evaluator.outside[key[1]]]
        return self._evaluator.vpcs[key[0]].instances[key[1]].addresses

    def _key(self, name: str) -> tuple[str, str]:
        """Names are everybody's own here, also across VPCs."""
        return next(key for key in self._addresses if key[1] == name)

    def _trace_reply(
        self, trace: Traced, back: Step, asker: str, way: Sequence[Verdict], evaluator: Evaluator
    ) -> Disagreement | None:
        self.asked["reply"] += 1
        assert trace.reply is not None, f"{back.src} is there to reply"
        evaluator.seen_ports = ports_in(trace.reply)
        way_back = evaluator.explain(back.src, back.dst, back.packet, self._lab.now_s)
        if way_back[-1].delivered and way_back[-1].receiver != asker:
            # What an appliance does with it, nobody knows.
            way_back[-1] = Verdict(Ending.UNKNOWN, Place.RECEIVER, way_back[-1].receiver)
        seen = traced(trace.reply)
        agrees = seen.agrees(way_back[0], back.src[1]) and seen.refusals == refusals(way_back)
        if not agrees or trace.reachable != (way[0].delivered and way_back[0].delivered):
            return _parted("reply", back, way_back, seen)
        return None


def _parted(asked: str, step: Step, way: Sequence[Verdict], seen: Seen) -> Disagreement:
    return Disagreement(asked, step, tuple(way), seen)


def _opening(packet: Packet) -> Packet:
    """The first packet of a flow like this one's, as a trace asks for it."""
    return replace(_first(packet), octets=packet.octets)


def _first(packet: Packet) -> Packet:
    match packet.protocol:
        case 1:
            return Packet(ICMP, icmp_type=ECHO, icmp_id=1)
        case 6:
            return Packet(TCP, packet.src_port, packet.dst_port, flags="S")
        case _:
            return Packet(packet.protocol, packet.src_port, packet.dst_port)


# Less of the same


def shrink(case: Case, found: Disagreement) -> tuple[Case, Disagreement]:
    """The same kind of disagreement with fewer events and requests: each is left out if it can be."""
    latest = [found]

    def still_shows(candidate: Case) -> bool:
        again = _play_again(candidate)
        if again is None or again.asked != found.asked:
            return False
        latest.append(again)
        return True

    story = _fewer(case.story, lambda story: still_shows(replace(case, story=story)))
    case = replace(case, story=story)
    world = case.world
    requests = _fewer(world.requests, lambda those: still_shows(replace(case, world=replace(world, requests=those))))
    return replace(case, world=replace(world, requests=requests)), latest[-1]


def _fewer(items: tuple[T, ...], still_shows: Callable[[tuple[T, ...]], bool]) -> tuple[T, ...]:
    for position in reversed(range(len(items))):
        without = items[:position] + items[position + 1 :]
        if still_shows(without):
            items = without
    return items


def _play_again(case: Case) -> Disagreement | None:
    """None also where the world without something is none."""
    try:
        return Comparison(case).play()
    except (Refused, KeyError):
        return None
