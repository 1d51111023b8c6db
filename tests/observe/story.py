"""A small scenario, played with everything that a run writes."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from dcsim.observe.capture import Capture
from dcsim.observe.events import EventLog
from dcsim.observe.probe import ProbeRecord
from dcsim.scenario.load import load_scenario
from dcsim.scenario.play import Play, stage
from dcsim.scenario.scenario import Capture as Mode
from dcsim.scenario.scenario import Scenario

from .reader import Section, read

TOPOLOGY = """
version: 1
region: eu-west-1
zones: [a, b]
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24}
    security_groups:
      friends: {ingress: [icmp from friends, udp 9 from friends]}
    instances:
      left: {subnet: net-a, security_groups: friends}
      right: {subnet: net-b, security_groups: friends}
      third: {subnet: net-b, security_groups: friends}
"""
SCENARIO = """
version: 1
topology: region.yaml
duration: 12 s
probes:
  across: {ping: right, from: left, every: 100 ms, timeout: 300 ms}
timeline:
  outage: {at: 4 s, duration: 3 s, action: power-off, target: zone b}
expect:
  - across.loss == 0 % before outage
  - across.loss == 100 % during outage
  - across.rto <= 3 s
"""


def scenario(text: str = SCENARIO, topology: str = TOPOLOGY) -> Scenario:
    with TemporaryDirectory() as directory:
        Path(directory, "region.yaml").write_text(dedent(topology))
        story = Path(directory, "story.yaml")
        story.write_text(dedent(text))
        return load_scenario(story)


@dataclass
class Told:
    """What a run left behind."""

    play: Play
    capture: bytes
    events: bytes

    @property
    def section(self) -> Section:
        return read(self.capture)

    @property
    def records(self) -> dict[str, ProbeRecord]:
        records = {}
        for probe in self.play.scenario.probes:
            record = records[probe.name] = ProbeRecord(probe.name, probe.every_ns)
            for answer in self.play.answers(probe.name):
                record.add(answer.sequence, answer.sent_ns, answer.rtt_ns)
        return records


def tell(story: Scenario, mode: Mode | None = "probes", seed: int = 7) -> Told:
    """Play it to the end; no mode, no capture."""
    play = stage(story, seed)
    world = play.world
    file, events = BytesIO(), BytesIO()
    world.listeners.append(EventLog(events))
    if mode is not None:
        pairs = [(world.guests[probe.source], world.guests[probe.target]) for probe in story.probes]
        boundaries = [moment for entry in story.timeline for moment in (entry.start_ns, entry.end_ns)]
        capture = Capture(world, file, mode, pairs, boundaries, "story, seed 7")
    play.run(lambda now, doing: None)
    if mode is not None:
        capture.close()
    assert world.unaccounted == 0
    return Told(play, file.getvalue(), events.getvalue())
