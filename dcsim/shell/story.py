"""A session as a scenario: what was done, when, and to what, for `dcsim run`."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import fields
from itertools import groupby
from pathlib import Path

from dcsim.problem import Mistake
from dcsim.scenario.scenario import Crossing, HostOf, Impair, LinkDown, Place, PowerOff
from dcsim.shell.deeds import Deed, Made
from dcsim.shell.session import Session
from dcsim.shell.text import prompt
from dcsim.topology.load import shipped_directory
from dcsim.topology.plan import Impairment, Link
from dcsim.topology.quantity import DURATION, format_duration, format_percent, format_rate, format_size
from dcsim.topology.words import quoted

HEADER = "# Saved by dcsim shell"
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
"""What YAML takes for text without quotes, whatever stands around it."""
SECOND_NS = 1_000_000_000


def save(session: Session, path: Path) -> None:
    """Mistake when it cannot be written there; only what a session saved is written over."""
    try:
        if path.exists() and not path.read_text("utf-8", errors="replace").startswith(HEADER):
            raise Mistake(f"{quoted(str(path))} is there already", "choose another name")
        path.write_text(story(session, path), "utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, Mistake):
            raise
        reason = getattr(error, "strerror", None) or "not a file name"
        raise Mistake(f"cannot write {quoted(str(path))}: {reason.lower()}") from None


def story(session: Session, path: Path) -> str:
    """The scenario's text; `path` is where it will stand."""
    world = session.world
    deeds = session.journal.deeds
    duration_ns = int(world.clock.now)
    begun = [deed.begin_ns for deed in deeds] + [call.begin_ns for call in session.journal.calls]
    if duration_ns == 0 or duration_ns in begun:
        # What began in the last moment needs some time to matter.
        duration_ns += SECOND_NS
    if duration_ns > DURATION.most:
        raise Mistake("more time has passed than a scenario may last", f"the most is {DURATION.format(DURATION.most)}")
    lines = [
        f"{HEADER} at {prompt(world.clock.now).removesuffix('> ')}.",
        "version: 1",
        f"topology: {_text(_topology(Path(world.plan.files[0].path), path))}",
        f"duration: {format_duration(duration_ns)}",
        f"seed: {world.seed}",
    ]
    entries = list(_entries(session))
    lines += ["", "timeline:", *(f"  {entry}" for entry in entries)] if entries else []
    return "\n".join(lines) + "\n"


def _topology(topology: Path, story: Path) -> str:
    """As a scenario beside `story` names it."""
    relative = os.path.relpath(topology, story.parent)
    if topology.resolve().parent == shipped_directory() and not (story.parent / topology.name).exists():
        return topology.name
    return relative


def _text(text: str) -> str:
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _entries(session: Session) -> Iterator[str]:
    taken = {deed.name for deed in session.journal.deeds}
    for name, group in groupby(session.journal.deeds, lambda deed: deed.name):
        deeds = list(group)
        if len(deeds) == 2 and deeds[0].end_ns == deeds[1].end_ns:
            # Both directions of a link: they came and went together.
            yield _entry(session, name, deeds[0], both=True)
            continue
        for number, deed in enumerate(deeds):
            way = name if number == 0 else next(each for each in _others(name) if each not in taken)
            yield _entry(session, way, deed, both=False)
    yield from map(_call, session.journal.calls)


def _call(made: Made) -> str:
    words = {"at": format_duration(made.begin_ns), "action": f"ec2:{made.verb}"}
    for name, values in made.properties.items():
        texts = [_text(value) for value in values]
        words[name] = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    return f"{made.name}: {{{', '.join(f'{word}: {value}' for word, value in words.items())}}}"


def _others(name: str) -> Iterator[str]:
    yield f"{name}-back"
    yield from (f"{name}-back-{number}" for number in range(2, 1_000_000))


def _entry(session: Session, name: str, deed: Deed, both: bool) -> str:
    words = {"at": format_duration(deed.begin_ns)}
    if deed.end_ns is not None:
        # A timeline knows no shorter time.
        words["duration"] = format_duration(max(1, deed.end_ns - deed.begin_ns))
    action = deed.action
    match action:
        case PowerOff(place):
            words |= {"action": "power-off", "target": _place(session, place)}
        case LinkDown(link):
            words |= {"action": "link-down", "target": _link(link, both)}
        case Impair(link, impairment):
            words |= {"action": "impair", "target": _link(link, both), **dict(_impairment(impairment))}
    return f"{name}: {{{', '.join(f'{word}: {value}' for word, value in words.items())}}}"


def _place(session: Session, place: Place | HostOf) -> str:
    if isinstance(place, Place):
        return str(place)
    guest = session.world.guests[place.guest]
    return f"host of {next(name for name, each in session.names.items() if each is guest)}"


def _link(link: Link | Crossing, both: bool) -> str:
    assert isinstance(link, Link), "a shell names links by their ends"
    return str(Link(link.a, link.b, both))


def _impairment(impairment: Impairment) -> Iterator[tuple[str, str]]:
    for field in fields(impairment):
        value = getattr(impairment, field.name)
        if value is not None:
            yield field.name.rpartition("_")[0], _quantity(field.name.rpartition("_")[2], value)


def _quantity(unit: str, value: int) -> str:
    match unit:
        case "bps":
            return format_rate(value)
        case "ppb":
            return format_percent(value)
        case "bytes":
            return format_size(value)
        case _:
            return format_duration(value)
