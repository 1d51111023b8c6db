"""What is wrong with the user's input: where, what, what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE_WIDTH = 80
"""Advice that makes the first line longer than this goes under the caret instead."""
EXCERPT_WIDTH = 72


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A span in one line of a file. 1-based; `end_column` is the column after the last one.

    `file` is the path as the user typed it. Line 0 is the file as a whole: one that is not there, for instance.
    """

    file: str
    line: int
    column: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is EC2's error code where EC2 has one; `advice` may be empty."""

    mark: Mark
    code: str | None
    message: str
    advice: str
    warning: bool = False

    @property
    def what(self) -> str:
        prefix = f"{self.code}: " if self.code else ""
        suffix = " (warning)" if self.warning else ""
        return _printable(f"{self.mark}: {prefix}{self.message}{suffix}")

    def __str__(self) -> str:
        """All of it in one line: `file:line:column: what; what to do`."""
        return with_advice(self.what, _printable(self.advice))


def with_advice(message: str, advice: str) -> str:
    """In one line. A sentence stands for itself: `subnet has no 'cidr_blok'. Did you mean cidr_block?`"""
    if not advice:
        return message
    return message + (". " if advice[0].isupper() else "; ") + advice


class Mistake(ValueError):
    """A text that is not what its place needs, found by a parser that does not know where the text is.

    `span` is the culprit's start and end within the text. `field` says that the message goes on after the
    field's name: `delay` + `5 lacks a unit`.
    """

    def __init__(
        self, message: str, advice: str = "", *, span: tuple[int, int] | None = None, field: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.span = span
        self.field = field


class Refused(Exception):
    """The input cannot be used; every problem that was found, in the order found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        assert self.problems, "a refusal needs a reason"
        super().__init__("\n".join(map(str, self.problems)))


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sorted by where they are, said once each."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.mark))


def render(problem: Problem, source_lines: Sequence[str]) -> str:
    """The problem, the line it is in, and a caret under the culprit.

    `source_lines` are the lines of `problem.mark.file`; an empty sequence when there is no text to show.
    """
    mark, line = problem.mark, str(problem)
    below = problem.advice if len(line) > LINE_WIDTH else ""
    shown = [problem.what if below else line]
    if 1 <= mark.line <= len(source_lines):
        gutter = " " * (len(str(mark.line)) + 1)
        text, column, width = _excerpt(source_lines[mark.line - 1], mark)
        shown.append(f" {mark.line} | {text}".rstrip())
        shown.append(f"{gutter} | {' ' * column}{'^' * width}")
    if below:
        shown.append("    " + _printable(below))
    return "\n".join(shown)


def _excerpt(line: str, mark: Mark) -> tuple[str, int, int]:
    """The visible part of the line, and where in it the carets start and how many there are."""
    line = _printable(line.rstrip("\r\n"))
    column = min(mark.column - 1, len(line))
    width = max(1, min(mark.end_column - mark.column, len(line) - column))
    if len(line) <= EXCERPT_WIDTH:
        return line, column, width
    width = min(width, EXCERPT_WIDTH // 2)
    if column + width + 8 <= EXCERPT_WIDTH:
        return line[:EXCERPT_WIDTH] + " ...", column, width
    # Keep the culprit near the right end: what leads to it matters more than what follows.
    end = min(column + width + 8, len(line))
    start = end - EXCERPT_WIDTH + 5
    rest = " ..." if end < len(line) else ""
    return " ... " + line[start:end] + rest, column - start + 5, width


def _printable(text: str) -> str:
    """Input may hold anything, terminal escapes included; one column a character."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
