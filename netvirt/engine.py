"""The contract of every sans-I/O machine: frames and time go in, frames and the next deadline come out."""

from typing import Protocol

from netvirt.address import Ns


class Timed(Protocol):
    """Whoever has something to do when time passes."""

    def poll(self, now: Ns) -> list[bytes]:
        """Time has come to `deadline` or later; what is to be sent."""

    @property
    def deadline(self) -> Ns | None:
        """When `poll` has something to do, None: not before the next frame."""


class Engine(Timed, Protocol):
    def on_frame(self, data: bytes, now: Ns) -> list[bytes]:
        """A frame arrived; what is to be sent because of it, in order."""
