"""Whatever is typed: an answer or one line of refusal, and a world whose frames add up."""

from random import Random

import pytest

from dcsim.problem import Mistake
from dcsim.shell.commands import HELP, Command, Save, Sleep
from dcsim.shell.interpret import execute
from dcsim.shell.parse import parse
from dcsim.shell.session import Session
from dcsim.shell.text import one_line

from .seat import sit

WORDS = (
    *HELP,
    *("left", "right", "lft", "main/left", "10.0.2.4", "10.0.9.9", "999.1.1.1", "a", "b", "c", "<->", "->"),
    *("down", "up", "clear", "loss", "delay", "limit", "10", "%", "20 %", "2 ms", "1 Gbit", "-c", "-c1", "-c2"),
    *("tcp", "udp", "icmp", "22", "proto", "47", "power-off", "power-on", "of", "domain", "off", "3"),
    *("b/r1", "b/r1/h1", "b/r1/tor", "spine-b1", "core-a", "eu-west-1", "b/p1", "b/d1", "rack b/r2", "10 ms", "1 s"),
    *("left ping right", "a <-> b", "b -> a", "zone a", "net-a", "friends", "\x1b[2J", "\u0662", "#", "'", "-"),
)


def allowed(command: Command | None) -> bool:
    """Not what writes files, nor what takes ages."""
    return (
        command is not None
        and not isinstance(command, Save)
        and not (isinstance(command, Sleep) and command.ns > 10**10)
    )


def typed(session: Session, line: str) -> bool:
    """Whether it was understood."""
    try:
        command = parse(line)
        for told in execute(session, command) if command is not None and allowed(command) else ():
            assert told.isprintable()
    except Mistake as mistake:
        assert "\n" not in one_line(mistake)
        return False
    return True


LINES = (
    *("link a <-> b", "link a -> b", "link b/r1/h1 -> b/r1/tor", "zone b", "rack b/r1", "host of right", "sleep"),
    *("left ping", "ping left right", "sniff", "trace left right", "console", "help", "link a -> b loss"),
)


def a_line(random: Random) -> str:
    start = [random.choice(LINES)] if random.random() < 0.5 else []
    return " ".join([*start, *random.choices(WORDS, k=random.choice((0, 1, 1, 1, 2, 3, 5)))])


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_typed(seed: int) -> None:
    random = Random(f"{seed}/typing")
    session = sit()
    understood = sum(typed(session, a_line(random)) for _ in range(400))
    assert understood > 40
    assert session.world.unaccounted == 0
