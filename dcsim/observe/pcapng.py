"""Writing pcapng: named interfaces, nanoseconds, comments (draft-ietf-opsawg-pcapng-03; sections in brackets)."""

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct
from typing import BinaryIO, NamedTuple

SECTION_HEADER, INTERFACE_DESCRIPTION, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6
BYTE_ORDER_MAGIC = 0x1A2B3C4D
VERSION = 1, 0
LENGTH_UNKNOWN = -1
"""Of the section: it is streamed [4.1]."""
LINKTYPE_ETHERNET = 1
NO_SNAPLEN = 0
NANOSECONDS = 9
"""if_tsresol: ten to the minus ninth of a second [4.2]."""

OPT_END, OPT_COMMENT = 0, 1
SHB_USERAPPL = 4
IF_NAME, IF_DESCRIPTION, IF_TSRESOL = 2, 3, 9
EPB_FLAGS = 2

_BLOCK = Struct("<II")
_LENGTH = Struct("<I")
_SECTION = Struct("<IHHq")
_INTERFACE = Struct("<HHI")
_PACKET = Struct("<IIIII")
_OPTION = Struct("<HH")
_FLAGS = Struct("<I")


class Way(IntEnum):
    """The two lowest bits of epb_flags [4.3.1]: which way the packet crossed the interface."""

    UNKNOWN = 0
    INBOUND = 1
    OUTBOUND = 2


class Option(NamedTuple):
    code: int
    value: bytes


def text_option(code: int, text: str) -> list[Option]:
    """Nothing for an empty text. File names may hold what is no Unicode."""
    return [Option(code, text.encode("utf-8", "replace"))] if text else []


class PcapngWriter:
    """A section, streamed to `file`. The bytes depend on the arguments alone."""

    def __init__(self, file: BinaryIO, *, application: str, comment: str = "") -> None:
        self._file = file
        self._interfaces = 0
        body = _SECTION.pack(BYTE_ORDER_MAGIC, *VERSION, LENGTH_UNKNOWN)
        self._block(SECTION_HEADER, body, text_option(OPT_COMMENT, comment) + text_option(SHB_USERAPPL, application))

    def interface(self, name: str, description: str = "") -> int:
        """Describe an Ethernet interface; the answer is its number in `packet`."""
        options = text_option(IF_NAME, name) + text_option(IF_DESCRIPTION, description)
        options.append(Option(IF_TSRESOL, bytes([NANOSECONDS])))
        self._block(INTERFACE_DESCRIPTION, _INTERFACE.pack(LINKTYPE_ETHERNET, 0, NO_SNAPLEN), options)
        self._interfaces += 1
        return self._interfaces - 1

    def packet(
        self, interface: int, unix_ns: int, data: bytes, way: Way = Way.UNKNOWN, comments: Iterable[str] = ()
    ) -> None:
        """A whole frame, seen on `interface` at `unix_ns` nanoseconds since 1970."""
        assert interface < self._interfaces, "an interface is described before its first packet"
        size = len(data)
        head = _PACKET.pack(interface, unix_ns >> 32, unix_ns & 0xFFFFFFFF, size, size)
        options = [option for comment in comments for option in text_option(OPT_COMMENT, comment)]
        if way is not Way.UNKNOWN:
            options.append(Option(EPB_FLAGS, _FLAGS.pack(way)))
        self._block(ENHANCED_PACKET, head + _padded(data), options)

    def _block(self, kind: int, body: bytes, options: list[Option]) -> None:
        if options:
            body += b"".join(map(_encoded, options)) + _OPTION.pack(OPT_END, 0)
        total = _BLOCK.size + len(body) + _LENGTH.size
        self._file.write(_BLOCK.pack(kind, total) + body + _LENGTH.pack(total))


def _encoded(option: Option) -> bytes:
    return _OPTION.pack(option.code, len(option.value)) + _padded(option.value)


def _padded(data: bytes) -> bytes:
    """Everything in a block starts at a multiple of 4 octets [3.1]."""
    return data + bytes(-len(data) % 4)
