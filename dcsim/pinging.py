"""A guest's own pings, ordered over its console, wherever the guest is in its life: booting, dead, back again."""

from collections.abc import Generator
from dataclasses import dataclass

from simpy import Event

from dcsim.problem import Mistake
from dcsim.world import Guest, World
from hypervisor.idle import Idle
from netvirt.address import Ip, format_ip, is_ipv6

MOST_BYTES = 65_487
"""Of data in a request, in fragments if need be: a packet's most, less the headers of IPv6 and ICMPv6."""
MOST_WHOLE_BYTES = 8_973
"""In one frame: an interface's MTU less the headers of IPv4 and ICMP."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What a request carries. `dont_fragment`: nobody may cut it, so that its sender learns what fits on the way."""

    size_bytes: int = 56
    dont_fragment: bool = False

    def __str__(self) -> str:
        """As guests are told."""
        return f"{self.size_bytes}{' df' * self.dont_fragment}"

    def check(self, guest: Guest) -> None:
        """Mistake when the guest's own code cannot ask like that."""
        image = guest.placed.request.image
        if isinstance(guest.instance.guest, Idle):
            return
        if self.dont_fragment:
            problem = f"{guest.name} runs {image}, which cannot forbid fragments"
            raise Mistake(problem, "Ask from a guest without an image")
        if self.size_bytes > MOST_WHOLE_BYTES:
            problem = f"{guest.name} runs {image}, which makes no fragments"
            raise Mistake(problem, f"it asks with {MOST_WHOLE_BYTES} bytes at most")


def check_family(guest: Guest, target: Ip) -> None:
    """Mistake when the guest's own code cannot ask that address."""
    image = guest.placed.request.image
    if is_ipv6(target) and image is not None:
        raise Mistake(f"{guest.name} runs {image}, which speaks IPv4 only", "Ask from a guest without an image")


USUAL = Payload()
"""What Linux's ping asks with."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One request as the guest reports it, by its own clock; `rtt_ns` None: no answer within the timeout.

    `sequence` counts ticks from 1.
    """

    sequence: int
    sent_ns: int
    rtt_ns: int | None


class Pinger:
    """Pings on an exact grid of ticks: tick k is at `first + k * every`, and the guest paces itself between orders.

    A guest that boots again is ordered anew for the ticks that are left; ticks it slept through are not sent.
    """

    def __init__(
        self, world: World, guest: Guest, target: Ip, every_ns: int, timeout_ns: int, payload: Payload
    ) -> None:
        self._clock = world.clock
        self._guest = guest
        self._target = target
        self._every_ns = every_ns
        self._timeout_ns = timeout_ns
        self._payload = payload
        self._number = 1 + len(guest.on_console)
        self._base = 0
        self._ready: Event | None = None
        self.answers: list[Answer] = []
        guest.on_console.append(self._read)

    def start(self, first_ns: int, count: int) -> None:
        """`count` requests, the first at `first_ns`."""
        self._clock.process(self._story(first_ns, count))

    def _story(self, first_ns: int, count: int) -> Generator[Event, None, None]:
        ordered_boot = 0
        while True:
            tick = max(0, -((first_ns - self._clock.now) // self._every_ns))
            if tick >= count:
                return
            yield self._clock.timeout(first_ns + tick * self._every_ns - self._clock.now)
            boots = self._guest.instance.boots
            if boots != ordered_boot and self._order(tick, count - tick):
                ordered_boot = boots
            self._ready = self._clock.event()
            yield self._ready

    def _order(self, tick: int, count: int) -> bool:
        running = self._guest.running
        if running is None or running.address is None:
            return False
        self._base = tick
        words = (self._number, format_ip(self._target), count, self._every_ns, self._timeout_ns, self._payload)
        running.order(f"ping {' '.join(map(str, words))}")
        return True

    def _read(self, line: str) -> bool:
        match line.split():
            case ["r", number, sequence, sent, rtt] if number == str(self._number):
                rtt_ns = None if rtt == "-" else int(rtt)
                self.answers.append(Answer(self._base + int(sequence), int(sent), rtt_ns))
                return True
            case ["ready", _] if self._ready is not None and not self._ready.triggered:
                self._ready.succeed()
        return False
