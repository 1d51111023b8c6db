"""An appliance behind a vNIC: nobody's guest, but on a host like any, and gone with its power."""

from collections.abc import Callable

from hypervisor.clock import Clock, Source
from hypervisor.driver import Driver
from hypervisor.guest import Reporter, Wire
from netvirt.address import Ip
from netvirt.appliance.contract import Appliance, Told
from netvirt.journey import Outcome


class Managed:
    """Each power cycle begins with a new engine, which knows nothing. `engine` is there for questions at any time."""

    def __init__(self, address: Ip, make: Callable[[], Appliance], source: Source) -> None:
        self.address = address
        self.engine = make()
        self._make = make
        self._source = source

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None:
        self._clock = clock
        self._driver = Driver(self.engine, self._source, clock, wire)

    def stop(self) -> None:
        self.engine = self._make()

    def receive(self, data: bytes) -> Outcome:
        answer = self.engine.forward(data, self._clock.now)
        if isinstance(answer, Outcome):
            return answer
        if isinstance(answer, Told):
            self._driver.send([answer.frame])
            return answer.outcome
        self._driver.send(answer)
        return Outcome.DELIVERED

    def order(self, line: str) -> None:
        """It has no console."""
