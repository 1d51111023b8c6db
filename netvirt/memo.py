"""Remembered decisions: what `datapath` answered for a flow, kept until something it rested on changes.

Memo only: it may be flushed at any moment without changing a byte. Connection tracks are state and live elsewhere.
"""

from collections.abc import Hashable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from netvirt.vpc.conntrack import Track

LIMIT = 65_536
"""Entries remembered per memo; the oldest goes first."""


class Entry(Protocol):
    """A remembered decision. `nouns` are the ids of the resources that it rested on."""

    @property
    def key(self) -> Hashable: ...
    @property
    def track(self) -> Track: ...
    @property
    def nouns(self) -> tuple[str, ...]: ...


E = TypeVar("E", bound=Entry)


class Grounds:
    """What the decisions of many memos rest on. A change costs what it makes void, however much else is remembered."""

    __slots__ = ("_carrying",)

    def __init__(self) -> None:
        self._carrying: dict[str, dict[Entry, Memo[Any]]] = {}

    def carry(self, memo: "Memo[Any]", entry: Entry) -> None:
        for noun in entry.nouns:
            self._carrying.setdefault(noun, {})[entry] = memo

    def release(self, entry: Entry) -> None:
        for noun in entry.nouns:
            self._carrying[noun].pop(entry, None)

    def changed(self, nouns: Iterable[str]) -> None:
        """These resources are not what they were: forget what rested on them."""
        for noun in nouns:
            for entry, memo in list(self._carrying.get(noun, {}).items()):
                memo.forget(entry.key)


class Memo(Generic[E]):
    """Entries by key. `entries` is read directly where a packet passes."""

    __slots__ = ("_grounds", "entries", "limit")

    def __init__(self, grounds: Grounds, limit: int = LIMIT) -> None:
        self._grounds = grounds
        self.limit = limit
        self.entries: dict[Hashable, E] = {}

    def keep(self, entry: E) -> None:
        self.forget(entry.key)
        if len(self.entries) >= self.limit:
            self.forget(next(iter(self.entries)))
        self.entries[entry.key] = entry
        entry.track.supports(self, entry.key)
        self._grounds.carry(self, entry)

    def forget(self, key: Hashable) -> None:
        entry = self.entries.pop(key, None)
        if entry is None:
            return
        entry.track.releases(self, key)
        self._grounds.release(entry)

    def flush(self) -> None:
        for key in list(self.entries):
            self.forget(key)
