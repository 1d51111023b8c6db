"""Pieces in any order, twice, overlapping, too late, too many: what comes of them, and what it costs."""

from itertools import pairwise
from random import Random

import pytest

from netvirt.address import Ns
from netvirt.reassembly import LARGEST_BYTES, MEMORY_BYTES, PIECE_BYTES, REASSEMBLY_NS, Piece, Reassembler

NOW = Ns(5)
WHOLE = bytes(number * 7 & 0xFF for number in range(1000))


def piece(start: int, end: int, more: bool = True, whole: bytes = WHOLE) -> Piece:
    return Piece(start, whole[start:end], more, f"packet at {start}".encode())


FIRST, SECOND, LAST = piece(0, 400), piece(400, 800), piece(800, 1000, more=False)


def outcomes(*pieces: Piece) -> list[bytes | None]:
    reassembler = Reassembler()
    answers = [reassembler.add("key", each, NOW) for each in pieces]
    return [None if answer is None else answer.payload for answer in answers]


@pytest.mark.parametrize("pieces", [(FIRST, SECOND, LAST), (LAST, SECOND, FIRST), (SECOND, LAST, FIRST)])
def test_the_last_missing_piece_completes_it(pieces: tuple[Piece, ...]) -> None:
    assert outcomes(*pieces) == [None, None, WHOLE]


def test_a_piece_may_come_twice() -> None:
    assert outcomes(FIRST, FIRST, LAST, LAST, SECOND) == [None] * 4 + [WHOLE]


@pytest.mark.parametrize(
    "other",
    [
        piece(392, 792), piece(0, 1000, more=False), piece(0, 408), piece(8, 16), piece(0, 400, more=False),
        piece(0, 392), piece(392, 400),
    ],
)  # fmt: skip
def test_pieces_that_overlap_end_their_datagram(other: Piece) -> None:
    """RFC 5722: nobody can say which of them was meant. What comes later begins anew."""
    assert outcomes(FIRST, other, SECOND, LAST) == [None] * 4
    assert outcomes(FIRST, other, FIRST, SECOND, LAST) == [None] * 4 + [WHOLE]


def test_two_ends_are_a_contradiction() -> None:
    assert outcomes(LAST, Piece(1000, b"more", False, b""), FIRST, SECOND) == [None] * 4
    assert outcomes(LAST, piece(400, 800, more=False), FIRST) == [None] * 3


@pytest.mark.parametrize(
    "impossible",
    [piece(0, 0), piece(800, 999), Piece(65528, bytes(8), False, b""), Piece(8, b"", False, b"")],
    ids=["empty", "no multiple of eight", "beyond the end", "an empty end"],
)
def test_what_cannot_be_a_piece_changes_nothing(impossible: Piece) -> None:
    assert outcomes(impossible, FIRST, impossible, SECOND, LAST) == [None] * 4 + [WHOLE]


def test_datagrams_are_told_apart() -> None:
    reassembler = Reassembler()
    for key in ("a", "b"):
        assert reassembler.add(key, FIRST, NOW) is reassembler.add(key, SECOND, NOW) is None
    assert all(reassembler.add(key, LAST, NOW) is not None for key in ("b", "a"))
    assert (reassembler.bytes, reassembler.deadline) == (0, None)


def test_after_half_a_minute_it_is_given_up() -> None:
    """And only who sent the beginning can be told of what."""
    reassembler = Reassembler()
    reassembler.add("headless", SECOND, NOW)
    reassembler.add("cut short", FIRST, Ns(6))
    reassembler.add("headless", LAST, Ns(7))
    assert reassembler.deadline == NOW + REASSEMBLY_NS
    assert list(reassembler.expire(Ns(NOW + REASSEMBLY_NS))) == []
    assert reassembler.deadline == 6 + REASSEMBLY_NS
    assert list(reassembler.expire(Ns(6 + REASSEMBLY_NS))) == [b"packet at 0"]
    assert reassembler.bytes == 0
    assert not list(reassembler.expire(Ns(1 << 62)))


def test_what_is_kept_has_a_limit() -> None:
    reassembler = Reassembler()
    for key in range(20_000):
        reassembler.add(key, FIRST, NOW)
    assert MEMORY_BYTES < reassembler.bytes <= MEMORY_BYTES + 400 + PIECE_BYTES
    assert reassembler.add(0, SECOND, NOW) is reassembler.add(0, LAST, NOW) is None, "full for all"
    list(reassembler.expire(Ns(NOW + REASSEMBLY_NS)))
    assert reassembler.bytes == 0


def test_the_smallest_pieces_of_the_largest_datagram_cost_little_time() -> None:
    whole = bytes(LARGEST_BYTES)
    pieces = [piece(start, start + 8, start + 8 < LARGEST_BYTES, whole) for start in range(0, LARGEST_BYTES, 8)]
    Random(7).shuffle(pieces)
    assert outcomes(*pieces)[-1] == whole


def test_any_pieces_at_all() -> None:
    """Against a plain account of octets, the first of each that came."""
    random, completed = Random(7), 0
    for _ in range(3000):
        length = random.randrange(1, 64)
        whole = random.randbytes(length)
        cuts = sorted(
            {0, length, *(8 * random.randrange(1, 8) for _ in range(random.randrange(3)))} & set(range(length + 1))
        )
        pieces = [piece(a, b, b < length, whole) for a, b in pairwise(cuts)]
        if random.random() < 0.4:
            odd = random.randrange(0, 64, 8)
            pieces.append(piece(odd, odd + random.randrange(1, 20), random.random() < 0.5, random.randbytes(128)))
        random.shuffle(pieces)
        reassembler, held = Reassembler(), dict[int, int]()
        for each in pieces:
            answer = reassembler.add(1, each, NOW)
            for octet, value in enumerate(each.data if each.possible else b"", each.offset):
                held.setdefault(octet, value)
            if answer is not None:
                completed += 1
                assert answer.payload == bytes(held[octet] for octet in range(len(answer.payload)))
            if not reassembler.bytes:
                held.clear()
        assert reassembler.bytes >= 0
    assert completed > 1500
