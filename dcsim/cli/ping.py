"""`dcsim ping`: one guest pings another in its own code, over real frames."""

import sys
from pathlib import Path

import orjson

from dcsim.cli import status
from dcsim.cli.loading import address_of, command_line, guest_called, refuse_itself, settled, why
from dcsim.observe.losses import Losses
from dcsim.pinging import Answer, Payload, Pinger, check_family
from dcsim.problem import Mistake
from dcsim.scenario.load import check_patience
from dcsim.topology.quantity import duration_ns, format_duration, format_percent
from netvirt.address import format_ip, is_ipv6

READY_NS = 10_000_000
"""When the first request goes out: guests have their addresses by then."""
MARGIN_NS = 1_000_000_000
"""Beyond the last timeout, so that the last result is told too."""


def ping(
    file: Path,
    source: str,
    destination: str,
    count: int,
    every: str,
    timeout: str,
    payload: Payload,
    seed: int | None,
    as_json: bool,
    ipv6: bool = False,
) -> int:
    every_ns, timeout_ns = _duration("--every", every), _duration("--timeout", timeout)
    try:
        check_patience(every_ns, timeout_ns)
    except Mistake as mistake:
        raise command_line(f"--timeout {mistake.message}", mistake.advice) from None
    world = settled(file, seed)
    guest = guest_called(world, source)
    target = address_of(world, destination, guest, ipv6)
    refuse_itself(guest, target)
    try:
        payload.check(guest)
        check_family(guest, target)
    except Mistake as mistake:
        raise command_line(mistake.message, mistake.advice) from None
    pinger = Pinger(world, guest, target, every_ns, timeout_ns, payload)
    losses = Losses(world.ledger, guest.placed.interface, target)
    pinger.start(READY_NS, count)
    world.clock.run(until=READY_NS + count * every_ns + timeout_ns + MARGIN_NS)
    answers = sorted(pinger.answers, key=lambda answer: answer.sequence)
    _show(answers, count, format_ip(target), payload.size_bytes, as_json)
    if any(answer.rtt_ns is not None for answer in answers):
        return status.YES
    if not as_json:
        sys.stdout.write(why(losses.most, file, source, destination, is_ipv6(target)) + "\n")
    return status.NO


def _duration(option: str, text: str) -> int:
    try:
        ns = duration_ns(text)
    except Mistake as mistake:
        raise command_line(f"{option} {mistake.message}", mistake.advice) from None
    if ns <= 0:
        raise command_line(f"{option} {text} is no time at all", "write 1 s")
    return ns


def _show(answers: list[Answer], count: int, target: str, size: int, as_json: bool) -> None:
    received = sum(answer.rtt_ns is not None for answer in answers)
    loss_ppb = (count - received) * 1_000_000_000 // count
    if as_json:
        rows = [{"seq": a.sequence, "sent_ns": a.sent_ns, "rtt_ns": a.rtt_ns} for a in answers]
        document = {
            "target": target,
            "sent": count,
            "received": received,
            "loss_ppb": loss_ppb,
            "answers": rows,
        }
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        return
    for answer in answers:
        if answer.rtt_ns is not None:
            time = format_duration(answer.rtt_ns, 4)
            sys.stdout.write(f"{size + 8} bytes from {target}: seq={answer.sequence} time={time}\n")
        else:
            sys.stdout.write(f"no answer from {target}: seq={answer.sequence}\n")
    sys.stdout.write(f"{count} sent, {received} received, {format_percent(loss_ppb, 3)} loss\n")
