"""From a path to a scenario: names looked up in the topology, times put on one axis."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from dcsim.problem import Mistake, Refused, in_file_order
from dcsim.scenario.context import Context
from dcsim.scenario.doubts import doubt
from dcsim.scenario.expectation import Expectation, Sentence
from dcsim.scenario.scenario import GuestRef, Probe, Scenario
from dcsim.scenario.schema import ProbeSpec, ScenarioFile
from dcsim.scenario.timeline import timeline
from dcsim.topology.check import check
from dcsim.topology.kind import kind_by_keys, refuse_other
from dcsim.topology.load import load_found, locate
from dcsim.topology.plan import InputFile, Plan
from dcsim.topology.quantity import format_duration, format_size
from dcsim.topology.source import parse, read
from dcsim.topology.tree import Node, find, inside, value_mark
from dcsim.topology.words import instead, quoted

MOST_WAITING = 1024
"""A guest keeps account of fewer questions than this of one series that may still be answered."""
MOST_SERIES = 16
"""A guest asks this many series at once (`hypervisor/firmware/src/ping.c`, as above)."""
MOST_PROBE_BYTES = 8_973
"""A 9,001 byte packet (AWS's jumbo MTU) without its IPv4 and ICMP or UDP headers: probes are not fragmented."""


def kind_of(path: str | Path) -> Literal["topology", "scenario"]:
    """By the keys at its top. Refused when it cannot be read, or is plainly neither."""
    found = locate(Path(path))
    root = parse(read(found), str(found))
    if kind_by_keys(root) == "scenario":
        return "scenario"
    refuse_other("topology", root, str(found))
    return "topology"


def load_scenario(path: str | Path, topology: Path | None = None) -> Scenario:
    """A scenario file with its topology, or another in its place; Refused with every problem."""
    found = locate(Path(path))
    data = read(found)
    root = parse(data, str(found))
    refuse_other("scenario", root, str(found))
    file = check(ScenarioFile, root)
    plan = _topology(found, file.topology, root) if topology is None else load_found(topology)
    context = Context(file, root, plan)
    scenario = _resolve(context, found.stem, InputFile(str(found), data))
    if context.problems:
        raise Refused(in_file_order(context.problems))
    return scenario


def _topology(scenario: Path, name: str, root: Node) -> Plan:
    """Relative to the scenario, else one of dcsim's own."""
    mark = value_mark(root, ["topology"])
    return load_found(locate(scenario.parent / name, name=name, asked_at=mark), mark)


def _resolve(context: Context, name: str, source: InputFile) -> Scenario:
    file = context.file
    if file.duration == 0:
        context.complain(context.value(["duration"]), "a run of no time shows nothing", "write duration: 3 min")
    for clash in [entry for entry in file.timeline if entry in file.probes]:
        context.complain(context.key(["timeline", clash]), f"{clash} is a probe already", "Choose another name")
    probes = tuple(_probes(context))
    entries = timeline(context)
    expectations = tuple(_expectations(context))
    if not context.problems:
        doubt(context, probes, entries, expectations)
    return Scenario(
        name=name,
        topology=context.plan,
        duration_ns=file.duration,
        seed=file.seed,
        capture=file.capture,
        probes=probes,
        timeline=entries,
        expectations=expectations,
        warnings=(*context.plan.warnings, *in_file_order(context.warnings)),
        files=(source, *context.plan.files),
    )


def _probes(context: Context) -> Iterator[Probe]:
    asked: Counter[GuestRef | None] = Counter()
    for name, spec in context.file.probes.items():
        _check_numbers(context, name, spec)
        source = _source(context, name, spec)
        asked[source] += 1
        if source is not None and asked[source] == MOST_SERIES + 1:
            mark = context.value(["probes", name, "from"])
            context.complain(mark, f"{source} asks for more than {MOST_SERIES} probes", "Let another guest ask")
        wanted = spec.ping if spec.ping6 is None else spec.ping6
        if wanted is None:
            context.complain(context.key(["probes", name]), f"probe {name} asks nothing", "write ping: NAME")
            continue
        mark = context.value(["probes", name, "ping" if spec.ping6 is None else "ping6"])
        if spec.ping is not None and spec.ping6 is not None:
            context.complain(mark, f"probe {name} asks for ping and ping6", "make two probes of it")
        target = context.guest(wanted, mark)
        if target is None or source is None:
            continue
        if target == source:
            context.complain(mark, f"{target} would ask itself")
        yield Probe(
            name=name,
            source=source,
            target=target,
            every_ns=spec.every,
            timeout_ns=spec.timeout,
            size_bytes=spec.size,
            mark=context.key(["probes", name]),
            ipv6=spec.ping6 is not None,
        )


def check_patience(every_ns: int, timeout_ns: int) -> None:
    """Mistake when too many questions would wait for their answers at once."""
    if timeout_ns // every_ns >= MOST_WAITING:
        message = f"{format_duration(timeout_ns)} is {timeout_ns // every_ns} times {format_duration(every_ns)}"
        raise Mistake(message, f"it may be {MOST_WAITING - 1} times every at most", field=True)


def _source(context: Context, name: str, spec: ProbeSpec) -> GuestRef | None:
    if spec.source is None:
        context.complain(context.key(["probes", name]), f"probe {name} lacks from")
        return None
    return context.guest(spec.source, context.value(["probes", name, "from"]))


def _check_numbers(context: Context, name: str, spec: ProbeSpec) -> None:
    for word, value in (("every", spec.every), ("timeout", spec.timeout)):
        if value == 0:
            context.complain(context.value(["probes", name, word]), f"{word} must be more than nothing")
    if spec.every and spec.timeout:
        try:
            check_patience(spec.every, spec.timeout)
        except Mistake as mistake:
            word = "timeout" if "timeout" in spec.model_fields_set else "every"
            context.complain(context.value(["probes", name, word]), f"timeout {mistake.message}", mistake.advice)
    if spec.size > MOST_PROBE_BYTES:
        mark = context.value(["probes", name, "size"])
        context.complain(mark, f"size {format_size(spec.size)} is too much", f"the most is {MOST_PROBE_BYTES} B")


def _expectations(context: Context) -> Iterator[Expectation]:
    for position, sentence in enumerate(context.file.expect):
        node = find(context.root, ["expect", position])
        _check_names(context, sentence, node)
        yield sentence.at(node.mark)


def _check_names(context: Context, sentence: Sentence, node: Node) -> None:
    probes, entries = context.file.probes, context.file.timeline
    if not sentence.probe:
        example = f"{next(iter(probes), 'across')}.{sentence.measure}"
        message = f"{sentence.measure} is measured by a probe"
        context.complain(inside(node, sentence.probe_span), message, f"write it like {example}")
    elif sentence.probe not in probes:
        mark = inside(node, sentence.probe_span)
        context.complain(mark, f"no probe {quoted(sentence.probe)}", instead(sentence.probe, probes))
    if sentence.for_ns is not None:
        mark = inside(node, sentence.tail_span)
        context.complain(mark, "an expectation lasting for some time is not measured yet", "leave it out")
    if sentence.window is not None and sentence.window.entry not in entries:
        mark = inside(node, sentence.tail_span)
        entry = sentence.window.entry
        context.complain(mark, f"no window {quoted(entry)}", instead(entry, entries))
    elif sentence.window is not None and sentence.window.side == "during" and entries[sentence.window.entry].call:
        mark = inside(node, sentence.tail_span)
        entry = sentence.window.entry
        context.complain(mark, f"{entry} takes no time", f"write before {entry} or after {entry}")
