"""How instructions become nanoseconds."""

NS_PER_S = 1_000_000_000


class Pace:
    """Instructions x cycles / frequency, in integers; what does not fill a nanosecond is kept for the next slice."""

    __slots__ = ("_frequency_hz", "_per_instruction", "_remainder")

    def __init__(self, frequency_hz: int, cycles_per_instruction: int) -> None:
        self._frequency_hz = frequency_hz
        self._per_instruction = cycles_per_instruction * NS_PER_S
        self._remainder = 0

    def look(self, instructions: int) -> int:
        """The time that so many instructions take, from the last `take` on."""
        return (instructions * self._per_instruction + self._remainder) // self._frequency_hz

    def take(self, instructions: int) -> int:
        """The same, and that time is over."""
        total = instructions * self._per_instruction + self._remainder
        nanoseconds, self._remainder = divmod(total, self._frequency_hz)
        return nanoseconds
