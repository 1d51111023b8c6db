"""Play a scenario: its faults begin and end at their times, its probes ask, the clock does the rest."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from simpy import Event

from dcsim.faults.fault import Fault
from dcsim.observe.event import ActionBegan, ActionEnded
from dcsim.pinging import Answer, Payload, Pinger
from dcsim.problem import Mistake, Problem, Refused
from dcsim.rng import stream
from dcsim.scenario.scenario import ApiCall, Called, Entry, Probe, Scenario
from dcsim.world import World, build

STEPS = 200
"""The run stops this often to tell how far it is; always, so that watching it changes nothing."""

Progress = Callable[[int, str], None]
"""Called with the simulated time in ns and what is going on."""


@dataclass(slots=True)
class Play:
    """A scenario on its stage: built, nothing run yet."""

    scenario: Scenario
    seed: int
    world: World
    pingers: dict[str, Pinger]
    targets: dict[str, list[str]]
    """Names of the places and links that each action is done to."""
    calls: list[Called]
    """In the order in which they were made."""
    _going_on: list[str]

    def run(self, progress: Progress) -> None:
        """To the end, and on until the last question has its answer or its timeout."""
        clock = self.world.clock
        duration = self.scenario.duration_ns
        for step in range(1, STEPS + 1):
            clock.run(until=max(clock.now, duration * step // STEPS))
            progress(clock.now, "; ".join(self._going_on))
        patience = max((probe.timeout_ns for probe in self.scenario.probes), default=0)
        if patience:
            clock.run(until=duration + patience + 1_000_000)

    def answers(self, probe: str) -> list[Answer]:
        return sorted(self.pingers[probe].answers, key=lambda answer: answer.sequence)


def stage(scenario: Scenario, seed: int) -> Play:
    """Build the world, and give every fault and probe its process. Refused when a name means nothing there."""
    world = build(scenario.topology, seed)
    going_on: list[str] = []
    targets: dict[str, list[str]] = {}
    calls: list[Called] = []
    for entry in scenario.timeline:
        if entry.action is not None and not isinstance(entry.action, ApiCall):
            fault = Fault(world, entry.name, entry.action, entry.mark)
            targets[entry.name] = [target.name for target in fault.targets]
            world.clock.process(_perform(world, entry, scenario.duration_ns, fault, going_on))
    asking = [(entry, entry.action) for entry in scenario.timeline if isinstance(entry.action, ApiCall)]
    for entry, call in sorted(asking, key=lambda each: each[1].turn):
        world.clock.process(_call(world, entry, call, calls))
    pingers = {probe.name: _ask(world, probe, scenario.duration_ns) for probe in scenario.probes}
    return Play(scenario, seed, world, pingers, targets, calls, going_on)


def _call(world: World, entry: Entry, call: ApiCall, calls: list[Called]) -> Generator[Event, None, None]:
    """What is refused changes nothing, and the run goes on."""
    yield world.clock.timeout(entry.start_ns)
    world.tell(ActionBegan(entry.name, str(call)))
    try:
        world.call(call.request)
        calls.append(Called(entry, call.verb, call.request.words, None))
    except Refused as refused:
        calls.append(Called(entry, call.verb, call.request.words, refused.problems[0]))


def _perform(
    world: World, entry: Entry, duration_ns: int, fault: Fault, going_on: list[str]
) -> Generator[Event, None, None]:
    text = f"{entry.name}: {fault.text}"
    yield world.clock.timeout(entry.start_ns)
    world.tell(ActionBegan(entry.name, fault.text))
    going_on.append(text)
    fault.begin()
    if entry.end_ns >= duration_ns:
        return
    yield world.clock.timeout(entry.end_ns - entry.start_ns)
    fault.end()
    going_on.remove(text)
    world.tell(ActionEnded(entry.name, fault.text))


def _ask(world: World, probe: Probe, duration_ns: int) -> Pinger:
    """Tick k is at phase + k x every; the phase is drawn in [0.1, 0.9) x every."""
    tenth = probe.every_ns // 10
    phase = tenth + stream(world.seed, f"probe {probe.name}").randrange(max(1, 8 * tenth))
    source, target = world.guests[probe.source], world.guests[probe.target]
    try:
        address = world.address_for(source, target, probe.ipv6)
    except Mistake as mistake:
        raise Refused([Problem(probe.mark, None, mistake.message, mistake.advice)]) from None
    pinger = Pinger(world, source, address, probe.every_ns, probe.timeout_ns, Payload(probe.size_bytes))
    pinger.start(phase, max(0, -((phase - duration_ns) // probe.every_ns)))
    return pinger
