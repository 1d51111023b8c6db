"""Topologies written in Python: the same keys, the same checks and messages as in a file.

    topology = Topology(region="eu-west-1", zones=["a", "b"])
    vpc = topology.vpc("main", cidr_block="10.0.0.0/16")
    vpc.subnet("net", per_zone=True, cidr_block="10.0.1.0/24")

Marks point at the calls.
"""

import sys
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType

from dcsim.problem import Mark, Problem, Refused
from dcsim.topology.check import check
from dcsim.topology.expand import expanded
from dcsim.topology.plan import InputFile, Plan
from dcsim.topology.resolve import resolve
from dcsim.topology.schema import TopologyFile
from dcsim.topology.source import shown_path
from dcsim.topology.tree import Items, Mapping, Node, Scalar
from dcsim.topology.words import quoted

Value = str | int | bool | Sequence["Value"] | AnyMapping[str, "Value"] | None
"""What a keyword takes. None is `not there`; a quantity is text with its unit."""


class _Section:
    """A map of the file that grows call by call."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark
        self._marks: dict[str, Mark] = {}
        self._nodes: dict[str, Node | _Section] = {}

    def put(self, key: str, node: "Node | _Section", mark: Mark) -> None:
        if key in self._marks:
            advice = f"it is at line {self._marks[key].line} already"
            raise Refused([Problem(mark, None, f"{quoted(key)} is here twice", advice)])
        self._marks[key] = mark
        self._nodes[key] = node

    def inner(self, key: str, mark: Mark) -> "_Section":
        """The map under a key; made when it is first needed."""
        found = self._nodes.get(key)
        if isinstance(found, _Section):
            return found
        made = _Section(mark)
        self.put(key, made, mark)
        return made

    def add(self, name: str, properties: AnyMapping[str, Value], mark: Mark) -> "_Section":
        """A named resource."""
        made = _Section(mark)
        for key, value in properties.items():
            if value is not None:
                made.put(key, _node(value, mark), mark)
        self.put(name, made, mark)
        return made

    def node(self) -> Mapping:
        nodes = {key: each.node() if isinstance(each, _Section) else each for key, each in self._nodes.items()}
        return Mapping(nodes, dict(self._marks), self._mark, 1)


class Vpc:
    """A VPC being written. Every keyword is a key of the file's section of that name."""

    def __init__(self, section: _Section) -> None:
        self._section = section

    def subnet(self, name: str, **properties: Value) -> None:
        self._add("subnets", name, properties)

    def route_table(self, name: str, **properties: Value) -> None:
        self._add("route_tables", name, properties)

    def network_acl(self, name: str, **properties: Value) -> None:
        self._add("network_acls", name, properties)

    def security_group(self, name: str, **properties: Value) -> None:
        self._add("security_groups", name, properties)

    def instance(self, name: str, **properties: Value) -> None:
        self._add("instances", name, properties)

    def nat_gateway(self, name: str, **properties: Value) -> None:
        self._add("nat_gateways", name, properties)

    def flow_log(self, name: str, **properties: Value) -> None:
        self._add("flow_logs", name, properties)

    def _add(self, kind: str, name: str, properties: AnyMapping[str, Value]) -> None:
        mark = calling_mark()
        self._section.inner(kind, mark).add(name, properties, mark)


class Internet:
    """The rest of the world being written."""

    def __init__(self, section: _Section) -> None:
        self._section = section

    def instance(self, name: str, **properties: Value) -> None:
        mark = calling_mark()
        self._section.inner("instances", mark).add(name, properties, mark)


class Topology:
    """A topology file, written call by call."""

    def __init__(
        self,
        *,
        region: str,
        zones: Sequence[str],
        name: str = "topology",
        start: str | None = None,
        plant: AnyMapping[str, Value] | None = None,
        links: AnyMapping[str, Value] | None = None,
    ) -> None:
        mark = calling_mark()
        values: dict[str, Value] = {
            "version": 1,
            "region": region,
            "zones": zones,
            "start": start,
            "plant": plant,
            "links": links,
        }
        self.name = name
        self._root = _Section(mark).add(name, values, mark)

    def vpc(self, name: str, **properties: Value) -> Vpc:
        mark = calling_mark()
        return Vpc(self._root.inner("vpcs", mark).add(name, properties, mark))

    def vpc_peering_connection(self, name: str, **properties: Value) -> None:
        mark = calling_mark()
        self._root.inner("vpc_peering_connections", mark).add(name, properties, mark)

    def internet(self, **properties: Value) -> Internet:
        mark = calling_mark()
        return Internet(self._root.add("internet", properties, mark))

    def plan(self) -> Plan:
        """Refused with every problem, as for a file. The plan's file is this topology written out as YAML."""
        root = self._root.node()
        plan = resolve(check(TopologyFile, root), root, self.name, ())
        return replace(plan, files=(InputFile(f"{self.name}.yaml", expanded(plan).encode()),))


def properties_of(properties: AnyMapping[str, Value], mark: Mark) -> Mapping:
    """Keywords of one call as a section of a file; None is `not there`."""
    nodes = {key: _node(value, mark) for key, value in properties.items() if value is not None}
    return Mapping(nodes, dict.fromkeys(nodes, mark), mark, 1)


def _node(value: Value, mark: Mark) -> Node:
    """Numbers and truth become the text that a file would hold."""
    if isinstance(value, bool):
        return Scalar("true" if value else "false", mark, None)
    if isinstance(value, str | int):
        return Scalar(str(value), mark, None)
    if isinstance(value, AnyMapping):
        present = {str(key): each for key, each in value.items() if each is not None}
        nodes = {key: _node(each, mark) for key, each in present.items()}
        return Mapping(nodes, dict.fromkeys(nodes, mark), mark, 1)
    if isinstance(value, Sequence):
        return Items(tuple(_node(each, mark) for each in value), mark, 1)
    kind = type(value).__name__
    raise Refused([Problem(mark, None, f"{kind} {value!r} cannot stand here", "write text with a unit")])


def calling_mark(*between: str) -> Mark:
    """The call in the user's file that led here; `between` are files that only pass it on."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in (__file__, *between):
        frame = frame.f_back
    assert frame is not None, "somebody called"
    line, column, end_column = _position(frame.f_code, frame.f_lasti, frame.f_lineno)
    return Mark(shown_path(Path(frame.f_code.co_filename)), line, column, end_column)


def _position(code: CodeType, instruction: int, line: int) -> tuple[int, int, int]:
    """Line, column and the column after the end; in a call of several lines, of the first."""
    found = next(islice(code.co_positions(), instruction // 2, None), (None, None, None, None))
    start, end, column, end_column = found
    if start is None or column is None or end_column is None:
        return line, 1, 2  # Python was told to keep no columns (-X no_debug_ranges)
    return start, column + 1, end_column + 1 if start == end else column + 2
