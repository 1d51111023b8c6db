"""dcsim as a process of its own: signals, pipes, what it imports, what it says of its own bugs."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from dcsim.cli import app, main

from .desk import COMMAND, ENVIRONMENT, HEAD, SHORT, VPC, Desk

HEAVY = ("pydantic", "scapy", "simpy", "unicorn", "structlog", "yaml")
LONG = SHORT.replace("duration: 2 s", "duration: 10 h")


def test_help_imports_nothing_heavy(desk: Desk) -> None:
    program = (
        "import sys\nfrom dcsim.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    for arguments in (["--help"], ["--version"], ["--hlep"]):
        ran = subprocess.run(
            [sys.executable, "-c", program, *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
        assert ran.stdout.splitlines()[-1] == "[]"


def test_the_command_runs_as_a_process(desk: Desk) -> None:
    process = desk.start("trace", "two-az.yaml", "left", "right", "tcp", "22")
    out, err = process.communicate()
    assert (process.returncode, err) == (1, b"")
    assert b"8 sg friends   BLOCKED ENI_SG_RULES_MISMATCH\n" in out


def _until_it_runs(desk: Desk) -> None:
    """The directory is made before the clock starts."""
    deadline = time.monotonic() + 30
    while not any("events.jsonl" in path for path in desk.left()):
        assert time.monotonic() < deadline, "it never began"
        time.sleep(0.01)


HOW = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


@pytest.mark.parametrize("number", HOW)
@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.1, 0.3, 0.5])
def test_an_interrupted_run_leaves_nothing(desk: Desk, delay_s: float, number: signal.Signals) -> None:
    """Wherever it is: a guest's device access, above all, is no place that an exception can leave."""
    desk.write("s.yaml", LONG)
    process = desk.start("run", "s.yaml", "--out", "out")
    _until_it_runs(desk)
    time.sleep(delay_s)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert re.fullmatch(HOW[number] + r" at \d+:\d\d, nothing kept\n", err.decode())
    assert out == b"two-az, seed 7, 10 h\n"
    assert desk.left() == ["s.yaml"]


def test_impatience_leaves_nothing_either(desk: Desk) -> None:
    """Who stops a service sends SIGTERM again while it tidies up."""
    desk.write("s.yaml", LONG)
    process = desk.start("run", "s.yaml", "--out", "out")
    _until_it_runs(desk)
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.001)
    assert process.communicate(timeout=30)[1].startswith(b"terminated")
    assert process.returncode == 143
    assert desk.left() == ["s.yaml"]


def test_a_shell_that_is_told_to_end_ends(desk: Desk) -> None:
    process = subprocess.Popen(
        [*COMMAND, "shell", "two-az.yaml"], cwd=desk.path, env=ENVIRONMENT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"nodes\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"left right\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30)[1] == b"terminated\n"
    assert process.returncode == 143


INTERRUPTED_INSIDE = """
import signal
from dcsim.cli import main
from hypervisor.machine.cpu import Cpu

read_tsc = Cpu._read_tsc

def interrupted(*arguments):
    signal.raise_signal(signal.SIGINT)
    return read_tsc(*arguments)

Cpu._read_tsc = interrupted
main()
"""


def test_an_interruption_inside_a_device_access_is_not_lost(desk: Desk) -> None:
    """The C library prints what is raised in its callbacks, and goes on."""
    desk.write("s.yaml", SHORT)
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_INSIDE, "run", "s.yaml", "--out", "out"],
        cwd=desk.path,
        env=ENVIRONMENT,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (130, b"interrupted at 0:00, nothing kept\n")
    assert desk.left() == ["s.yaml"]


def test_who_ignores_interrupts_for_us_is_obeyed(desk: Desk) -> None:
    """A shell starts what runs in the background like that."""
    desk.write("s.yaml", SHORT)
    program = (
        "import os, signal, sys\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nos.execv(sys.argv[1], sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, *COMMAND, "run", "s.yaml"],
        cwd=desk.path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0 and b"1 of 1 hold" in out


@pytest.mark.parametrize(
    "arguments", [["inspect", "many.yaml"], ["inspect", "many.yaml", "--json"], ["check", "many.yaml"]]
)
def test_who_has_read_enough_is_not_bothered(desk: Desk, arguments: list[str]) -> None:
    desk.write("many.yaml", HEAD + VPC + "    instances: {web: {count: 200, subnet: net-a}}\n")
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=desk.path, env=ENVIRONMENT, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    os.close(reader)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")


def _broken(*_: object) -> None:
    raise ValueError("the moon is in the wrong place")


def test_our_bug_asks_for_a_report(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcsim.cli.check.load", _broken)
    monkeypatch.delenv("DCSIM_DEBUG", raising=False)
    said = desk.dcsim("check", "two-az.yaml")
    place = f"test_process.py:{_broken.__code__.co_firstlineno + 1}"
    assert (said.status, said.out) == (70, "")
    assert said.err == (
        f"dcsim has a bug: ValueError at {place}: the moon is in the wrong place\n"
        "Please report it with the files you used and `dcsim --version`.\n"
        "DCSIM_DEBUG=1 shows where it comes from.\n"
    )


def test_our_bug_in_full(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcsim.cli.check.load", _broken)
    monkeypatch.setenv("DCSIM_DEBUG", "1")
    said = desk.dcsim("check", "two-az.yaml")
    assert said.status == 70
    assert "Traceback (most recent call last):" in said.err and "in _check" in said.err


def test_a_bug_during_a_run_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("s.yaml", SHORT)
    monkeypatch.setattr("dcsim.run.summary", _broken)
    said = desk.dcsim("run", "s.yaml")
    assert said.status == 70 and said.err.startswith("dcsim has a bug: ValueError")
    assert desk.left() == ["runs", "s.yaml"]


def test_an_interruption_before_the_command_begins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "app", interrupted)
    said = desk.dcsim("check", "two-az.yaml")
    assert (said.status, said.err) == (130, "interrupted\n")


def test_what_main_installs_raises_where_no_guest_runs() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(sys, "argv", ["dcsim", "--version"])
            main()
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_who_calls_main_has_its_signals_back(desk: Desk) -> None:
    before = signal.getsignal(signal.SIGTERM)
    desk.dcsim("--version")
    assert signal.getsignal(signal.SIGTERM) is before
