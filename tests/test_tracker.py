"""The connection table held against one that is slow and obvious; remembered decisions end with their grounds."""

from random import Random

import pytest

from netvirt.address import Ip, Ns
from netvirt.frame import Flow
from netvirt.memo import Grounds, Memo
from netvirt.vpc.conntrack import TCP_CLOSING_NS, UDP_NS, Track
from netvirt.vpc.tracker import Tracker
from netvirt.vpc.traffic import TCP, UDP
from netvirt.wire.tcp import ACK, FIN, RST, SYN

A, B = Ip(0x0A000001), Ip(0x0A000002)
SECOND = 1_000_000_000


def udp(port: int) -> Flow:
    return Flow(UDP, A, B, 40_000, port)


def tcp(port: int, flags: int) -> Flow:
    return Flow(TCP, A, B, 40_000, port, tcp_flags=flags)


class Decision:
    """What a switch would remember."""

    def __init__(self, key: bytes, track: Track) -> None:
        self.key = key
        self.track = track
        self.nouns = ("sg-1",)


def living(tracker: Tracker, now: Ns) -> int:
    """The flows that have not ended, counted one by one."""
    return len({id(track) for track in tracker.table.values() if track.expires >= now})


@pytest.mark.parametrize("seed", range(30))
def test_full_is_when_so_many_live(seed: int) -> None:
    random, tracker, now = Random(seed), Tracker(limit=12), Ns(0)
    refused = 0
    for _ in range(600):
        now = Ns(now + random.randrange(4 * SECOND))
        port, flags = random.randrange(30), random.choice((SYN, ACK, ACK, FIN, RST))
        flow = random.choice((udp(port), tcp(port, flags)))
        flow = random.choice((flow, flow.reply()))
        track = tracker.find(flow, now)
        if track is not None:
            tracker.see(track, flow, now)
            continue
        full = tracker.full(flow, now)
        assert full == (living(tracker, now) >= 12 and flow.key not in tracker.table)
        refused += full
        if not full:
            tracker.open(flow, now)
        assert len(tracker.table) <= 24
    assert refused, "the table was never full, so nothing was shown"


def test_what_ends_sooner_than_it_promised_makes_room_then() -> None:
    tracker = Tracker(limit=1)
    track = tracker.open(tcp(80, SYN), Ns(0))
    tracker.see(track, tcp(80, ACK).reply(), Ns(1))
    tracker.see(track, tcp(80, FIN), Ns(2))
    assert tracker.full(udp(53), Ns(2 + TCP_CLOSING_NS.value))
    assert not tracker.full(udp(53), Ns(3 + TCP_CLOSING_NS.value))


def test_a_flow_takes_its_own_place_in_a_full_table() -> None:
    tracker = Tracker(limit=1)
    track = tracker.open(tcp(80, SYN), Ns(0))
    tracker.see(track, tcp(80, RST), Ns(1))
    assert tracker.find(tcp(80, SYN), Ns(2)) is None, "who opens anew is not the connection that ends"
    assert not tracker.full(tcp(80, SYN), Ns(2))
    assert tracker.full(tcp(81, SYN), Ns(2))


def test_what_was_remembered_without_a_track_is_forgotten_when_the_reply_is_tracked() -> None:
    tracker: Tracker = Tracker()
    memo: Memo[Decision] = Memo(Grounds())
    memo.keep(Decision(udp(53).key, tracker.without_track(udp(53))))
    tracker.open(udp(53).reply(), Ns(0))
    assert (memo.entries, tracker.untracked) == ({}, {})


def test_nothing_is_left_of_decisions_that_were_forgotten() -> None:
    tracker: Tracker = Tracker()
    grounds = Grounds()
    memo: Memo[Decision] = Memo(grounds, limit=10)
    track = tracker.open(udp(9), Ns(0))
    for port in range(1_000):
        memo.keep(Decision(udp(port).key, track))
        memo.keep(Decision(udp(port).reply().key, tracker.without_track(udp(port).reply())))
    assert (len(memo.entries), len(track._memos), len(tracker.untracked)) == (10, 5, 5)
    grounds.changed(["sg-1"])
    assert (len(memo.entries), len(track._memos), len(tracker.untracked)) == (0, 0, 0)


def test_flows_that_come_and_go_leave_nothing_behind() -> None:
    tracker = Tracker()
    for number in range(20_000):
        tracker.open(udp(number % 7), Ns(number * (UDP_NS.value + 1)))
    assert len(tracker.table) == 14
    assert len(tracker._by_expiry) < 1_100


def test_later_fragments_ride_on_nobodys_track() -> None:
    tracker = Tracker()
    tracker.open(Flow(UDP, A, B, 0, 0), Ns(0))
    fragment = Flow(UDP, A, B, fragment_offset=3)
    assert tracker.find(fragment, Ns(1)) is None
    tracker.open(fragment, Ns(1))
    assert tracker.find(fragment.reply(), Ns(2)) is not None
