"""Lines to commands, and what is said of lines that are none."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsim.pinging import Payload
from dcsim.problem import Mistake
from dcsim.shell.commands import (
    HELP,
    ClearLink,
    Command,
    CutLink,
    Exit,
    Help,
    ImpairLink,
    Inspect,
    MendLink,
    Nodes,
    Ping,
    Power,
    Save,
    Show,
    Sleep,
    Sniff,
    SniffOff,
    Time,
    Trace,
)
from dcsim.shell.parse import parse
from dcsim.shell.text import one_line
from dcsim.topology.plan import Impairment, Link
from dcsim.traffic_spec import TrafficSpec

BOTH, THERE = Link("a", "b", both=True), Link("a", "b", both=False)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("nodes", Nodes()),
        ("  nodes  # who is there", Nodes()),
        ("left", Show("left")),
        ("left ping right", Ping("left", "right", 4)),
        ("left ping -c1 right", Ping("left", "right", 1)),
        ("left ping -c 3 right", Ping("left", "right", 3)),
        ("ping left right -c 2", Ping("left", "right", 2)),
        ("left ping -s 3000 -M do right -c1", Ping("left", "right", 1, Payload(3000, dont_fragment=True))),
        ("left ping -6 right -c1", Ping("left", "right", 1, ipv6=True)),
        ("ping -s0 left right -M dont", Ping("left", "right", 4, Payload(0))),
        ("trace left right tcp 22", Trace("left", "right", TrafficSpec(6, 22))),
        ("trace left 10.0.2.4 icmp", Trace("left", "10.0.2.4", TrafficSpec(1))),
        ("link a <-> b down", CutLink(BOTH)),
        ("link a<->b up", MendLink(BOTH)),
        ("link a b down", CutLink(BOTH)),
        ("link a -> b clear", ClearLink(THERE)),
        ("link a -> b loss 10 % delay 2 ms", ImpairLink(THERE, Impairment(loss_ppb=100_000_000, delay_ns=2_000_000))),
        ("link a->b loss 10% limit 10", ImpairLink(THERE, Impairment(loss_ppb=100_000_000, limit_bytes=15_140))),
        ("link a/r1/h1 <-> a/r1/tor down", CutLink(Link("a/r1/h1", "a/r1/tor", both=True))),
        ("zone b power-off", Power("zone b", on=False)),
        ("rack b/r1 power-on", Power("rack b/r1", on=True)),
        ("power domain b/p1 power-off", Power("power domain b/p1", on=False)),
        ("host of left power-off", Power("host of left", on=False)),
        ("sleep 10 s", Sleep(10_000_000_000)),
        ("sleep 1.5min", Sleep(90_000_000_000)),
        ("sniff left", Sniff("left", None)),
        ("sniff left 5", Sniff("left", 5)),
        ("sniff off", SniffOff()),
        ("at", Time()),
        ("save a/story.yaml", Save("a/story.yaml")),
        ("inspect", Inspect(None)),
        ("help link", Help("link")),
        ("quit", Exit()),
        ("", None),
        ("   # nothing", None),
    ],
)
def test_what_a_line_means(line: str, command: Command | None) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("left pong right", "no command 'left pong'; a guest can ping: write left ping right"),
        ("pig left right", "no command 'pig left'. Did you mean ping?"),
        ("nodes all", "nodes takes no words, not 'all'; write nodes"),
        ("ping left", "ping needs who asks and who answers; write ping left right"),
        ("left ping", "ping needs one guest to ask; write left ping right"),
        ("left ping right -M want", "-M 'want' is unknown; write -M do, or leave it out"),
        ("left ping right -x 3", "ping has no '-x'; it takes -c N, -s BYTES, -M do and -6"),
        ("left ping right -c", "-c '' is not a whole number"),
        ("left ping right -c 0", "-c 0 is out of range; it goes from 1 to 100000"),
        ("trace left right", "that is not how trace goes; write trace left right tcp 22"),
        ("trace left right tcp", "tcp lacks a port; write tcp 443"),
        ("trace left right tcp x", "'tcp x' is no traffic; write tcp 443, udp 53, icmp or proto 47"),
        ("link a <-> b", "that is not how link goes; write link a <-> b down | up | clear"),
        ("link a <-> a down", "'a <-> a' goes nowhere; a link has two different ends"),
        ("link a -> b loss 10", "loss 10 lacks a unit; write 10 %"),
        ("link a -> b loss", "loss lacks a value; write it like loss 10 % delay 2 ms"),
        ("link a -> b loss 1 % loss 2 %", "loss is here twice"),
        ("zone b", "that is not how zone goes; write zone b power-off | power-on"),
        (
            "zone b power-of",
            "a zone cannot 'power-of'; there are power-off, power-on. Did you mean power-off?",
        ),
        ("power b power-off", "that is not how power goes; write power domain b/p1 power-off | power-on"),
        ("sleep 10", "sleep 10 lacks a unit; write 10 s"),
        ("sleep -1 s", "sleep -1 s is negative"),
        ("sleep", "that is not how sleep goes; write sleep 10 s"),
        ("save", "that is not how save goes; write save story.yaml"),
        ("left" * 300, "a line has 1000 letters at most"),
    ],
)
def test_what_is_said_of_a_line_that_means_nothing(line: str, said: str) -> None:
    with pytest.raises(Mistake) as refused:
        parse(line)
    assert one_line(refused.value) == said


WORD = st.sampled_from(
    [
        *HELP,
        "left",
        "right",
        "a",
        "b",
        "<->",
        "->",
        "down",
        "loss",
        "10",
        "%",
        "ms",
        "-c",
        "tcp",
        "22",
        "power-off",
        "of",
    ]
)


@given(st.lists(WORD, max_size=8).map(" ".join) | st.text(max_size=40))
def test_any_line_is_a_command_or_a_mistake_in_one_line(line: str) -> None:
    try:
        parse(line)
    except Mistake as mistake:
        assert one_line(mistake)


def test_every_command_is_in_help_as_it_is_written() -> None:
    """Each usage line, with the first of its alternatives, is a command."""
    for first, (usage, meaning) in HELP.items():
        words = re.sub(r" \[[^]]*\]", "", usage)
        assert parse(words.partition(" | ")[0]) is not None, first
        assert meaning
