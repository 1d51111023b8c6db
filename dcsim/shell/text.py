"""How a session shows things."""

from fractions import Fraction

from dcsim.problem import Mistake
from dcsim.topology.quantity import decimal

NS_PER_MS = 1_000_000


def prompt(now_ns: int) -> str:
    """`0.001 s> `: whole milliseconds, those that have passed."""
    return f"{decimal(Fraction(now_ns // NS_PER_MS, 1_000), None)} s> "


def seconds_text(ns: int) -> str:
    """`0.001094325 s`: to the nanosecond, aligned."""
    whole, rest = divmod(ns, 1_000_000_000)
    return f"{whole}.{rest:09} s"


def one_line(mistake: Mistake) -> str:
    """What and what to do."""
    if not mistake.advice:
        return mistake.message
    joint = ". " if mistake.advice[0].isupper() else "; "
    return mistake.message + joint + mistake.advice


def printable(line: str) -> str:
    """Guests, files and users may write anything, terminal escapes included."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def table(rows: list[list[str]]) -> list[str]:
    """Columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
