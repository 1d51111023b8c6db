"""What may stand where the cursor is, from what stands before it."""

from collections.abc import Sequence

from dcsim.api.verbs import VERBS as CALLS
from dcsim.fabric.layout import Kind
from dcsim.shell.commands import HELP, SAME
from dcsim.shell.parse import IMPAIRMENTS, POWER
from dcsim.shell.session import Session

MOST_PLACES = 1_000
"""Plants may be large; nobody looks through more."""
VERBS = ("down", "up", "clear", *IMPAIRMENTS)
KINDS = {"datacenter": Kind.DATACENTER, "power": Kind.POWER_DOMAIN, "rack": Kind.RACK, "host": Kind.HOST}
AFTER_VALUE = ("%", "us", "ms", "s", "Kbit", "Mbit", "Gbit")


def candidates(session: Session, text: str) -> list[str]:
    """The words that may end `text`, in place of its last one (empty after a space)."""
    *before, word = text.split(" ") if text else [""]
    before = [each for each in before if each]
    return [each for each in _words(session, before) if each.startswith(word) and each != word]


def _words(session: Session, before: Sequence[str]) -> list[str]:
    names = list(session.names)
    match before:
        case []:
            return [*HELP, *SAME, *names]
        case ["link", *rest]:
            return _link(session, rest)
        case ["zone"]:
            return list(session.world.plan.zones)
        case ["power"]:
            return ["domain"]
        case ["power", "domain"] | ["datacenter" | "rack" | "host"]:
            return [*_places(session, KINDS[before[0]]), *(["of"] if before[0] == "host" else [])]
        case ["zone" | "datacenter" | "rack", _] | ["power", "domain", _] | ["host", "of", _]:
            return list(POWER)
        case ["host", place]:
            return names if place == "of" else list(POWER)
        case ["call"]:
            return list(CALLS)
        case ["call", verb, *given] if verb in CALLS:
            named = [each.partition("=")[0] for each in given]
            return [f"{key}=" for key in CALLS[verb].model_fields if key not in named]
        case ["help"]:
            return list(HELP)
        case ["trace", _, _]:
            return ["icmp", "tcp", "udp", "proto"]
        case ["sniff"]:
            return [*names, "off"]
        case ["ping" | "trace"] | ["ping" | "trace", _] | ["console" | "inspect"] | [_, "ping"]:
            return names
        case [name] if name in names:
            return ["ping"]
        case _:
            return []


def _link(session: Session, words: Sequence[str]) -> list[str]:
    zones = session.world.plan.zones
    match words:
        case []:
            return [f"{a} {arrow} {b}" for arrow in ("<->", "->") for a in zones for b in zones if a != b]
        case [_]:
            return ["<->", "->"]
        case [a, "<->" | "->"]:
            return [zone for zone in zones if zone != a]
        case [_, _, _]:
            return list(VERBS)
        case [*_, last] if last in AFTER_VALUE:
            return [word for word in IMPAIRMENTS if word not in words]
        case _:
            return []


def _places(session: Session, kind: Kind) -> list[str]:
    layout = session.world.fabric.layout
    return [layout.path(kind, index) for index in range(min(layout.counts[kind], MOST_PLACES))]
