"""The platform page: the register that wakes a halted guest, and a source of entropy."""

from random import Random

DEADLINE = 0x00
ENTROPY = 0x08

MASK_32 = (1 << 32) - 1
NEVER = (1 << 64) - 1


class PlatformPage:
    """`deadline` (64 bits at 0x00, absolute TSC value; 0 and all ones mean none) and `entropy` (32 bits at 0x08).

    The deadline wakes a halted guest once and is then disarmed, as IA32_TSC_DEADLINE is
    (Intel SDM volume 3A, "TSC-Deadline Mode"). It may be written as one 8-byte or two 4-byte accesses.
    """

    __slots__ = ("_deadline", "_random")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._deadline = 0

    @property
    def deadline(self) -> int | None:
        return None if self._deadline in (0, NEVER) else self._deadline

    def disarm(self) -> None:
        self._deadline = 0

    def read(self, offset: int, size: int) -> int:
        if offset == ENTROPY and size == 4:
            return self._random.getrandbits(32)
        if size == 4 and offset in (DEADLINE, DEADLINE + 4):
            return self._deadline >> offset * 8 & MASK_32
        if size == 8 and offset == DEADLINE:
            return self._deadline
        return 0

    def write(self, offset: int, size: int, value: int) -> bool:
        if size == 8 and offset == DEADLINE:
            self._deadline = value
        elif size == 4 and offset in (DEADLINE, DEADLINE + 4):
            shift = offset * 8
            self._deadline = self._deadline & ~(MASK_32 << shift) | (value & MASK_32) << shift
        return False
