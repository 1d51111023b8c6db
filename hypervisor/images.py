"""What a guest boots from: an ELF64 file, shipped with dcsim or the user's own."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from struct import Struct
from typing import Any

from hypervisor.devices.memory import RAM_BASE, RAM_BYTES

X86_64 = "x86-64"

# ELF-64 Object File Format, version 1.5: figures 2 and 6.
ELF_HEADER = Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = Struct("<IIQQQQQQ")
MAGIC = b"\x7fELF"
CLASS_64, LITTLE_ENDIAN, CURRENT_VERSION = 2, 1, 1
TYPE_EXECUTABLE = 2
SEGMENT_LOAD = 1
MACHINES = {3: "x86 (32-bit)", 40: "arm", 62: X86_64, 183: "aarch64", 243: "riscv"}
SEGMENTS_MAX = 64


class BadImage(ValueError):
    """An image that cannot be booted; the sentence says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Segment:
    """`data` goes to a guest physical address, zeros follow up to `size`."""

    address: int
    data: bytes
    size: int

    @property
    def end(self) -> int:
        return self.address + self.size


@dataclass(frozen=True, slots=True)
class Image:
    """A checked program: every segment lies in RAM, and `entry` in a segment. `digest` is the file's sha256."""

    name: str
    isa: str
    entry: int
    segments: tuple[Segment, ...]
    digest: str


def load_image(name_or_path: str | Path, directory: Path = Path()) -> Image:
    """A shipped image by its name, or else the ELF file at a path, which starts in `directory`."""
    name = str(name_or_path)
    shipped = _manifest()
    if name in shipped:
        return _shipped(name)
    path = directory / name
    if not path.is_file():
        raise BadImage(_missing(name, sorted(shipped)))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadImage(f"cannot read {name}: {error.strerror}") from None
    return parse_elf(path.name, data)


def _missing(name: str, shipped: list[str]) -> str:
    if "/" in name or "." in name:
        return f"no file {name}; give an ELF file; shipped images are {', '.join(shipped)}"
    return f"no image '{name}'; shipped images are {', '.join(shipped)}"


@cache
def _manifest() -> dict[str, dict[str, Any]]:
    text = (files("hypervisor.firmware") / "images.json").read_text("utf-8")
    return {entry["name"]: entry for entry in json.loads(text)["images"]}


@cache
def _shipped(name: str) -> Image:
    entry = _manifest()[name]
    image = parse_elf(name, (files("hypervisor.firmware") / entry["file"]).read_bytes())
    if image.digest != entry["sha256"]:
        raise BadImage(f"image '{name}' is damaged: its sha256 is not the manifest's; install dcsim again")
    return image


@lru_cache(maxsize=16)
def parse_elf(name: str, data: bytes) -> Image:
    """Check an ELF64 executable and take what a machine needs of it. All copies of an instance share what it takes."""
    if data[:4] != MAGIC:
        raise BadImage(f"{name} is not an ELF file")
    if len(data) < ELF_HEADER.size:
        raise BadImage(f"{name} is truncated: {len(data)} bytes are less than an ELF header")
    ident, kind, machine, _, entry, table, _, _, _, entry_size, count, *_ = ELF_HEADER.unpack_from(data)
    if ident[4] != CLASS_64 or ident[5] != LITTLE_ENDIAN or ident[6] != CURRENT_VERSION:
        raise BadImage(f"{name} is not a 64-bit little-endian ELF file; build it for x86-64")
    if MACHINES.get(machine) != X86_64:
        isa = MACHINES.get(machine, f"machine type {machine}")
        raise BadImage(f"{name} is for {isa}; this host runs {X86_64} guests")
    if kind != TYPE_EXECUTABLE:
        raise BadImage(f"{name} is not a statically linked executable; link it with -static -no-pie")
    segments = _segments(name, data, table, entry_size, count)
    if not any(segment.address <= entry < segment.end for segment in segments):
        raise BadImage(f"{name} starts at {entry:#x}, which is in none of its segments")
    return Image(name, X86_64, entry, segments, hashlib.sha256(data).hexdigest())


def _segments(name: str, data: bytes, table: int, entry_size: int, count: int) -> tuple[Segment, ...]:
    if not count:
        raise BadImage(f"{name} has nothing to load; link it as an executable")
    if count > SEGMENTS_MAX or entry_size != PROGRAM_HEADER.size:
        raise BadImage(f"{name} has a damaged program header table")
    if table + count * entry_size > len(data):
        raise BadImage(f"{name} is truncated: its program headers end beyond the file")
    headers = (PROGRAM_HEADER.unpack_from(data, table + i * entry_size) for i in range(count))
    found = [_segment(name, data, header) for header in headers if header[0] == SEGMENT_LOAD and header[6]]
    if not found:
        raise BadImage(f"{name} has nothing to load; link it as an executable")
    found.sort(key=lambda segment: segment.address)
    for before, after in pairwise(found):
        if before.end > after.address:
            raise BadImage(f"{name} has overlapping segments at {after.address:#x}")
    return tuple(found)


def _segment(name: str, data: bytes, header: tuple[int, ...]) -> Segment:
    _, _, offset, _, address, in_file, in_memory, _ = header
    if in_file > in_memory:
        raise BadImage(f"{name} has a segment at {address:#x} that is longer in the file than in memory")
    if offset + in_file > len(data):
        raise BadImage(f"{name} is truncated: the segment at {address:#x} ends beyond the file")
    if address < RAM_BASE or address + in_memory > RAM_BASE + RAM_BYTES:
        ram = f"{RAM_BASE:#x}..{RAM_BASE + RAM_BYTES:#x}"
        raise BadImage(f"{name} has a segment at {address:#x} outside RAM, which is {ram}; link it there")
    return Segment(address, data[offset : offset + in_file], in_memory)
