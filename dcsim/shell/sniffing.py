"""Frames as guests send and receive them, a line each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from dcsim.clock import SimClock
from dcsim.shell.text import seconds_text
from dcsim.world import Guest
from hypervisor.host import Nic, Tap
from netvirt.frame import Frame


@dataclass(slots=True)
class _Ear:
    guest: Guest
    tap: Tap
    left: int | None


class Sniffer:
    """Taps on vNICs. `lines` hands out what was seen since it was asked last."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._ears: dict[str, _Ear] = {}
        self._seen: list[tuple[int, str, Frame, bool]] = []

    def start(self, name: str, guest: Guest, count: int | None) -> None:
        """For `count` frames, or until `stop`."""
        self._end(name)
        tap: Tap = partial(self._see, name)
        self._ears[name] = _Ear(guest, tap, count)
        guest.nic.taps = (*guest.nic.taps, tap)

    def stop(self) -> None:
        for name in list(self._ears):
            self._end(name)

    def _end(self, name: str) -> None:
        ear = self._ears.pop(name, None)
        if ear is not None:
            nic = ear.guest.nic
            nic.taps = tuple(tap for tap in nic.taps if tap is not ear.tap)

    def _see(self, name: str, _: Nic, frame: Frame, leaving: bool) -> None:
        ear = self._ears.get(name)
        if ear is None or ear.left == 0:
            return
        self._seen.append((self._clock.now, name, frame, leaving))
        if ear.left is not None:
            ear.left -= 1

    def lines(self) -> Iterator[str]:
        seen, self._seen = self._seen, []
        for time, name, frame, leaving in seen:
            yield f"{seconds_text(time)} {name} {'sends' if leaving else 'gets'} {frame.packet.summary()}"
        for name in [name for name, ear in self._ears.items() if ear.left == 0]:
            self._end(name)
