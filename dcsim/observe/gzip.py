"""gzip files (RFC 1952) that hold their content as it is: compressors differ between machines, these bytes do not."""

import struct
from zlib import crc32

_HEADER = b"\x1f\x8b\x08\0" + bytes(4) + b"\0\xff"
"""Deflate, no flags, no time, no system in particular (RFC 1952 section 2.3)."""
_MOST_STORED = 0xFFFF


def stored(content: bytes) -> bytes:
    """`content` in blocks of deflate that are not compressed (RFC 1951 section 3.2.4)."""
    starts = range(0, max(len(content), 1), _MOST_STORED)
    blocks = [_block(content[start : start + _MOST_STORED], start == starts[-1]) for start in starts]
    return b"".join([_HEADER, *blocks, struct.pack("<II", crc32(content), len(content) & 0xFFFFFFFF)])


def _block(data: bytes, last: bool) -> bytes:
    return struct.pack("<BHH", last, len(data), len(data) ^ 0xFFFF) + data
