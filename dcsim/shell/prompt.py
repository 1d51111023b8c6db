"""Commands from somebody at a terminal: a prompt that says the time, completion, history."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle

from dcsim.problem import Mistake
from dcsim.shell.commands import Exit
from dcsim.shell.completion import candidates
from dcsim.shell.interpret import execute
from dcsim.shell.parse import parse
from dcsim.shell.session import Interrupted, Session
from dcsim.shell.text import one_line, printable, prompt

Write = Callable[[str], None]
Fail = Callable[[Exception], None]
"""Tells of a bug of ours."""


class _Completer(Completer):
    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor.lstrip()
        typed = len(text) - (text.rfind(" ") + 1)
        return [Completion(word, start_position=-typed) for word in candidates(self._session, text)]


class _Memory(FileHistory):
    """A file that may be gone or read-only: then a session remembers only itself."""

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        with suppress(OSError):
            super().store_string(string)


def history() -> History:
    """`dcsim/history` among the user's state files (XDG Base Directory Specification)."""
    try:
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        file = state / "dcsim" / "history"
        file.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return InMemoryHistory()
    return _Memory(str(file))


def interact(session: Session, write: Write, fail: Fail, remember: History) -> None:
    """Until `exit` or the end of input; nothing else ends it."""
    reader: PromptSession[str] = PromptSession(
        history=remember,
        completer=_Completer(session),
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
    )
    while True:
        try:
            line = reader.prompt(prompt(session.world.clock.now))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if not _obey(session, line, write, fail):
            return


def _obey(session: Session, line: str, write: Write, fail: Fail) -> bool:
    """False when that was the last command."""
    try:
        command = parse(line)
        if isinstance(command, Exit):
            return False
        if command is not None:
            with _interruptible(session):
                for told in execute(session, command):
                    write(told)
    except Mistake as mistake:
        write(printable(one_line(mistake)))
    except (Interrupted, KeyboardInterrupt):
        write("interrupted")
    except Exception as error:
        fail(error)
    return True


@contextmanager
def _interruptible(session: Session) -> Iterator[None]:
    """Ctrl-C stops time between two events; a second one stops at once."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        if session.interrupted:
            raise KeyboardInterrupt
        session.interrupted = True

    session.interrupted = False
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        session.interrupted = False
