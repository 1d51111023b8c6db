"""What a guest is to its host, and what the host is to a guest."""

from typing import Protocol

from hypervisor.clock import Clock
from netvirt.address import Ip, Mac
from netvirt.journey import Outcome


class Wire(Protocol):
    """The network side of a vNIC as the guest's device sees it."""

    mac: Mac
    mtu: int

    def transmit(self, data: bytes) -> None:
        """A whole Ethernet frame leaves the guest now (the clock's now)."""


class Reporter(Protocol):
    """Where a guest's noteworthy moments go: they become events of the run."""

    def console(self, line: str) -> None:
        """A line the guest wrote to its console, without the newline."""

    def fault(self, reason: str) -> None:
        """The guest broke a rule of its machine; it has been stopped, or its device needs a reset."""


class Guest(Protocol):
    """A computer under test. Power-on is `start`, power-off is `stop` (silent: nothing is sent)."""

    @property
    def address(self) -> Ip | None:
        """The IPv4 address it uses, None while it has none."""

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None: ...

    def receive(self, data: bytes) -> Outcome:
        """A whole Ethernet frame arrives at the vNIC now: DELIVERED, or why it ends here."""

    def order(self, line: str) -> None:
        """Type one line, without its newline, on the guest's console."""

    def stop(self) -> None: ...
