"""The checksum against the definition, word by word, and against scapy."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.utils import checksum as scapy_checksum

from netvirt.address import Ip
from netvirt.wire.checksum import internet_checksum, pseudo_header_sum, updated_checksum

ten_thousand = settings.get_profile("wire")


def naive_checksum(data: bytes) -> int:
    """RFC 1071 section 4.1 as it stands there: add words, fold carries, complement."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@ten_thousand
@given(data=st.binary(max_size=70))
def test_checksum_is_the_naive_sum(data: bytes) -> None:
    assert internet_checksum(data) == naive_checksum(data) == scapy_checksum(data)


@pytest.mark.parametrize("words", [1, 2, 3, 4500, 32767])
@pytest.mark.parametrize("word", [0x0000, 0x0001, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF])
def test_both_zeros_and_all_carries(words: int, word: int) -> None:
    data = word.to_bytes(2) * words
    assert internet_checksum(data) == naive_checksum(data)
    assert internet_checksum(data + b"\x01") == naive_checksum(data + b"\x01")


def test_rfc_1071_example() -> None:
    assert internet_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


def test_rfc_1624_example() -> None:
    # Section 4: the case in which equation 2 would give 0xFFFF, which says zero.
    assert updated_checksum(0xDD2F, 0x5555, 0x3285) == 0x0000


def test_update_of_two_words_to_a_sum_of_all_ones() -> None:
    before, after = bytes.fromhex("4500 0003 0000"), bytes.fromhex("4500 0001 bafe")
    assert naive_checksum(after) == 0x0000
    assert updated_checksum(naive_checksum(before), 0x00030000, 0x0001BAFE) == 0x0000


@ten_thousand
@given(seed=st.binary(min_size=27, max_size=60))
def test_update_is_computing_anew(seed: bytes) -> None:
    """Headers are not all zero: a first octet of 0x45 is enough for both zeros to be told apart."""
    place, width, replacement, before = seed[0], 2 + 2 * (seed[1] & 1), seed[2:6], b"\x45" + seed[6:]
    at = 2 + place % ((len(before) - width - 2) // 2) * 2
    new = replacement[:width]
    after = before[:at] + new + before[at + width :]
    old = int.from_bytes(before[at : at + width])
    assert updated_checksum(naive_checksum(before), old, int.from_bytes(new)) == naive_checksum(after)


@ten_thousand
@given(seed=st.binary(min_size=11, max_size=50))
def test_pseudo_header_is_octets_before_the_datagram(seed: bytes) -> None:
    src, dst, protocol, data = seed[0:4], seed[4:8], seed[8], seed[9:]
    total = pseudo_header_sum(Ip(int.from_bytes(src)), Ip(int.from_bytes(dst)), protocol, len(data))
    octets = src + dst + bytes((0, protocol)) + len(data).to_bytes(2) + data
    assert internet_checksum(data, total) == naive_checksum(octets)
