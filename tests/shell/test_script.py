"""Commands from a pipe: answers only, and an exit status for scripts."""

import subprocess
import sys
from pathlib import Path

from .seat import ROOT


def shell(*typed: bytes, path: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-c", "from dcsim.cli import main; main()", "shell", "two-az.yaml"],
        input=b"\n".join(typed),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        cwd=path,
        capture_output=True,
        check=False,
    )


def test_answers_and_nothing_else() -> None:
    ran = shell(b"nodes", b"# a comment", b"", b"left ping -c1 right")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"left right\n1 received, 1.09 ms\n", b"")


def test_a_lost_ping_is_an_answer() -> None:
    ran = shell(b"zone b power-off", b"pingall")
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_what_is_refused_is_told_with_its_line_and_the_rest_is_done() -> None:
    ran = shell(b"nods", b"nodes", b"link a <-> c down")
    assert (ran.returncode, ran.stdout) == (2, b"left right\n")
    assert ran.stderr.decode().splitlines() == [
        "line 1: no command or guest 'nods'. Did you mean nodes?",
        "line 3: no place is called 'c'; the zones are a, b",
    ]


def test_exit_ends_it() -> None:
    ran = shell(b"nodes", b"exit", b"nods")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"left right\n", b"")


def test_no_input_is_nothing_to_do() -> None:
    ran = shell()
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_any_bytes_may_come() -> None:
    ran = shell(b"\xff\xfe\x00", b"\x1b[2Jleft", b"nodes")
    assert (ran.returncode, ran.stdout) == (2, b"left right\n")
    assert b"\x1b" not in ran.stderr and ran.stderr.count(b"\n") == 2


def test_a_bad_topology_is_refused_as_everywhere() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "from dcsim.cli import main; main()", "shell", "two-zz.yaml"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 2
    assert b"two-zz.yaml: no such file" in ran.stderr
