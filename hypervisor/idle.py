"""A guest that brings neither image nor program: it answers pings, and pings when told to."""

from collections.abc import Iterable

from hypervisor.clock import Clock, Source
from hypervisor.guest import Reporter, Wire
from netvirt.address import Cidr, Ip, Ns, format_ip, parse_ip
from netvirt.ping import Ping, PingResult
from netvirt.stack import Stack


class Idle:
    """`netvirt.stack` behind a vNIC: a Driver that owns the stack's one timer, lazily re-armed.

    Orders are those of the `agent` image; its addresses come from the control plane, not from DHCP.
    """

    def __init__(self, address: Ip, subnet: Cidr, source: Source) -> None:
        self.address = address
        self._subnet = subnet
        self._source = source
        self._armed = Ns(-1)

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None:
        self._clock = clock
        self._wire = wire
        self._report = report
        self._armed = Ns(-1)
        self.stack = Stack(wire.mac, self.address, self._subnet, self._on_result)
        report.console(f"ready {format_ip(self.address)}")

    def stop(self) -> None:
        pass  # its timer lives on the host's clock and dies with it

    def receive(self, data: bytes) -> None:
        self._send(self.stack.on_frame(data, self._clock.now))

    def order(self, line: str) -> None:
        match line.split():
            case ["ping", number, target, count, every, timeout, size]:
                self._ping(int(number), parse_ip(target), int(count), int(every), int(timeout), int(size))
            case ["stop", number]:
                self.stack.stop_ping(int(number))
            case _:
                self._report.console(f"error unknown order {line}")

    def send(self, frames: Iterable[bytes]) -> None:
        """Put whole Ethernet frames on the wire, as they are."""
        self._send(frames)

    def _ping(self, number: int, target: Ip, count: int, every: int, timeout: int, size: int) -> None:
        now = self._clock.now
        self.stack.ping(Ping(number, target, count, every, timeout, size, now))
        self._send(self.stack.poll(now))

    def _send(self, frames: Iterable[bytes]) -> None:
        for data in frames:
            self._wire.transmit(data)
        self._arm()

    def _arm(self) -> None:
        """One timer: an earlier deadline arms another, and the one it overtook finds nothing due."""
        deadline = self.stack.deadline
        if deadline is not None and not self._clock.now <= self._armed <= deadline:
            self._armed = deadline
            self._clock.call_at(deadline, self._source, self._wake, None)

    def _wake(self, _: None) -> None:
        if self._clock.now == self._armed:
            self._armed = Ns(-1)
        self._send(self.stack.poll(self._clock.now))

    def _on_result(self, result: PingResult) -> None:
        self._report.console(str(result))
