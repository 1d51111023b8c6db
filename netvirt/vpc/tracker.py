"""The connection table of one interface: which flows it knows, and when it is full.

EC2 User Guide, "Amazon EC2 security group connection tracking", and for the table's size "Monitor network performance".
"""

from collections.abc import Hashable
from heapq import heapify, heappop, heappush, heapreplace

from netvirt.address import Ns
from netvirt.frame import Flow
from netvirt.vpc.conntrack import CLOSING, STREAM, TABLE_LIMIT, Forgetful, Track
from netvirt.wire.tcp import ACK, SYN

FOREVER = 1 << 62
SLACK = 1_024


class Untracked(Track):
    """What remembered decisions about a flow rest on that is let through without a track. It never ends by itself,
    only when the flow, or its reply, is tracked after all."""

    __slots__ = ("_tracker",)

    def __init__(self, tracker: "Tracker", key: bytes) -> None:
        self.protocol = -1
        self.key = self.reply_key = key
        self.state = STREAM
        # The fast path adds `timeout` to the time without asking what it holds.
        self.timeout = self.expires = FOREVER
        self._memos = {}
        self._tracker = tracker

    def supports(self, memo: Forgetful, key: Hashable) -> None:
        self._tracker.untracked[self.key] = self
        super().supports(memo, key)

    def releases(self, memo: Forgetful, key: Hashable) -> None:
        super().releases(memo, key)
        if not self._memos:
            self._tracker.untracked.pop(self.key, None)


class Tracker:
    """Tracks under both keys of their flows. `untracked` holds what remembered decisions rest on that need no track."""

    __slots__ = ("_by_expiry", "_serial", "limit", "table", "untracked")

    def __init__(self, limit: int = TABLE_LIMIT.value) -> None:
        self.limit = limit
        self.table: dict[bytes, Track] = {}
        self.untracked: dict[bytes, Untracked] = {}
        # Each track has an entry that is not later than its end: ends move on without telling, and an end that
        # comes nearer gets another entry. So the first entry is a bound for all.
        self._by_expiry: list[tuple[int, int, Track]] = []
        self._serial = 0

    def find(self, flow: Flow, now: Ns) -> Track | None:
        """The live track that this packet belongs to. Who opens a connection anew belongs to none that is closing."""
        track = self.table.get(flow.key)
        if track is None or track.expires < now:
            return None
        reopens = track.state == CLOSING and flow.tcp_flags & (SYN | ACK) == SYN
        return None if reopens else track

    def full(self, flow: Flow, now: Ns) -> bool:
        """Is there no room for this flow? It takes the place of a track with its key, or of one that has ended."""
        if len(self.table) < 2 * self.limit or flow.key in self.table:
            return False
        return self._first_end() >= now

    def open(self, flow: Flow, now: Ns) -> Track:
        """Begin to track a flow. The caller has asked `full`."""
        track = Track(flow)
        for key in (track.key, track.reply_key):
            if key in self.untracked:
                self.untracked[key].forget_memos()
            if key in self.table:
                self._remove(self.table[key])
        while len(self.table) >= 2 * self.limit and self._first_end() < now:
            self._remove(heappop(self._by_expiry)[2])
        track.expires = now + track.timeout
        self.table[track.key] = track
        self.table[track.reply_key] = track
        self._note(track)
        return track

    def see(self, track: Track, flow: Flow, now: Ns) -> None:
        """Another packet of a tracked flow passes."""
        before = track.expires
        track.see(flow, now)
        if track.expires < before:
            self._note(track)

    def without_track(self, flow: Flow) -> Untracked:
        """What a remembered decision about this flow rests on, as long as it is not tracked."""
        return self.untracked.get(flow.key) or Untracked(self, flow.key)

    def _note(self, track: Track) -> None:
        self._serial += 1
        if len(self._by_expiry) > len(self.table) + SLACK:
            # Entries of tracks that are gone have piled up.
            tracks = dict.fromkeys(self.table.values())
            self._by_expiry = [(each.expires, number, each) for number, each in enumerate(tracks)]
            heapify(self._by_expiry)
        heappush(self._by_expiry, (track.expires, self._serial, track))

    def _first_end(self) -> int:
        """When the first track ends. Entries that are too early, or of tracks that are gone, are put right."""
        while self._by_expiry:
            noted, serial, track = self._by_expiry[0]
            if self.table.get(track.key) is not track:
                heappop(self._by_expiry)
            elif track.expires > noted:
                heapreplace(self._by_expiry, (track.expires, serial, track))
            else:
                return noted
        return FOREVER

    def _remove(self, track: Track) -> None:
        track.forget_memos()
        for key in (track.key, track.reply_key):
            if self.table.get(key) is track:
                del self.table[key]
