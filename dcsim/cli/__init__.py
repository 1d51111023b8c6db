"""The command line: `dcsim`. Exit: 0 yes, 1 no, 2 your input, 3 stop condition, 70 our bug, 130 or 143 interrupted."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dcsim.cli import status


class Terminated(SystemExit):
    """SIGTERM: whoever runs us wants us to end. Not for a command to catch, as the shell does with Ctrl-C."""


def main() -> None:
    """The console entry point: commands raise, this is where it becomes an exit status."""
    # Who started us may have us ignore Ctrl-C, as shells do for what runs in the background.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    with _terminable():
        try:
            from dcsim.cli.app import app

            # What a command raises is explained here, in our words.
            sys.exit(app(prog_name="dcsim", standalone_mode=False))
        except KeyboardInterrupt as interruption:
            sys.stderr.write(status.ended("interrupted", interruption))
            sys.exit(status.INTERRUPTED)
        except Terminated as termination:
            sys.stderr.write(status.ended("terminated", termination))
            sys.exit(status.TERMINATED)
        except Exception as error:
            sys.exit(_explained(error))


def _explained(error: Exception) -> int:
    if hasattr(error, "format_message"):
        from dcsim.cli.usage import usage

        sys.stderr.write(usage(error))
        return status.INPUT
    from dcsim.cli.explain import explain

    return explain(error)


def _interrupt(_: int, frame: FrameType | None) -> None:
    _raise(KeyboardInterrupt(), frame)


def _terminate(_: int, frame: FrameType | None) -> None:
    # Once is enough: a second one would end the tidying up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _raise(Terminated(), frame)


def _raise(error: BaseException, frame: FrameType | None) -> None:
    cpu = sys.modules.get("hypervisor.machine.cpu")
    if cpu is None or not cpu.carry(error, frame):
        raise error


@contextmanager
def _terminable() -> Iterator[None]:
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        # Whoever was told to end goes on ignoring it until the end.
        if signal.getsignal(signal.SIGTERM) is _terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
