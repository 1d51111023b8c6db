"""`dcsim run`: what it says and leaves, where it may write, how it ends."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from contextlib import suppress
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from dcsim.cli.progress import line
from dcsim.cli.run import EXIT

from .desk import COMMAND, ENVIRONMENT, HEAD, SHORT, Desk, Stream, Terminal, answer

ARTIFACTS = ["capture.pcapng", "events.jsonl", "inputs", "inputs/inputs.json", "inputs/s.yaml", "inputs/two-az.yaml"]


def wall_time_apart(out: str) -> str:
    """Without how long it took."""
    head, _, _ = out.rpartition(" in ")
    return head


def test_a_run_that_holds(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    said = desk.dcsim("run", "s.yaml")
    assert (said.status, said.err) == (0, "")
    (directory,) = desk.path.glob("runs/*")
    assert wall_time_apart(said.out) == answer(
        f"""
        two-az, seed 7, 2 s

        across              all
        sent                 20
        loss                0 %
        p50             1.07 ms
        p99             1.09 ms

        ok  across.loss == 0 %         0 %
        1 of 1 hold  runs/{directory.name}  2 s"""
    )
    assert directory.name.startswith("s-7-")
    assert [path for path in desk.left() if not path.startswith("runs")] == ["s.yaml"]
    assert sorted(str(path.relative_to(directory)) for path in directory.rglob("*")) == [
        *ARTIFACTS,
        "sha256sums",
        "summary.json",
    ]


def test_a_run_that_fails_leaves_its_directory_too(desk: Desk) -> None:
    desk.write("s.yaml", SHORT.replace("== 0 %", "== 1 %"))
    said = desk.dcsim("run", "s.yaml", "--out", "out")
    assert said.status == 1
    assert "no  across.loss == 1 %" in said.out and "0 of 1 hold  out  " in said.out
    assert (desk.path / "out/summary.json").exists()


def test_without_expectations_a_run_holds(desk: Desk) -> None:
    desk.write("s.yaml", SHORT.replace("expect: across.loss == 0 %", ""))
    said = desk.dcsim("run", "s.yaml")
    assert said.status == 0 and "hold" not in said.out


def test_every_verdict_has_its_status() -> None:
    assert EXIT == {"pass": 0, "fail": 1, "stopped": 3}


def test_a_run_for_programs(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    document = desk.dcsim("run", "s.yaml", "--json", "--out", "out").json
    assert document["directory"] == "out"
    assert (document["verdict"], document["seed"], document["simulated_ns"]) == ("pass", 7, 2_000_000_000)
    assert document["probes"]["across"]["windows"]["run"]["sent"] == 20


def test_a_seed_names_another_run(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    for seed in ("7", "8", "0"):
        assert desk.dcsim("run", "s.yaml", "--seed", seed).status == 0
    names = sorted(path.name for path in desk.path.glob("runs/*"))
    assert [name.rpartition("-")[0] for name in names] == ["s-0", "s-7", "s-8"]
    assert len({name.rpartition("-")[2] for name in names}) == 3


def test_the_same_run_twice_is_the_same_bytes(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    first = desk.dcsim("run", "s.yaml", "--out", "out")
    before = {path: (desk.path / path).stat().st_mtime_ns for path in desk.left()}
    second = desk.dcsim("run", "s.yaml", "--out", "out")
    assert second.status == 0 and wall_time_apart(second.out) == wall_time_apart(first.out)
    assert second.out.endswith(" s, same bytes as before\n") and "before" not in first.out
    assert {path: (desk.path / path).stat().st_mtime_ns for path in desk.left()} == before


@pytest.mark.parametrize(
    ("name", "place"),
    [("events.jsonl", "event 1"), ("capture.pcapng", "byte 30 of capture.pcapng"), ("summary.json", "byte 30 of sum")],
)
def test_a_changed_byte_is_our_fault(desk: Desk, name: str, place: str) -> None:
    desk.write("s.yaml", SHORT)
    desk.dcsim("run", "s.yaml", "--out", "out")
    original = (desk.path / "out" / name).read_bytes()
    data = bytearray(original)
    data[30] ^= 1
    (desk.path / "out" / name).write_bytes(data)
    sums = desk.path / "out/sha256sums"
    sums.write_text(sums.read_text().replace(sha256(original).hexdigest(), sha256(data).hexdigest()))
    before = desk.left()
    said = desk.dcsim("run", "s.yaml", "--out", "out")
    assert said.status == 70
    assert said.err.startswith(f"out differs from this run at {place}")
    assert said.err.endswith(": same inputs, so a bug. Please report it, with that directory.\n")
    assert desk.left() == before
    assert (desk.path / "out" / name).read_bytes() == data


@pytest.mark.parametrize("name", ["capture.pcapng", "events.jsonl", "summary.json", "sha256sums", "inputs/s.yaml"])
@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_run_that_somebody_changed(desk: Desk, name: str, how: str) -> None:
    """That is no bug: the first run wrote down what it wrote."""
    desk.write("s.yaml", SHORT)
    desk.dcsim("run", "s.yaml", "--out", "out")
    file = desk.path / "out" / name
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(b"mine" if name == "sha256sums" else file.read_bytes() + b" ")
    before = desk.left()
    said = desk.dcsim("run", "s.yaml", "--out", "out")
    assert (said.status, said.out) == (2, "")
    what = "is gone" if how == "gone" else "was changed"
    assert said.err == f"dcsim: out is not whole ({name} {what}); remove it to run anew\n"
    assert desk.left() == before


def test_the_digests_are_for_other_tools_too(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    desk.dcsim("run", "s.yaml", "--out", "out")
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "sha256sums"], cwd=desk.path / "out", capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, b"")


def _occupied(desk: Desk) -> str:
    (desk.path / "mine").mkdir()
    desk.write("mine/letter.txt", "dear")
    return "mine"


def _other_run(desk: Desk) -> str:
    assert desk.dcsim("run", "s.yaml", "--seed", "8", "--out", "other").status == 0
    return "other"


def _below_a_file(desk: Desk) -> str:
    return desk.write("file.txt", "") + "/out"


def _dangling(desk: Desk) -> str:
    (desk.path / "dangling").symlink_to("nowhere/at/all")
    return "dangling"


@pytest.mark.parametrize(
    ("prepare", "what"),
    [
        (_occupied, "mine is neither empty nor a run of dcsim; name a new directory"),
        (_other_run, "other is a run with other inputs; name a new directory, or remove that one"),
        (lambda desk: desk.write("file.txt", ""), "file.txt is a file; name a new directory"),
        (_below_a_file, "cannot write file.txt/out: File exists; name another directory"),
        (_dangling, "dangling is a file; name a new directory"),
        (lambda desk: "/proc/out", "cannot write /proc/out: No such file or directory; name another directory"),
        (lambda desk: "n" * 300, f"cannot write {'n' * 300}: File name too long; name another directory"),
    ],
)
def test_nothing_is_written_over_something_else(desk: Desk, prepare: object, what: str) -> None:
    desk.write("s.yaml", SHORT)
    assert callable(prepare)
    target = prepare(desk)
    before = desk.left()
    said = desk.dcsim("run", "s.yaml", "--out", target)
    assert (said.status, said.out, said.err) == (2, "", f"dcsim: {what}\n")
    assert desk.left() == before


def test_an_empty_directory_will_do(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    (desk.path / "empty").mkdir()
    assert desk.dcsim("run", "s.yaml", "--out", "empty").status == 0
    assert (desk.path / "empty/summary.json").exists()


def test_a_run_may_go_anywhere(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    desk.write("s.yaml", SHORT)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "deep" / "down"
    assert desk.dcsim("run", "s.yaml", "--out", str(elsewhere)).status == 0
    assert (elsewhere / "summary.json").exists()


def test_what_cannot_be_run(desk: Desk) -> None:
    said = desk.dcsim("run", "two-az.yaml")
    assert said.status == 2
    assert said.err == "dcsim: two-az.yaml is a topology; run a scenario, or try dcsim ping and dcsim trace\n"
    desk.write("s.yaml", SHORT + "    oops\n")
    assert desk.dcsim("run", "s.yaml").status == 2
    assert desk.left() == ["s.yaml"]


def test_progress_is_for_those_who_look(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    terminal = Terminal()
    assert desk.dcsim("run", "s.yaml", err=terminal).out.startswith("two-az, seed 7, 2 s\n")
    assert "\r\x1b[K 0:0" in terminal.text and terminal.text.endswith("\r\x1b[K")
    for options, stream in ((["-q"], Terminal()), (["--json"], Terminal()), ([], Stream())):
        assert desk.dcsim("run", "s.yaml", *options, err=stream).err == ""


def test_the_bar_grows() -> None:
    assert line(91_000_000_000, 180_000_000_000, "outage: zone b without power", 80) == (
        " 1:31 [==========>          ] outage: zone b without power"
    )
    bars = [line(second * 10**9, 180 * 10**9, "", 80) for second in range(181)]
    assert all(before.count("=") <= after.count("=") for before, after in pairwise(bars))
    assert {len(bar) for bar in bars} == {len(bars[0])}


GOING_ON = "gray: a -> b: loss 15 %; dark: zone b without power; flap: spine-a1 <-> core-a down"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        (GOING_ON, 120, GOING_ON),
        (GOING_ON, 50, "gray; dark; flap"),
        (GOING_ON, 44, "gray; dark; +1"),
        (GOING_ON, 39, "gray; +2"),
        (GOING_ON, 34, "+3"),
        ("outage: zone b without power", 40, "outage"),
        ("outage: zone b without power", 34, "outa"),
    ],
)
def test_what_goes_on_is_shortened_to_the_terminal(text: str, width: int, shown: str) -> None:
    drawn = line(60 * 10**9, 180 * 10**9, text, width)
    assert drawn == f" 1:00 [======>              ] {shown}"
    assert len(drawn) <= width


def test_a_terminal_may_be_as_narrow_as_it_likes() -> None:
    assert [len(line(10**9, 180 * 10**9, GOING_ON, width)) for width in range(31)] == list(range(30)) + [30]


BUSY = (
    SHORT
    + """\
timeline:
  a-name-that-is-long-enough: {at: 100 ms, action: impair, target: a -> b, delay: 1 ms, jitter: 100 us}
  another-such-name: {at: 200 ms, action: impair, target: b -> a, delay: 1 ms, jitter: 100 us}
  one-more: {at: 300 ms, action: power-off, target: rack a/r2}
"""
)


@pytest.mark.parametrize("columns", [40, 80])
def test_nothing_is_drawn_beyond_the_terminal(desk: Desk, columns: int) -> None:
    """In a terminal, longer lines would wrap, and every picture leave one behind."""
    desk.write("s.yaml", BUSY.replace("2 s", "20 s"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "run", "s.yaml"], cwd=desk.path, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    drawn = _all_of(ours)
    assert process.wait(timeout=30) in (0, 1)
    pictures = [picture for picture in drawn.split("\r\x1b[K") if picture]
    assert pictures, "it takes long enough to be drawn"
    assert max(map(len, pictures)) < columns


def _all_of(terminal: int) -> str:
    read = b""
    # A terminal that nobody writes to any more ends with EIO.
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            read += piece
    os.close(terminal)
    return read.decode()


def test_the_table_fits_the_terminal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("s.yaml", BUSY)
    for columns in ("40", "80"):
        monkeypatch.setenv("COLUMNS", columns)
        table, _, _ = desk.dcsim("run", "s.yaml", "-q").out.partition("ok  across")
        assert max(map(len, table.splitlines())) <= int(columns)
        assert table.count("\nacross ") >= 2, "in blocks, each with its labels"
    monkeypatch.setenv("COLUMNS", "300")
    assert desk.dcsim("run", "s.yaml", "-q").out.count("\nacross ") == 1


def test_directories_are_readable_as_files_are(desk: Desk) -> None:
    desk.write("s.yaml", SHORT)
    desk.dcsim("run", "s.yaml", "--out", "out")
    Path("mine").mkdir()
    assert (desk.path / "out").stat().st_mode == (desk.path / "mine").stat().st_mode


SHUT = (
    HEAD
    + """\
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24, network_acl: db}}
    network_acls: {db: {ingress: 110 deny icmp from 10.0.0.0/16, egress: 100 allow all to 0.0.0.0/0}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      left: {subnet: net-a, security_groups: open}
      right: {subnet: net-b, security_groups: open}
"""
)


def test_who_never_got_an_answer_learns_why(desk: Desk) -> None:
    desk.write("shut.yaml", SHUT)
    desk.write(
        "s.yaml",
        SHORT.replace("two-az", "shut").replace("  across: {", "  back: {ping: left, from: right}\n  across: {"),
    )
    said = desk.dcsim("run", "s.yaml")
    whys = [line for line in said.out.splitlines() if line.startswith("why")]
    assert whys == [
        "why: network ACL at a/r1/h1; ask dcsim trace s.yaml right left icmp",
        "why: network ACL at b/r1/h1; ask dcsim trace s.yaml left right icmp",
    ]
    assert desk.dcsim(*whys[0].partition("ask dcsim ")[2].split()).status == 1
    assert "why" not in desk.dcsim("run", "az-outage.yaml", "-q").out, "it had answers before"
