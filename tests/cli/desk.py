"""The command line in tests: a directory to write files in, and dcsim called in this process or in one of its own."""

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dcsim.cli import main

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "from dcsim.cli import main; main()")
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}

HEAD = "version: 1\nregion: eu-west-1\nzones: [a, b]\n"
VPC = """\
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24}}
"""
SHORT = """\
version: 1
topology: two-az.yaml
duration: 2 s
seed: 7
probes:
  across: {ping: right, from: left, every: 100 ms, timeout: 500 ms}
expect: across.loss == 0 %
"""
"""A scenario that is over soon."""


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.err == ""
        return json.loads(self.out)


class Stream(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8", newline="", write_through=True)

    @property
    def text(self) -> str:
        self.seek(0)
        return self.read()


class Terminal(Stream):
    def isatty(self) -> bool:
        return True


class Desk:
    """A directory to write files in; also the working directory."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.monkeypatch = monkeypatch
        monkeypatch.chdir(path)

    def write(self, name: str, text: str) -> str:
        (self.path / name).write_text(dedent(text), "utf-8")
        return name

    def dcsim(self, *arguments: str, err: Stream | None = None) -> Said:
        """In this process; whatever is not an exit is a bug that `main` should have explained."""
        out, err = Stream(), err or Stream()
        self.monkeypatch.setattr(sys, "argv", ["dcsim", *arguments])
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            main()
        code = end.value.code or 0
        assert isinstance(code, int)
        return Said(code, out.text, err.text)

    def refuses(self, text: str, name: str = "a.yaml") -> str:
        """All that `check` says of a bad file."""
        self.write(name, text)
        said = self.dcsim("check", name)
        assert (said.status, said.out) == (2, ""), said
        return said.err

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """In a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.path,
            env={**ENVIRONMENT, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def left(self) -> list[str]:
        """Everything in the directory, hidden things too."""
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def answer(text: str) -> str:
    """An expected answer, written indented in a test."""
    return dedent(text).removeprefix("\n")
