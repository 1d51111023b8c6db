"""From what the user typed to a world."""

import re
import shlex
from pathlib import Path
from typing import overload

from dcsim.cli.explain import BadArgument
from dcsim.observe.losses import Loss
from dcsim.problem import Mistake, with_advice
from dcsim.scenario.load import kind_of, load_scenario
from dcsim.topology.load import load
from dcsim.topology.plan import Plan
from dcsim.topology.words import quoted
from dcsim.world import Guest, World, build
from netvirt.address import Ip, parse_ip, parse_ipv6


def command_line(message: str, advice: str = "") -> BadArgument:
    """A problem with an argument, not with a file."""
    return BadArgument(with_advice(message, advice))


@overload
def whole(option: str, text: str, least: int, most: int) -> int: ...
@overload
def whole(option: str, text: str | None, least: int, most: int) -> int | None: ...
def whole(option: str, text: str | None, least: int, most: int) -> int | None:
    """An option that is a whole number in a range; None when it is not there."""
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,30}", text):
        raise command_line(f"{option} {quoted(text)} is not a whole number", f"it goes from {least} to {most}")
    if int(text) < least:
        raise command_line(f"{option} {int(text)} is less than {least}", f"it goes to {most}")
    if int(text) > most:
        raise command_line(f"{option} {int(text)} is more than {most}", f"it starts at {least}")
    return int(text)


def load_plan(file: Path) -> Plan:
    """A topology's plan, or that of the topology a scenario plays in."""
    return load_scenario(file).topology if kind_of(file) == "scenario" else load(file)


def one_of(option: str, text: str, *words: str) -> str:
    """An option that is one of a few words."""
    if text not in words:
        raise command_line(f"{option} {quoted(text)} is unknown", f"write {' or '.join(words)}")
    return text


def settled(file: Path, seed: int | None = None) -> World:
    """The file's world just after power-on."""
    world = build(load_plan(file), seed or 0)
    world.clock.run(until=1)
    return world


def guest_called(world: World, name: str) -> Guest:
    try:
        return world[name]
    except KeyError as error:
        raise command_line(str(error.args[0])) from None


def address_of(world: World, text: str, source: Guest, ipv6: bool = False) -> Ip:
    """A guest's address as `source` would ask for it, or the one that `text` spells: names start with a letter.

    `ipv6` wants one of that family.
    """
    if ":" in text:
        try:
            address = parse_ipv6(text)
        except ValueError:
            advice = "write it like 2001:db8::4, or name a guest"
            raise command_line(f"{quoted(text)} is not an IPv6 address", advice) from None
    elif text[:1].isdigit():
        try:
            address = parse_ip(text)
        except ValueError:
            advice = "write it like 10.0.0.4, or name a guest"
            raise command_line(f"{quoted(text)} is not an IPv4 address", advice) from None
    else:
        try:
            return world.address_for(source, guest_called(world, text), ipv6)
        except Mistake as mistake:
            raise command_line(mistake.message, mistake.advice) from None
    if source.placed.interface.facing(address) is None:
        raise command_line(f"{source.name} has no IPv6 address", f"it cannot speak to {text}")
    return address


def refuse_itself(guest: Guest, target: Ip) -> None:
    """What a guest sends itself never leaves it."""
    if guest.placed.interface.owns(target):
        raise command_line(f"{guest.name} would ask itself", "name another guest")


def why(loss: Loss, file: Path, source: str, target: str, ipv6: bool) -> str:
    """After asking in vain: what became of the packets, and how to ask which rule it was."""
    traffic = "icmpv6" if ipv6 else "icmp"
    return f"why: {loss}; ask dcsim trace {shlex.quote(str(file))} {source} {target} {traffic}"
