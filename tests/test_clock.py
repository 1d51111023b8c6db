"""Our clock against SimPy's own: the same stories, the same order; and what ours promises beyond it."""

from collections.abc import Callable, Generator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy import Environment, Event, Interrupt, Process, Resource, Store

from dcsim.clock import BUCKET_BITS, SimClock
from hypervisor.clock import HostClock, Source
from netvirt.address import Ns

Trace = list[tuple[int, int, str]]
Story = Callable[[Environment], Trace]

EVENTS = 4
DELAYS = (0, 0, 1, 2, 3, 1000, (1 << BUCKET_BITS) - 1, 1 << BUCKET_BITS, 5 << BUCKET_BITS)


class Play:
    """Some processes that wait, meet, interrupt and fail, as a seed says."""

    def __init__(self, env: Environment, seed: int) -> None:
        self.env = env
        self.trace: Trace = []
        self.events = [env.event() for _ in range(EVENTS)]
        self.resource = Resource(env, capacity=1)
        self.store: Store = Store(env, capacity=2)
        self.actors: list[Process] = []
        script = Random(seed)
        for number in range(4):
            self.actors.append(env.process(self.act(number, Random(script.getrandbits(32)))))

    def note(self, number: int, what: str) -> None:
        self.trace.append((int(self.env.now), number, what))

    def act(self, number: int, draw: Random) -> Generator[Event, Any, int]:
        for _ in range(12):
            step = draw.choice([self.sleep, self.any_of, self.all_of, self.share, self.trade, self.signal, self.poke])
            try:
                what = yield from step(number, draw)
                self.note(number, what)
            except Interrupt as interrupt:
                self.note(number, f"interrupted by {interrupt.cause}")
        return number

    def sleep(self, number: int, draw: Random) -> Generator[Event, Any, str]:
        delay = draw.choice(DELAYS)
        value = yield self.env.timeout(delay, value=delay)
        return f"slept {value}"

    def any_of(self, number: int, draw: Random) -> Generator[Event, Any, str]:
        events = [draw.choice(self.events), self.env.timeout(draw.choice(DELAYS), value="late")]
        values = yield self.env.any_of(events)
        return f"any of {[event in values for event in events]}"

    def all_of(self, number: int, draw: Random) -> Generator[Event, Any, str]:
        delays = [draw.choice(DELAYS) for _ in range(2)]
        values = yield self.env.all_of([self.env.timeout(delay, value=delay) for delay in delays])
        return f"all of {sorted(values.values())}"

    def share(self, number: int, draw: Random) -> Generator[Event, Any, str]:
        with self.resource.request() as request:
            yield request
            yield self.env.timeout(draw.choice(DELAYS))
        return "shared"

    def trade(self, number: int, draw: Random) -> Generator[Event, Any, str]:
        if draw.random() < 0.5 and len(self.store.items) < 2:
            yield self.store.put(number)
            return "put"
        got = self.store.get()
        values = yield got | self.env.timeout(draw.choice(DELAYS))
        if got not in values:
            got.cancel()
        return f"got {values.get(got) if hasattr(values, 'get') else list(values.values())}"

    def signal(self, number: int, draw: Random) -> Generator[Event, Any, str]:
        index = draw.randrange(EVENTS)
        if not self.events[index].triggered:
            self.events[index].succeed(number)
        self.events[index] = self.env.event()
        yield self.env.timeout(0)
        return f"signalled {index}"

    def poke(self, number: int, draw: Random) -> Generator[Event, Any, str]:
        other = self.actors[draw.randrange(len(self.actors))]
        if other.is_alive and other is not self.env.active_process:
            other.interrupt(number)
        yield self.env.timeout(draw.choice(DELAYS))
        return "poked"


def play(env: Environment, seed: int) -> tuple[Trace, int]:
    theatre = Play(env, seed)
    env.run()
    return theatre.trace, int(env.now)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 1 << 32))
def test_stories_run_as_in_stock_simpy(seed: int) -> None:
    assert play(SimClock(), seed) == play(Environment(), seed)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 1 << 32), st.lists(st.sampled_from(DELAYS), min_size=1, max_size=5))
def test_stopping_on_the_way_changes_nothing(seed: int, stops: list[int]) -> None:
    env = SimClock()
    theatre = Play(env, seed)
    for stop in stops:
        env.run(until=env.now + stop)
    env.run()
    assert theatre.trace == play(Environment(), seed)[0]


def test_stepping_is_running() -> None:
    env = SimClock()
    theatre = Play(env, 7)
    while env.peek() < float("inf"):
        upcoming = env.peek()
        env.step()
        assert env.now == upcoming
    assert theatre.trace == play(Environment(), 7)[0]


def test_until_is_exclusive_and_exact() -> None:
    env = SimClock()
    seen: list[int] = []
    source = Source(1)
    for time in (9, 10, 11):
        env.call_at(Ns(time), source, seen.append, time)
    env.run(until=10)
    assert (env.now, seen) == (10, [9])
    env.run(until=10)
    assert seen == [9], "no time, no event"
    env.run()
    assert seen == [9, 10, 11]


def test_until_an_event_answers_its_value() -> None:
    env = SimClock()
    assert env.run(until=env.timeout(5, value="done")) == "done"
    finished = env.timeout(1, value="early")
    env.run()
    assert env.run(until=finished) == "early"


def test_silence_before_the_awaited_event_is_an_error() -> None:
    env = SimClock()
    with pytest.raises(RuntimeError, match="fell silent"):
        env.run(until=env.event())


def test_a_failed_event_that_nobody_awaits_is_raised() -> None:
    env = SimClock()
    env.event().fail(KeyError("lost"))
    with pytest.raises(KeyError, match="lost"):
        env.run()


def test_time_is_whole_nanoseconds_and_never_goes_back() -> None:
    env = SimClock()
    with pytest.raises(AssertionError, match="an integer of nanoseconds"):
        env.timeout(0.5)
    env.run(until=100)
    with pytest.raises(AssertionError, match="the past is closed"):
        env.call_at(Ns(99), Source(1), print, None)
    with pytest.raises(AssertionError, match="the past is closed"):
        env.run(until=99)
    assert type(env.now) is int


Call = tuple[int, int]
"""A source and a time."""


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(DELAYS)), max_size=30), st.randoms(use_true_random=False))
def test_order_is_time_then_source_then_its_own_sequence(calls: list[Call], shuffle: Random) -> None:
    """Whichever source is asked first: only each source's own order counts."""
    env = SimClock()
    sources = {number: Source(number) for number in range(1, 6)}
    waiting = {number: [call for call in calls if call[0] == number] for number in sources}
    seen: list[tuple[int, int, int]] = []
    expected: list[tuple[int, int, int]] = []
    for number in shuffle.sample([number for number, _ in calls], len(calls)):
        sequence = sum(entry[1] == number for entry in expected)
        _, time = waiting[number].pop(0)
        expected.append((time, number, sequence))
        env.call_at(Ns(time), sources[number], seen.append, (time, number, sequence))
    env.run()
    assert seen == sorted(expected)


def test_stories_come_before_packets_at_the_same_moment() -> None:
    env = SimClock()
    seen: list[str] = []
    env.call_at(Ns(5), Source(1), seen.append, "packet")

    def story() -> Generator[Event, None, None]:
        yield env.timeout(5)
        seen.append("story")

    env.process(story())
    env.run()
    assert seen == ["story", "packet"]


def test_what_waits_can_be_counted() -> None:
    env = SimClock()
    for time in (1, 1 << 30):
        env.call_at(Ns(time), Source(3), print, None)
    assert sorted(entry[0] for entry in env.waiting()) == [1, 1 << 30]


def test_a_hosts_clock_stops_with_its_power() -> None:
    env = SimClock()
    seen: list[str] = []
    old, source = HostClock(env), Source(1)
    old.call_at(Ns(10), source, seen.append, "before")
    old.call_at(Ns(30), source, seen.append, "never")
    env.run(until=20)
    old.kill()
    HostClock(env).call_at(Ns(30), source, seen.append, "next life")
    env.run()
    assert seen == ["before", "next life"]
