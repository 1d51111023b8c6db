"""The command line: `dcsim`. Exit: 0 yes, 1 no, 2 your input, 3 stop condition, 70 our bug, 130 interrupted."""

import signal
import sys
from types import FrameType

from dcsim.cli import status


def main() -> None:
    """The console entry point: commands raise, this is where it becomes an exit status."""
    # Who started us may have us ignore Ctrl-C, as shells do for what runs in the background.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        from dcsim.cli.app import app

        app(prog_name="dcsim")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(status.INTERRUPTED)
    except Exception as error:
        from dcsim.cli.explain import explain

        sys.exit(explain(error))


def _interrupt(_: int, frame: FrameType | None) -> None:
    interruption = KeyboardInterrupt()
    cpu = sys.modules.get("hypervisor.machine.cpu")
    if cpu is None or not cpu.carry(interruption, frame):
        raise interruption
