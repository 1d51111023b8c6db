"""The conservation of frames: everything guests send is delivered, consumed, dropped or still in flight."""

from collections.abc import Callable
from typing import Protocol

from netvirt.journey import Outcome


class Sized(Protocol):
    @property
    def size(self) -> int: ...


class Drop:
    """How many frames and bytes ended at one place for one reason."""

    __slots__ = ("bytes", "frames")

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0


class Ledger:
    """Counts inner frames. `sent` and `delivered` are counted by vNICs, the rest here.

    sent + replied + duplicated + split = delivered + consumed + dropped + in flight
    """

    __slots__ = ("consumed", "drops", "duplicated", "replied", "rule", "split", "watchers")

    def __init__(self) -> None:
        self.replied = 0
        self.duplicated = 0
        self.split = 0
        """Fragments beyond the first that routers made of a packet."""
        self.consumed = 0
        self.drops: dict[tuple[str, Outcome], Drop] = {}
        self.rule = ""
        """What decided the drop that watchers are being told of: `acl edge: 100 deny all from 0.0.0.0/0`."""
        self.watchers: list[Callable[[Sized, str, Outcome], None]] = []

    def drop(self, frame: Sized, place: str, reason: Outcome, rule: str = "") -> None:
        """`frame` ended at `place` for `reason`; `rule` is the sentence that decided, where it was one."""
        entry = self.drops.get((place, reason))
        if entry is None:
            entry = self.drops[place, reason] = Drop()
        entry.frames += 1
        entry.bytes += frame.size
        self.rule = rule
        for watch in self.watchers:
            watch(frame, place, reason)

    @property
    def dropped(self) -> int:
        return sum(drop.frames for drop in self.drops.values())
