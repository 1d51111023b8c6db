"""A guest that forwards what is not for itself, and otherwise idles."""

from collections.abc import Callable

from hypervisor.clock import Clock, Source
from hypervisor.driver import Driver
from hypervisor.guest import Reporter, Wire
from hypervisor.idle import Idle
from netvirt.address import Cidr, Ip, Ns
from netvirt.appliance.contract import Appliance, Told
from netvirt.engine import Timed
from netvirt.journey import Outcome
from netvirt.wire.ethernet import ETHERTYPE_IPV4


class _Both:
    """One timer for two."""

    def __init__(self, *engines: Timed) -> None:
        self._engines = engines

    @property
    def deadline(self) -> Ns | None:
        return min((each.deadline for each in self._engines if each.deadline is not None), default=None)

    def poll(self, now: Ns) -> list[bytes]:
        return [frame for each in self._engines for frame in each.poll(now)]


class Forwarder(Idle):
    """What its engine has no use for and is addressed to it, it answers as any idle guest. Each power cycle begins
    with a new engine."""

    def __init__(
        self, addresses: tuple[Ip, ...], blocks: tuple[Cidr, ...], source: Source, make: Callable[[], Appliance]
    ) -> None:
        super().__init__(addresses, blocks, source)
        self.engine = make()
        self._make = make

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None:
        super().start(clock, wire, report)
        self._driver = Driver(_Both(self._stack, self.engine), self._source, clock, wire)

    def stop(self) -> None:
        self.engine = self._make()

    def receive(self, data: bytes) -> Outcome:
        answer = self.engine.forward(data, self._clock.now)
        if isinstance(answer, Told):
            self._driver.send([answer.frame])
            return answer.outcome
        if not isinstance(answer, Outcome):
            self._driver.send(answer)
            return Outcome.DELIVERED
        return super().receive(data) if self._is_mine(data) else answer

    def _is_mine(self, data: bytes) -> bool:
        is_ipv4 = int.from_bytes(data[12:14]) == ETHERTYPE_IPV4
        return not is_ipv4 or int.from_bytes(data[30:34]) in self.addresses
