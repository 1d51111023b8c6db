"""YAML with comments: the ids and names of AWS stand beside what things are called here."""

from collections.abc import Iterator
from dataclasses import dataclass

from dcsim.describe.notes import printable
from dcsim.topology.inline import Block, inline

WIDTH = 140
"""A map that is longer in one line, without its note, gets a line for each key."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A value, and what is said beside it."""

    value: "Value"
    note: str


Value = str | list[str] | dict[str, "Entry"]
Entry = Value | Noted
Map = dict[str, Entry]


def written(key: str, entry: Entry, indent: int = 0) -> Iterator[str]:
    """`key: value  # note`: in one line where that is short and nothing in it has a note."""
    pad = " " * indent
    value, note = (entry.value, entry.note) if isinstance(entry, Noted) else (entry, "")
    end = f"  # {printable(note)}" if note else ""
    plain = _plain(value)
    key = inline(key)
    line = None if plain is None else f"{pad}{key}: {inline(plain)}"
    if line is not None and (len(line) <= WIDTH or isinstance(value, str)):
        yield line + end
        return
    yield f"{pad}{key}:{end}"
    if isinstance(value, dict):
        for name, each in value.items():
            yield from written(name, each, indent + 2)
    else:
        yield from (f"{pad}  - {inline(each)}" for each in value)


def _plain(value: Value) -> str | list[str] | Block | None:
    """Without notes; None when something in it has one."""
    if not isinstance(value, dict):
        return value
    block: Block = {}
    for key, each in value.items():
        plain = None if isinstance(each, Noted) else _plain(each)
        if plain is None:
            return None
        block[key] = plain
    return block
