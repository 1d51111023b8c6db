"""`summary.json`: what a run came to, in integers with the unit last in the name."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, Protocol, runtime_checkable

import orjson

from dcsim import __version__
from dcsim.fabric.fabric import Fabric
from dcsim.observe.probe import Figures, ProbeRecord
from dcsim.observe.verdict import Judged, Verdict, faults, windows_of
from dcsim.problem import Mark
from dcsim.scenario.scenario import Called, Entry
from hypervisor.clock import Clock
from hypervisor.host import Instance
from netvirt.appliance.contract import Appliance
from netvirt.appliance.nat import Nat
from netvirt.ledger import Ledger

FORMAT = 1
"""Rises when a reader of older summaries would misread a newer one."""


@runtime_checkable
class Machine(Protocol):
    """A guest that executes something; others come with zeros."""

    @property
    def cpu_ns(self) -> int: ...
    @property
    def instructions(self) -> int: ...
    @property
    def exits(self) -> Mapping[Any, int]: ...


class Guest(Protocol):
    """What a summary needs of `world.Guest`."""

    @property
    def name(self) -> str: ...
    @property
    def instance(self) -> Instance: ...


class Node(Protocol):
    """What a summary needs of `world.Node`."""

    @property
    def engine(self) -> Appliance | None: ...


class World(Protocol):
    """What a summary needs of `world.World`."""

    @property
    def seed(self) -> int: ...
    @property
    def fabric(self) -> Fabric: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def guests(self) -> Mapping[tuple[str, str], Guest]: ...
    @property
    def appliances(self) -> Mapping[tuple[str, str], Node]: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What a run ended with. `events` counts the lines of events.jsonl, `targets` are by timeline entry."""

    inputs_sha256: str
    simulated_ns: int
    events: int
    verdict: Verdict
    judged: Sequence[Judged]
    timeline: Sequence[Entry]
    probes: Sequence[ProbeRecord]
    targets: Mapping[str, Sequence[str]]
    calls: Sequence[Called] = ()
    """Of the timeline, in the order in which they were made."""


def summary(world: World, result: Result) -> dict[str, Any]:
    """The keys are the contract of the run directory."""
    return {
        "format": FORMAT,
        "dcsim": __version__,
        "seed": world.seed,
        "inputs_sha256": result.inputs_sha256,
        "simulated_ns": result.simulated_ns,
        "events": result.events,
        "verdict": result.verdict,
        "expectations": [_expectation(judged) for judged in result.judged],
        "windows": {entry.name: _window(entry, result.targets.get(entry.name, ())) for entry in result.timeline},
        "calls": [_call(called) for called in result.calls],
        "probes": {record.name: _probe(record, result) for record in _by_name(result.probes)},
        "stores": {},
        "drops": _drops(world.ledger),
        "links": _links(world.fabric),
        "guests": _guests(world.guests),
        **_nat_gateways(world),
    }


def written(summary: Mapping[str, Any]) -> bytes:
    """The bytes of summary.json."""
    return orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n"


def place_of(mark: Mark) -> str:
    """`file:line`, without the directories: equal inputs give equal summaries wherever they lie."""
    return f"{PurePath(mark.file).name}:{mark.line}"


def _expectation(judged: Judged) -> dict[str, Any]:
    expectation = judged.expectation
    return {
        "text": expectation.text,
        "at": place_of(expectation.mark),
        "holds": judged.holds,
        "measured": judged.measured,
        "unit": expectation.unit,
    }


def _window(entry: Entry, targets: Sequence[str]) -> dict[str, Any]:
    """Nobody detects or mends anything yet: those are null, which is not zero."""
    return {
        "start_ns": entry.start_ns,
        "end_ns": entry.end_ns,
        "targets": sorted(targets),
        "mttd_ns": None,
        "mttr_ns": None,
        "detected_by": None,
        "blast_radius_ppm": None,
    }


def _call(called: Called) -> dict[str, Any]:
    """`error` is EC2's code where it was refused; then nothing has changed."""
    refused = called.refused
    return {
        "entry": called.entry.name,
        "t_ns": called.entry.start_ns,
        "verb": called.verb,
        "what": called.what,
        "error": refused.code if refused else None,
        "message": refused.message if refused else None,
    }


def _by_name(probes: Iterable[ProbeRecord]) -> list[ProbeRecord]:
    return sorted(probes, key=lambda record: record.name)


def _probe(record: ProbeRecord, result: Result) -> dict[str, Any]:
    duration_ns = result.simulated_ns
    return {
        "windows": {
            name: _figures(record.figures(start_ns, end_ns))
            for name, (start_ns, end_ns) in windows_of(result.timeline, duration_ns).items()
        },
        "rto_ns": record.worst_rto_ns(faults(result.timeline), duration_ns),
    }


def _figures(figures: Figures) -> dict[str, int | None]:
    return {
        "sent": figures.sent,
        "lost": figures.lost,
        "availability_ppm": figures.availability_ppm,
        "p50_ns": figures.p50_ns,
        "p99_ns": figures.p99_ns,
        "max_ns": figures.max_ns,
    }


def _drops(ledger: Ledger) -> list[dict[str, Any]]:
    rows = sorted((place, reason.value, drop) for (place, reason), drop in ledger.drops.items())
    return [
        {"place": place, "reason": reason, "packets": drop.frames, "bytes": drop.bytes} for place, reason, drop in rows
    ]


def _links(fabric: Fabric) -> dict[str, dict[str, int]]:
    """In structural order; those that nobody used have nothing to tell."""
    return {
        link.name: {
            "tx_bytes": link.line.bytes,
            "queue_max_bytes": link.queue_max_bytes,
            "lost_packets": link.lost,
        }
        for link in fabric.all_links()
        if link.line.frames or link.lost
    }


def _guests(guests: Mapping[tuple[str, str], Guest]) -> dict[str, dict[str, Any]]:
    """By name; `vpc/name` where several VPCs have one of that name."""
    names = Counter(name for _, name in guests)
    return {
        name if names[name] == 1 else f"{vpc}/{name}": _usage(guest.instance)
        for (vpc, name), guest in sorted(guests.items())
    }


def _nat_gateways(world: World) -> dict[str, Any]:
    """What each one counted, by `vpc/name`; where there is none, nothing is said."""
    engines = {f"{vpc}/{name}": node.engine for (vpc, name), node in sorted(world.appliances.items())}
    now = world.clock.now
    counts = {name: engine.counts(now) for name, engine in engines.items() if isinstance(engine, Nat)}
    return {"nat_gateways": counts} if counts else {}


def _usage(instance: Instance) -> dict[str, Any]:
    machine = instance.guest if isinstance(instance.guest, Machine) else None
    exits = {_word(kind): count for kind, count in machine.exits.items()} if machine else {}
    return {
        "cpu_ns": machine.cpu_ns if machine else 0,
        "instructions": machine.instructions if machine else 0,
        "exits": dict(sorted(exits.items())),
        "boots": instance.boots,
    }


def _word(kind: Enum | str) -> str:
    return str(kind.value) if isinstance(kind, Enum) else kind
