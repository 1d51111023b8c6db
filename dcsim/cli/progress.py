"""A bar on the terminal while a scenario plays; nothing where nobody looks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from dcsim.cli.terminal import width_of
from dcsim.run import clock_time
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
            # The last column stays free: some terminals begin a new line when it is written.
            picture = line(now_ns, duration_ns, text, width_of(sys.stderr) - 1)
            sys.stderr.write(f"\r\x1b[K{picture}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def line(now_ns: int, duration_ns: int, text: str, width: int) -> str:
    """` 1:31 [==========>         ] outage: zone b without power`, in at most `width` columns."""
    filled = now_ns * (WIDTH - 1) // duration_ns
    bar = ("=" * filled + ">").ljust(WIDTH)
    head = f"{clock_time(now_ns):>5} [{bar}] "
    return (head + _shortened(text, width - len(head)))[: max(0, width)]


def _shortened(text: str, room: int) -> str:
    """What is going on; where that is too long, who: `gray; dark; +1`."""
    if len(text) <= room:
        return text
    doings = text.split("; ")
    names = [doing.partition(":")[0] for doing in doings]
    for shown in range(len(names), 0, -1):
        rest = [f"+{len(names) - shown}"] if shown < len(names) else []
        short = "; ".join([*names[:shown], *rest])
        if len(short) <= room:
            return short
    return text if len(names) == 1 else f"+{len(names)}"
