"""A run's directory appears whole or not at all, and never over something else."""

import json
from pathlib import Path

import pytest

from dcsim.observe.inputs import Inputs
from dcsim.observe.rundir import Differs, default_name, run_directory
from dcsim.problem import Mistake
from dcsim.topology.plan import InputFile

INPUTS = Inputs((InputFile("stories/story.yaml", b"version: 1\n"),), {"seed": 7})
EVENTS = b"".join(b'{"t_ns":%d}\n' % number for number in range(2000))


def run(target: Path, events: bytes = EVENTS, capture: bytes | None = b"packets", inputs: Inputs = INPUTS) -> None:
    with run_directory(target, inputs) as directory:
        (directory / "events.jsonl").write_bytes(events)
        if capture is not None:
            (directory / "capture.pcapng").write_bytes(capture)
        (directory / "summary.json").write_text(json.dumps({"format": 1, "inputs_sha256": inputs.sha256}))


def snapshot(directory: Path) -> dict[str, bytes | None]:
    """All that is in a directory, hidden things too."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in sorted(directory.rglob("*"))
    }


def test_a_run_leaves_its_inputs_and_what_it_wrote(tmp_path: Path) -> None:
    run(tmp_path / "runs" / "story-7-3f9a1c")
    left = snapshot(tmp_path / "runs")
    assert list(left) == [
        "story-7-3f9a1c",
        "story-7-3f9a1c/capture.pcapng",
        "story-7-3f9a1c/events.jsonl",
        "story-7-3f9a1c/inputs",
        "story-7-3f9a1c/inputs/inputs.json",
        "story-7-3f9a1c/inputs/story.yaml",
        "story-7-3f9a1c/sha256sums",
        "story-7-3f9a1c/summary.json",
    ]
    assert left["story-7-3f9a1c/inputs/story.yaml"] == b"version: 1\n"


def test_nothing_is_there_until_all_is(tmp_path: Path) -> None:
    target = tmp_path / "run"
    with run_directory(target, INPUTS) as directory:
        assert not target.exists() and directory.parent.parent == tmp_path
    assert target.exists()


def test_a_run_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), run_directory(tmp_path / "run", INPUTS) as directory:
        (directory / "events.jsonl").write_bytes(b"half")
        raise KeyboardInterrupt
    assert snapshot(tmp_path) == {}


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    run(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    before = snapshot(tmp_path)
    run(tmp_path / "run")
    assert snapshot(tmp_path) == before


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + b"?" + data[at + 1 :]


@pytest.mark.parametrize(
    ("events", "capture", "what"),
    [
        (EVENTS.replace(b":1041}", b":9}"), b"packets", "event 1042"),
        (EVENTS[:-12], b"packets", "event 2000"),
        (EVENTS + b"{}\n", b"packets", "event 2001"),
        (EVENTS, b"packeTs", "byte 5 of capture.pcapng"),
        (EVENTS, b"pack", "byte 4 of capture.pcapng"),
        (EVENTS, None, "capture.pcapng, which only one of them has"),
    ],
)
def test_other_bytes_from_the_same_inputs_are_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: bytes, capture: bytes | None, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    target = Path("runs/story-7-3f9a1c")
    run(target)
    before = snapshot(tmp_path)
    with pytest.raises(Differs) as caught:
        run(target, events, capture)
    assert str(caught.value) == f"runs/story-7-3f9a1c differs from this run at {what}: same inputs, so a bug"
    assert snapshot(tmp_path) == before


def test_a_difference_deep_in_a_large_file(tmp_path: Path) -> None:
    capture = bytes(3 << 20)
    run(tmp_path / "run", capture=capture)
    with pytest.raises(Differs, match=f"byte {(2 << 20) + 17} of capture.pcapng"):
        run(tmp_path / "run", capture=changed(capture, (2 << 20) + 17))


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    run(tmp_path / "run")
    assert (tmp_path / "run" / "summary.json").exists()


def a_file(target: Path) -> None:
    target.write_text("mine")


def other_things(target: Path) -> None:
    target.mkdir()
    (target / "thesis.tex").write_text("mine")


def a_foreign_summary(target: Path) -> None:
    target.mkdir()
    (target / "summary.json").write_text("[1, 2]")


def another_run(target: Path) -> None:
    run(target, inputs=Inputs((), {"seed": 8}))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (a_file, "is a file"),
        (other_things, "is neither empty nor a run of dcsim"),
        (a_foreign_summary, "is neither empty nor a run of dcsim"),
        (another_run, "is a run with other inputs"),
    ],
)
def test_what_is_there_is_never_touched(tmp_path: Path, there: object, said: str) -> None:
    assert callable(there)
    there(tmp_path / "run")
    before = snapshot(tmp_path)
    with pytest.raises(Mistake, match=said), run_directory(tmp_path / "run", INPUTS):
        raise AssertionError("refused before anything is simulated")
    assert snapshot(tmp_path) == before


def test_somebody_comes_in_between(tmp_path: Path) -> None:
    """Another process finished the same run first; or something else took the place."""
    target = tmp_path / "run"
    with run_directory(target, INPUTS) as directory:
        (directory / "summary.json").write_text(json.dumps({"format": 1, "inputs_sha256": INPUTS.sha256}))
        run(target, events=b"", capture=b"")
        (directory / "events.jsonl").write_bytes(b"")
        (directory / "capture.pcapng").write_bytes(b"")
    with pytest.raises(Mistake), run_directory(tmp_path / "other", INPUTS):
        other_things(tmp_path / "other")
    assert list(snapshot(tmp_path / "other")) == ["thesis.tex"]


def test_a_link_to_a_directory_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "there")
    run(tmp_path / "run")
    assert (tmp_path / "run").is_symlink() and (tmp_path / "there" / "summary.json").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    a_file(tmp_path / "file")
    with pytest.raises(Mistake, match="cannot write"), run_directory(tmp_path / "file" / "run", INPUTS):
        pass


def test_a_run_is_called_by_its_story_its_seed_and_its_inputs() -> None:
    assert default_name("az-outage", 7, "3f9a1c" + "0" * 58) == "az-outage-7-3f9a1c"
