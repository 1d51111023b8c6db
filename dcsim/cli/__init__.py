"""The command line: `dcsim`. Exit: 0 yes, 1 no, 2 your input, 3 stop condition, 70 our bug, 130 interrupted."""

import os
import sys

from dcsim.cli import status


def main() -> None:
    """The console entry point: commands raise, this is where it becomes an exit status."""
    try:
        from dcsim.cli.app import app

        app(prog_name="dcsim")
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(status.YES)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(status.INTERRUPTED)
    except Exception as error:
        from dcsim.cli.explain import explain

        sys.exit(explain(error))
