"""Guest RAM, and who answers elsewhere in the guest's physical address space."""

from typing import Protocol

RAM_BASE = 0x10_0000
RAM_BYTES = 1 << 20

NET_BASE = 0x0A00_0000
CONSOLE_BASE = 0x0A00_1000
PLATFORM_BASE = 0x0A00_2000
REGION_BYTES = 0x1000


class OutsideRam(Exception):
    """A guest named memory that it does not have."""


class Ram:
    """A window on guest memory. `view` is shared with the CPU: both see every write at once."""

    __slots__ = ("base", "size", "view")

    def __init__(self, view: memoryview, base: int = RAM_BASE) -> None:
        self.view = view
        self.base = base
        self.size = len(view)

    def offset(self, address: int, size: int) -> int:
        """Where in `view` the `size` bytes at a guest physical address begin."""
        offset = address - self.base
        if offset < 0 or offset + size > self.size:
            raise OutsideRam(f"{size} bytes at {address:#x} are outside RAM")
        return offset


class Region(Protocol):
    """A page of device registers."""

    def read(self, offset: int, size: int) -> int: ...

    def write(self, offset: int, size: int, value: int) -> bool:
        """True when the device wants to act now: a notification, which ends the CPU's slice."""
