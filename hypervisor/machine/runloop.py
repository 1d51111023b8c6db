"""One power cycle of a machine: run a slice, wait until its end in simulated time, carry out what ended it.

The guest's state is ahead of the clock while a slice lasts, but nobody can see it: frames and lines that arrive
meanwhile lie in the rings, where the guest finds them in its next slice.
"""

import mmap
import sys
from collections.abc import Callable
from random import Random
from typing import Any

from hypervisor.clock import Clock, Source
from hypervisor.devices.memory import CONSOLE_BASE, NET_BASE, PLATFORM_BASE, RAM_BASE, RAM_BYTES, Ram, Region
from hypervisor.devices.platform import PlatformPage
from hypervisor.devices.virtio.console import Console
from hypervisor.devices.virtio.net import Net
from hypervisor.guest import Reporter, Wire
from hypervisor.images import Image
from hypervisor.machine.cpu import Cpu
from hypervisor.machine.exits import Exit
from hypervisor.machine.pace import Pace
from hypervisor.machine.settings import Settings, Usage

DEVICE_FAULTS_MAX = 16
"""A driver that resets its device after each fault may do so this often."""

EMPTY_KICK_WEIGHT = 10_000
ACCESS_WEIGHT = 100
"""What exits count towards the spin limit, in instructions: about the host's time that they take."""


class RunLoop:
    """Everything that a power cut destroys."""

    def __init__(
        self,
        image: Image,
        settings: Settings,
        source: Source,
        random: Random,
        usage: Usage,
        clock: Clock,
        wire: Wire,
        report: Reporter,
    ) -> None:
        self._settings = settings
        self._source = source
        self._usage = usage
        self._clock = clock
        self._wire = wire
        self._report = report
        self._memory = _load(image)
        self._view = memoryview(self._memory)
        ram = Ram(self._view)
        self._complaints: list[str] = []
        self._device_faults = 0
        self.net = Net(ram, wire.mac, wire.mtu, self._complaints.append)
        self.console = Console(ram, self._complaints.append)
        self._platform = PlatformPage(random)
        self._pace = Pace(settings.frequency_hz, settings.cycles_per_instruction)
        regions: dict[int, Region] = {NET_BASE: self.net, CONSOLE_BASE: self.console, PLATFORM_BASE: self._platform}
        self._cpu = Cpu(self._view, image.entry, regions, self._tsc, usage.exits, settings.costs, settings.native)
        self.dead = False
        self._halted = False
        self._latched = False
        self._alarm: int | None = None
        self._began: int = clock.now
        self._began_at = 0
        self._spin = 0
        self._accesses = 0
        self._at(clock.now, self._resume, None)

    def _at(self, time: int, action: Callable[[Any], None], argument: Any) -> None:
        """The one place where a machine puts something on the clock."""
        self._clock.call_at(time, self._source, action, argument)

    # Time.

    def _tsc(self) -> int:
        """Simulated nanoseconds since t = 0, the progress in this slice included."""
        cpu = self._cpu
        return self._began + self._pace.look(cpu.instructions - self._began_at) + cpu.cost_ns

    def _resume(self, _: None) -> None:
        if not self.dead:
            self._run_slice(0)

    def _run_slice(self, delay_ns: int) -> None:
        cpu, now = self._cpu, self._clock.now
        self._began = now + delay_ns
        self._began_at = cpu.instructions
        kind = cpu.run(self._settings.quantum)
        executed = cpu.instructions - self._began_at
        end = self._began + self._pace.take(executed) + cpu.cost_ns
        self._usage.instructions += executed
        self._usage.cpu_ns += end - now
        self._spin += executed
        self._at(end, self._slice_over, kind)

    def _slice_over(self, kind: Exit) -> None:
        if not self.dead and self._complaints:
            self._report_complaints()
        if self.dead:  # before, or because the owner of a faulty guest has just stopped it
            return
        match kind:
            case Exit.HALT:
                self._halt()
            case Exit.FAULT:
                self._die(self._cpu.fault)
            case _:
                if kind is Exit.KICK:
                    self._carry_out()
                self._go_on()

    def _go_on(self) -> None:
        """Another slice, unless the guest has gone on for too long; device accesses take host time as well."""
        exits = self._usage.exits
        accesses = exits[Exit.MMIO_R] + exits[Exit.MMIO_W] + exits[Exit.TSC]
        self._spin += (accesses - self._accesses) * ACCESS_WEIGHT
        self._accesses = accesses
        if self._spin > self._settings.spin_limit:
            self._die(f"no HLT in {self._settings.spin_limit} instructions; it is taken to be stuck")
        if not self.dead:
            self._feed_console()
            self._run_slice(0)

    # What the guest asked for.

    def _carry_out(self) -> None:
        """The guest notified a queue: what it put there leaves now."""
        moved = False
        if self.net.notified:
            for frame in self.net.drain():
                moved = True
                if not self.dead:
                    self._wire.transmit(frame)
        if self.console.notified and not self.dead:
            for line in self.console.drain():
                moved = True
                if not self.dead:
                    self._usage.heard(line)
                    self._report.console(line)
        if not moved:
            self._spin += EMPTY_KICK_WEIGHT
        if self._complaints:
            self._report_complaints()

    def _halt(self) -> None:
        """Sleep, unless something has happened since the guest last woke: it may have looked before that."""
        self._feed_console()
        deadline = self._platform.deadline
        if self._latched:
            self._spin = 0
            self._wake()
        elif deadline is None and not (self.net.live or self.console.live):
            self._die("halted for good: it set no deadline, and no device of it can wake it")
        elif deadline is not None and deadline <= self._clock.now:
            self._platform.disarm()
            self._go_on_awake()
        else:
            self._spin = 0
            self._halted = True
            if deadline is not None:
                self._set_alarm(deadline)

    def _go_on_awake(self) -> None:
        """The deadline was over before the HLT. This is no sleep, so it counts as spinning."""
        self._spin += EMPTY_KICK_WEIGHT
        if self._spin > self._settings.spin_limit:
            self._die("it sets deadlines in the past and never sleeps")
        else:
            self._wake()

    def _wake(self) -> None:
        self._halted = self._latched = False
        self._run_slice(self._settings.costs.wake_ns)

    def _set_alarm(self, deadline: int) -> None:
        """An alarm that rings too early is cheaper than one that is moved whenever the guest halts."""
        if self._alarm is None or self._alarm > deadline:
            self._alarm = deadline
            self._at(deadline, self._ring, deadline)

    def _ring(self, time: int) -> None:
        if self.dead or time != self._alarm:
            return
        self._alarm = None
        deadline = self._platform.deadline
        if not self._halted or deadline is None:
            return
        if deadline > time:
            self._set_alarm(deadline)
        else:
            self._platform.disarm()
            self._wake()

    # What comes in.

    def receive(self, data: bytes) -> bool:
        """False: the frame is lost, for the guest is dead or had no buffer for it."""
        if self.dead:
            return False
        taken = self.net.receive(data)
        if taken:
            self._event()
        elif self._complaints:
            self._report_complaints()
        return taken

    def order(self, line: str) -> None:
        if self.dead:
            return
        if not self.console.type_line(line):
            self._report.fault(f"its console is full; the line '{line}' is lost")
        elif self.console.feed():
            self._event()
        elif self._complaints:
            self._report_complaints()

    def _event(self) -> None:
        if self._halted:
            self._wake()
        else:
            self._latched = True

    def _feed_console(self) -> None:
        if self.console.feed():
            self._latched = True

    # The end.

    def _report_complaints(self) -> None:
        for reason in self._complaints:
            self._report.fault(reason)
        self._device_faults += len(self._complaints)
        self._complaints.clear()
        if self._device_faults >= DEVICE_FAULTS_MAX and not self.dead:
            self._die(f"its devices needed a reset {self._device_faults} times")

    def _die(self, reason: str) -> None:
        if not self.dead:
            self.cut()
            self._report.fault(reason)

    def cut(self) -> None:
        """Free everything; what is still on the clock finds us dead."""
        if self.dead:
            return
        self.dead = True
        self._cpu.close()
        self._view.release()
        self._memory.close()


def _load(image: Image) -> mmap.mmap:
    """Guest RAM with the image in it. Pages that the guest never touches cost nothing."""
    if sys.platform == "win32":
        memory = mmap.mmap(-1, RAM_BYTES)
    else:
        memory = mmap.mmap(-1, RAM_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for segment in image.segments:
        at = segment.address - RAM_BASE
        memory[at : at + len(segment.data)] = segment.data
    return memory
