"""A parsed file before it means anything: scalars as text, every node with its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from dcsim.problem import Mark

Path = Sequence[str | int]
"""Keys and positions from the root; also as pydantic gives them, with parts that name no node."""


class Nothing(Enum):
    """`key:` with nothing after it. Not None, which the schema takes for `not there`."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING
Plain = str | list["Plain"] | dict[str, "Plain"] | Nothing

KEY = "[key]"
"""pydantic's word for `the key itself` at the end of a path."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """`text` is None where nothing is written; `shift` is the text's column minus the mark's (0 or 1, a
    quote), or None when columns of the text are not columns of the file (escapes, several lines)."""

    text: str | None
    mark: Mark
    shift: int | None = 0
    weight = 1


@dataclass(frozen=True, slots=True)
class Items:
    nodes: tuple["Node", ...]
    mark: Mark
    weight: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """`keys` has the place of each key."""

    nodes: dict[str, "Node"]
    keys: dict[str, Mark]
    mark: Mark
    weight: int


Node = Scalar | Items | Mapping


def plain(node: Node) -> Plain:
    match node:
        case Scalar():
            return NOTHING if node.text is None else node.text
        case Items():
            return [plain(item) for item in node.nodes]
        case Mapping():
            return {key: plain(value) for key, value in node.nodes.items()}


def _child(node: Node, part: str | int) -> Node | None:
    """By key, by position, or by text in a list of names (which stands for a map)."""
    match node:
        case Mapping():
            return node.nodes.get(str(part))
        case Items() if isinstance(part, int):
            return node.nodes[part] if part < len(node.nodes) else None
        case Items():
            named = (item for item in node.nodes if isinstance(item, Scalar) and item.text == part)
            return next(named, None)
        case Scalar():
            return None


def find(root: Node, path: Path) -> Node:
    """The node at `path`; what is not written there is where the nearest written parent is."""
    node = root
    for part in path:
        node = _child(node, part) or node
    return node


def value_mark(root: Node, path: Path) -> Mark:
    return find(root, path).mark


def key_mark(root: Node, path: Path) -> Mark:
    """Where the key at the end of `path` is written; an item of a list is its own key."""
    *parents, last = path
    if last == KEY:
        return key_mark(root, parents)
    parent = find(root, parents)
    if isinstance(parent, Mapping) and str(last) in parent.keys:
        return parent.keys[str(last)]
    if isinstance(parent, Scalar) and parent.text == last:
        return parent.mark
    if parents and _child(parent, last) is None:
        return key_mark(root, parents)
    return value_mark(root, path)


def inside(node: Node, span: tuple[int, int] | None) -> Mark:
    """The part `span` of a scalar's text."""
    if not isinstance(node, Scalar) or span is None or node.shift is None:
        return node.mark
    start = node.mark.column + node.shift
    return Mark(node.mark.file, node.mark.line, start + span[0], start + max(span[1], span[0] + 1))
