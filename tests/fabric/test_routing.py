"""Next hops against networkx: shortest paths in a graph whose nodes are switches on their way up or down."""

from collections.abc import Iterator
from random import Random
from typing import Any

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.fabric.place import Place
from dcsim.fabric.wire import Direction
from dcsim.topology.plan import Plant
from hypervisor.link import Link, OnWire
from netvirt.address import HostId

from .region import MS, Packet, Region, S

Node = tuple[str, str]
"""A switch's name, and whether a packet there is going `up` or `down`."""


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
        alive = {name for name, inside in self.inside.items() if not any(place in down for place in inside)}
        for lower, upper in self.wires:
            if lower in alive and upper in alive and frozenset((lower, upper)) not in cut:
                graph.add_edges_from(self._edges(lower, upper, goal))
        return graph

    def _edges(self, lower: str, upper: str, goal: str) -> Iterator[tuple[Node, Node]]:
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


def assert_same_ways(region: Region, book: Book, graph: Any, source: str, goal: str) -> None:
    """At every switch that a packet from `source` to `goal` may meet."""
    fabric = region.fabric
    source_id, goal_id = fabric.host_id(source), fabric.host_id(goal)
    seen: set[Node] = set()
    tor = next(upper for lower, upper in book.wires if lower == source)
    frontier: list[Node] = [(tor, "up")]
    while frontier:
        at = frontier.pop()
        expected = book.next_hops(graph, at, goal)
        ways = fabric.switch(fabric.place(at[0])).ways(source_id, goal_id)
        assert {way.name for way in ways} == {name for name, _ in expected}, f"at {at} from {source} to {goal}"
        frontier += [node for node in sorted(expected) if node not in seen and book.level[node[0]] != "host"]
        seen |= expected


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_converged_switches_know_exactly_the_shortest_ways(draw: Random) -> None:
    zones, plant = "abcd"[: draw.randint(1, 4)], random_plant(draw)
    region, book = Region(zones, plant), Book(zones, plant)
    down, cut = break_things(draw, region, book)
    region.run(until=S)
    alive = [host for host in book.hosts if not any(place in down for place in book.inside[host])]
    if not alive:
        return
    for _ in range(5):
        source, goal = draw.choice(alive), draw.choice(book.hosts)
        graph = book.graph(goal, down, cut)
        if not any(place in down for place in book.inside[source.rsplit("/", 1)[0] + "/tor"]):
            assert_same_ways(region, book, graph, source, goal)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_what_is_repaired_is_as_if_it_had_never_failed(draw: Random) -> None:
    plant = random_plant(draw)
    region, book = Region("abc", plant), Book("abc", plant)
    down, _ = break_things(draw, region, book)
    region.run(until=S)
    held: list[Place | Direction] = [region.fabric.place(name) for name in sorted(down)]
    held += [link for link in region.fabric.all_links() if link.causes]
    for part in held:
        for cause in list(part.causes):
            region.fabric.release(part, cause)
    region.run(until=2 * S)
    graph = book.graph(book.hosts[-1], set(), set())
    assert_same_ways(region, book, graph, book.hosts[0], book.hosts[-1])


def test_a_cut_between_two_zones_goes_around_through_the_third() -> None:
    region = Region("abc")
    a, b = region.host("a/r1/h1"), region.host("b/r1/h1")
    region.hold("a <-> b", "dig")
    region.run(until=S)
    path = region.fabric.path(a, b, Packet(a, b, 1).flow)
    cores = [leg.name for leg in path.legs if leg.name.startswith("core") and "-> core" in leg.name]
    assert cores == ["core-a -> core-c", "core-c -> core-b"]


def test_the_path_shown_is_the_path_taken() -> None:
    region = Region("abc")
    a, b = region.host("a/r1/h1"), region.host("c/r2/h4")
    crossed: list[str] = []

    def see(link: Link, frame: OnWire) -> None:
        crossed.append(link.name)

    for port in range(20):
        packet = Packet(a, b, port, port)
        path = region.fabric.path(a, b, packet.flow)
        for leg in path.legs:
            region.fabric.links(leg.name)[0].tap(see)
        sent = region.clock.now
        region.send(packet)
        region.run()
        assert crossed == [leg.name for leg in path.legs]
        assert region.received[-1][0] - sent == sum(leg.transit_ns(packet.size) for leg in path.legs)
        crossed.clear()
        for link in region.fabric.all_links():
            link.untap(see)


def test_asking_for_a_path_makes_no_link() -> None:
    region = Region()
    region.fabric.path(HostId(0), HostId(9), 5)
    assert region.fabric.all_links() == []


def test_equal_ways_share_the_flows_and_switches_choose_independently() -> None:
    """16 spines on each side: whichever spine a flow takes up, all spines are equally likely on its way down."""
    region = Region(plant=Plant(spines=16))
    a, b = HostId(0), HostId(9)
    tor, core = (
        region.fabric.switch(region.fabric.place("a/r1/tor")),
        region.fabric.switch(region.fabric.place("core-b")),
    )
    counts: dict[tuple[str, str], int] = {}
    flows = 64_000
    for port in range(flows):
        flow = Packet(a, b, port % 65536).flow
        up, down = tor.next_hop(flow, a, b), core.next_hop(flow, a, b)
        assert up is not None and down is not None
        counts[up.name, down.name] = counts.get((up.name, down.name), 0) + 1
    assert len(counts) == 256
    # 250 expected in each pair, standard deviation 16: five of them either way.
    assert all(170 < count < 330 for count in counts.values()), sorted(counts.values())


def test_one_flow_stays_on_one_path() -> None:
    region = Region(plant=Plant(spines=16))
    region.stream("a/r1/h1", "b/r2/h1", 77, range(0, 100 * MS, MS))
    region.run()
    used = [link.name for link in region.fabric.all_links() if link.line.frames]
    assert len(used) == 7
    assert len(region.received) == 100
