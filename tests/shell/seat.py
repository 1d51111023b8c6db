"""A seat in front of a shell: what is typed, and what is answered."""

from pathlib import Path

from dcsim.cli.shell import Words
from dcsim.problem import Mistake
from dcsim.shell.interpret import execute
from dcsim.shell.parse import parse
from dcsim.shell.session import Session
from dcsim.shell.text import one_line, prompt
from dcsim.topology.load import load
from dcsim.world import build

ROOT = Path(__file__).resolve().parents[2]
TWO_AZ = ROOT / "topologies" / "two-az.yaml"

IDLE = """\
version: 1
region: eu-west-1
zones: [a, b, c]
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24}}
    security_groups: {g: {ingress: icmp from g}}
    instances: {x: {per_zone: true, subnet: net, security_groups: g}}
"""
"""A guest in each zone; they idle and answer pings."""


def sit(topology: Path = TWO_AZ, seed: int = 0) -> Session:
    return Session(build(load(topology), seed), Words())


def say(session: Session, *lines: str) -> list[str]:
    """What is answered to commands that are understood."""
    told = []
    for line in lines:
        command = parse(line)
        told += list(execute(session, command)) if command is not None else []
    return told


def refused(session: Session, line: str) -> str:
    """What is said of a command that is not."""
    try:
        say(session, line)
    except Mistake as mistake:
        return one_line(mistake)
    raise AssertionError(f"{line} was understood")


def transcript(session: Session, typed: list[str]) -> str:
    """As it looks on a terminal."""
    shown = []
    for line in typed:
        shown.append(prompt(session.world.clock.now) + line)
        shown += say(session, line)
    return "\n".join(shown) + "\n"


def typed_in(text: str) -> list[str]:
    """The commands of a transcript."""
    return [line.partition(" s> ")[2] for line in text.splitlines() if " s> " in line]
