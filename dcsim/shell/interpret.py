"""Commands carried out: each a function of the session and its words, answering in lines."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from dcsim.cloud.lifecycle import State
from dcsim.fabric.wire import Direction, Shape
from dcsim.problem import Mistake
from dcsim.shell import commands as said
from dcsim.shell.asking import is_ready, ping, ping_all
from dcsim.shell.session import Session
from dcsim.shell.story import save
from dcsim.shell.text import printable, seconds_text, table
from dcsim.topology.plan import Link
from dcsim.topology.quantity import format_duration, format_percent, format_rate
from dcsim.topology.words import closest, instead, quoted
from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import Guest
from netvirt.address import format_ip

WIDTH = 80


def execute(session: Session, command: said.Command) -> Iterator[str]:
    """The command's lines, as they come; it goes no further than they are asked for.

    Mistake when it means nothing here, Interrupted when the user wants no more of it.
    """
    return map(printable, _perform(session, command))


def _perform(session: Session, command: said.Command) -> Iterator[str]:
    match command:
        case said.Ping(source, target, count, payload, ipv6):
            return ping(session, source, target, count, payload, ipv6)
        case said.PingAll():
            return ping_all(session)
        case said.Sleep(ns):
            return session.advance(session.world.clock.now + ns)
        case said.CutLink() | said.MendLink() | said.ImpairLink() | said.ClearLink():
            return _change_link(session, command)
        case said.Power(place, on):
            return _switch(session, place, on)
        case said.Sniff() | said.SniffOff():
            return _sniff(session, command)
        case said.Trace(source, target, traffic):
            return _trace(session, source, target, traffic)
        case said.Call():
            return _call(session, command)
        case said.Save(path):
            return _save(session, path)
        case said.Exit():
            return iter(())
        case _:
            return iter(_look(session, command))


def _look(session: Session, command: said.Command) -> list[str]:
    """Commands that only look."""
    match command:
        case said.Nodes():
            return wrap(" ".join(session.names), WIDTH, break_on_hyphens=False, break_long_words=False)
        case said.Links():
            return _links(session)
        case said.Show(guest):
            return _show(session, guest)
        case said.Time():
            return [format_duration(session.world.clock.now)]
        case said.Seed():
            return [str(session.world.seed)]
        case said.Drops():
            return _drops(session)
        case said.Console(guest):
            return _console(session, guest)
        case said.Inspect(name):
            return session.tell.inspect(session.world, name)
        case said.Help(topic):
            return help_lines(topic)
        case _:
            raise AssertionError(f"{command} is not only looking")


# Doing


def _change_link(
    session: Session, command: said.CutLink | said.MendLink | said.ImpairLink | said.ClearLink
) -> Iterator[str]:
    journal, link = session.journal, command.link
    match command:
        case said.CutLink():
            changed, otherwise = journal.cut(link), "is down already"
        case said.MendLink():
            changed, otherwise = journal.mend(link), "was not taken down"
        case said.ClearLink():
            changed, otherwise = journal.clear(link), "was not impaired"
        case said.ImpairLink(_, impairment):
            journal.impair(link, impairment)
            changed, otherwise = 1, ""
    if not changed:
        yield f"{link} {otherwise}"


def _switch(session: Session, place: str, on: bool) -> Iterator[str]:
    changed = session.journal.power_on(place) if on else session.journal.power_off(place)
    if not changed:
        yield f"{place} was not switched off" if on else f"{place} is switched off already"


def _sniff(session: Session, command: said.Sniff | said.SniffOff) -> Iterator[str]:
    match command:
        case said.Sniff(name, count):
            session.sniffer.start(name, session.guest(name), count)
        case said.SniffOff():
            session.sniffer.stop()
    return iter(())


def _trace(session: Session, source: str, target: str, traffic: TrafficSpec) -> Iterator[str]:
    asker, address = session.guest(source), session.address(target, session.guest(source), traffic.ipv6)
    if session.world.clock.now == 0:
        # Guests start in the first moment.
        yield from session.advance(1)
    yield from session.tell.trace(trace(session.world, asker, address, traffic))


def _call(session: Session, command: said.Call) -> Iterator[str]:
    """The id of what was made or changed."""
    yield session.journal.call(command.verb, dict(command.properties))


def _save(session: Session, path: str) -> Iterator[str]:
    save(session, Path(path))
    return iter(())


# Looking


def _show(session: Session, name: str) -> list[str]:
    meant = closest(name, [*said.HELP, *session.names])
    if name not in session.names and "/" not in name:
        advice = f"Did you mean {meant}?" if meant else "help lists the commands, nodes the guests"
        raise Mistake(f"no command or guest {quoted(name)}", advice)
    guest = session.guest(name)
    interface = guest.placed.interface
    groups = {group.id: group.name for group in guest.placed.vpc.groups.values()}
    zone = f"{session.world.plan.region}{guest.placed.subnet.zone}"
    state = _state(session, guest)
    return [
        f"{'guest':<7} {guest.name}, {state}",
        f"{'address':<7} {format_ip(interface.address)} in {guest.placed.subnet.name}, {zone}",
        f"{'groups':<7} {', '.join(groups[group] for group in interface.groups)}",
        f"{'host':<7} {interface.host_name}",
    ]


def _state(session: Session, guest: Guest) -> str:
    """EC2's word while it is not running; then what its host and it itself are at."""
    life = session.world.control.lives.get((guest.placed.vpc.name, guest.name))
    if life is not None and life.state is not State.RUNNING:
        return str(life.state.value)
    return "no power" if not guest.host.up else "running" if is_ready(guest) else "booting"


def _console(session: Session, name: str) -> list[str]:
    guest = session.guest(name)
    lines = session.consoles[guest.placed.vpc.name, guest.name]
    return [f"{seconds_text(time)} {line}" for time, line in lines] or [f"{name} wrote nothing yet"]


def _drops(session: Session) -> list[str]:
    drops = session.world.ledger.drops
    rows = sorted([place, reason.value, str(drop.frames)] for (place, reason), drop in drops.items())
    return table([["place", "reason", "packets"], *rows]) if rows else ["no drops"]


def _links(session: Session) -> list[str]:
    """Both directions in one row where they are alike."""
    zones = session.world.plan.zones
    pairs = [(a, b) for at, a in enumerate(zones) for b in zones[at + 1 :]]
    between = {f"core-{zone}": zone for zone in zones}
    rows: dict[tuple[str, str], list[Direction]] = {}
    for a, b in pairs:
        rows[a, b] = session.world.fabric.links(str(Link(a, b, both=True)))
    for direction in session.world.fabric.all_links():
        ends = direction.tail.name, direction.head.name
        if not all(end in between for end in ends):
            rows.setdefault(ends if ends[::-1] not in rows else ends[::-1], []).append(direction)
    return table([row for (a, b), directions in rows.items() for row in _link_rows(a, b, directions)])


def _link_rows(a: str, b: str, directions: list[Direction]) -> Iterator[list[str]]:
    shown = [_shape_text(direction) for direction in directions]
    if len(directions) == 2 and shown[0] == shown[1]:
        yield [f"{a} <-> {b}", *shown[0]]
        return
    for direction, text in zip(directions, shown):
        ends = (a, b) if direction is directions[0] else (b, a)
        yield [f"{ends[0]} -> {ends[1]}", *text]


def _shape_text(direction: Direction) -> list[str]:
    shape: Shape = direction.shape
    for _, setting in direction.settings:
        shape = shape.under(setting)
    ratios = {"loss": shape.loss_ppb, "corrupt": shape.corrupt_ppb, "duplicate": shape.duplicate_ppb}
    ratios["reorder"] = shape.reorder_ppb
    imposed = [f"jitter {format_duration(shape.jitter_ns)}"] if shape.jitter_ns else []
    imposed += [f"{word} {format_percent(ratio)}" for word, ratio in ratios.items() if ratio]
    state = "up" if direction.up else "down"
    return [state, format_rate(shape.rate_bps), format_duration(shape.delay_ns), ", ".join(imposed)]


def help_lines(topic: str | None) -> list[str]:
    if topic is None:
        rows = [[usage, meaning] for usage, meaning in said.HELP.values()]
        return table([["left", "a guest by its name"], *rows])
    topic = said.SAME.get(topic, topic)
    if topic not in said.HELP:
        raise Mistake(f"no command {quoted(topic)}", instead(topic, said.HELP))
    return list(said.HELP[topic])
