"""Four links in a row, one UDP flow of 500 B frames: what a crossing costs, beside ns.py and ns-3."""

from time import perf_counter

from benchmarks.figure import Figure, alternating
from benchmarks.peers import Peer
from dcsim.clock import SimClock
from hypervisor.clock import Source
from hypervisor.link import Link
from netvirt.address import Mac, Ns, parse_ip
from netvirt.frame import Frame, parse
from netvirt.ledger import Ledger
from netvirt.line import OVERHEAD_BYTES, Line
from netvirt.wire.ethernet import ETHERTYPE_IPV4, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_UDP, Ipv4
from netvirt.wire.udp import Udp

LINKS = 4
RATE_BPS = 10_000_000_000
DELAY_NS = 100_000
GAP_NS = 10_000
FRAME_BYTES = 500
PACKETS = 50_000
ORACLE_PACKETS = 5_000


def datagram(size_bytes: int) -> bytes:
    """A UDP datagram in an Ethernet frame of that size."""
    left, right = parse_ip("10.0.0.1"), parse_ip("10.0.1.2")
    data = Udp(1234, 80, bytes(size_bytes - 14 - 20 - 8)).emit(left, right)
    return Ethernet(Mac(2), Mac(1), ETHERTYPE_IPV4, Ipv4(left, right, PROTOCOL_UDP, data).emit()).emit()


class Forwarder:
    """A switch with a forwarding table, as the fabric's are: one lookup a frame."""

    def __init__(self, table: dict[bytes, Link]) -> None:
        self._table = table

    def receive(self, frame: Frame) -> None:
        self._table[frame.key].send(frame)


class Chain:
    def __init__(self, rate_bps: int = RATE_BPS, limit_bytes: int = 10_000_000) -> None:
        self.clock = SimClock()
        self.arrivals: list[tuple[int, Ns]] = []
        ledger = Ledger()
        land = self._arrive
        for number in reversed(range(LINKS)):
            line = Line(rate_bps, DELAY_NS, limit_bytes)
            self.first = Link(f"link {number}", 1 + number, self.clock, ledger, line, land)
            land = Forwarder({parse(datagram(FRAME_BYTES)).key: self.first}).receive

    def _arrive(self, frame: Frame) -> None:
        self.arrivals.append((frame.size, self.clock.now))

    def feed(self, packets: int, gap_ns: int, sizes: tuple[int, ...] = (FRAME_BYTES,)) -> None:
        """One frame every `gap_ns`, parsed anew each time as a guest's would be."""
        source = Source(1 << 10)
        frames = [datagram(size) for size in sizes]

        def send(number: int) -> None:
            self.first.send(parse(frames[number % len(frames)]))
            if number + 1 < packets:
                self.clock.call_at(Ns(self.clock.now + gap_ns), source, send, number + 1)

        self.clock.call_at(Ns(0), source, send, 0)


def hops_per_second(packets: int = PACKETS) -> float:
    chain = Chain()
    chain.feed(packets, GAP_NS)
    begin = perf_counter()
    chain.clock.run()
    elapsed = perf_counter() - begin
    assert len(chain.arrivals) == packets
    return packets * LINKS / elapsed


def oracle(packets: int, gap_ns: int, sizes: tuple[int, ...], rate_bps: int) -> list[tuple[int, int]]:
    """Arrival times by Lindley's recursion, link after link, with nothing of ours in it; picoseconds inside."""
    moments = [(sizes[number % len(sizes)], number * gap_ns * 1000) for number in range(packets)]
    for _ in range(LINKS):
        free, after = 0, []
        for size, arrival in moments:
            free = max(free, arrival) + (size + OVERHEAD_BYTES) * 8 * 10**12 // rate_bps
            after.append((size, (free // 1000 + DELAY_NS) * 1000))
        moments = after
    return [(size, arrival // 1000) for size, arrival in moments]


def matches_oracle() -> bool:
    """A busy chain of mixed sizes, queues filling: every frame arrives in the oracle's nanosecond."""
    sizes, gap_ns, rate_bps = (60, 1500, 200, 500, 1500, 1500), 600, 10_000_000_000
    chain = Chain(rate_bps)
    chain.feed(ORACLE_PACKETS, gap_ns, sizes)
    chain.clock.run()
    return chain.arrivals == oracle(ORACLE_PACKETS, gap_ns, sizes, rate_bps)


def figures() -> list[Figure]:
    found = [Figure("4-link chain: arrival times equal the oracle's", float(matches_oracle()), "(1 is yes)", 1)]
    for name, module, floor in (("ns.py", "ns_py", 6), ("ns-3", "ns_3", 3)):
        peer = Peer(module)
        try:
            peer.measure()  # what is compiled or imported late is not what is compared
            ours, theirs = alternating(hops_per_second, peer.measure)
        finally:
            peer.close()
        found.append(Figure(f"4-link chain: {name}", theirs, "hops/s"))
        found.append(Figure("4-link chain: dcsim in the same run", ours, "hops/s"))
        found.append(Figure(f"4-link chain: dcsim beside {name}", ours / theirs, "x", floor))
    return found
