"""The region written out in full by nested loops: what the routing of the product is held against."""

from collections.abc import Iterator
from random import Random

import networkx as nx

from dcsim.topology.plan import Plant

from .region import Region

Node = tuple[str, str]
"""A switch's name, and whether a packet there is going `up` or `down`."""
OUT, IN = ("border", "out"), ("border", "in")


class Book:
    """The region written out in full by nested loops, sharing no arithmetic with the product."""

    def __init__(self, zones: str, plant: Plant) -> None:
        self.inside: dict[str, tuple[str, ...]] = {}
        self.wires: list[tuple[str, str]] = []
        self.level: dict[str, str] = {}
        self.hosts: list[str] = []
        for zone in zones:
            self._zone(zone, plant)
        self.wires += [(f"core-{a}", f"core-{b}") for a in zones for b in zones if a < b]
        for transit in ("transit-1", "transit-2"):
            self._place(transit, "transit")
            self.wires += [(f"core-{zone}", transit) for zone in zones]

    def _place(self, name: str, level: str, *inside: str) -> str:
        self.level[name] = level
        self.inside[name] = (name, *inside)
        return name

    def _zone(self, zone: str, plant: Plant) -> None:
        core = self._place(f"core-{zone}", "core", f"zone {zone}")
        for d in range(1, plant.datacenters + 1):
            datacenter = f"{zone}/d{d}"
            numbers = range((d - 1) * plant.spines + 1, d * plant.spines + 1)
            spines = [self._place(f"spine-{zone}{n}", "spine", datacenter, f"zone {zone}") for n in numbers]
            self.wires += [(spine, core) for spine in spines]
            for p in range(1, plant.power_domains + 1):
                for r in range(1, plant.racks + 1):
                    self._rack(
                        plant, spines, f"{datacenter}/p{p}/r{r}", f"{datacenter}/p{p}", datacenter, f"zone {zone}"
                    )

    def _rack(self, plant: Plant, spines: list[str], rack: str, *inside: str) -> None:
        tor = self._place(f"{rack}/tor", "tor", rack, *inside)
        self.wires += [(tor, spine) for spine in spines]
        for h in range(1, plant.hosts + 1):
            self.hosts.append(self._place(f"{rack}/h{h}", "host", rack, *inside))
            self.wires.append((self.hosts[-1], tor))

    def graph(self, goal: str, down: set[str], cut: set[frozenset[str]]) -> "nx.DiGraph[Node]":
        """Where packets for the host `goal` may go."""
        graph: nx.DiGraph[Node] = nx.DiGraph()
        graph.add_nodes_from((name, phase) for name in self.level for phase in ("up", "down"))
        for lower, upper in self.working(down, cut):
            graph.add_edges_from(self._edges(lower, upper, goal))
        return graph

    def working(self, down: set[str], cut: set[frozenset[str]]) -> Iterator[tuple[str, str]]:
        """The wires that are left."""
        alive = {name for name, inside in self.inside.items() if not any(place in down for place in inside)}
        for lower, upper in self.wires:
            if lower in alive and upper in alive and frozenset((lower, upper)) not in cut:
                yield lower, upper

    def _edges(self, lower: str, upper: str, goal: str) -> Iterator[tuple[Node, Node]]:
        if self.level[upper] == "transit":
            return  # Nobody goes from zone to zone that way.
        if self.level[lower] == "core":
            # Between zones a packet has left its own and not yet entered another.
            yield (lower, "up"), (upper, "up")
            yield (upper, "up"), (lower, "up")
            return
        # RFC 7938, section 5.2.1: the spines of a datacenter share an AS, so none takes a detour over another.
        if not (self.level[lower] == "spine" and self.inside[lower][1] in self.inside[goal]):
            yield (lower, "up"), (upper, "up")
        yield (upper, "up"), (lower, "down")
        yield (upper, "down"), (lower, "down")

    def next_hops(self, graph: "nx.DiGraph[Node]", at: Node, goal: str) -> set[Node]:
        """Only the host's own rack knows hosts; from elsewhere the way to the rack is all that counts."""
        tor = goal.rsplit("/", 1)[0] + "/tor"
        try:
            return {path[1] for path in nx.all_shortest_paths(graph, at, (goal if at[0] == tor else tor, "down"))}
        except nx.NetworkXNoPath:
            return set()


def outward(book: Book, down: set[str], cut: set[frozenset[str]]) -> "nx.DiGraph[Node]":
    """Where packets for the border may go: over one other zone's core at most, then out."""
    graph: nx.DiGraph[Node] = nx.DiGraph([(("transit-1", "out"), OUT), (("transit-2", "out"), OUT)])
    graph.add_nodes_from((name, "up") for name in book.level)
    for lower, upper in book.working(down, cut):
        if book.level[upper] == "core" == book.level[lower]:
            graph.add_edges_from([((lower, "up"), (upper, "over")), ((upper, "up"), (lower, "over"))])
        elif book.level[upper] == "transit":
            graph.add_edges_from(((lower, phase), (upper, "out")) for phase in ("up", "over"))
        else:
            graph.add_edge((lower, "up"), (upper, "up"))
    return graph


def inward(book: Book, down: set[str], cut: set[frozenset[str]]) -> "nx.DiGraph[Node]":
    """Where packets from the border may go: the same ways, backwards."""
    graph: nx.DiGraph[Node] = nx.DiGraph()
    graph.add_edges_from((IN, (transit, "in")) for transit in ("transit-1", "transit-2") if transit not in down)
    graph.add_nodes_from([IN, *((name, "down") for name in book.level)])
    for lower, upper in book.working(down, cut):
        if book.level[upper] == "core" == book.level[lower]:
            graph.add_edges_from([((lower, "in"), (upper, "over")), ((upper, "in"), (lower, "over"))])
        elif book.level[upper] == "transit":
            graph.add_edge((upper, "in"), (lower, "in"))
        elif book.level[upper] == "core":
            graph.add_edges_from(((upper, phase), (lower, "down")) for phase in ("in", "over"))
        else:
            graph.add_edge((upper, "down"), (lower, "down"))
    return graph


def shortest(graph: "nx.DiGraph[Node]", at: Node, goal: Node) -> set[Node]:
    try:
        return {path[1] for path in nx.all_shortest_paths(graph, at, goal)}
    except nx.NetworkXNoPath:
        return set()


def random_plant(draw: Random) -> Plant:
    # The counts of everything but hosts exceed one where names would otherwise leave a level out.
    return Plant(2, 2, draw.randint(1, 2), draw.randint(1, 2), draw.randint(1, 3))


def break_things(draw: Random, region: Region, book: Book) -> tuple[set[str], set[frozenset[str]]]:
    """Hold some places and links down; answers which, for the oracle."""
    down: set[str] = set()
    cut: set[frozenset[str]] = set()
    for _ in range(draw.randint(0, 6)):
        if draw.random() < 0.5:
            place = draw.choice(draw.choice(list(book.inside.values())))
            down.add(place)
            region.hold(place, "fault")
        else:
            a, b = draw.choice(book.wires)
            cut.add(frozenset((a, b)))
            # One dead direction is enough: both ends stop using the wire.
            region.hold(f"{a} {draw.choice(['<->', '->'])} {b}", "fault")
    return down, cut
