"""Remembered decisions: what `datapath` answered for a flow, kept until something it rested on changes.

Memo only: it may be flushed at any moment without changing a byte. Connection tracks are state and live elsewhere.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, Protocol, TypeVar

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


class Memo(Generic[E]):
    """Entries by key, and by what they rest on. `entries` is read directly where a packet passes."""

    __slots__ = ("_resting_on", "entries", "limit")

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.entries: dict[Hashable, E] = {}
        self._resting_on: dict[str, dict[Hashable, None]] = {}

    def keep(self, entry: E) -> None:
        self.forget(entry.key)
        if len(self.entries) >= self.limit:
            self.forget(next(iter(self.entries)))
        self.entries[entry.key] = entry
        entry.track.supports(self, entry.key)
        for noun in entry.nouns:
            self._resting_on.setdefault(noun, {})[entry.key] = None

    def forget(self, key: Hashable) -> None:
        entry = self.entries.pop(key, None)
        if entry is None:
            return
        entry.track.releases(self, key)
        for noun in entry.nouns:
            self._resting_on[noun].pop(key, None)

    def changed(self, nouns: Iterable[str]) -> None:
        """These resources are not what they were: forget what rested on them."""
        for noun in nouns:
            for key in list(self._resting_on.get(noun, ())):
                self.forget(key)

    def flush(self) -> None:
        for key in list(self.entries):
            self.forget(key)
