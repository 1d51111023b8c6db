"""What every sans-I/O machine has in common: time goes in, frames and the next deadline come out."""

from typing import Protocol

from netvirt.address import Ns


class Timed(Protocol):
    """Whoever has something to do when time passes."""

    def poll(self, now: Ns) -> list[bytes]:
        """Time has come to `deadline` or later; what is to be sent."""

    @property
    def deadline(self) -> Ns | None:
        """When `poll` has something to do, None: not before the next frame."""
