"""Pings in a session: ordered over consoles, and time passes until all answers are there."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from dcsim.pinging import USUAL, Payload, check_family
from dcsim.problem import Mistake
from dcsim.shell.session import Session
from dcsim.topology.quantity import format_duration
from dcsim.world import Guest
from netvirt.address import Ip, format_ip

EVERY_NS = TIMEOUT_NS = 1_000_000_000
SLACK_NS = 1_000_000_000
"""Beyond the last timeout a guest that is alive has told everything."""
ROW_WIDTH = 36
"""Rows of pingall that fit in this share one line with the tally, which stands right of it."""
LOST = "X"


@dataclass(slots=True)
class Asking:
    """One guest's ping. `answers` are round trips by sequence, None where the guest gave up waiting."""

    source: Guest
    target: Ip
    count: int
    number: int
    payload: Payload
    answers: dict[int, int | None] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return len(self.answers) >= self.count

    @property
    def times_ns(self) -> list[int]:
        return [time for time in self.answers.values() if time is not None]

    def order(self) -> None:
        words = self.number, format_ip(self.target), self.count, EVERY_NS, TIMEOUT_NS, self.payload
        self._type(f"ping {' '.join(map(str, words))}")

    def stop(self) -> None:
        self._type(f"stop {self.number}")

    def _type(self, line: str) -> None:
        if self.source.running is not None:
            self.source.running.order(line)

    def hear(self, guest: Guest, line: str) -> bool:
        match line.split():
            case ["r", number, sequence, _, time] if guest is self.source and number == str(self.number):
                if sequence.isdecimal() and (time == "-" or time.isdecimal()):
                    self.answers[int(sequence)] = None if time == "-" else int(time)
                return True
        return False


def is_ready(guest: Guest) -> bool:
    return guest.running is not None and guest.running.address is not None


def get_ready(session: Session, guests: Sequence[Guest]) -> Iterator[str]:
    """Let those with power boot and get their addresses."""
    alive = [guest for guest in guests if guest.host.up]
    patience_ns = max((guest.instance.boot_ns for guest in alive), default=0) + SLACK_NS
    return session.advance(session.world.clock.now + patience_ns, lambda: all(map(is_ready, alive)))


def ask(
    session: Session, wanted: Sequence[tuple[Guest, Ip]], count: int, payload: Payload
) -> Generator[str, None, list[Asking]]:
    """Everybody at once; until all have their answers."""
    asking = []
    for source, target in wanted:
        session.pings += 1
        asking.append(Asking(source, target, count, session.pings, payload))
    hears = [each.hear for each in asking]
    session.listeners += hears
    try:
        for each in asking:
            each.order()
        patience_ns = (count - 1) * EVERY_NS + TIMEOUT_NS + SLACK_NS
        yield from session.advance(session.world.clock.now + patience_ns, lambda: all(each.done for each in asking))
    finally:
        session.listeners = [listener for listener in session.listeners if listener not in hears]
        for each in asking:
            if not each.done:
                each.stop()
    return asking


def ping(session: Session, source: str, target: str, count: int, payload: Payload, ipv6: bool = False) -> Iterator[str]:
    guest, address = session.guest(source), session.address(target, session.guest(source), ipv6)
    if guest.placed.interface.owns(address):
        raise Mistake(f"{source} would ask itself", "name another guest")
    payload.check(guest)
    if guest.placed.interface.facing(address) is None:
        raise Mistake(f"{source} has no IPv6 address", f"it cannot ask {target}")
    check_family(guest, address)
    if not guest.host.up:
        yield f"0 of {count} received: {source} has no power"
        return
    yield from get_ready(session, [guest])
    if not is_ready(guest):
        yield f"0 of {count} received: {source} is not ready"
        return
    (asked,) = yield from ask(session, [(guest, address)], count, payload)
    yield _tally(asked.times_ns, count)


def _tally(times_ns: list[int], count: int) -> str:
    """`1 received, 1.094 ms`; `3 of 4 received, 1.067 ms to 1.09 ms`."""
    received = f"{len(times_ns)} received" if len(times_ns) == count else f"{len(times_ns)} of {count} received"
    if not times_ns:
        return received
    bounds = dict.fromkeys(format_duration(time, 4) for time in (min(times_ns), max(times_ns)))
    return f"{received}, {' to '.join(bounds)}"


def ping_all(session: Session) -> Iterator[str]:
    """In rounds, so that nobody asks two at once: in the first everybody asks who comes next, and so on."""
    names = session.names
    guests = list(names.values())
    yield from get_ready(session, guests)
    heard: set[tuple[int, int]] = set()
    for distance in range(1, len(guests)):
        places = [(at, (at + distance) % len(guests)) for at in range(len(guests)) if is_ready(guests[at])]
        wanted = [(guests[a], session.world.address_for(guests[a], guests[b])) for a, b in places]
        asked = yield from ask(session, wanted, 1, USUAL)
        heard |= {place for place, each in zip(places, asked) if each.times_ns}
    yield from _matrix(list(names), heard)


def _matrix(names: list[str], heard: set[tuple[int, int]]) -> Iterator[str]:
    asked = len(names) * (len(names) - 1)
    tally = f"{asked - len(heard)} of {asked} lost"
    rows = [
        (name, [to if (at, other) in heard else LOST for other, to in enumerate(names) if other != at])
        for at, name in enumerate(names)
    ]
    short = "   ".join(f"{name} -> {' '.join(cells)}" for name, cells in rows)
    if asked and len(short) <= ROW_WIDTH:
        yield f"{short:<{ROW_WIDTH}}   {tally}"
        return
    width = max(map(len, chain(names, [LOST])))
    yield from (f"{name:<{width}} -> {' '.join(f'{cell:<{width}}' for cell in cells)}".rstrip() for name, cells in rows)
    yield tally
