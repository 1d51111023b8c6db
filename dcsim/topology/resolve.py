"""A valid file to a plan. All problems are collected."""

from collections.abc import Iterator, Sequence

from dcsim.problem import Mark, Mistake, Problem, Refused, in_file_order
from dcsim.topology.context import Context
from dcsim.topology.doubts import doubts
from dcsim.topology.internet import internet
from dcsim.topology.physical import ImpairmentSpec, PlantSpec, parse_link
from dcsim.topology.plan import (
    DEFAULT_START_NS,
    Impairment,
    InputFile,
    Link,
    LinkSetting,
    Plan,
    Plant,
)
from dcsim.topology.schema import TopologyFile
from dcsim.topology.tree import Node
from dcsim.topology.vpc import requests
from dcsim.topology.words import instead, quoted


def resolve(file: TopologyFile, root: Node, name: str, files: tuple[InputFile, ...]) -> Plan:
    """Refused with every problem, in the order of the file."""
    context = Context(file, root)
    _check_zones(context)
    links = tuple(_links(context))
    asked = requests(context)
    outside = internet(context)
    if context.problems:
        # Copies stumble over the same word; the first one's complaint is enough.
        raise Refused(in_file_order({each.mark: each for each in reversed(context.problems)}.values()))
    start_ns = DEFAULT_START_NS if file.start is None else file.start
    return Plan(
        name=name,
        region=file.region,
        zones=tuple(file.zones),
        start_ns=start_ns,
        plant=plant_of(file.plant),
        links=links,
        requests=asked,
        warnings=tuple(in_file_order(doubts(asked))),
        files=files,
        internet=outside,
    )


def _check_zones(context: Context) -> None:
    zones = context.file.zones
    if not zones:
        context.complain(context.value(["zones"]), "zones is empty", "a region has at least one")
    for position, zone in enumerate(zones):
        if zone in zones[:position]:
            context.complain(context.value(["zones", position]), f"zone {zone} is here twice")


def _links(context: Context) -> Iterator[LinkSetting]:
    seen: dict[tuple[str, str, bool], Link] = {}
    for text, spec in context.file.links.items():
        mark = context.key(["links", text])
        link = link_between(text, context.zones, mark, context.problems)
        if link is None:
            continue
        ends = sorted((link.a, link.b)) if link.both else (link.a, link.b)
        first = seen.setdefault((ends[0], ends[1], link.both), link)
        if first is not link:
            context.complain(mark, f"{link} is {first}, which is here already")
        yield LinkSetting(link, impairment_of(spec), mark)


def link_between(text: str, zones: Sequence[str], mark: Mark, problems: list[Problem]) -> Link | None:
    """Zones must exist; whether `spine-b1` or `b/r2` does, only the fabric knows."""
    try:
        link = parse_link(text)
    except Mistake as mistake:
        problems.append(Problem(mark, None, mistake.message, mistake.advice))
        return None
    for place in (link.a, link.b):
        zone, inner, _ = place.partition("/")
        if (inner or "-" not in zone) and zone not in zones:
            problems.append(Problem(mark, None, f"no zone {quoted(zone)}", instead(zone, zones)))
    return link


def plant_of(spec: PlantSpec) -> Plant:
    return Plant(
        datacenters=spec.datacenters,
        power_domains=spec.power_domains,
        racks=spec.racks,
        hosts=spec.hosts,
        spines=spec.spines,
        nic_bps=spec.nic,
        uplink_bps=spec.uplink,
        delay_ns=spec.delay,
        between_zones_ns=spec.between_zones,
        nic_limit_bytes=spec.nic_limit,
        uplink_limit_bytes=spec.uplink_limit,
        detection_ns=spec.detection,
        convergence_ns=spec.convergence,
        propagation_ns=spec.propagation,
    )


def impairment_of(spec: ImpairmentSpec) -> Impairment:
    return Impairment(
        rate_bps=spec.rate,
        delay_ns=spec.delay,
        jitter_ns=spec.jitter,
        loss_ppb=spec.loss,
        corrupt_ppb=spec.corrupt,
        duplicate_ppb=spec.duplicate,
        reorder_ppb=spec.reorder,
        limit_bytes=spec.limit,
    )
