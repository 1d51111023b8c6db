"""One direction of a wire: impaired, tapped, reshaped, cut and mended, in any combination."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.clock import SimClock
from dcsim.rng import stream
from hypervisor.clock import Source
from hypervisor.link import Link, OnWire
from netvirt.address import Ns
from netvirt.impairment import PPB, Impairment, Passage, fate
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.line import Line

from .region import Packet

FRAMES = 20_000
BITS = 8_000


def fates(impairment: Impairment, seed: int = 7, delay_ns: int = 1_000) -> list[tuple[Passage, ...]]:
    draw = stream(seed, "wire")
    return [fate(impairment, draw, BITS, delay_ns) for _ in range(FRAMES)]


def about(count: int, ppb: int, of: int = FRAMES) -> bool:
    """Within five standard deviations of what a binomial distribution expects: sigma^2 = n p (1 - p)."""
    off = abs(count * PPB - of * ppb)
    return off * off <= 25 * of * ppb * (PPB - ppb)


@pytest.mark.parametrize("ppb", [0, 1_000_000, 150_000_000, 500_000_000, PPB])
def test_each_chance_is_met(ppb: int) -> None:
    assert about(sum(passages[0].lost for passages in fates(Impairment(loss_ppb=ppb))), ppb)
    assert about(sum(passages[0].flip >= 0 for passages in fates(Impairment(corrupt_ppb=ppb))), ppb)
    assert about(sum(len(passages) == 2 for passages in fates(Impairment(duplicate_ppb=ppb))), ppb)
    assert about(sum(passages[0].extra_ns == -1_000 for passages in fates(Impairment(reorder_ppb=ppb))), ppb)


def test_losses_are_independent() -> None:
    """After a loss, the next is as likely as ever: no bursts."""
    lost = [passages[0].lost for passages in fates(Impairment(loss_ppb=200_000_000))]
    after_loss = [later for earlier, later in pairwise(lost) if earlier]
    assert about(sum(after_loss), 200_000_000, of=len(after_loss))


def test_a_lossier_wire_loses_a_superset_and_leaves_the_rest_alone() -> None:
    fewer = fates(Impairment(loss_ppb=100_000_000, corrupt_ppb=50_000_000, jitter_ns=99))
    more = fates(Impairment(loss_ppb=150_000_000, corrupt_ppb=50_000_000, jitter_ns=99))
    assert all(more[i][0].lost for i in range(FRAMES) if fewer[i][0].lost)
    assert [p[0].flip for p in fewer] == [p[0].flip for p in more]
    assert [p[0].extra_ns for p in fewer] == [p[0].extra_ns for p in more]


def test_jitter_is_even_around_the_delay_and_never_beats_it() -> None:
    extra = [passages[0].extra_ns for passages in fates(Impairment(jitter_ns=100))]
    assert (min(extra), max(extra)) == (-100, 99)
    counts = Counter((value + 100) // 20 for value in extra)
    assert all(about(count, PPB // 10) for count in counts.values())
    assert min(passages[0].extra_ns for passages in fates(Impairment(jitter_ns=100), delay_ns=30)) == -30


def test_every_bit_is_hit() -> None:
    flips = Counter(passages[0].flip * 10 // BITS for passages in fates(Impairment(corrupt_ppb=PPB)))
    assert sorted(flips) == list(range(10))
    assert all(about(count, PPB // 10) for count in flips.values())


def test_a_copy_may_be_lost_but_a_frame_lost_of_two_leaves_one() -> None:
    """netem decrements its count of copies: loss of a duplicated frame leaves one frame that is not lost."""
    both = fates(Impairment(loss_ppb=PPB, duplicate_ppb=PPB))
    assert all(len(passages) == 1 and not passages[0].lost for passages in both)
    half = fates(Impairment(loss_ppb=500_000_000, duplicate_ppb=PPB))
    copies = [passages[1].lost for passages in half if len(passages) == 2]
    assert about(sum(copies), 500_000_000, of=len(copies))
    assert not any(passages[0].lost for passages in half)


class Bench:
    """One link of 1 byte/ns and 1 us, and what came through."""

    def __init__(self) -> None:
        self.clock = SimClock()
        self.ledger = Ledger()
        self.landed: list[tuple[int, int]] = []
        self.frames: list[Packet] = []
        self.sent = 0
        line = Line(8_000_000_000, 1_000, 1 << 20)
        self.link = Link("wire", 1 << 20, self.clock, self.ledger, line, self._land)

    def _land(self, packet: Packet) -> None:
        self.landed.append((packet.number, self.clock.now))
        self.frames.append(packet)

    def impair(self, impairment: Impairment | None) -> None:
        self.link.impair(impairment, stream(7, "wire"))

    def send(self, count: int = 1, size: int = 76) -> None:
        """Frames that take a whole number of ns: 100 with their overhead."""
        for _ in range(count):
            self.link.send(Packet(0, 1, 0, self.sent, bytes(size)))
            self.sent += 1

    def conserves(self) -> bool:
        in_flight = len(self.clock.waiting())
        return self.sent + self.ledger.duplicated == len(self.landed) + self.ledger.dropped + in_flight


def test_a_plain_link_costs_one_test() -> None:
    bench = Bench()
    assert bench.link.detour is None
    bench.impair(Impairment(loss_ppb=PPB))
    bench.link.tap(lambda link, frame: None)
    bench.link.cut()
    bench.link.mend()
    assert bench.link.detour is not None
    bench.link.taps = ()
    bench.impair(None)
    assert bench.link.detour is None, "as fast as before"


def test_a_lost_frame_takes_no_time_from_its_neighbours() -> None:
    bench = Bench()
    bench.impair(Impairment(loss_ppb=500_000_000))
    bench.send(100)
    bench.clock.run()
    assert 20 < len(bench.landed) < 80
    assert [time for _, time in bench.landed] == [1_000 + 100 * (i + 1) for i in range(len(bench.landed))]
    assert bench.ledger.drops["wire", Outcome.LOST].frames == bench.link.lost == 100 - len(bench.landed)


def test_a_duplicate_follows_its_original() -> None:
    bench = Bench()
    bench.impair(Impairment(duplicate_ppb=PPB))
    bench.send(2)
    assert bench.conserves()
    bench.clock.run()
    assert bench.landed == [(0, 1_100), (0, 1_200), (1, 1_300), (1, 1_400)]
    assert bench.ledger.duplicated == 2


def test_a_corrupted_frame_differs_in_one_bit() -> None:
    bench = Bench()
    bench.impair(Impairment(corrupt_ppb=PPB))
    seen: list[bytes] = []
    bench.link.tap(lambda link, frame: seen.append(frame.data))
    bench.send(50)
    bench.clock.run()
    for frame in bench.frames:
        assert int.from_bytes(frame.data, "big").bit_count() == 1
    assert seen == [bytes(76)] * 50, "a tap sees what was sent"


def test_a_reordered_frame_overtakes() -> None:
    bench = Bench()
    bench.impair(Impairment(reorder_ppb=300_000_000))
    bench.send(9)
    bench.clock.run()
    early = [number for number, time in bench.landed if time == 100 * (number + 1)]
    late = [number for number, time in bench.landed if time == 1_000 + 100 * (number + 1)]
    assert [number for number, _ in bench.landed] == early + late
    assert len(early) in range(1, 6)


def test_taps_see_what_is_sent_also_into_a_dead_link() -> None:
    bench = Bench()
    seen: list[tuple[str, int]] = []

    def see(link: Link, frame: OnWire) -> None:
        assert isinstance(frame, Packet)
        seen.append((link.name, frame.number))

    bench.link.tap(see)
    bench.send()
    bench.link.cut()
    bench.send()
    bench.link.mend()
    bench.send()
    bench.link.untap(see)
    bench.send()
    assert seen == [("wire", 0), ("wire", 1), ("wire", 2)]
    assert bench.link.detour is None


def test_what_is_in_flight_when_a_link_is_cut_is_lost() -> None:
    bench = Bench()
    bench.send(3)
    bench.clock.run(until=1_150)
    bench.link.cut()
    bench.send()
    bench.link.mend()
    bench.send()
    assert bench.conserves()
    bench.clock.run()
    assert bench.landed == [(0, 1_100), (4, 1_150 + 1_100)], "the queue was lost with the rest"
    assert {reason: drop.frames for (_, reason), drop in bench.ledger.drops.items()} == {
        Outcome.POWER_LOST: 2,
        Outcome.LINK_DOWN: 1,
    }
    assert bench.link.lost == 3


def test_an_impairment_outlives_a_cut() -> None:
    bench = Bench()
    bench.impair(Impairment(loss_ppb=PPB))
    bench.link.cut()
    bench.link.mend()
    bench.send()
    assert (bench.link.lost, list(bench.ledger.drops)) == (1, [("wire", Outcome.LOST)])


def test_a_live_link_takes_another_shape() -> None:
    """What is queued keeps its promise; what follows goes at the new rate, behind it."""
    bench = Bench()
    bench.send(2)
    bench.link.reshape(80_000_000_000, 1_000, 2_200)
    bench.send(9)
    bench.clock.run()
    assert bench.landed == [(0, 1_100), (1, 1_200), (2, 1_210), (3, 1_220)], "2,200 bytes are 220 ns now"


def test_the_fullest_queue_is_remembered_in_bytes_across_shapes() -> None:
    bench = Bench()
    bench.send(5)
    bench.link.reshape(80_000_000_000, 0, 100)
    bench.send(5)
    assert bench.link.queue_max_bytes == 500


def test_frames_under_way_land_where_the_link_now_ends() -> None:
    bench = Bench()
    bench.send()
    other: list[Packet] = []
    bench.link.connect(other.append)
    bench.clock.run()
    assert (bench.landed, [packet.number for packet in other]) == ([], [0])


chances = st.sampled_from([0, 0, PPB // 10, PPB])
impairments = st.builds(Impairment, chances, chances, chances, chances, st.integers(0, 3_000))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.builds(Impairment, chances, chances, chances, chances, st.integers(0, 3_000)), st.randoms(use_true_random=False)
)
def test_frames_are_conserved_whatever_happens_to_the_wire(impairment: Impairment, draw: Random) -> None:
    bench = Bench()

    def reshape() -> None:
        rate, delay_ns, limit_bytes = (
            10 ** draw.randint(6, 11),
            draw.choice([0, 5, 5_000]),
            draw.choice([0, 500, 1 << 20]),
        )
        bench.link.reshape(rate, delay_ns, limit_bytes)

    deeds: list[Callable[[], None]] = [
        bench.link.cut,
        bench.link.mend,
        reshape,
        lambda: bench.impair(impairment),
        lambda: bench.impair(None),
    ]
    for _ in range(30):
        draw.choice(deeds)()
        bench.send(draw.randint(0, 5), draw.randint(40, 1_500))
        assert bench.conserves()
        bench.clock.run(until=bench.clock.now + draw.choice([0, 100, 2_000]))
    bench.clock.run()
    assert bench.conserves() and not bench.clock.waiting()


def test_streams_are_named_and_do_not_touch() -> None:
    one, again, other = stream(7, "a"), stream(7, "a"), stream(7, "b")
    assert [one.getrandbits(64) for _ in range(3)] == [again.getrandbits(64) for _ in range(3)]
    assert stream(7, "a").getrandbits(64) != other.getrandbits(64) != stream(8, "a").getrandbits(64)
    assert stream(7, "link core-b -> spine-b1").getrandbits(64) == 14662649228352485511, "the same on every machine"


def test_a_source_keeps_its_place_in_the_order() -> None:
    """Frames of two links that land together land in the order of the links' ids."""
    clock, ledger, landed = SimClock(), Ledger(), list[str]()

    def land(name: str, frame: Packet) -> None:
        landed.append(name)

    for name, number in (("second", 9), ("first", 8)):
        link = Link(name, number, clock, ledger, Line(8_000_000_000, 0, 5_000), partial(land, name))
        clock.call_at(Ns(0), Source(10 - number), link.send, Packet(0, 1, 0))
    clock.run()
    assert landed == ["first", "second"]
