"""How wide the place is that we write to."""

import os
from typing import TextIO

USUAL_WIDTH = 80
"""Of what is no terminal."""


def width_of(stream: TextIO) -> int:
    """The terminal's columns; COLUMNS where that says less, or where there is no terminal."""
    known = [width for width in (_columns(stream), _asked()) if width > 0]
    return min(known, default=USUAL_WIDTH)


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return 0


def _asked() -> int:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
