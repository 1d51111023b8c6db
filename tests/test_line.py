"""The queue as a single number, held against a queue with frames in it."""

from collections import deque
from collections.abc import Generator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from simpy import Environment, Event

from dcsim.clock import SimClock
from hypervisor.clock import Source
from hypervisor.link import Link
from netvirt.address import Ns
from netvirt.ledger import Ledger
from netvirt.line import OVERHEAD_BYTES, REFUSED, Line

Arrival = tuple[int, int]
"""When a frame comes, in ns, and its size."""
Crossing = list[tuple[int, int]]
"""Which frame arrived, and when, in ns."""

rates = st.sampled_from([1_000, 56_000, 10_000_000, 999_999_937, 25_000_000_000, 100_000_000_000, 400_000_000_000])
delays = st.integers(0, 5_000)
limits = st.one_of(st.integers(0, 20_000), st.just(1 << 40))
gaps = st.one_of(st.sampled_from([0, 0, 1, 4_000, 1_000_000]), st.integers(0, 800))
"""At 100 Gbit/s frames take 5 to 722 ns, so a line often falls idle within the very nanosecond of an arrival."""
arrivals = st.lists(st.tuples(gaps, st.integers(40, 9_000)), max_size=60).map(
    lambda steps: [(sum(gap for gap, _ in steps[: i + 1]), size) for i, (_, size) in enumerate(steps)]
)


class Hop:
    """A transmitter with a real queue: two events a frame, in picoseconds, on SimPy's own clock."""

    def __init__(self, env: Environment, rate: int, delay_ns: int, limit_bytes: int) -> None:
        self.env = env
        self.rate = rate
        self.delay_ns = delay_ns
        self.limit_ps = limit_bytes * 8 * 10**12 // rate
        self.queue: deque[tuple[int, int, int]] = deque()
        self.sending_until = 0
        self.idle: Event | None = None
        self.arrived: Crossing = []
        self.next: Hop | None = None
        env.process(self.transmit())

    def transmit(self) -> Generator[Event, None, None]:
        while True:
            if not self.queue:
                self.idle = self.env.event()
                yield self.idle
            number, size, work_ps = self.queue[0]
            self.sending_until = int(self.env.now) + work_ps
            yield self.env.timeout(work_ps)
            self.queue.popleft()
            self.env.process(self.propagate(number, size))

    def propagate(self, number: int, size: int) -> Generator[Event, None, None]:
        arrival_ns = int(self.env.now) // 1000 + self.delay_ns
        self.arrived.append((number, arrival_ns))
        if self.next is not None:
            # The next hop sees whole nanoseconds; a sliver of one has passed already when there is no delay.
            yield self.env.timeout(max(0, arrival_ns * 1000 - int(self.env.now)))
            self.next.offer(number, size)

    def offer(self, number: int, size: int) -> None:
        work_ps = (size + OVERHEAD_BYTES) * 8 * 10**12 // self.rate
        begun = bool(self.queue) and self.idle is None
        unfinished_ps = sum(work for _, _, work in self.queue)
        if begun:
            unfinished_ps += max(0, self.sending_until - int(self.env.now)) - self.queue[0][2]
        if unfinished_ps + work_ps > self.limit_ps:
            return
        self.queue.append((number, size, work_ps))
        if self.idle is not None:
            self.idle.succeed()
            self.idle = None
            self.sending_until = int(self.env.now) + work_ps


def by_the_book(hops: list[tuple[int, int, int]], frames: list[Arrival]) -> list[Crossing]:
    env = Environment(0)
    chain = [Hop(env, *hop) for hop in hops]
    for hop, following in pairwise(chain):
        hop.next = following

    def send() -> Generator[Event, None, None]:
        for number, (time_ns, size) in enumerate(frames):
            yield env.timeout(time_ns * 1000 - int(env.now))
            chain[0].offer(number, size)

    env.process(send())
    env.run()
    return [hop.arrived for hop in chain]


def by_a_line(hop: tuple[int, int, int], frames: list[Arrival]) -> Crossing:
    line = Line(*hop)
    arrived = [(number, line.send(size, Ns(time_ns))) for number, (time_ns, size) in enumerate(frames)]
    return [(number, time_ns) for number, time_ns in arrived if time_ns != REFUSED]


class Numbered:
    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.data = bytes(size)

    def corrupted(self, bit: int) -> "Numbered":
        raise NotImplementedError


def by_links(hops: list[tuple[int, int, int]], frames: list[Arrival]) -> Crossing:
    clock, ledger, arrived = SimClock(), Ledger(), Crossing()

    def land(frame: Numbered) -> None:
        arrived.append((frame.number, clock.now))

    first = Link("last", 1 << 20, clock, ledger, Line(*hops[-1]), land)
    for hop in reversed(hops[:-1]):
        first = Link("hop", 1 << 20, clock, ledger, Line(*hop), first.send)
    source = Source(1)
    for number, (time_ns, size) in enumerate(frames):
        clock.call_at(Ns(time_ns), source, first.send, Numbered(number, size))
    clock.run()
    assert len(arrived) + ledger.dropped == len(frames)
    return arrived


@settings(max_examples=300, deadline=None, derandomize=True)
@given(rates, delays, limits, arrivals)
def test_a_line_is_a_fifo_queue_before_a_transmitter(
    rate: int, delay_ns: int, limit_bytes: int, frames: list[Arrival]
) -> None:
    hop = (rate, delay_ns, limit_bytes)
    assert by_a_line(hop, frames) == by_the_book([hop], frames)[0]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(rates, st.integers(1, 5_000), limits), min_size=2, max_size=4), arrivals)
def test_links_in_a_row_are_queues_in_a_row(hops: list[tuple[int, int, int]], frames: list[Arrival]) -> None:
    assert by_links(hops, frames) == by_the_book(hops, frames)[-1]


def test_small_frames_at_100_gbit_do_not_drift() -> None:
    """40 + 24 bytes are 5.12 ns: the hundredth leaves after 512 ns, not after 500 or 600."""
    line = Line(100_000_000_000, 0, 1 << 20)
    assert [line.send(40, Ns(0)) for _ in range(100)][-1] == 512


def test_a_line_that_fell_idle_this_nanosecond_starts_when_the_frame_comes() -> None:
    line = Line(100_000_000_000, 0, 1 << 20)
    assert line.send(40, Ns(0)) == 5  # 5.12 ns
    assert line.send(40, Ns(6)) == 11  # 6 + 5.12, not twice 5.12


def test_the_limit_counts_unfinished_work() -> None:
    line = Line(8_000_000_000, 0, 3_000)  # a byte a nanosecond
    assert line.send(1_476, Ns(0)) == 1_500
    assert line.send(1_476, Ns(0)) == 3_000
    assert line.send(1, Ns(0)) == REFUSED
    assert line.send(476, Ns(500)) == 3_500, "what has left makes room"
    assert line.queue_max_bytes == 3_000


def test_a_cleared_line_starts_over() -> None:
    line = Line(8_000_000_000, 10, 3_000)
    line.send(2_000, Ns(0))
    line.clear(Ns(100))
    assert line.send(976, Ns(100)) == 1_110
