"""Which kind of file a tree is, by its keys; and what to say when another kind is wanted."""

from pathlib import Path
from typing import Literal

from dcsim.problem import Mark, Problem, Refused
from dcsim.topology.source import whole_file
from dcsim.topology.tree import Items, Mapping, Node, Scalar

Kind = Literal["topology", "scenario", "assertions"]

SCENARIO_KEYS = ("topology", "duration", "probes", "timeline", "expect", "steady_state", "stop_conditions")
"""Any of these makes a map a scenario."""
TOPOLOGY_KEYS = ("region", "regions", "zones", "plant", "links", "vpcs")
VERBS = ("reach", "reaches")

COMMANDS: dict[Kind, tuple[str, str]] = {
    "topology": ("a topology", "dcsim check, inspect, trace, ping, reach and shell take it"),
    "scenario": ("a scenario", "dcsim check and dcsim run take it"),
    "assertions": ("a list of assertions", "dcsim reach TOPOLOGY --assert {file} takes it"),
}


def kind_by_keys(root: Node) -> Kind | None:
    """None when nothing in it says what it is meant to be."""
    match root:
        case Mapping() if any(key in root.nodes for key in SCENARIO_KEYS):
            return "scenario"
        case Mapping() if any(key in root.nodes for key in TOPOLOGY_KEYS):
            return "topology"
        case Items() if any(map(_asserts, root.nodes)):
            return "assertions"
        case Scalar() if _asserts(root):
            return "assertions"
        case _:
            return None


def _asserts(node: Node) -> bool:
    return isinstance(node, Scalar) and any(word in VERBS for word in (node.text or "").split())


def refuse_other(wanted: Kind, root: Node, file: str, asked_at: Mark | None = None) -> None:
    """Refused when the file is plainly of another kind. `asked_at` is where another file names it."""
    kind = kind_by_keys(root)
    if kind is None or kind == wanted:
        return
    what, advice = COMMANDS[kind]
    name = Path(file).name
    advice = advice.format(file=file)
    if wanted == "scenario" and kind == "topology":
        advice = f"{advice}. A scenario names it: topology: {name}"
    if asked_at is not None and kind == "scenario":
        advice = _its_topology(root)
    subject = name if asked_at is not None else "this"
    message = f"{subject} is {what}, not {COMMANDS[wanted][0]}"
    raise Refused([Problem(asked_at or whole_file(Path(file)), None, message, advice)])


def _its_topology(root: Node) -> str:
    """A scenario where a topology is wanted usually means the one it plays in."""
    named = root.nodes.get("topology") if isinstance(root, Mapping) else None
    return f"Did you mean {named.text}, which it plays in?" if isinstance(named, Scalar) and named.text else ""
