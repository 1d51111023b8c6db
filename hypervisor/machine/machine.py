"""A computer that executes machine code: the `Guest` for images such as `agent`."""

from collections import Counter
from random import Random

from hypervisor.clock import Clock, Source
from hypervisor.guest import Reporter, Wire
from hypervisor.images import Image
from hypervisor.machine.exits import Exit, ExitCosts
from hypervisor.machine.runloop import RunLoop
from hypervisor.machine.settings import Settings, Usage
from netvirt.address import Ip
from netvirt.journey import Outcome

DEFAULTS = Settings()


class Machine:
    """Implements `Guest`. Time is instructions x cycles / frequency, and what each exit costs.

    `source` is its place in the order of events, `random` the stream behind its entropy register. Counters go on
    over power cycles; a guest that breaks its machine is stopped and reported, and can be started again.
    """

    def __init__(
        self,
        image: Image,
        *,
        source: Source,
        random: Random,
        frequency_hz: int = DEFAULTS.frequency_hz,
        cycles_per_instruction: int = DEFAULTS.cycles_per_instruction,
        costs: ExitCosts = DEFAULTS.costs,
        spin_limit: int = DEFAULTS.spin_limit,
        quantum: int = DEFAULTS.quantum,
        native: bool = True,
    ) -> None:
        self.image = image
        self._source = source
        self._random = random
        self._settings = Settings(frequency_hz, cycles_per_instruction, costs, spin_limit, quantum, native)
        self._usage = Usage()
        self._loop: RunLoop | None = None

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None:
        assert self._loop is None, "already powered on"
        self._usage.boots += 1
        self._loop = RunLoop(self.image, self._settings, self._source, self._random, self._usage, clock, wire, report)

    def receive(self, data: bytes) -> Outcome:
        taken = self._loop is not None and self._loop.receive(data)
        return Outcome.DELIVERED if taken else Outcome.NO_RX_BUFFER

    def order(self, line: str) -> None:
        assert "\n" not in line, "one line at a time"
        if self._loop is not None:
            self._loop.order(line)

    def stop(self) -> None:
        if self._loop is None:
            return
        self._loop.cut()
        self._usage.address = None
        self._usage.dropped += self._loop.net.dropped
        self._loop = None

    @property
    def running(self) -> bool:
        """Powered on, and not stopped by a fault."""
        return self._loop is not None and not self._loop.dead

    @property
    def address(self) -> Ip | None:
        return self._usage.address

    @property
    def exits(self) -> Counter[Exit]:
        return self._usage.exits

    @property
    def instructions(self) -> int:
        return self._usage.instructions

    @property
    def cpu_ns(self) -> int:
        return self._usage.cpu_ns

    @property
    def boots(self) -> int:
        return self._usage.boots

    @property
    def dropped(self) -> int:
        """Frames that the card lost: no receive buffer was free, or a frame to send had no valid size."""
        return self._usage.dropped + (self._loop.net.dropped if self._loop else 0)
