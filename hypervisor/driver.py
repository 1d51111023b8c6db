"""Runs a sans-I/O engine behind a vNIC: frames out, and the engine's one timer, lazily re-armed."""

from collections.abc import Iterable

from hypervisor.clock import Clock, Source
from hypervisor.guest import Wire
from netvirt.address import Ns
from netvirt.engine import Timed

_UNARMED = -1


class Driver:
    """For one power cycle: what it has on the clock dies with the host."""

    def __init__(self, engine: Timed, source: Source, clock: Clock, wire: Wire) -> None:
        self._engine = engine
        self._source = source
        self._clock = clock
        self._wire = wire
        self._armed = _UNARMED

    def poll(self) -> None:
        """Something about the engine has changed: send what is due now."""
        self.send(self._engine.poll(self._clock.now))

    def send(self, frames: Iterable[bytes]) -> None:
        """Put whole Ethernet frames on the wire, then see when the engine next wants to be asked."""
        for data in frames:
            self._wire.transmit(data)
        self._arm()

    def _arm(self) -> None:
        """An earlier deadline arms another timer; the one it overtook finds nothing due."""
        deadline = self._engine.deadline
        if deadline is not None and not self._clock.now <= self._armed <= deadline:
            self._armed = deadline
            self._clock.call_at(deadline, self._source, self._wake, deadline)

    def _wake(self, time: Ns) -> None:
        if time == self._armed:
            self._armed = _UNARMED
        self.poll()
