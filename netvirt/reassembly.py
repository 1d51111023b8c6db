"""Fragments put together again, of either family (RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5).

Bounded as Linux bounds it, and as strict: pieces that overlap end their datagram (RFC 5722; Linux since 4.19 for IPv4
too), but a piece that comes twice does not.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import NamedTuple

from netvirt.address import Ns

REASSEMBLY_NS = 30_000_000_000
"""From the first piece that comes (Linux's ipfrag_time; RFC 1122 section 3.3.2 asks for 60 s to 120 s)."""
MEMORY_BYTES = 4 << 20
"""For all datagrams together (Linux's ipfrag_high_thresh)."""
PIECE_BYTES = 256
"""What keeping a piece costs besides its octets."""
LARGEST_BYTES = 65_535


class Piece(NamedTuple):
    """`packet` is the whole packet that it came in."""

    offset: int
    data: bytes
    more: bool
    packet: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.data)

    @property
    def possible(self) -> bool:
        """All but the last end on a multiple of eight octets, none is empty, and none ends where nothing can."""
        return bool(self.data) and self.end <= LARGEST_BYTES and not (self.more and self.end % 8)


class Datagram(NamedTuple):
    """`payload` is that of the whole; `first` the packet that its beginning came in."""

    payload: bytes
    first: bytes


class _Partial:
    """A datagram of which something is missing. `pieces` are in order and do not overlap."""

    __slots__ = ("bytes", "expires", "pieces")

    def __init__(self, expires: Ns) -> None:
        self.expires = expires
        self.pieces: list[Piece] = []
        self.bytes = 0

    def take(self, piece: Piece) -> bool:
        """False: it contradicts what came before."""
        at = bisect_left(self.pieces, piece.offset, key=lambda each: each.offset)
        if at < len(self.pieces) and self._is(self.pieces[at], piece):
            return True
        self.pieces.insert(at, piece)
        self.bytes += len(piece.data)
        near = self.pieces[max(at - 1, 0) : at + 2]
        return all(here.end <= there.offset and here.more for here, there in pairwise(near))

    @staticmethod
    def _is(one: Piece, other: Piece) -> bool:
        return (one.offset, one.end, one.more) == (other.offset, other.end, other.more)

    @property
    def cost(self) -> int:
        return self.bytes + len(self.pieces) * PIECE_BYTES

    @property
    def whole(self) -> Datagram | None:
        # Nothing overlaps, so what adds up to the end leaves no gap.
        if self.pieces[-1].more or self.bytes < self.pieces[-1].end:
            return None
        return Datagram(b"".join(piece.data for piece in self.pieces), self.pieces[0].packet)


class Reassembler:
    """Of one host. Keys are what all fragments of a datagram have in common."""

    def __init__(self) -> None:
        self._partial: dict[Hashable, _Partial] = {}
        self.bytes = 0

    @property
    def deadline(self) -> Ns | None:
        """All wait equally long, so the first to come is the first to go."""
        return next((partial.expires for partial in self._partial.values()), None)

    def add(self, key: Hashable, piece: Piece, now: Ns) -> Datagram | None:
        """The datagram, if this was the last of it that was missing."""
        if not piece.possible or self.bytes > MEMORY_BYTES:
            return None
        partial = self._partial.get(key)
        if partial is None:
            partial = self._partial[key] = _Partial(Ns(now + REASSEMBLY_NS))
        before = partial.cost
        consistent = partial.take(piece)
        self.bytes += partial.cost - before
        if not consistent:
            self._forget(key)
            return None
        whole = partial.whole
        if whole is not None:
            self._forget(key)
        return whole

    def expire(self, now: Ns) -> Iterator[bytes]:
        """Give up what has waited too long; the packets of first pieces, whose senders may be told so."""
        for key, partial in list(self._partial.items()):
            if partial.expires > now:
                return
            self._forget(key)
            if not partial.pieces[0].offset:
                yield partial.pieces[0].packet

    def _forget(self, key: Hashable) -> None:
        self.bytes -= self._partial.pop(key).cost
