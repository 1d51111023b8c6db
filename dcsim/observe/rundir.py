"""A run's directory: made aside, moved into place whole, and never over something else."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

import orjson

from dcsim.observe.inputs import MANIFEST, Inputs
from dcsim.problem import Mistake

SUMMARY = "summary.json"
EVENTS = "events.jsonl"
CAPTURE = "capture.pcapng"
REPORT = "report.html"
FLOW_LOGS = "flow-logs"
INPUTS = "inputs"
ARTIFACTS = (EVENTS, CAPTURE, REPORT, SUMMARY)
SUMS = "sha256sums"
"""The digests of every other file of a run, as `sha256sum --check` reads them: what differs from them was changed."""
CHUNK_BYTES = 1 << 20


class Differs(Exception):
    """The same inputs gave other bytes than last time, so dcsim is at fault. `what` says where: `event 1042`."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} differs from this run at {what}: same inputs, so a bug")
        self.path = path
        self.what = what


def default_name(scenario: str, seed: int, inputs_sha256: str) -> str:
    return f"{scenario}-{seed}-{inputs_sha256[:6]}"


def check_target(target: Path, inputs_sha256: str) -> None:
    """Mistake unless a run with these inputs may end in `target`: nothing there, nothing in it, or that run whole."""
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir():
        raise Mistake(f"{target} is a file", "name a new directory")
    if not any(target.iterdir()):
        return
    before = digest_of(target)
    if before is None and not (target / SUMS).is_file():
        raise Mistake(f"{target} is neither empty nor a run of dcsim", "name a new directory")
    if before is not None and before != inputs_sha256:
        raise Mistake(f"{target} is a run with other inputs", "name a new directory, or remove that one")
    found = amiss(target)
    if found is not None:
        raise Mistake(f"{target} is not whole ({found})", "remove it to run anew")


def amiss(directory: Path) -> str | None:
    """What somebody did to a run: `capture.pcapng is gone`."""
    try:
        text = (directory / SUMS).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return f"{SUMS} is gone"
    written = dict(line.split("  ", 1)[::-1] for line in text.splitlines() if "  " in line)
    if SUMMARY not in written:
        return f"{SUMS} was changed"
    for name, digest in written.items():
        if not (directory / name).is_file():
            return f"{name} is gone"
        if _sha256(directory / name) != digest:
            return f"{name} was changed"
    return None


def _sums(directory: Path) -> str:
    files = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return "".join(f"{_sha256(directory / name)}  {name}\n" for name in files)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def digest_of(directory: Path) -> str | None:
    """The inputs_sha256 of the run in `directory`; None when it is no run."""
    try:
        summary = orjson.loads((directory / SUMMARY).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    digest = summary.get("inputs_sha256") if isinstance(summary, dict) and "format" in summary else None
    return digest if isinstance(digest, str) else None


@contextmanager
def run_directory(target: Path, inputs: Inputs) -> Iterator[Path]:
    """A directory to write a run in, with `inputs/` filled; it becomes `target` when the block ends well.

    Where the same run is already, the two are compared: nothing changes when they are equal, else Differs. Mistake
    when something else is there. Whatever happens, no file of the user's is touched and nothing half-made is left.
    """
    try:
        check_target(target, inputs.sha256)
        place = Path(os.path.realpath(target))
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as error:
        raise Mistake(f"cannot write {target}: {error.strerror}", "name another directory") from None
    try:
        # One deeper: mkdtemp's own is for nobody else to read.
        fresh = aside / place.name
        _write_inputs(fresh / INPUTS, inputs)
        yield fresh
        (fresh / SUMS).write_text(_sums(fresh), "utf-8")
        _settle(fresh, place, target, inputs.sha256)
    finally:
        shutil.rmtree(aside)


def _write_inputs(directory: Path, inputs: Inputs) -> None:
    directory.mkdir(parents=True)
    for name, data in [(MANIFEST, inputs.manifest), *inputs.stored()]:
        (directory / name).write_bytes(data)


def _settle(fresh: Path, place: Path, target: Path, inputs_sha256: str) -> None:
    # Somebody may have come in between.
    check_target(target, inputs_sha256)
    if place.is_dir() and any(place.iterdir()):
        compare(target, fresh)
        return
    if place.is_dir():
        place.rmdir()
    fresh.rename(place)


def compare(old: Path, new: Path) -> None:
    """Differs at the first difference between two runs. Files that are not a run's are nobody's business."""
    for name in (*ARTIFACTS, *_flow_logs(old, new)):
        what = _difference(old / name, new / name)
        if what is not None:
            raise Differs(old, what)


def _flow_logs(*directories: Path) -> list[str]:
    """What any of them has, as names within it."""
    found = ((each, path) for each in directories for path in (each / FLOW_LOGS).rglob("*") if path.is_file())
    return sorted({path.relative_to(each).as_posix() for each, path in found})


def _difference(old: Path, new: Path) -> str | None:
    if not old.is_file() or not new.is_file():
        return None if old.is_file() == new.is_file() else f"{old.name}, which only one of them has"
    with old.open("rb") as before, new.open("rb") as after:
        if old.name == EVENTS:
            return _at_event(before, after)
        return _at_byte(old.name, before, after)


def _at_event(before: BinaryIO, after: BinaryIO) -> str | None:
    """Events are lines, counted from 1."""
    for number, (old, new) in enumerate(zip_longest(before, after), 1):
        if old != new:
            return f"event {number}"
    return None


def _at_byte(name: str, before: BinaryIO, after: BinaryIO) -> str | None:
    """Bytes are counted from 0, as hex dumps do."""
    offset = 0
    while True:
        old, new = before.read(CHUNK_BYTES), after.read(CHUNK_BYTES)
        if old != new:
            same = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
            return f"byte {offset + same} of {name}"
        if not old:
            return None
        offset += len(old)
