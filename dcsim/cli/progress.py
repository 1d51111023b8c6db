"""A bar on the terminal while a scenario plays; nothing where nobody looks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from dcsim.scenario.play import Progress

WIDTH = 21
EVERY_S = 0.1
"""A new picture this often at most."""


@contextmanager
def progress_on(duration_ns: int, hidden: bool) -> Iterator[Progress]:
    """A callback that draws on standard error; it leaves no trace when the block ends."""
    if hidden or not sys.stderr.isatty():
        yield lambda now_ns, text: None
        return
    last = 0.0

    def show(now_ns: int, text: str) -> None:
        nonlocal last
        if monotonic() - last >= EVERY_S:
            last = monotonic()
            sys.stderr.write(f"\r\x1b[K{line(now_ns, duration_ns, text)}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def line(now_ns: int, duration_ns: int, text: str) -> str:
    """` 1:31 [==========>         ] outage: zone b without power`"""
    minutes, seconds = divmod(now_ns // 1_000_000_000, 60)
    filled = now_ns * (WIDTH - 1) // duration_ns
    bar = ("=" * filled + ">").ljust(WIDTH)
    return f"{minutes:2}:{seconds:02} [{bar}] {text}"
