"""ELF files that boot, and every way in which one does not."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypervisor.devices.memory import RAM_BASE, RAM_BYTES
from hypervisor.images import ELF_HEADER, PROGRAM_HEADER, BadImage, Image, load_image, parse_elf

FIRMWARE = Path(__file__).parents[2] / "hypervisor" / "firmware"
AGENT = (FIRMWARE / "agent.elf").read_bytes()


def elf(**changes: int) -> bytes:
    """A whole ELF file of one segment, field by field."""
    fields = {
        "bits": 2, "order": 1, "kind": 2, "machine": 62, "entry": RAM_BASE, "table": 64, "entry_size": 56,
        "count": 1, "type": 1, "offset": 120, "address": RAM_BASE, "in_file": 4, "in_memory": 16,
    }  # fmt: skip
    assert fields.keys() >= changes.keys()
    fields |= changes
    ident = bytes([0x7F, 69, 76, 70, fields["bits"], fields["order"], 1]).ljust(16, b"\0")
    header = ELF_HEADER.pack(
        ident, fields["kind"], fields["machine"], 1, fields["entry"], fields["table"], 0, 0, 64,
        fields["entry_size"], fields["count"], 0, 0, 0,
    )  # fmt: skip
    program = PROGRAM_HEADER.pack(
        fields["type"], 7, fields["offset"], fields["address"], fields["address"], fields["in_file"],
        fields["in_memory"], 1,
    )  # fmt: skip
    return header + program * fields["count"] + b"\xf4\xeb\xfd\x90"


def test_a_shipped_image_by_name() -> None:
    image = load_image("agent")
    assert (image.name, image.isa) == ("agent", "x86-64")
    assert image.digest == hashlib.sha256(AGENT).hexdigest()


def test_an_image_by_path(tmp_path: Path) -> None:
    (tmp_path / "own.elf").write_bytes(elf())
    image = load_image(tmp_path / "own.elf")
    assert (image.name, image.entry) == ("own.elf", RAM_BASE)
    assert [(s.address, s.data, s.size) for s in image.segments] == [(RAM_BASE, b"\xf4\xeb\xfd\x90", 16)]


def test_the_manifest_tells_the_truth() -> None:
    manifest = json.loads((FIRMWARE / "images.json").read_text())
    for entry in manifest["images"]:
        data = (FIRMWARE / entry["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert parse_elf(entry["name"], data).isa == entry["isa"]
        assert len(data) < 64 * 1024


def test_images_hold_no_trace_of_who_built_them() -> None:
    for trace in (b"/home", b"/work", b"/tmp", b"clang", b".c\0"):
        assert trace not in AGENT


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="needs ziglang: pip install dcsim[images]")
def test_sources_build_the_committed_bytes(tmp_path: Path) -> None:
    """In another directory, too."""
    command = [sys.executable, str(FIRMWARE / "build.py"), "--check"]
    assert subprocess.run(command, cwd=tmp_path, timeout=300, check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("agnt", "no image 'agnt'; shipped images are agent"),
        ("./agnt.elf", "no file ./agnt.elf; give an ELF file; shipped images are agent"),
    ],
)
def test_an_image_that_is_not_there(name: str, sentence: str) -> None:
    with pytest.raises(BadImage) as error:
        load_image(name)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "x.elf is not an ELF file"),
        (b"#!/bin/sh", "x.elf is not an ELF file"),
        (AGENT[:40], "x.elf is truncated: 40 bytes are less than an ELF header"),
        (AGENT[:100], "x.elf is truncated: its program headers end beyond the file"),
        (AGENT[:1000], "x.elf is truncated: the segment at 0x100000 ends beyond the file"),
        (elf(bits=1), "x.elf is not a 64-bit little-endian ELF file; build it for x86-64"),
        (elf(order=2), "x.elf is not a 64-bit little-endian ELF file; build it for x86-64"),
        (elf(machine=183), "x.elf is for aarch64; this host runs x86-64 guests"),
        (elf(machine=9999), "x.elf is for machine type 9999; this host runs x86-64 guests"),
        (elf(kind=3), "x.elf is not a statically linked executable; link it with -static -no-pie"),
        (elf(count=0), "x.elf has nothing to load; link it as an executable"),
        (elf(type=2), "x.elf has nothing to load; link it as an executable"),
        (elf(count=65), "x.elf has a damaged program header table"),
        (elf(entry_size=55), "x.elf has a damaged program header table"),
        (elf(count=2, offset=176), "x.elf has overlapping segments at 0x100000"),
        (elf(in_file=17), "x.elf has a segment at 0x100000 that is longer in the file than in memory"),
        (elf(offset=1 << 63), "x.elf is truncated: the segment at 0x100000 ends beyond the file"),
        (elf(entry=RAM_BASE + 16), "x.elf starts at 0x100010, which is in none of its segments"),
        (
            elf(address=0x1000),
            "x.elf has a segment at 0x1000 outside RAM, which is 0x100000..0x200000; link it there",
        ),
        (
            elf(in_memory=RAM_BYTES + 1),
            "x.elf has a segment at 0x100000 outside RAM, which is 0x100000..0x200000; link it there",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_does_not_boot(data: bytes, sentence: str) -> None:
    with pytest.raises(BadImage) as error:
        parse_elf("x.elf", data)
    assert str(error.value) == sentence


def check(data: bytes) -> None:
    try:
        image = parse_elf("fuzz", data)
    except BadImage as error:
        assert str(error).startswith("fuzz ")
    else:
        assert bootable(image)


def bootable(image: Image) -> bool:
    inside = all(s.address >= RAM_BASE and s.end <= RAM_BASE + RAM_BYTES for s in image.segments)
    return inside and all(len(s.data) <= s.size for s in image.segments)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(data: bytes, magic: bool) -> None:
    check(b"\x7fELF\2\1\1" + data if magic else data)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 175), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 200))
def test_a_damaged_file(damage: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(elf(count=2))
    for place, octet in damage:
        data[place] = octet
    check(bytes(data[: len(data) - cut]))


@settings(max_examples=500, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            field: st.one_of(st.integers(0, 300), st.integers(RAM_BASE - 9, RAM_BASE + 99), st.integers(0, 2**64 - 1))
            for field in ("entry", "table", "offset", "address", "in_file", "in_memory")
        },
    )
)
def test_made_up_fields(fields: dict[str, int]) -> None:
    check(elf(**fields))
