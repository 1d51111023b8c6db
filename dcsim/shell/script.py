"""Commands from a file or a pipe: a line each, answers only."""

from collections.abc import Callable, Iterable

from dcsim.problem import Mistake
from dcsim.shell.commands import Exit
from dcsim.shell.interpret import execute
from dcsim.shell.parse import parse
from dcsim.shell.session import Session
from dcsim.shell.text import one_line, printable

Write = Callable[[str], None]
"""Takes a line."""


def play(session: Session, lines: Iterable[str], write: Write, complain: Write) -> bool:
    """To the end, or to `exit`. True when every line was a command that meant something."""
    understood = True
    for number, line in enumerate(lines, 1):
        try:
            command = parse(line)
            if isinstance(command, Exit):
                break
            for told in execute(session, command) if command is not None else ():
                write(told)
        except Mistake as mistake:
            understood = False
            complain(printable(f"line {number}: {one_line(mistake)}"))
    return understood
