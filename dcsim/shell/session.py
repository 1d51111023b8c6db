"""A world, and what a session adds: time that passes on demand, ears on every console, deeds that can be undone."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from simpy import Event

from dcsim.problem import Mistake
from dcsim.shell.deeds import Journal
from dcsim.shell.sniffing import Sniffer
from dcsim.topology.words import instead, quoted
from dcsim.trace import Traced
from dcsim.world import Guest, World
from netvirt.address import Ip, parse_ip, parse_ipv6

SLICE_NS = 10_000_000
"""Time passes in steps of at most this, so that it can be watched and interrupted."""
CONSOLE_LINES = 1_000
"""Kept for each guest."""

Hear = Callable[[Guest, str], bool]
"""Called with each line of a console; True takes it."""


class Interrupted(Exception):
    """The user wants no more of this command."""


class Teller(Protocol):
    """The words for what others than the shell show too."""

    def trace(self, traced: Traced) -> list[str]: ...

    def inspect(self, world: World, name: str | None) -> list[str]:
        """Mistake when nothing has that name."""


@dataclass(slots=True)
class Session:
    world: World
    tell: Teller
    journal: Journal = field(init=False)
    sniffer: Sniffer = field(init=False)
    consoles: dict[tuple[str, str], deque[tuple[int, str]]] = field(default_factory=dict)
    listeners: list[Hear] = field(default_factory=list)
    interrupted: bool = False
    """Set from outside, by a signal; time stops at the next step."""
    pings: int = 0
    """Each order to a guest has its own number."""
    _enough: Callable[[], bool] | None = None
    _wake: Event | None = None

    def __post_init__(self) -> None:
        self.journal = Journal(self.world, self.guest)
        self.sniffer = Sniffer(self.world.clock)
        for key, guest in self.world.guests.items():
            self.consoles[key] = deque(maxlen=CONSOLE_LINES)
            guest.on_console.append(partial(self._hear, guest))

    # Names.

    @property
    def names(self) -> dict[str, Guest]:
        """Every guest by the shortest name that means it alone."""
        namesakes = Counter(guest.name for guest in self.world)
        return {
            guest.name if namesakes[guest.name] == 1 else self.world.full_name(guest): guest for guest in self.world
        }

    def guest(self, name: str) -> Guest:
        try:
            return self.world[name]
        except KeyError as error:
            names = list(self.names)
            if any(each.endswith(f"/{name}") for each in names):
                raise Mistake(str(error.args[0])) from None
            raise Mistake(f"no guest {quoted(name)}", instead(name, names)) from None

    def address(self, text: str, source: Guest, ipv6: bool = False) -> Ip:
        """A guest's address as `source` would ask for it, of that family, or the one that `text` spells."""
        if ":" in text:
            try:
                return parse_ipv6(text)
            except ValueError:
                raise Mistake(f"{quoted(text)} is not an IPv6 address", "write it like 2001:db8::4") from None
        if text[:1].isdigit() and text.count(".") == 3:
            try:
                return parse_ip(text)
            except ValueError:
                raise Mistake(f"{quoted(text)} is not an IPv4 address", "write it like 10.0.0.4") from None
        return self.world.address_for(source, self.guest(text), ipv6)

    # Time.

    def advance(self, until_ns: int, enough: Callable[[], bool] | None = None) -> Iterator[str]:
        """Let time pass until `until_ns`, or until a guest says something and it is `enough`; tell what is sniffed."""
        clock = self.world.clock
        self._enough = enough
        try:
            while clock.now < until_ns and not (enough is not None and enough()):
                if self.interrupted:
                    raise Interrupted
                self._step(until_ns)
                yield from self.sniffer.lines()
        finally:
            self._enough = self._wake = None

    def _step(self, until_ns: int) -> None:
        """To the end of the slice, or over the silence to the next event."""
        clock = self.world.clock
        next_ns = clock.peek()
        pause_ns = until_ns if next_ns >= until_ns else min(until_ns, max(clock.now + SLICE_NS, int(next_ns) + 1))
        if self._enough is None:
            clock.run(until=pause_ns)
        else:
            self._wake = clock.event()
            clock.run(until=self._wake | clock.timeout(pause_ns - clock.now))

    def _hear(self, guest: Guest, line: str) -> bool:
        self.consoles[guest.placed.vpc.name, guest.name].append((self.world.clock.now, line))
        taken = [listener(guest, line) for listener in self.listeners]
        if self._enough is not None and self._wake is not None and not self._wake.triggered and self._enough():
            self._wake.succeed()
        return any(taken)
