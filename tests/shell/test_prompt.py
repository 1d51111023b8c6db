"""Somebody at a terminal: keys in, lines out."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from dcsim.shell.commands import Command
from dcsim.shell.completion import candidates
from dcsim.shell.parse import parse
from dcsim.shell.prompt import history, interact
from dcsim.shell.session import Session

from .seat import IDLE, sit

CTRL_C, CTRL_D, ENTER, UP, TAB = "\x03", "\x04", "\r", "\x1b[A", "\t"


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def types(keys: PipeInput, text: str, session: Session | None = None) -> list[str]:
    told: list[str] = []
    keys.send_text(text)
    interact(session or sit(), told.append, lambda error: told.append(f"bug: {error}"), InMemoryHistory())
    return told


def test_commands_are_answered_until_the_end_of_input(keys: PipeInput) -> None:
    assert types(keys, f"nodes{ENTER}left ping -c1 right{ENTER}{CTRL_D}") == ["left right", "1 received, 1.09 ms"]


def test_exit_ends_it(keys: PipeInput) -> None:
    assert types(keys, f"exit{ENTER}nodes{ENTER}") == []


def test_a_mistake_is_one_line_and_the_prompt_comes_back(keys: PipeInput) -> None:
    assert types(keys, f"nods{ENTER}{ENTER}nodes{ENTER}{CTRL_D}") == [
        "no command or guest 'nods'. Did you mean nodes?",
        "left right",
    ]


def test_control_c_forgets_the_line(keys: PipeInput) -> None:
    assert types(keys, f"zone b pow{CTRL_C}nodes{ENTER}{CTRL_D}") == ["left right"]


def test_what_was_typed_is_remembered(keys: PipeInput) -> None:
    keys.send_text(f"nodes{ENTER}nods{ENTER}{CTRL_D}")
    remember = InMemoryHistory()
    interact(sit(), lambda line: None, lambda error: None, remember)
    assert remember.get_strings() == ["nodes", "nods"]


def test_tab_completes_what_is_clear(keys: PipeInput) -> None:
    assert types(keys, f"nod{TAB}{ENTER}{CTRL_D}") == ["left right"]


def test_control_c_stops_a_command_and_time_with_it(keys: PipeInput) -> None:
    session = sit()
    session.world["left"].on_console.append(lambda line: os.kill(os.getpid(), signal.SIGINT) or False)
    before = signal.getsignal(signal.SIGINT)
    assert types(keys, f"sleep 1 h{ENTER}nodes{ENTER}{CTRL_D}", session) == ["interrupted", "left right"]
    assert session.world.clock.now < 1_000_000_000
    assert signal.getsignal(signal.SIGINT) is before


def test_a_bug_does_not_end_the_session(keys: PipeInput, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(line: str) -> Command | None:
        if line == "time":
            raise ZeroDivisionError(line)
        return parse(line)

    monkeypatch.setattr("dcsim.shell.prompt.parse", broken)
    assert types(keys, f"time{ENTER}nodes{ENTER}{CTRL_D}") == ["bug: time", "left right"]


# History


def test_history_is_kept_where_state_belongs(keys: PipeInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    keys.send_text(f"nodes{ENTER}{CTRL_D}")
    interact(sit(), lambda line: None, lambda error: None, history())
    assert "+nodes" in (tmp_path / "dcsim" / "history").read_text("utf-8")
    assert types_again(keys) == ["left right"]


def types_again(keys: PipeInput) -> list[str]:
    told: list[str] = []
    keys.send_text(f"{UP}{ENTER}{CTRL_D}")
    interact(sit(), told.append, lambda error: None, history())
    return told


@pytest.mark.parametrize("state", ["/dev/null", "/proc/nowhere"])
def test_a_state_directory_that_cannot_be_is_no_trouble(
    keys: PipeInput, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", state)
    keys.send_text(f"nodes{ENTER}{CTRL_D}")
    told: list[str] = []
    interact(sit(), told.append, lambda error: None, history())
    assert told == ["left right"]


def test_a_history_that_cannot_be_written_is_no_trouble(
    keys: PipeInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "dcsim" / "history").mkdir(parents=True)
    keys.send_text(f"nodes{ENTER}{CTRL_D}")
    told: list[str] = []
    interact(sit(), told.append, lambda error: None, history())
    assert told == ["left right"]


# Completion


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no", ["nodes"]),
        ("lef", ["left"]),
        ("left p", ["ping"]),
        ("left ping ", ["left", "right"]),
        ("ping left r", ["right"]),
        ("trace left right t", ["tcp"]),
        ("link ", ["a <-> b", "b <-> a", "a -> b", "b -> a"]),
        ("link a ", ["<->", "->"]),
        ("link a -> ", ["b"]),
        ("link a -> b d", ["down", "delay", "duplicate"]),
        ("link a -> b loss 10 % d", ["delay", "duplicate"]),
        ("zone ", ["a", "b"]),
        ("zone b power-o", ["power-off", "power-on"]),
        ("rack b/", ["b/r1", "b/r2"]),
        ("host b/r2/", ["b/r2/h1", "b/r2/h2", "b/r2/h3", "b/r2/h4"]),
        ("host of r", ["right"]),
        ("power d", ["domain"]),
        ("sniff o", ["off"]),
        ("help ", None),
        ("sleep 1", []),
        ("nonsense left ", []),
    ],
)
def test_what_may_come_next(text: str, words: list[str] | None) -> None:
    found = candidates(sit(), text)
    assert found == words if words is not None else "link" in found


def test_places_of_every_kind_complete(tmp_path: Path) -> None:
    (tmp_path / "idle.yaml").write_text(IDLE, "utf-8")
    assert len(candidates(sit(tmp_path / "idle.yaml"), "host ")) == 3 * 2 * 4 + 1
