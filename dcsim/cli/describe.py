"""`dcsim import describe`: what the AWS CLI printed, as a topology."""

import sys
from pathlib import Path

from dcsim.cli import status
from dcsim.cli.loading import command_line
from dcsim.describe.topology import describe as described
from dcsim.problem import Mistake


def describe(directory: Path, region: str | None, account: str | None) -> int:
    """The topology on standard output, what is to be said of it on standard error."""
    try:
        found = described(directory, region, account)
    except Mistake as mistake:
        raise command_line(f"{directory}: {mistake.message}", mistake.advice) from None
    sys.stdout.write(found.text)
    sys.stderr.write("".join(f"{line}\n" for line in (found.summary, *found.notes)))
    return status.YES
