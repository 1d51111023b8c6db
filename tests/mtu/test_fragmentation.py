"""Packets in pieces, compared with scapy's own and put together again by hand."""

from random import Random
from typing import Any

import pytest
from scapy.layers.inet import IP
from scapy.packet import Raw

from netvirt.fragmentation import LEAST_MTU_BYTES, fragments
from netvirt.wire.ipv4 import Ipv4, header_checksum_ok
from netvirt.wire.malformed import Malformed

TIMESTAMP = bytes((68, 8, 5, 0, 0, 0, 0, 0))
ROUTE = bytes((131, 7, 4, 10, 0, 0, 1))
"""Loose source route: its type says that it is copied; a timestamp's says that it is not (RFC 791 section 3.1)."""


def packet(octets: int, **fields: Any) -> bytes:
    payload = bytes(number * 7 & 0xFF for number in range(octets))
    return bytes(IP(src="10.0.0.4", dst="198.51.100.7", proto=17, id=77, ttl=9, tos=3, **fields) / Raw(payload))


def together(pieces: list[bytes]) -> bytes:
    """The payload, of pieces that come in order and leave no gap."""
    whole = b""
    for number, piece in enumerate(map(Ipv4.parse, pieces)):
        assert piece.fragment_offset * 8 == len(whole)
        assert piece.more_fragments == (number < len(pieces) - 1)
        whole += piece.payload
    return whole


@pytest.mark.parametrize("octets", [1481, 1488, 1489, 2959, 2960, 2961, 8981, 65515])
def test_pieces_are_those_that_scapy_makes(octets: int) -> None:
    whole = packet(octets)
    scapys: Any = IP(whole)
    assert fragments(whole, 1500) == [bytes(piece) for piece in scapys.fragment(1480)]


@pytest.mark.parametrize("mtu", [68, 69, 75, 576, 1446, 1499, 1500, 1501, 8500])
def test_no_piece_is_larger_and_none_is_missing(mtu: int) -> None:
    whole = packet(9000 - 20)
    pieces = fragments(whole, mtu)
    assert max(map(len, pieces)) <= mtu < min(map(len, pieces[:-1])) + 8
    assert all(map(header_checksum_ok, pieces))
    assert together(pieces) == whole[20:]


def test_what_fits_stays_as_it_is() -> None:
    assert fragments(packet(1480), 1500) == [packet(1480)]


def test_a_fragment_is_cut_again() -> None:
    """As if it had been cut so at once."""
    whole = packet(8000)
    twice = [piece for once in fragments(whole, 3012) for piece in fragments(once, 1000)]
    assert together(twice) == whole[20:]


def test_some_options_are_in_every_piece_and_some_in_the_first() -> None:
    options = TIMESTAMP + ROUTE + b"\0"
    whole = Ipv4.parse(packet(100))
    pieces = list(map(Ipv4.parse, fragments(Ipv4(whole.src, whole.dst, 17, bytes(3000), options=options).emit(), 1500)))
    assert [piece.options for piece in pieces] == [options, ROUTE + b"\0", ROUTE + b"\0"]
    assert [len(piece.payload) for piece in pieces] == [1464, 1472, 64]
    assert [piece.fragment_offset * 8 for piece in pieces] == [0, 1464, 2936]


@pytest.mark.parametrize(
    "options", [b"\x83\x00\x04\x00", b"\x83\x28\x04\x00", b"\x01\x01\x01\x83", b"\x83\x01\x83\x01"]
)
def test_options_that_cannot_be_read_are_not_copied(options: bytes) -> None:
    whole = Ipv4.parse(packet(100))
    first, second = map(
        Ipv4.parse, fragments(Ipv4(whole.src, whole.dst, 17, bytes(2000), options=options).emit(), 1500)
    )
    assert (first.options, second.options) == (options, b"")


def test_nothing_ends_beyond_what_a_header_can_say() -> None:
    """The "ping of death"."""
    late = Ipv4.parse(packet(2000, frag=0x1FFF))
    with pytest.raises(Malformed):
        fragments(late.emit(), 1500)


def test_any_packet_comes_out_whole_or_not_at_all() -> None:
    random = Random(7)
    for _ in range(300):
        options = random.randbytes(random.choice((0, 4, 12, 40)))
        payload = random.randbytes(random.randrange(3000))
        more, offset = random.random() < 0.5, random.choice((0, 0, 5, 185, 8000, 8191))
        whole = Ipv4(1, 2, 17, payload, 3, 4, 5, False, more, offset, options)  # type: ignore[arg-type]
        mtu = random.randrange(LEAST_MTU_BYTES, 3100)
        try:
            pieces = list(map(Ipv4.parse, fragments(whole.emit(), mtu)))
        except Malformed:
            assert offset * 8 + len(payload) > 65535
            continue
        assert b"".join(piece.payload for piece in pieces) == payload
        assert pieces[-1].more_fragments == more and all(piece.more_fragments for piece in pieces[:-1])
        assert all(len(piece.emit()) <= mtu for piece in pieces)
