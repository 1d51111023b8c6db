"""Warnings of what a scenario asks and cannot learn."""

from collections.abc import Iterator, Sequence

from dcsim.cloud.capacity import Capacity, vcpus
from dcsim.fabric.layout import Kind
from dcsim.fabric.target import find_place
from dcsim.request import CreateSubnet, RunInstances
from dcsim.scenario.context import Context
from dcsim.scenario.expectation import Expectation
from dcsim.scenario.scenario import Entry, GuestRef, HostOf, PowerOff, Probe
from dcsim.topology.quantity import format_duration

STEADY_NS = 10_000_000_000
"""So long without loss is steady again: what an rto waits for (`dcsim.observe.probe`)."""


def doubt(
    context: Context, probes: Sequence[Probe], entries: Sequence[Entry], expectations: Sequence[Expectation]
) -> None:
    _too_short_for_rto(context, entries, expectations)
    _asked_in_the_dark(context, probes, entries, expectations)


def _too_short_for_rto(context: Context, entries: Sequence[Entry], expectations: Sequence[Expectation]) -> None:
    """A fault that lasts until the end is recovered from while it lasts, or not at all."""
    whole_ns = context.file.duration
    changes = [
        (entry.end_ns, f"{entry.name} ends") if entry.end_ns < whole_ns else (entry.start_ns, f"{entry.name} begins")
        for entry in entries
        if entry.action is not None
    ]
    if not changes:
        return
    last_ns, what = max(changes)
    if whole_ns - last_ns >= STEADY_NS:
        return
    for each in expectations:
        if each.measure == "rto":
            needs = f"{each.probe}.rto waits for {format_duration(STEADY_NS)} without loss"
            message = f"{needs}; the run ends {format_duration(whole_ns - last_ns)} after {what}"
            context.warn(each.mark, message, f"Write duration: {format_duration(last_ns + STEADY_NS)}, or more")


def _asked_in_the_dark(
    context: Context, probes: Sequence[Probe], entries: Sequence[Entry], expectations: Sequence[Expectation]
) -> None:
    """A guest without power asks nothing, so its probe says nothing of the others."""
    outages = [entry for entry in entries if isinstance(entry.action, PowerOff)]
    if not outages or not expectations:
        return
    hosts = _hosts(context)
    sources = {probe.name: probe.source for probe in probes}
    told: list[tuple[str, str]] = []
    for each in expectations:
        source = sources.get(each.probe)
        for outage in _during(context, each, entries, outages):
            if (
                source is None
                or (each.probe, outage.name) in told
                or hosts.get(source) not in _dark(context, outage, hosts)
            ):
                continue
            told.append((each.probe, outage.name))
            message = f"{each.probe} is asked by {source}, which is without power during {outage.name}"
            context.warn(each.mark, message, "Let a guest elsewhere ask")


def _during(
    context: Context, expectation: Expectation, entries: Sequence[Entry], outages: Sequence[Entry]
) -> Iterator[Entry]:
    """The outages within the window that an expectation looks at; without a window, it is the whole run."""
    begin_ns, end_ns = 0, context.file.duration
    if expectation.window is not None:
        entry = next((each for each in entries if each.name == expectation.window.entry), None)
        if entry is None:
            return
        spans = {"before": (0, entry.start_ns), "during": (entry.start_ns, entry.end_ns)}
        begin_ns, end_ns = spans.get(expectation.window.side, (entry.end_ns, end_ns))
    for outage in outages:
        if max(begin_ns, outage.start_ns) < min(end_ns, outage.end_ns):
            yield outage


def _hosts(context: Context) -> dict[GuestRef, int]:
    """Where the control plane will place each instance."""
    capacity, zones = Capacity(context.layout), dict[tuple[str, str], str]()
    hosts: dict[GuestRef, int] = {}
    for request in context.plan.requests:
        if isinstance(request, CreateSubnet):
            zones[request.vpc, request.name] = request.availability_zone
        if isinstance(request, RunInstances):
            zone, wanted = capacity.zones[zones[request.vpc, request.subnet]], vcpus(request.instance_type)
            host = zone.place(wanted) if wanted <= zone.host_vcpus else None
            if host is not None:
                hosts[GuestRef(request.vpc, request.name)] = host
    return hosts


def _dark(context: Context, outage: Entry, hosts: dict[GuestRef, int]) -> Sequence[int]:
    assert isinstance(outage.action, PowerOff)
    target = outage.action.target
    if isinstance(target, HostOf):
        return [hosts[target.guest]] if target.guest in hosts else []
    return context.layout.within(*find_place(context.layout, str(target)), Kind.HOST)
