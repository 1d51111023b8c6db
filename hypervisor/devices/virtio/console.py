"""The console (VIRTIO 1.2 section 5.3), one port: lines in, lines out."""

from collections.abc import Callable

from hypervisor.devices.memory import Ram
from hypervisor.devices.virtio.mmio import VirtioMmio
from hypervisor.devices.virtio.queue import QueueError

RECEIVE, TRANSMIT = 0, 1

BACKLOG_BYTES = 1 << 16
LINE_BYTES = 4096


class Console(VirtioMmio):
    """What is typed waits in a backlog until the guest has room; what it writes is cut into lines."""

    DEVICE_ID = 3
    SILENT_QUEUES = frozenset({RECEIVE})

    def __init__(self, ram: Ram, complain: Callable[[str], None]) -> None:
        # struct virtio_console_config: no size, one port (section 5.3.4).
        super().__init__(ram, 2, bytes(4) + (1).to_bytes(4, "little") + bytes(4), complain)
        self._backlog = bytearray()
        self._line = bytearray()

    def type_line(self, line: str) -> bool:
        """Queue a line for the guest. False: it reads too slowly, and the line is lost."""
        data = line.encode("ascii", "replace") + b"\n"
        if len(self._backlog) + len(data) > BACKLOG_BYTES:
            return False
        self._backlog += data
        return True

    def feed(self) -> bool:
        """Move what was typed into the guest's buffers; True when something moved."""
        queue = self.queues[RECEIVE]
        moved = False
        if not self._backlog or not self.live or not queue.ready:
            return False
        try:
            while self._backlog and (size := queue.feed(bytes(self._backlog))):
                del self._backlog[:size]
                moved = True
        except QueueError as error:
            self.fail(f"receive queue: {error}")
        if moved:
            self.used_buffer()
        return moved

    def drain(self) -> list[str]:
        """The lines that the guest has completed."""
        queue = self.queues[TRANSMIT]
        lines: list[str] = []
        self.notified = 0
        if not self.live or not queue.ready:
            return lines
        try:
            for chain in queue.drain():
                self._take(queue.gather(chain), lines)
                queue.push(chain.head, 0)
        except QueueError as error:
            self.fail(f"transmit queue: {error}")
        self.used_buffer()
        return lines

    def _take(self, data: bytes, lines: list[str]) -> None:
        *ended, rest = (bytes(self._line) + data).split(b"\n")
        while len(rest) > LINE_BYTES:
            ended.append(rest[:LINE_BYTES])
            rest = rest[LINE_BYTES:]
        lines += [line.decode("ascii", "backslashreplace") for line in ended]
        self._line[:] = rest
