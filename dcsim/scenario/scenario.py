"""A scenario as the runner sees it: everything resolved, nothing left to look up."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from dcsim.problem import Mark, Problem
from dcsim.request import Verb
from dcsim.scenario.expectation import Expectation
from dcsim.topology.plan import INTERNET, Impairment, InputFile, Link, Plan

Capture = Literal["probes", "links", "all"]
ACTIONS = ("power-off", "link-down", "impair")
PlaceKind = Literal["zone", "datacenter", "power domain", "rack", "host"]


class GuestRef(NamedTuple):
    """An instance of the topology: its name is unique in its VPC only. Outsiders' is called `internet`."""

    vpc: str
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def is_outside(self) -> bool:
        return self.vpc == INTERNET


@dataclass(frozen=True, slots=True)
class Probe:
    """`source` pings `target` every `every_ns`, and counts an answer later than `timeout_ns` as lost."""

    name: str
    source: GuestRef
    target: GuestRef
    every_ns: int
    timeout_ns: int
    size_bytes: int
    """Payload after the ICMP header."""
    mark: Mark = field(compare=False)
    ipv6: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """`path` starts with the zone: `b`, `b/r1`, `b/r1/h1`. Only the zone is known to exist."""

    kind: PlaceKind
    path: str

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


@dataclass(frozen=True, slots=True)
class HostOf:
    """The host that runs this instance when the action begins."""

    guest: GuestRef

    def __str__(self) -> str:
        return f"host of {self.guest}"


@dataclass(frozen=True, slots=True)
class PowerOff:
    target: Place | HostOf


@dataclass(frozen=True, slots=True)
class Crossing:
    """Every link into a place, or out of it; `place` as users call it: `zone b`, `rack b/r1`."""

    into: bool
    place: str

    def __str__(self) -> str:
        return f"links {'into' if self.into else 'out of'} {self.place}"


@dataclass(frozen=True, slots=True)
class LinkDown:
    target: Link | Crossing


@dataclass(frozen=True, slots=True)
class Impair:
    target: Link | Crossing
    impairment: Impairment


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A verb for the control plane, at one moment: what it changes stays."""

    request: Verb
    turn: int = field(compare=False, default=0)
    """Its place among all calls of the timeline."""

    @property
    def verb(self) -> str:
        return type(self.request).__name__

    def __str__(self) -> str:
        return f"{self.verb} {self.request.words}"


Disturbance = PowerOff | LinkDown | Impair
"""What holds for a while, and is over then."""
Action = Disturbance | ApiCall


@dataclass(frozen=True, slots=True)
class Entry:
    """A window [start_ns, end_ns) of the run, and what is done to the world during it, if anything.

    `end_ns` equals the scenario's duration when the entry lasts until the end; a call takes no time.
    """

    name: str
    start_ns: int
    end_ns: int
    action: Action | None
    mark: Mark = field(compare=False)

    @property
    def is_moment(self) -> bool:
        return isinstance(self.action, ApiCall)


@dataclass(frozen=True, slots=True)
class Called:
    """An entry's call, in its words, and how it ended: carried out, or refused for a reason."""

    entry: Entry
    verb: str
    what: str
    refused: Problem | None


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    topology: Plan
    duration_ns: int
    seed: int
    capture: Capture
    probes: tuple[Probe, ...]
    timeline: tuple[Entry, ...]
    expectations: tuple[Expectation, ...]
    warnings: tuple[Problem, ...] = field(compare=False)
    files: tuple[InputFile, ...] = field(compare=False)
    """The scenario's own file, then the topology's."""
