"""Firewall rules as sentences: `tcp 443 from app`, `100 allow icmp echo from 0.0.0.0/0`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dcsim.problem import Mistake
from dcsim.request import ALL_PROTOCOLS, ANY_ICMP
from dcsim.topology.words import instead, quoted
from netvirt.address import Cidr, parse_block

Direction = Literal["ingress", "egress"]
Span = tuple[int, int]

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
TOP_PORT = 65535
TOP_RULE = 32766
PROTOCOLS = ("all", "icmp", "icmpv6", "tcp", "udp", "proto")
ICMP_NAMES = {
    "echo-reply": (0, ANY_ICMP),
    "unreachable": (3, ANY_ICMP),
    "fragmentation-needed": (3, 4),
    "echo": (8, ANY_ICMP),
    "time-exceeded": (11, ANY_ICMP),
}
ICMPV6_NAMES = {
    "unreachable": (1, ANY_ICMP),
    "packet-too-big": (2, ANY_ICMP),
    "time-exceeded": (3, ANY_ICMP),
    "echo": (128, ANY_ICMP),
    "echo-reply": (129, ANY_ICMP),
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """`ports` is an inclusive range, None for every port."""

    protocol: int
    ports: tuple[int, int] | None
    icmp_type: int
    icmp_code: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A security group's rule. `peer` is a block or a name still to be looked up; `peer_span` is where it stands."""

    traffic: Traffic
    head: str
    """The sentence up to the peer: `tcp 443 from`."""
    peer: Cidr | str
    peer_span: Span

    @property
    def text(self) -> str:
        return f"{self.head} {self.peer}"


@dataclass(frozen=True, slots=True)
class NumberedRule:
    """A network ACL's rule."""

    number: int
    allow: bool
    traffic: Traffic
    cidr_block: Cidr
    text: str


class _Words:
    """A sentence, read a word at a time; complaints point at the word."""

    def __init__(self, text: str) -> None:
        self._words = [(found.group(), found.span()) for found in re.finditer(r"\S+", text)]
        self._next = 0
        self._end = (len(text.rstrip()), len(text.rstrip()))

    @property
    def word(self) -> str | None:
        return self._words[self._next][0] if self._next < len(self._words) else None

    @property
    def span(self) -> Span:
        return self._words[self._next][1] if self._next < len(self._words) else self._end

    def step(self) -> None:
        self._next += 1

    def taken(self) -> list[str]:
        return [word for word, _ in self._words[: self._next]]

    def mistake(self, message: str, advice: str = "") -> Mistake:
        return Mistake(message, advice, span=self.span)


def parse_rule(text: str, direction: Direction) -> Rule:
    words = _Words(text)
    if words.word is None:
        raise Mistake("the rule is empty", f"write it like tcp 443 {_side(direction)} 10.0.0.0/16")
    _no_verdict(words)
    traffic = _traffic(words)
    _preposition(words, direction)
    head = " ".join(words.taken())
    span = words.span
    return Rule(traffic, head, _peer(words, names=True), span)


def parse_numbered_rule(text: str, direction: Direction) -> NumberedRule:
    words = _Words(text)
    if words.word is None:
        raise Mistake("the rule is empty", f"write it like 100 allow tcp 443 {_side(direction)} 10.0.0.0/16")
    number = _rule_number(words)
    allow = _verdict(words)
    traffic = _traffic(words)
    _preposition(words, direction)
    head = " ".join(words.taken()[1:])
    block = _peer(words, names=False)
    assert isinstance(block, Cidr), "names were not allowed"
    return NumberedRule(number, allow, traffic, block, f"{number} {head} {block}")


def _side(direction: Direction) -> str:
    return "from" if direction == "ingress" else "to"


def _rule_number(words: _Words) -> int:
    word = words.word or ""
    if not _is_number(word):
        raise words.mistake(f"{quoted(word)} is no rule number", "a network ACL's rule starts like 100 allow")
    if not 1 <= int(word) <= TOP_RULE:
        raise words.mistake(f"rule number {word} is out of range", f"it goes from 1 to {TOP_RULE}")
    words.step()
    return int(word)


def _verdict(words: _Words) -> bool:
    word = words.word
    if word not in ("allow", "deny"):
        raise words.mistake(f"{_found(word)} where allow or deny belongs")
    words.step()
    return word == "allow"


def _no_verdict(words: _Words) -> None:
    """Who knows network ACLs writes `100 allow tcp ...`, or `allow tcp ...`."""
    first = words.word or ""
    if _is_number(first):
        raise words.mistake("a security group's rules have no numbers", f"leave {first} out")
    if first in ("allow", "deny"):
        advice = "leave allow out" if first == "allow" else "a network ACL can deny"
        raise words.mistake("a security group only allows", advice)


def _found(word: str | None) -> str:
    return "the rule ends" if word is None else quoted(word)


def _traffic(words: _Words) -> Traffic:
    protocol = words.word
    if protocol not in PROTOCOLS:
        advice = instead(protocol or "", PROTOCOLS)
        raise words.mistake(f"{_found(protocol)} where a protocol belongs", advice)
    words.step()
    match protocol:
        case "tcp":
            return Traffic(TCP, _ports(words), ANY_ICMP, ANY_ICMP)
        case "udp":
            return Traffic(UDP, _ports(words), ANY_ICMP, ANY_ICMP)
        case "icmp":
            return Traffic(ICMP, None, *_icmp(words, ICMP_NAMES))
        case "icmpv6":
            return Traffic(ICMPV6, None, *_icmp(words, ICMPV6_NAMES))
        case "proto":
            return Traffic(_protocol_number(words), None, ANY_ICMP, ANY_ICMP)
        case _:
            return Traffic(ALL_PROTOCOLS, None, ANY_ICMP, ANY_ICMP)


def _protocol_number(words: _Words) -> int:
    word = words.word or ""
    if not _is_number(word) or int(word) > 255:
        raise words.mistake(f"{_found(words.word)} where a protocol number from 0 to 255 belongs")
    words.step()
    return int(word)


def _is_preposition(words: _Words) -> bool:
    return words.word is None or words.word in ("from", "to")


def _ports(words: _Words) -> tuple[int, int] | None:
    if _is_preposition(words):
        return None
    word = words.word or ""
    first, dash, last = word.partition("-")
    if not _is_number(first) or (dash and not _is_number(last)):
        raise words.mistake(f"{quoted(word)} is no port", "write 443, or 1024-65535, or nothing for all")
    low, high = int(first), int(last or first)
    if max(low, high) > TOP_PORT:
        raise words.mistake(f"port {max(low, high)} is out of range", f"ports go from 0 to {TOP_PORT}")
    if low > high:
        raise words.mistake(f"ports {word} run backwards", f"write {high}-{low}")
    words.step()
    return None if (low, high) == (0, TOP_PORT) else (low, high)


def _icmp(words: _Words, names: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Type and code: `echo`, `8`, `3/4`, or nothing for any."""
    if _is_preposition(words):
        return ANY_ICMP, ANY_ICMP
    word = words.word or ""
    if word in names:
        words.step()
        return names[word]
    kind, slash, code = word.partition("/")
    numbers = [kind, code] if slash else [kind]
    if not all(_is_number(each) and int(each) <= 255 for each in numbers):
        raise words.mistake(f"{quoted(word)} is no ICMP type", instead(word, names, "write 8, or 3/4, or"))
    words.step()
    return int(kind), int(code) if slash else ANY_ICMP


def _preposition(words: _Words, direction: Direction) -> None:
    side = _side(direction)
    if words.word == side:
        words.step()
        return
    if _is_preposition(words) and words.word is not None:
        raise words.mistake(f"an {direction} rule says {side}, not {words.word}")
    raise words.mistake(f"{_found(words.word)} where {side} belongs")


def _peer(words: _Words, *, names: bool) -> Cidr | str:
    word = words.word
    if word is None:
        wanted = "a block or a security group" if names else "a block"
        raise words.mistake(f"the rule ends where {wanted} belongs")
    peer = _block_or_name(words, word, names)
    words.step()
    if words.word is not None:
        raise words.mistake(f"the rule goes on after its end: {quoted(words.word)}")
    return peer


def _block_or_name(words: _Words, word: str, names: bool) -> Cidr | str:
    if names and not word[0].isdigit() and ":" not in word:
        return word
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", word):
        raise words.mistake(f"{quoted(word)} is no block", f"write {word}/32")
    try:
        return parse_block(word)
    except ValueError:
        if ":" in word:
            advice = "write it like 2001:db8::/32, or ::/0"
            raise words.mistake(f"{quoted(word)} is not an IPv6 block", advice) from None
        advice = "write it like 10.0.0.0/16"
        if not names:
            advice += "; a network ACL knows no groups and no prefix lists"
        raise words.mistake(f"{quoted(word)} is not an IPv4 block", advice) from None


def _is_number(word: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", word) is not None
