"""`dcsim shell`: try things by hand, in virtual time."""

import sys
from collections.abc import Iterator
from pathlib import Path

from dcsim.cli import inspect, status
from dcsim.cli import trace as tracing
from dcsim.cli.explain import BadArgument, explain
from dcsim.cli.loading import load_plan
from dcsim.problem import Mistake
from dcsim.shell.session import Session
from dcsim.trace import Traced
from dcsim.world import World, build


class Words:
    """What other commands show too, in their words."""

    def trace(self, traced: Traced) -> list[str]:
        return tracing.lines(traced)

    def inspect(self, world: World, name: str | None) -> list[str]:
        try:
            return inspect.lines(inspect.described(world, name))
        except BadArgument as error:
            raise Mistake(str(error)) from None


def shell(file: Path, seed: int | None) -> int:
    session = Session(build(load_plan(file), seed or 0), Words())
    if sys.stdin.isatty() and sys.stdout.isatty():
        from dcsim.shell.prompt import history, interact

        interact(session, _write, _fail, history())
        return status.YES
    from dcsim.shell.script import play

    return status.YES if play(session, _lines(), _write, _complain) else status.INPUT


def _lines() -> Iterator[str]:
    """Whatever bytes come; a script need not be text."""
    return (line.decode("utf-8", "replace") for line in sys.stdin.buffer)


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(line: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{line}\n")


def _fail(error: Exception) -> None:
    explain(error)
