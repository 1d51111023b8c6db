"""Topology files in tests: what they come to, and what is said of bad ones."""

from textwrap import dedent

from dcsim.problem import Refused, render
from dcsim.topology.load import plan_of
from dcsim.topology.plan import Plan
from dcsim.topology.source import lines_of

HEAD = "version: 1\nregion: eu-west-1\nzones: [a, b, c]\n"


def topology(text: str) -> Plan:
    """The plan of a file with this under the usual three lines."""
    return plan_of((HEAD + dedent(text)).encode(), "a.yaml", "a")


def said(data: bytes) -> str:
    """All that is said of a bad file."""
    try:
        plan_of(data, "a.yaml", "a")
    except Refused as refused:
        return "\n".join(render(problem, lines_of(data)) for problem in refused.problems)
    return "nothing"


def said_of(text: str) -> str:
    return said((HEAD + dedent(text)).encode())


def answer(text: str) -> str:
    """An expected answer, written indented in a test."""
    return dedent(text).strip("\n")
