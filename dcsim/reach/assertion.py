"""Assertions about who reaches whom: one sentence each, in a YAML list.

- bastion reaches db on tcp 22
- all app-* reach db on tcp 5432
- left never reaches right on tcp 22
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dcsim.problem import Mark, Mistake, Problem, Refused, in_file_order
from dcsim.reach.matrix import Pair, Reach
from dcsim.topology.load import locate
from dcsim.topology.source import lines_of, parse, read
from dcsim.topology.tree import Items, Node, Scalar, inside
from dcsim.topology.words import closest, instead, quoted
from dcsim.traffic_spec import TrafficSpec, parse_traffic

Span = tuple[int, int]
Word = tuple[str, Span]

VERBS = ("reaches", "reach")
ALL = "all"
LATER = ("internet",)
"""Names that will mean something."""
EXAMPLE = "left reaches right on tcp 22"


@dataclass(frozen=True, slots=True)
class Sentence:
    """An assertion whose names nobody has looked up yet; spans say where they stand in the text."""

    source: Word
    destination: Word
    never: bool
    traffic: TrafficSpec | None
    text: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """Each of `pairs` reaches, or none does. `traffic` None means any."""

    text: str
    pairs: tuple[Pair, ...]
    never: bool
    traffic: TrafficSpec | None
    mark: Mark


def load_assertions(path: Path, region: Reach) -> tuple[Assertion, ...]:
    """Refused with every problem of the file."""
    root = _read(locate(path))
    assertions, problems = [], []
    for node in _sentences(root):
        try:
            assertions.append(_assertion(_text(node), node.mark, region))
        except Mistake as mistake:
            problems.append(Problem(inside(node, mistake.span), None, mistake.message, mistake.advice))
    if problems:
        raise Refused(in_file_order(problems))
    return tuple(assertions)


def _read(path: Path) -> Node:
    data = read(path)
    try:
        return parse(data, str(path))
    except Refused as refused:
        raise Refused(_starred(problem, lines_of(data)) for problem in refused.problems) from None


def _starred(problem: Problem, lines: Sequence[str]) -> Problem:
    """YAML has a use of its own for a star where a value begins."""
    line = lines[problem.mark.line - 1].strip() if problem.mark.line <= len(lines) else ""
    if not line.startswith("- *"):
        return problem
    return replace(problem, message="YAML keeps a * at the start for itself", advice=f'write - "{line[2:]}"')


def _sentences(root: Node) -> tuple[Node, ...]:
    """A list of sentences, or one."""
    if isinstance(root, Items) and root.nodes:
        return root.nodes
    if isinstance(root, Scalar):
        return (root,)
    raise Refused([Problem(root.mark, None, "assertions are a list of sentences", f"write - {EXAMPLE}")])


def _text(node: Node) -> str:
    if isinstance(node, Scalar) and node.text is not None:
        return node.text
    raise Mistake("an assertion is one sentence", f"write it like {EXAMPLE}")


def _assertion(text: str, mark: Mark, region: Reach) -> Assertion:
    sentence = parse_sentence(text)
    sources = _guests(*sentence.source, region)
    destinations = _guests(*sentence.destination, region)
    pairs = tuple((a, b) for a in sources for b in destinations if a != b)
    if not pairs:
        raise Mistake(f"{sentence.destination[0]} would ask itself", span=sentence.destination[1])
    return Assertion(sentence.text, pairs, sentence.never, sentence.traffic, mark)


def parse_sentence(text: str) -> Sentence:
    """[all] NAME [never] reaches NAME [on TRAFFIC]; `all` without a name is everybody."""
    words: list[Word] = [(found.group(), found.span()) for found in re.finditer(r"\S+", text)]
    end = (len(text.rstrip()), len(text.rstrip()))
    if not words:
        raise Mistake("the assertion is empty", f"write it like {EXAMPLE}")
    normal = " ".join(word for word, _ in words)
    if words[0][0] == ALL and words[1:2] and words[1][0] not in (*VERBS, "never"):
        words = words[1:]
    source, words = _name(words, end)
    never, words = _verb(words, end)
    destination, words = _name(words, end)
    return Sentence(source, destination, never, _traffic(words, end), normal)


def _name(words: list[Word], end: Span) -> tuple[Word, list[Word]]:
    if not words or words[0][0] in (*VERBS, "never", "on"):
        found, span = (quoted(words[0][0]), words[0][1]) if words else ("the sentence ends", end)
        raise Mistake(f"{found} where a name belongs", f"write it like {EXAMPLE}", span=span)
    return words[0], words[1:]


def _verb(words: list[Word], end: Span) -> tuple[bool, list[Word]]:
    never = bool(words) and words[0][0] == "never"
    words = words[1:] if never else words
    word, span = words[0] if words else ("", end)
    if word not in VERBS:
        found = quoted(word) if word else "the sentence ends"
        meant = closest(word, (*VERBS, "never"))
        advice = f"Did you mean {meant}?" if meant else "write reaches, or never reaches"
        raise Mistake(f"{found} where reaches belongs", advice, span=span)
    return never, words[1:]


def _traffic(words: list[Word], end: Span) -> TrafficSpec | None:
    if not words:
        return None
    (word, span), rest = words[0], words[1:]
    if word != "on":
        raise Mistake(f"the sentence goes on after its end: {quoted(word)}", "write on tcp 22, or nothing", span=span)
    try:
        return parse_traffic(" ".join(each for each, _ in rest))
    except Mistake as mistake:
        where = (rest[0][1][0], rest[-1][1][1]) if rest else end
        message = mistake.message if rest else "the sentence ends where traffic belongs"
        raise Mistake(message, mistake.advice, span=where) from None


def _guests(text: str, span: Span, region: Reach) -> list[str]:
    """A guest, the copies of one (`app` is `app-a`, `app-b-2`), or all that fit a pattern (`app-*`)."""
    names = region.guests
    if text in names:
        return [text]
    if text == ALL:
        return list(names)
    is_pattern = "*" in text or "?" in text
    wanted = re.compile(_glob(text) if is_pattern else _copies(text, region.world.plan.zones))
    full_name = region.world.full_name
    found = [
        name for name, guest in names.items() if wanted.fullmatch(guest.name) or wanted.fullmatch(full_name(guest))
    ]
    if found:
        return found
    if text in LATER:
        raise Mistake(f"{text} is not simulated yet", span=span)
    noun = "guest fits" if is_pattern else "guest"
    raise Mistake(f"no {noun} {quoted(text)}", instead(text, names), span=span)


def _glob(text: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text)


def _copies(text: str, zones: Sequence[str]) -> str:
    return rf"{re.escape(text)}(-({'|'.join(map(re.escape, zones))}))?(-[0-9]+)?"
