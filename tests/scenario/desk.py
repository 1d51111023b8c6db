"""Scenario files in tests: what they come to, and what is said of bad ones."""

from pathlib import Path
from textwrap import dedent

import pytest

from dcsim.problem import Refused, render
from dcsim.scenario.load import load_scenario
from dcsim.scenario.scenario import Scenario
from dcsim.topology.source import source_lines

HEAD = "version: 1\ntopology: two-az.yaml\nduration: 3 min\n"


class Desk:
    """A directory to write scenarios in; also the working directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> str:
        (self.path / name).write_text(dedent(text))
        return name

    def scenario(self, text: str) -> Scenario:
        """What a file with this under the usual three lines comes to."""
        return load_scenario(self.write("s.yaml", HEAD + dedent(text)))

    def said(self, data: str | bytes) -> str:
        """All that is said of a bad file."""
        (self.path / "s.yaml").write_bytes(data.encode() if isinstance(data, str) else data)
        try:
            load_scenario("s.yaml")
        except Refused as refused:
            return "\n".join(render(problem, source_lines(problem.mark.file)) for problem in refused.problems)
        return "nothing"

    def said_of(self, text: str) -> str:
        return self.said(HEAD + dedent(text))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def answer(text: str) -> str:
    """An expected answer, written indented in a test."""
    return dedent(text).strip("\n")
