"""From an exception to words and an exit status. Bad input never shows a traceback; our own bugs ask for a report."""

import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from dcsim.cli import status
from dcsim.problem import Problem, Refused, render
from dcsim.topology.source import source_lines
from dcsim.topology.words import plural


class BadArgument(Exception):
    """Something on the command line cannot be used: what, and what to do."""


def explain(error: Exception) -> int:
    if isinstance(error, BadArgument):
        sys.stderr.write(f"dcsim: {error}\n")
        return status.INPUT
    if isinstance(error, Refused):
        sys.stderr.write(explain_refusal(error))
        return status.INPUT
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    sys.stderr.write(f"dcsim has a bug: {type(error).__name__} at {place}: {error}\n")
    sys.stderr.write("Please report it with the files you used and `dcsim --version`.\n")
    if os.environ.get("DCSIM_DEBUG"):
        traceback.print_exception(error)
    else:
        sys.stderr.write("DCSIM_DEBUG=1 shows where it comes from.\n")
    return status.BUG


def explain_refusal(refused: Refused) -> str:
    """Every problem with the line it is in, and how many there are."""
    errors = sum(not problem.warning for problem in refused.problems)
    return f"{shown(refused.problems)}{plural(errors, 'error')}\n"


def shown(problems: Iterable[Problem]) -> str:
    return "".join(render(problem, source_lines(problem.mark.file)) + "\n" for problem in problems)
