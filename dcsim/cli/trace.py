"""`dcsim trace`: hop by hop, which rule decided, and every blocker."""

import sys
from dataclasses import replace
from pathlib import Path

import orjson

from dcsim.cli import status
from dcsim.cli.loading import address_of, command_line, guest_called, refuse_itself, settled
from dcsim.path_component import as_dict
from dcsim.problem import Mistake
from dcsim.topology.quantity import format_duration
from dcsim.trace import Traced
from dcsim.trace import trace as trace_packet
from dcsim.traffic_spec import TrafficSpec, parse_traffic
from netvirt.address import is_ipv6
from netvirt.journey import Hop, Journey, Outcome
from netvirt.vpc.traffic import TCP, UDP

LEAST_BYTES = 40
"""An IP packet with the headers of TCP, or with some octets behind UDP's or ICMP's."""
LEAST_BYTES_IPV6 = 60
"""The same behind IPv6's header."""
LABEL_WIDTH = 14
"""Of the first column; longer names make it wider."""


def trace(
    file: Path,
    source: str,
    destination: str,
    words: list[str],
    source_port: int | None,
    size: int | None,
    as_json: bool,
) -> int:
    traffic = replace(traffic_of(words, source_port), size=size or 0)
    world = settled(file)
    guest = guest_called(world, source)
    target = address_of(world, destination, guest, traffic.ipv6)
    refuse_itself(guest, target)
    if size is not None and is_ipv6(target) and size < LEAST_BYTES_IPV6:
        raise command_line(f"no packet of {size} bytes goes by IPv6", f"{LEAST_BYTES_IPV6} at least")
    try:
        traced = trace_packet(world, guest, target, traffic)
    except Mistake as mistake:
        raise command_line(mistake.message, mistake.advice) from None
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(as_dict(traced), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        sys.stdout.write("\n".join(lines(traced)) + "\n")
    return status.YES if traced.reachable else status.NO


def traffic_of(words: list[str], source_port: int | None) -> TrafficSpec:
    """`tcp 22`, `udp 53`, `icmp`, `proto 47`, `tcp6 22`; as several words or one."""
    try:
        traffic = parse_traffic(" ".join(words))
    except Mistake as mistake:
        raise command_line(mistake.message, mistake.advice) from None
    if source_port is None:
        return traffic
    if traffic.protocol not in (TCP, UDP):
        raise command_line(f"{' '.join(words)} has no --source-port", "leave it out; tcp and udp have ports")
    return replace(traffic, source_port=source_port)


def lines(traced: Traced) -> list[str]:
    """The table for people, and under it what each blocker says."""
    rows = [(f"{number} {hop.label}", verdict(hop)) for number, hop in enumerate(traced.forward.hops, 1)]
    if traced.middlebox is not None:
        rows.append((f"{len(rows) + 1} {traced.middlebox.name}", traced.middlebox.rule))
    elif traced.forward.delivered:
        after = format_duration(traced.latency_ns, 4)
        rows.append((f"{len(rows) + 1} {traced.destination}", f"DELIVERED after {after}"))
    rows += _reply(traced)
    told = [*traced.notes, *([traced.middlebox.advice] if traced.middlebox else [])]
    notes = [("note", note) for note in told]
    if traced.limit is not None:
        notes.append(("path MTU", f"{traced.path_mtu} bytes, at {traced.limit.kind} {traced.limit.name}"))
    width = max(LABEL_WIDTH, *(len(what) for what, _ in rows))
    stops = blockers("forward", traced.forward)
    if traced.reply is not None:
        stops += blockers("reply", traced.reply)
    return [*aligned(rows, width), *stops, *aligned(notes, width)]


def aligned(rows: list[tuple[str, str]], width: int) -> list[str]:
    return [f"{what:<{width}} {text}" for what, text in rows]


def verdict(hop: Hop) -> str:
    if not hop.blocked:
        return hop.rule
    word = "UNKNOWN" if hop.outcome is Outcome.UNKNOWN else "BLOCKED"
    return f"{word} {hop.code or (hop.outcome.value if hop.outcome else '')}"


def _reply(traced: Traced) -> list[tuple[str, str]]:
    if traced.reply is None:
        return []
    if not traced.reply.delivered:
        return [(f"reply {hop.label}", verdict(hop)) for hop in traced.reply.hops if hop.blocked]
    acls = [hop.label for hop in traced.reply.hops if hop.kind == "acl"]
    groups = [hop for hop in traced.reply.hops if hop.kind == "sg"]
    tracked = all(hop.rule == "tracked flow" for hop in groups)
    flows = "tracked flows" if tracked else "; ".join(dict.fromkeys(hop.rule for hop in groups))
    return [("reply", f"{', '.join(acls)}; {flows}" if acls else flows)]


def blockers(direction: str, journey: Journey) -> list[str]:
    """What each blocker says, where it is written, and what would let the packet through."""
    shown = []
    for hop in journey.blockers:
        where = f"{hop.written} " if hop.written else ""
        shown.append(f"{where}{hop.label} ({direction}): {hop.rule}")
        if hop.advice:
            advice = hop.advice if hop.advice.startswith("would take") else f"would take: {hop.advice}"
            shown.append(advice)
    return shown
