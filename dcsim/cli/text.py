"""Small words that several commands share."""

from collections.abc import Iterable

from dcsim.cli.explain import source_lines
from dcsim.problem import Problem, render


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def warnings_text(warnings: Iterable[Problem]) -> str:
    return "".join(render(warning, source_lines(warning.mark.file)) + "\n" for warning in warnings)
