"""The hook that runs before every guest instruction: it counts, and stops the CPU when the budget is spent.

Counting in Python is 25 times slower than the guest, and Unicorn's own `count=` cannot be lowered from inside
a device callback. So on x86-64 hosts the hook is 23 bytes of machine code; elsewhere it is Python, with the same
result to the instruction.
"""

import ctypes
import mmap
import os
import platform
from functools import cache
from typing import Any

EXECUTED, BUDGET, STOP, STOPPED = range(4)
"""Places in the counters block: instructions so far, where to stop, the address of uc_emu_stop, did we stop."""
COUNTERS = 4

# System V AMD64: rdi = engine, rcx = the counters. uc_emu_stop takes the engine too, so a jump is a call.
MACHINE_CODE = bytes.fromhex(
    "488b01"  # mov rax, [rcx]          executed
    "483b4108"  # cmp rax, [rcx + 8]    budget
    "7307"  # jae stop
    "48ffc0"  # inc rax
    "488901"  # mov [rcx], rax
    "c3"  # ret
    "c6411801"  # stop: mov byte [rcx + 24], 1
    "ff6110"  # jmp [rcx + 16]          uc_emu_stop
)

HOOK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p)


@cache
def _executable_page() -> mmap.mmap | None:
    """Memory that holds the code for the life of the process; None where the host forbids it."""
    if platform.machine() not in ("x86_64", "AMD64") or os.name != "posix":
        return None
    try:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        page = mmap.mmap(-1, mmap.PAGESIZE, flags, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return None
    page[: len(MACHINE_CODE)] = MACHINE_CODE
    return page


@cache
def _native_address() -> int | None:
    page = _executable_page()
    return None if page is None else ctypes.addressof(ctypes.c_char.from_buffer(page))


def has_native_hook() -> bool:
    return _native_address() is not None


class InstructionHook:
    """The counters of one CPU and the callback that keeps them. Use `callback` with `user_data`."""

    def __init__(self, emu_stop: Any, emu_stop_address: int, native: bool) -> None:
        self._block = (ctypes.c_uint64 * COUNTERS)()
        self.counters = memoryview(self._block).cast("B").cast("Q")
        self._emu_stop = emu_stop
        self.counters[STOP] = emu_stop_address
        self.user_data = ctypes.c_void_p(ctypes.addressof(self._block))
        address = _native_address() if native else None
        self.callback: Any = ctypes.c_void_p(address) if address is not None else HOOK(self._count)

    def _count(self, engine: int, address: int, size: int, user_data: int) -> None:
        counters = self.counters
        if counters[EXECUTED] >= counters[BUDGET]:
            counters[STOPPED] = 1
            self._emu_stop(engine)
        else:
            counters[EXECUTED] += 1

    def release(self) -> None:
        """Break the cycle between this object and its own callback."""
        self.callback = None
