"""A YAML file to a tree with marks. Whatever the file holds, the answer is a tree or problems.

Only YAML's events are used: what PyYAML would make of them (`no` = False, `10:00` = 600, the last of two
equal keys wins, aliases that multiply) is what this file is here to prevent.
"""

import os
import re
from pathlib import Path

import yaml

from dcsim.problem import Mark, Problem, Refused
from dcsim.topology.tree import Items, Mapping, Node, Scalar
from dcsim.topology.words import quoted

MOST_BYTES = 16_000_000
MOST_DEPTH = 32
MOST_NODES = 1_000_000
"""Aliases counted each time they are used."""

UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def refusal(mark: Mark, message: str, advice: str = "") -> Refused:
    return Refused([Problem(mark, None, message, advice)])


def whole_file(path: Path) -> Mark:
    """For what is wrong with a file that has no lines to point at."""
    return Mark(str(path), 0, 0, 0)


def shown_path(path: Path) -> str:
    """As short as it can be said from here, so that a mark always opens in an editor."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative


def read(path: Path, asked_at: Mark | None = None) -> bytes:
    """The file's bytes. `asked_at` is where another file names this one."""
    start = whole_file(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        what = f"cannot read {quoted(str(path))}" if asked_at else "cannot be read"
        raise refusal(asked_at or start, f"{what}: {reason.lower()}") from None
    if len(data) > MOST_BYTES:
        raise refusal(start, f"the file is bigger than {MOST_BYTES // 1_000_000} MB")
    return data


def lines_of(data: bytes) -> list[str]:
    """Lines as marks count them."""
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").splitlines()


def source_lines(file: str) -> list[str]:
    """What `render` needs to show a problem's line; nothing when the file cannot be read."""
    try:
        return lines_of(read(Path(file)))
    except Refused:
        return []


def parse(data: bytes, file: str) -> Node:
    """`file` is how marks call it."""
    text = _decode(data, file)
    try:
        return _Composer(file).compose(text)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, text, file) from None
    except yaml.YAMLError as error:
        raise refusal(Mark(file, 1, 1, 2), f"not YAML: {str(error).splitlines()[0]}") from None


def _decode(data: bytes, file: str) -> str:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = f"not a text file: byte 0x{data[error.start]:02x} is not UTF-8"
        raise refusal(_mark_after(before, file), message) from None
    bad = UNREADABLE.search(text)
    if bad:
        message = f"not a text file: it holds the character U+{ord(bad.group()):04X}"
        raise refusal(_mark_after(text[: bad.start()], file), message)
    return text


def _mark_after(before: str, file: str) -> Mark:
    lines = (before + ".").splitlines()
    return Mark(file, len(lines), len(lines[-1]), len(lines[-1]) + 1)


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Refused:
    lines = text.splitlines() or [""]
    at = error.problem_mark or error.context_mark
    row, column = (at.line, at.column) if at else (0, 0)
    if row >= len(lines):
        row, column = len(lines) - 1, len(lines[-1])
    mark = Mark(file, row + 1, column + 1, column + 2)
    if lines[row][column : column + 1] == "\t":
        return refusal(mark, "a tab cannot indent YAML", "write spaces")
    begun = error.context_mark
    open_one = begun is not None and begun.line < row and "block" not in (error.context or "")
    where = f" in what begins at line {begun.line + 1}" if open_one and begun else ""
    return refusal(mark, f"not YAML: {error.problem or error.context or 'it cannot be read'}{where}")


def _span(event: yaml.Event) -> tuple[int, int, int, int]:
    start, end = event.start_mark, event.end_mark
    assert start is not None and end is not None, "a parsed event has its place"
    return start.line, start.column, end.line, end.column


class _Open:
    """A list or map whose end has not come yet."""

    __slots__ = ("anchor", "duplicate", "key", "key_mark", "keys", "mark", "nodes", "weight")

    def __init__(self, mark: Mark, anchor: str | None, is_map: bool) -> None:
        self.mark = mark
        self.anchor = anchor
        self.keys: dict[str, Mark] | None = {} if is_map else None
        self.nodes: list[Node] = []
        self.key: str | None = None
        self.key_mark = mark
        self.duplicate = False
        self.weight = 1


class _Composer:
    """Builds the tree from events, without recursion, so that no input can exhaust the stack."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._problems: list[Problem] = []
        self._root: Node | None = None

    def compose(self, text: str) -> Node:
        for event in yaml.parse(text, Loader=LOADER):
            self._take(event)
        if self._root is None:
            raise refusal(Mark(self._file, 1, 1, 2), "the file is empty", "it starts with version: 1")
        if self._problems:
            raise Refused(self._problems)
        return self._root

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.AliasEvent():
                self._add(self._alias(event))
            case yaml.ScalarEvent():
                self._no_tag(event)
                self._add(self._anchored(event.anchor, self._scalar(event)))
            case yaml.CollectionStartEvent():
                self._no_tag(event)
                self._open(event)
            case yaml.CollectionEndEvent():
                self._add(self._close(event))
            case yaml.DocumentStartEvent() if self._root is not None:
                raise refusal(self._mark(event), "a second document starts here", "write one file for each")

    def _mark(self, event: yaml.Event) -> Mark:
        line, column, end_line, end_column = _span(event)
        last = end_column if end_line == line else column
        return Mark(self._file, line + 1, column + 1, max(last, column + 1) + 1)

    def _no_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None and event.tag != "!":
            self._problems.append(
                Problem(self._mark(event), None, f"tag {quoted(event.tag)} means nothing here", "leave it out")
            )

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        line, column, end_line, end_column = _span(event)
        quotes = 2 if event.style in ("'", '"') else 0
        same = line == end_line and end_column - column == len(event.value) + quotes
        nothing = event.value == "" and not quotes and event.style not in ("|", ">")
        return Scalar(None if nothing else event.value, self._mark(event), quotes // 2 if same else None)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            raise refusal(self._mark(event), f"nothing before here is called &{event.anchor}")
        return node

    def _anchored(self, anchor: str | None, node: Node) -> Node:
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        mark = self._mark(event)
        if len(self._stack) >= MOST_DEPTH:
            raise refusal(mark, f"nested more than {MOST_DEPTH} deep")
        if self._stack and self._stack[-1].keys is not None and self._stack[-1].key is None:
            raise refusal(mark, "a key must be one word, not a list or a map")
        # An anchor is known only once its node is complete: an alias inside it would never end.
        self._stack.append(_Open(mark, event.anchor, isinstance(event, yaml.MappingStartEvent)))

    def _close(self, event: yaml.Event) -> Node:
        done = self._stack.pop()
        mark = done.mark
        line, _, end_line, end_column = _span(event)
        if line == end_line == mark.line - 1:
            mark = Mark(mark.file, mark.line, mark.column, max(end_column, mark.column) + 1)
        if done.keys is None:
            return self._anchored(done.anchor, Items(tuple(done.nodes), mark, done.weight))
        nodes = dict(zip(done.keys, done.nodes))
        return self._anchored(done.anchor, Mapping(nodes, done.keys, mark, done.weight))

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        if parent.keys is not None and parent.key is None:
            self._start_key(parent, node)
            return
        parent.weight += node.weight
        if parent.weight > MOST_NODES:
            raise refusal(parent.mark, f"aliases make more than {MOST_NODES:,} values of this")
        if not parent.duplicate:
            parent.nodes.append(node)
        parent.key, parent.duplicate = None, False

    def _start_key(self, parent: _Open, node: Node) -> None:
        assert parent.keys is not None
        if not isinstance(node, Scalar):
            raise refusal(node.mark, "a key must be one word, not a list or a map")
        key = parent.key = node.text or ""
        if key in parent.keys:
            parent.duplicate = True
            first = parent.keys[key].line
            advice = f"it is at line {first} already"
            self._problems.append(Problem(node.mark, None, f"{quoted(key)} is here twice", advice))
        else:
            parent.keys[key] = node.mark
