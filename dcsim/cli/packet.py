"""`dcsim explain`: one packet of a run, hop by hop, and how it ended."""

import sys
from pathlib import Path
from typing import Any

import orjson

from dcsim.cli import status
from dcsim.cli.loading import command_line
from dcsim.cli.progress import progress_on
from dcsim.cli.trace import LABEL_WIDTH, aligned, blockers, verdict
from dcsim.observe.rundir import SUMMARY
from dcsim.path_component import components
from dcsim.problem import Mistake
from dcsim.replay import Explained, Fate, explain_packet
from dcsim.topology.quantity import format_duration
from netvirt.address import format_ip
from netvirt.frame import Flow
from netvirt.journey import Outcome

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
ANOTHER = "another dcsim made the run; played again with this one, it did the same with this packet"


def explain(run: Path, number: int, as_json: bool) -> int:
    try:
        with progress_on(_duration_ns(run), hidden=as_json) as progress:
            explained = explain_packet(run, number, progress)
    except Mistake as mistake:
        raise command_line(mistake.message, mistake.advice) from None
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(as_dict(explained), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        sys.stdout.write("\n".join(lines(explained)) + "\n")
    return status.YES if passed(explained) else status.NO


def _duration_ns(run: Path) -> int:
    """How far there is to go; what is wrong with a run is said when it is played."""
    try:
        return max(1, int(orjson.loads((run / SUMMARY).read_bytes())["simulated_ns"]))
    except (OSError, ValueError, KeyError, TypeError):
        return 1


def passed(explained: Explained) -> bool:
    """Did it get somewhere: to a guest, or to a service of the host's own?"""
    if explained.fate is None:
        return explained.journey.outcome is Outcome.CONSUMED
    return explained.fate.outcome is Outcome.DELIVERED


def lines(explained: Explained) -> list[str]:
    """What it was, its hops, and how it ended."""
    packet = explained.packet
    hops = explained.journey.hops
    rows = [(f"packet {packet.number}", _headers(explained))]
    rows += [(f"{number} {hop.label}", verdict(hop)) for number, hop in enumerate(hops, 1)]
    rows.append(("in the run", _ended(explained)))
    notes = [("note", ANOTHER)] if explained.other_dcsim else []
    width = max(LABEL_WIDTH, *(len(what) for what, _ in rows))
    return [*aligned(rows, width), *blockers("forward", explained.journey), *aligned(notes, width)]


def _headers(explained: Explained) -> str:
    packet = explained.packet
    seen = f"{len(packet.data)} bytes, at {packet.interface} after {format_duration(explained.seen_ns)}"
    return f"{_flow(explained.flow)}, {seen}"


def _flow(flow: Flow) -> str:
    protocol = PROTOCOLS.get(flow.protocol, f"proto {flow.protocol}")
    ports = [f" port {port}" if port >= 0 else "" for port in (flow.src_port, flow.dst_port)]
    kind = f" type {flow.icmp_type}" if flow.icmp_type >= 0 else ""
    return f"{protocol}{kind}, {format_ip(flow.src)}{ports[0]} to {format_ip(flow.dst)}{ports[1]}"


def _ended(explained: Explained) -> str:
    sent = f"{explained.source} sent it after {format_duration(explained.sent_ns)}"
    fate = explained.fate
    if fate is None and explained.journey.outcome is Outcome.CONSUMED:
        return f"{sent}, and the host answered"
    if fate is None:
        return f"{sent}, and its end was not seen"
    later = format_duration(fate.time_ns - explained.sent_ns, 4)
    if fate.outcome is Outcome.DELIVERED:
        middlebox = f", {fate.rule}," if fate.rule else ""
        return f"{sent}, DELIVERED to {fate.place}{middlebox} {later} later"
    rule = f" ({fate.rule})" if fate.rule else ""
    return f"{sent}, LOST at {fate.place} {later} later: {fate.outcome.value}{rule}"


def as_dict(explained: Explained) -> dict[str, Any]:
    """For programs, as far as it goes in the words of `trace --json`."""
    packet, fate = explained.packet, explained.fate
    return {
        "packet": packet.number,
        "interface": packet.interface,
        "t_ns": explained.seen_ns,
        "bytes": len(packet.data),
        "source": explained.source,
        "sent_ns": explained.sent_ns,
        "forwardPathComponents": components(explained.journey.hops),
        "explanations": [hop.code for hop in explained.journey.blockers if hop.code],
        "ended": None if fate is None else _fate(fate),
        "same_dcsim": not explained.other_dcsim,
    }


def _fate(fate: Fate) -> dict[str, Any]:
    return {"outcome": fate.outcome.value, "place": fate.place, "t_ns": fate.time_ns, "rule": fate.rule or None}
