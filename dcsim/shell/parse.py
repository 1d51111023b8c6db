"""From a line to a command. What the words mean in this world is found out later."""

import re
from collections.abc import Callable, Sequence

from pydantic import ValidationError

from dcsim.pinging import MOST_BYTES, USUAL, Payload
from dcsim.problem import Mistake
from dcsim.shell.commands import (
    HELP,
    PLACES,
    SAME,
    Call,
    ClearLink,
    Command,
    Console,
    CutLink,
    Drops,
    Exit,
    Help,
    ImpairLink,
    Inspect,
    Links,
    MendLink,
    Nodes,
    Ping,
    PingAll,
    Power,
    Save,
    Seed,
    Show,
    Sleep,
    Sniff,
    SniffOff,
    Time,
    Trace,
)
from dcsim.topology.physical import ImpairmentSpec, parse_link
from dcsim.topology.plan import Link
from dcsim.topology.quantity import count, duration_ns
from dcsim.topology.resolve import impairment_of
from dcsim.topology.words import closest, instead, quoted, shown
from dcsim.traffic_spec import parse_traffic

LONGEST_LINE = 1_000
PINGS = 4
MOST_PINGS = 100_000
MOST_SNIFFED = 1_000_000
ARROW = re.compile(r"\s*(<->|->)\s*")
POWER = {"power-off": False, "power-on": True}
IMPAIRMENTS = tuple(ImpairmentSpec.model_fields)

Words = Sequence[str]


def parse(line: str) -> Command | None:
    """None for an empty line or a comment; Mistake says what is wrong and what to do."""
    if len(line) > LONGEST_LINE:
        raise Mistake(f"a line has {LONGEST_LINE} letters at most")
    line = line.partition("#")[0].strip()
    if not line:
        return None
    first, *words = line.split()
    first = SAME.get(first, first)
    if first in PLACES:
        return _power(first, words)
    if first in BARE:
        return _bare(first, words)
    if first in PARSERS:
        return PARSERS[first](words)
    return _guest(first, words)


BARE: dict[str, Command] = {
    "nodes": Nodes(),
    "links": Links(),
    "pingall": PingAll(),
    "time": Time(),
    "seed": Seed(),
    "drops": Drops(),
    "exit": Exit(),
}


def _bare(first: str, words: Words) -> Command:
    if words:
        raise Mistake(f"{first} takes no words, not {quoted(words[0])}", f"write {first}")
    return BARE[first]


def usage(first: str) -> Mistake:
    """What to say when the words do not fit."""
    return Mistake(f"that is not how {first} goes", f"write {HELP[first][0]}")


def _guest(name: str, words: Words) -> Command:
    if not words:
        return Show(name)
    if words[0] == "ping":
        return _ping_from(name, words[1:])
    meant = closest(name, HELP)
    advice = f"Did you mean {meant}?" if meant else f"a guest can ping: write {shown(name)} ping right"
    raise Mistake(f"no command {quoted(f'{name} {words[0]}')}", advice)


def _ping(words: Words) -> Command:
    wanted, payload, ipv6, names = _options(words)
    if len(names) != 2:
        raise Mistake("ping needs who asks and who answers", "write ping left right")
    return Ping(names[0], names[1], wanted, payload, ipv6)


def _ping_from(source: str, words: Words) -> Command:
    wanted, payload, ipv6, names = _options(words)
    if len(names) != 1:
        raise Mistake("ping needs one guest to ask", f"write {source} ping right")
    return Ping(source, names[0], wanted, payload, ipv6)


def _options(words: Words) -> tuple[int, Payload, bool, list[str]]:
    """`-c N` or `-cN`, `-s N`, `-M do`, `-6`, anywhere; and the other words."""
    rest, given = [word for word in words if word != "-6"], dict[str, str]()
    while (at := next((at for at, word in enumerate(rest) if word.startswith("-")), None)) is not None:
        option = rest.pop(at)
        if option[:2] not in ("-c", "-s", "-M"):
            raise Mistake(f"ping has no {quoted(option)}", "it takes -c N, -s BYTES, -M do and -6")
        given[option[:2]] = option[2:] or (rest.pop(at) if at < len(rest) else "")
    if given.get("-M", "do") not in ("do", "dont"):
        raise Mistake(f"-M {quoted(given['-M'])} is unknown", "write -M do, or leave it out")
    size = _number("-s", given["-s"], MOST_BYTES, 0) if "-s" in given else USUAL.size_bytes
    wanted = _number("-c", given["-c"], MOST_PINGS) if "-c" in given else PINGS
    return wanted, Payload(size, given.get("-M") == "do"), "-6" in words, rest


def _number(what: str, text: str, most: int, least: int = 1) -> int:
    try:
        return count(text, least, most)
    except Mistake as mistake:
        raise Mistake(f"{what} {mistake.message}", mistake.advice) from None


def _trace(words: Words) -> Command:
    if len(words) < 3:
        raise usage("trace")
    return Trace(words[0], words[1], parse_traffic(" ".join(words[2:])))


def _link(words: Words) -> Command:
    ends = ARROW.sub(r" \1 ", " ".join(words)).split()
    if len(ends) > 2 and ends[1] not in ("<->", "->"):
        ends.insert(1, "<->")
    if len(ends) < 4:
        raise usage("link")
    link = parse_link(" ".join(ends[:3]))
    match ends[3:]:
        case ["down"]:
            return CutLink(link)
        case ["up"]:
            return MendLink(link)
        case ["clear"]:
            return ClearLink(link)
        case verb:
            return _impair(link, verb)


def _impair(link: Link, words: Words) -> Command:
    """`loss 10 % delay 2 ms`: each word up to the next."""
    if words[0] not in IMPAIRMENTS:
        raise Mistake(f"a link cannot {quoted(words[0])}", instead(words[0], ("down", "up", "clear", *IMPAIRMENTS)))
    values: dict[str, list[str]] = {}
    for word in words:
        if word in values:
            raise Mistake(f"{word} is here twice")
        if word in IMPAIRMENTS:
            values[word] = []
        else:
            values[list(values)[-1]].append(word)
    for word, value in values.items():
        if not value:
            raise Mistake(f"{word} lacks a value", "write it like loss 10 % delay 2 ms")
    try:
        spec = ImpairmentSpec.model_validate({word: " ".join(value) for word, value in values.items()})
    except ValidationError as error:
        raise _said(error) from None
    return ImpairLink(link, impairment_of(spec))


def _said(error: ValidationError) -> Mistake:
    """The first of what pydantic found, in words."""
    first = error.errors(include_url=False)[0]
    mistake = first.get("ctx", {}).get("error")
    assert isinstance(mistake, Mistake), f"only Mistakes are raised in validators: {first}"
    name = f"{first['loc'][0]} " if mistake.field else ""
    return Mistake(f"{name}{mistake.message}", mistake.advice)


def _power(kind: str, words: Words) -> Command:
    if kind == "power" and words[:1] == ["domain"]:
        kind, words = "power domain", words[1:]
    if len(words) < 2 or kind == "power":
        raise usage(kind.partition(" ")[0])
    if words[-1] not in POWER:
        raise Mistake(f"a {kind} cannot {quoted(words[-1])}", instead(words[-1], POWER))
    return Power(" ".join([kind, *words[:-1]]), POWER[words[-1]])


def _sniff(words: Words) -> Command:
    match words:
        case ["off"]:
            return SniffOff()
        case [name]:
            return Sniff(name, None)
        case [name, number]:
            return Sniff(name, _number("sniff", number, MOST_SNIFFED))
        case _:
            raise usage("sniff")


def _sleep(words: Words) -> Command:
    if not words:
        raise usage("sleep")
    try:
        return Sleep(duration_ns(" ".join(words)))
    except Mistake as mistake:
        advice = f"write {words[0]} s" if mistake.message.endswith("lacks a unit") else mistake.advice
        raise Mistake(f"sleep {mistake.message}", advice) from None


def _save(words: Words) -> Command:
    if len(words) != 1:
        raise usage("save")
    return Save(words[0])


def _console(words: Words) -> Command:
    if len(words) != 1:
        raise usage("console")
    return Console(words[0])


def _call(words: Words) -> Command:
    """`ingress=tcp 443 from app` goes on to the next `name=`; a comma parts the values of one property."""
    if not words:
        raise usage("call")
    properties: list[tuple[str, list[str]]] = []
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            properties.append((name, [value]))
        elif properties:
            properties[-1][1].append(word)
        else:
            raise Mistake(f"{quoted(word)} is no property", "write it like route_table=private")
    said = ((name, tuple(" ".join(value).strip().split(","))) for name, value in properties)
    twice = next((name for name, _ in properties if [each for each, _ in properties].count(name) > 1), None)
    if twice is not None:
        raise Mistake(f"{twice} is here twice")
    return Call(words[0], tuple((name, tuple(each.strip() for each in values)) for name, values in said))


def _inspect(words: Words) -> Command:
    if len(words) > 1:
        raise usage("inspect")
    return Inspect(words[0] if words else None)


def _help(words: Words) -> Command:
    if len(words) > 1:
        raise usage("help")
    return Help(words[0] if words else None)


PARSERS: dict[str, Callable[[Words], Command]] = {
    "ping": _ping,
    "trace": _trace,
    "link": _link,
    "sniff": _sniff,
    "sleep": _sleep,
    "save": _save,
    "console": _console,
    "inspect": _inspect,
    "call": _call,
    "help": _help,
}
