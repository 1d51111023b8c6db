"""A session as the documents show it, to the letter."""

import subprocess
import sys
from pathlib import Path

import pytest

from dcsim.scenario.load import load_scenario

from .seat import ROOT, TWO_AZ, sit, transcript, typed_in

SESSION = """\
0 s> nodes
left right
0 s> left ping -c1 right
1 received, 1.09 ms
0.001 s> link a <-> b down
0.001 s> pingall
left -> X   right -> X                 2 of 2 lost
1.001 s> link a <-> b up
1.001 s> zone b power-off
1.001 s> sleep 10 s
11.001 s> save story.yaml
"""


def test_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert transcript(sit(), typed_in(SESSION)) == SESSION


def test_the_readme_shows_it() -> None:
    assert SESSION in (ROOT / "README.md").read_text("utf-8")


def test_the_story_it_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    transcript(sit(), typed_in(SESSION))
    assert Path("story.yaml").read_text("utf-8") == (
        "# Saved by dcsim shell at 11.001 s.\n"
        "version: 1\n"
        "topology: two-az.yaml\n"
        "duration: 11.001426354 s\n"
        "seed: 0\n"
        "\n"
        "timeline:\n"
        "  cut-a-b: {at: 1.416456 ms, duration: 1.000009898 s, action: link-down, target: a <-> b}\n"
        "  off-zone-b: {at: 1.001426354 s, action: power-off, target: zone b}\n"
    )
    assert [entry.name for entry in load_scenario("story.yaml").timeline] == ["cut-a-b", "off-zone-b"]


LONG = """\
sniff left
left ping -c3 right
link a -> b loss 30 % jitter 100 us
right ping -c20 left
link a <-> b clear
pingall
host of right power-off
left ping -c2 right
host of right power-on
right ping left
drops
links
console right
left
trace left right tcp 22
"""


def test_the_same_session_is_told_the_same_whatever_the_hash_seed() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", "from dcsim.cli import main; main()", "shell", str(TWO_AZ), "--seed", "5"],
            input=LONG,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    ]
    assert told[0] == told[1] == told[2]
    assert told[0].count("\n") > 60


def test_another_seed_loses_other_packets() -> None:
    lines = ["link a -> b loss 50 %", *["left ping -c20 right"] * 3]
    assert transcript(sit(seed=1), lines) != transcript(sit(seed=2), lines)
