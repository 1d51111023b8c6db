"""What must hold whatever happens: tracing changes nothing, memory of decisions is worth nothing, no frame vanishes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from dcsim.observe.capture import Capture
from dcsim.scenario.load import load_scenario
from dcsim.scenario.play import Play, stage
from dcsim.topology.load import shipped_directory
from dcsim.topology.plan import Impairment, Plan
from dcsim.trace import Traced, trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import Guest, World
from netvirt.address import Ip, format_ip, format_mac, parse_ip
from netvirt.frame import flow_of
from netvirt.journey import Outcome
from netvirt.ledger import Ledger

from .digest import Walk, digest
from .lab import AGENTS, FLIGHT, MS, PAIR, Fate, Region, S, allow_udp, ether, ip, lost_ticks

HERE = Path(__file__).parent
AZ_OUTAGE = shipped_directory() / "az-outage.yaml"
STORM = HERE / "storm.yaml"

# The digest sees.

CHANGES: dict[str, Callable[[Region], object]] = {
    "a frame is sent": lambda region: region["left"].send(region.udp("left", "right")),
    "a track is granted time": lambda region: any_track(region).see(any_flow(region), region.now),
    "a decision is forgotten": lambda region: region["left"].host.vswitch.flush(),
    "chance is drawn": lambda region: region["left"].instance.guest._random.random(),  # type: ignore[attr-defined]
    "an account grows": lambda region: account(region.world.ledger),
    "a link is impaired": lambda region: region.hold("a -> b"),
    "a nanosecond passes": lambda region: region.wait(1),
    "an address is given away": lambda region: region.call(allow_udp(1, "friends")),
    "an octet in a guest's memory changes": lambda region: poke(region["left"]),
}


def account(ledger: Ledger) -> None:
    ledger.replied += 1
    ledger.consumed += 1


def any_track(region: Region) -> Any:
    return next(iter(region["left"].nic.port.tracker.table.values()))


def any_flow(region: Region) -> Any:
    return flow_of(region.udp("left", "right"))


def poke(guest: Guest) -> None:
    memory = guest.instance.guest._loop._memory  # type: ignore[attr-defined]
    memory[-1] ^= 1


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_sees_when(change: str) -> None:
    region = Region(AGENTS)
    region.post("left", region.udp("left", "right"))
    before = digest(region.world)
    assert digest(region.world) == before
    CHANGES[change](region)
    assert digest(region.world) != before


def test_the_digest_goes_everywhere() -> None:
    region = Region(AGENTS)
    region.post("left", region.udp("left", "right"))
    walk = Walk()
    walk.of(region.world)
    met = {"Tracker", "Track", "Memo", "Departure", "Arrival", "Ledger", "SimClock", "Random", "Direction", "Line"}
    met |= {"VpcView", "Vpc", "Machine", "RunLoop", "mmap", "Propagation", "Convergence", "Zone", "Switch", "HostClock"}
    assert met - walk.kinds.keys() == set()


def test_equal_seeds_give_equal_worlds_and_others_do_not() -> None:
    worlds = [play_of(STORM, seed).world for seed in (1, 1, 2)]
    for world in worlds:
        world.clock.run(until=500 * MS)
    one, again, other = map(digest, worlds)
    assert one == again
    assert one != other


# Tracing.


ODD_ADDRESSES = [
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.77",
    "10.0.1.255",
    "10.0.7.7",
    "192.0.2.1",
    "224.0.0.1",
    "169.254.169.254",
]
FAULTS = ["zone b", "rack a/r1", "host c/r1/h1", "spine-a2", "a <-> c", "b -> a", "core-c", "a/r2 -> spine-a1"]


def without_chance(plan: Plan) -> Plan:
    """Delays and rates stay: a trace knows them, but not what luck a packet will have."""
    bounds = (Impairment(rate_bps=each.impairment.rate_bps, delay_ns=each.impairment.delay_ns) for each in plan.links)
    return replace(plan, links=tuple(replace(each, impairment=bound) for each, bound in zip(plan.links, bounds)))


class Curious:
    """Asks at random, and then sends what it asked about."""

    def __init__(self, seed: int) -> None:
        self.region = Region(without_chance(load_scenario(STORM).topology), seed)
        self.world = self.region.world
        self.random = Random(seed)
        self.guests = list(self.world)
        self.held: list[str] = []
        self.port = 1000

    def choose(self) -> tuple[Guest, Ip, TrafficSpec]:
        source = self.random.choice(self.guests)
        target = self.random.choice(self.guests).ip
        odd = [
            "10.0.0.1",
            "10.0.0.77",
            "10.0.1.255",
            "10.0.7.7",
            "192.0.2.1",
            "224.0.0.1",
            "169.254.169.254",
            "10.0.0.2",
        ]
        address = self.random.choice(odd) if self.random.random() < 0.2 else target
        self.port += 1
        protocol = self.random.choice([1, 6, 6, 17, 17, 47])
        port = self.random.choice([9, 53, 80, 90, 91, 443]) if protocol in (6, 17) else None
        return source, parse_ip(address), TrafficSpec(protocol, port, self.port if port else None)

    def change(self) -> None:
        """A fault begins or ends, or nothing."""
        if self.held and self.random.random() < 0.6:
            self.region.release(self.held.pop(), "whim")
        elif self.random.random() < 0.7:
            places = [
                "zone b",
                "rack a/r1",
                "host c/r1/h1",
                "spine-a2",
                "a <-> c",
                "b -> a",
                "core-c",
                "a/r2 -> spine-a1",
            ]
            self.held.append(self.random.choice(places))
            self.region.hold(self.held[-1], "whim")
        else:
            self.port += 1
            self.region.call(allow_udp(self.port, "app", "app", "shop"))

    def live(self, source: Guest, target: Ip, traffic: TrafficSpec) -> Fate:
        frame = self.frame(source, target, traffic)
        return self.region.post(World.full_name(source), frame)

    def frame(self, source: Guest, target: Ip, traffic: TrafficSpec) -> Any:
        """As the guest's own stack would send it: to a neighbour, to the router, or a question who has that address."""
        view = source.host.vswitch.views.get(source.placed.vpc.vni)
        subnet, mac = source.placed.subnet, source.router_mac
        if view is not None and subnet.cidr.holds(target) and target not in (subnet.router, view.resolver):
            neighbour = view.at(target)
            if target != subnet.cidr.last and (neighbour is None or target == source.placed.interface.address):
                question = ARP(op=1, hwsrc=format_mac(source.mac), psrc=source.ip, pdst=format_ip(target))
                return Ether(src=format_mac(source.mac), dst="ff:ff:ff:ff:ff:ff") / question
            mac = neighbour.mac if neighbour is not None else mac
        packet = IP(src=source.ip, dst=format_ip(target), proto=traffic.protocol)
        return Ether(src=format_mac(source.mac), dst=format_mac(mac)) / packet / first_of(traffic)


def first_of(traffic: TrafficSpec) -> Any:
    """What `trace` takes for the first packet: its sizes too."""
    match traffic.protocol:
        case 1:
            return ICMP(type=8, id=1) / Raw(bytes(56))
        case 6:
            return TCP(sport=traffic.source_port, dport=traffic.port, flags="S")
        case 17:
            return UDP(sport=traffic.source_port, dport=traffic.port)
        case _:
            return Raw(bytes(8))


PAUSES = (0, 10 * MS, 60 * MS, 150 * MS)
"""Before, between and after detection (30 ms), convergence and propagation (100 ms), a flight away from each."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_tracing_changes_nothing_and_the_next_packet_agrees(seed: int) -> None:
    curious = Curious(seed)
    outcomes: dict[Outcome, int] = {}
    for _ in range(40):
        curious.change()
        curious.region.wait(curious.random.choice(PAUSES))
        questions = [curious.choose() for _ in range(8)]
        before = digest(curious.world)
        answers = [trace(curious.world, *question) for question in questions]
        assert digest(curious.world) == before
        assert [trace(curious.world, *question) for question in questions] == answers
        source, target, traffic = questions[0]
        if source.host.up:
            sent = curious.region.now
            agree(answers[0], curious.live(source, target, traffic), sent)
            outcomes[answers[0].forward.outcome] = outcomes.get(answers[0].forward.outcome, 0) + 1
        curious.region.wait(S)
    assert len(outcomes) >= 6, "many ways to end were met"
    assert outcomes[Outcome.DELIVERED] >= 3


def agree(traced: Traced, fate: Fate, sent: int) -> None:
    expected = traced.forward.outcome
    if fate.outcome is Outcome.CONSUMED:
        assert expected is Outcome.UNANSWERED, "who asks for its own address announces it"
        return
    assert fate.outcome is expected, (traced, fate)
    if expected is Outcome.DELIVERED:
        assert (fate.place, fate.time - sent) == (traced.destination, traced.latency_ns)


# Memory.


def play_of(path: Path, seed: int) -> Play:
    return stage(load_scenario(path), seed)


def flush(world: World) -> int:
    """Forget every decision; returns how many there were."""
    switches = [host.vswitch for host in world.hosts.values()]
    count = sum(len(switch.arrivals.entries) for switch in switches)
    count += sum(len(port.departures.entries) for switch in switches for port in switch.ports.values())
    for switch in switches:
        switch.flush()
    for physical in world.fabric._switches.values():
        count += len(physical.fib)
        physical.forget()
    return count


def captured(play: Play, moments: list[int], flushing: bool) -> tuple[bytes, int]:
    """Everything that was on any wire, and how many decisions were forgotten on the way."""
    world, random = play.world, Random(9)
    file, forgotten = BytesIO(), 0
    capture = Capture(world, file, "all", [])
    pairs = [(a, b) for a in world for b in world if a is not b and a.placed.vpc is b.placed.vpc][:6]
    for number, moment in enumerate(moments):
        world.clock.run(until=moment)
        if flushing and number % 2:
            forgotten += flush(world)
        sender, receiver = random.choice(pairs)
        for _ in range(random.randrange(3)):
            sender.send(bytes(ether(sender, receiver) / ip(sender, receiver) / transport(random)))
    play.run(lambda now, doing: None)
    capture.close()
    return file.getvalue(), forgotten


@pytest.mark.slow
@pytest.mark.parametrize("path", [AZ_OUTAGE, STORM], ids=["az-outage", "storm"])
def test_forgetting_decisions_at_any_moment_changes_no_byte(path: Path) -> None:
    """Pings of the scenario, and segments and datagrams among them: those are what decisions are remembered for."""
    moments = sorted(Random(5).sample(range(load_scenario(path).duration_ns), 1000))
    usual, nothing = captured(play_of(path, 7), moments, flushing=False)
    forgetful, forgotten = captured(play_of(path, 7), moments, flushing=True)
    assert nothing == 0
    assert forgotten > 1000
    assert len(usual) > 200_000
    assert forgetful == usual


CHATTER = PAIR.replace("udp 9 from friends", "udp 9 from friends, tcp 80 from friends, udp 7 from 0.0.0.0/0")


def chat(region: Region, seed: int, moments: list[int], flushing: bool) -> int:
    """Two friends exchange segments and datagrams of a few flows at random, often at once."""
    random, forgotten = Random(seed), 0
    for number, moment in enumerate(moments):
        region.run(moment)
        if flushing and number % 3:
            forgotten += flush(region.world)
        for _ in range(random.randrange(4)):
            sender, receiver = random.sample(["left", "right"], 2)
            region[sender].send(bytes(region.packet(sender, receiver, transport(random))))
    region.wait(FLIGHT)
    return forgotten


def transport(random: Random) -> Any:
    ports = random.choice([(1000, 80), (80, 1000), (1001, 80), (80, 1001), (1000, 9), (9, 1000), (7, 1000), (1000, 7)])
    if random.random() < 0.6:
        return TCP(sport=ports[0], dport=ports[1], flags=random.choice(["S", "SA", "A", "A", "PA", "F", "FA", "R"]))
    if random.random() < 0.8:
        return UDP(sport=ports[0], dport=ports[1]) / Raw(bytes(random.randrange(50)))
    return ICMP(type=random.choice([0, 8]), id=random.randrange(3))


@pytest.mark.parametrize("seed", range(4))
def test_forgetting_between_segments_changes_no_byte_and_no_track(seed: int) -> None:
    random = Random(seed)
    # Bursts, and pauses around the timeouts of 30 s, 60 s, 120 s and 180 s.
    moments, now = [], S
    for _ in range(400):
        now += random.choice([10, 1000, 100_000, MS, 29 * S, 31 * S, 61 * S, 121 * S, 181 * S])
        moments.append(now)
    runs = []
    for flushing in (False, True):
        region, file = Region(CHATTER), BytesIO()
        capture = Capture(region.world, file, "all", [])
        forgotten = chat(region, seed, moments, flushing)
        capture.close()
        tracks = [Walk().of(guest.nic.port.tracker.table.keys()) for guest in region.world]
        runs.append((file.getvalue(), region.lost, region.seen, tracks))
        assert (forgotten > 100) is flushing
    assert runs[0] == runs[1]
    reasons = {each.reason for each in runs[0][1]}
    assert reasons == {Outcome.SECURITY_GROUP}
    assert 100 < len(runs[0][1]) < len(runs[0][2]) / 2


# Conservation.


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_no_frame_vanishes_at_any_moment_of_a_storm(seed: int) -> None:
    play = play_of(STORM, seed)
    world = play.world
    in_flight = 0
    for moment in sorted(Random(seed).sample(range(20 * S), 1500)):
        world.clock.run(until=moment)
        assert world.unaccounted == 0
        in_flight += world.in_flight
    assert in_flight > 100, "often, something was under way"
    assert world.ledger.duplicated > 10
    reasons = {reason for _, reason in world.ledger.drops}
    assert reasons >= {
        Outcome.LOST,
        Outcome.MALFORMED,
        Outcome.LINK_DOWN,
        Outcome.UNREACHABLE,
        Outcome.QUEUE_FULL,
        Outcome.GUEST_DOWN,
    }
    world.clock.run(until=25 * S)
    assert (world.unaccounted, world.in_flight) == (0, 0)


# Weather: first whatever may happen, then peace.

PLACES = """eu-west-1, zone a, zone b, zone c, rack a/r1, rack b/r2, host a/r1/h1, host c/r2/h2, core-b, spine-a1,
spine-c2, b/r1/tor, a <-> b, a -> c, c -> b, a/r1 -> spine-a2, core-c <-> spine-c1, b/r1/h1 -> b/r1, links into zone a,
links out of rack b/r1""".replace("\n", " ").split(", ")
BAD = [
    Impairment(loss_ppb=3 * 10**8),
    Impairment(corrupt_ppb=5 * 10**8),
    Impairment(duplicate_ppb=10**9),
    Impairment(reorder_ppb=5 * 10**8, delay_ns=5 * MS),
    Impairment(jitter_ns=2 * MS),
    Impairment(rate_bps=100_000, limit_bytes=2_000),
    Impairment(loss_ppb=10**9, duplicate_ppb=10**9, corrupt_ppb=10**9),
]


class Weather:
    """Holds and impairments that come and go, over each other and inside each other."""

    def __init__(self, region: Region, seed: int) -> None:
        self.region, self.random = region, Random(seed)
        self.undo: list[Callable[[], object]] = []

    def turn(self) -> None:
        if self.undo and self.random.random() < 0.6:
            self.undo.pop(self.random.randrange(len(self.undo)))()
            return
        where, cause = self.random.choice(PLACES), f"whim {self.region.clock.events}"
        if "links" not in where and self.random.random() < 0.5:
            self.region.hold(where, cause)
            self.undo.append(lambda: self.region.release(where, cause))
            return
        links = self.region.world.fabric.links(where if "->" in where or "links" in where else "a <-> c")
        for link in links:
            link.impose(cause, self.random.choice(BAD))
        self.undo.append(lambda: [link.lift(cause) for link in links])

    def calm(self) -> None:
        while self.undo:
            self.undo.pop()()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_after_any_weather_everybody_hears_everybody_again(seed: int) -> None:
    region = Region(without_chance(load_scenario(STORM).topology), seed)
    weather = Weather(region, seed)
    pairs = [("app-a-1", "app-b-1"), ("app-c-2", "app-b-2"), ("app-b-2", "idle"), ("teller-a", "teller-c")]
    pingers = [region.ping(*pair, every=30 * MS, count=1000) for pair in pairs]
    for _ in range(300):
        weather.turn()
        region.wait(weather.random.randrange(200 * MS))
        assert region.world.unaccounted == 0
    lost = Counter(answer.rtt_ns is None for pinger in pingers for answer in pinger.answers)
    assert (lost[True] > 50, lost[False] > 200) == (True, True)
    assert len({each.reason for each in region.lost}) >= 6
    weather.calm()
    # Routing converges in 100 ms, the slowest boots for 2 s, and what was queued has left after that.
    region.wait(6 * S)
    assert region.world.unaccounted == 0
    for pair in pairs:
        pinger = region.ping(*pair, every=30 * MS, count=50)
        region.wait(3 * S)
        assert (len(pinger.answers), lost_ticks(pinger.answers)) == (50, [])
