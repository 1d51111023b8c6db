"""One packet of a capture that dcsim wrote, by the number that Wireshark gives it (draft-ietf-opsawg-pcapng-03)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct, error
from typing import BinaryIO

from dcsim.observe.pcapng import (
    ENHANCED_PACKET,
    IF_DESCRIPTION,
    IF_NAME,
    INTERFACE_DESCRIPTION,
    OPT_COMMENT,
    OPT_END,
)
from dcsim.problem import Mistake
from dcsim.topology.words import plural

_BLOCK = Struct("<II")
_PACKET = Struct("<IIIII")
_OPTION = Struct("<HH")
_INTERFACE_BYTES = 8
"""Of an interface's block, before its options."""
LONGEST_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Captured:
    """`unix_ns` is when it was seen, `comment` what the capture says of its end."""

    number: int
    interface: str
    description: str
    unix_ns: int
    data: bytes
    comment: str


def packet_of(capture: Path, number: int) -> Captured:
    """Mistake when the file cannot be read as a capture, or has fewer packets."""
    interfaces: list[tuple[str, str]] = []
    seen = 0
    try:
        with capture.open("rb") as file:
            for kind, body in _blocks(file):
                if kind == INTERFACE_DESCRIPTION:
                    options = dict(_options(body[_INTERFACE_BYTES:]))
                    interfaces.append((options.get(IF_NAME, ""), options.get(IF_DESCRIPTION, "")))
                elif kind == ENHANCED_PACKET:
                    seen += 1
                    if seen == number:
                        return _captured(number, interfaces, body)
    except OSError as problem:
        raise Mistake(f"cannot read {capture}: {problem.strerror}") from None
    except (error, IndexError, UnicodeDecodeError):
        raise Mistake(f"{capture} is no capture of dcsim") from None
    if not seen:
        raise Mistake(f"{capture} holds no packet")
    raise Mistake(f"{capture} has {plural(seen, 'packet')}", "the first one is 1, as in Wireshark")


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while head := file.read(_BLOCK.size):
        kind, length = _BLOCK.unpack(head)
        if not 12 <= length <= LONGEST_BLOCK_BYTES:
            raise IndexError("no block is that long")
        rest = file.read(length - _BLOCK.size)
        if len(rest) != length - _BLOCK.size:
            raise IndexError("cut off")
        yield kind, rest[:-4]


def _captured(number: int, interfaces: list[tuple[str, str]], body: bytes) -> Captured:
    interface, high, low, size, _ = _PACKET.unpack_from(body)
    end = _PACKET.size + size
    comment = dict(_options(body[end + -size % 4 :])).get(OPT_COMMENT, "")
    name, description = interfaces[interface]
    return Captured(number, name, description, high << 32 | low, body[_PACKET.size : end], comment)


def _options(data: bytes) -> Iterator[tuple[int, str]]:
    """Those that hold text; the others are nobody's business here."""
    offset = 0
    while offset < len(data):
        code, length = _OPTION.unpack_from(data, offset)
        if code == OPT_END:
            return
        offset += _OPTION.size
        if code in (OPT_COMMENT, IF_NAME, IF_DESCRIPTION):
            yield code, data[offset : offset + length].decode()
        offset += length + -length % 4
