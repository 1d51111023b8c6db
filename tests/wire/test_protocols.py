"""Both ways against scapy, for every protocol; and bytes that nobody meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netvirt.wire.malformed import Malformed

from .oracle import Protocol, take
from .protocols import PROTOCOLS
from .protocols_ipv6 import IPV6_PROTOCOLS

ten_thousand = settings.get_profile("wire")
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS + IPV6_PROTOCOLS, ids=lambda protocol: protocol.name)
seeds = st.binary(min_size=40, max_size=80)
"""Octets for any protocol's fields; what is left over becomes the payload."""


@every_protocol
@ten_thousand
@given(seed=seeds)
def test_scapy_reads_what_we_emit(protocol: Protocol, seed: bytes) -> None:
    value = protocol.value(seed)
    ours = protocol.emit(value)
    packet = protocol.dissect(ours)
    assert protocol.read(packet) == value
    assert protocol.recomputed(packet) == ours


@every_protocol
@ten_thousand
@given(seed=seeds)
def test_we_read_what_scapy_builds(protocol: Protocol, seed: bytes) -> None:
    value = protocol.value(seed)
    theirs = protocol.build_bytes(value)
    assert protocol.parse(theirs) == value
    assert protocol.emit(value) == theirs


@every_protocol
@ten_thousand
@given(octets=st.binary(min_size=49, max_size=89))
def test_any_bytes_are_a_value_or_malformed(protocol: Protocol, octets: bytes) -> None:
    try:
        value = protocol.parse(damaged(protocol, damage=octets[:9], seed=octets[9:]))
    except Malformed as malformed:
        assert str(malformed)
    else:
        assert protocol.parse(protocol.emit(value)) == value


def damaged(protocol: Protocol, damage: bytes, seed: bytes) -> bytes:
    """Random octets, or what we emit with two octets changed, and sometimes an end too early."""
    kind, place, octet, other_place, other_octet, end, _ = take("BHBHBH", damage)
    if kind & 1:
        return seed[: end % len(seed)]
    data = bytearray(protocol.emit(protocol.value(seed)))
    data[place % len(data)] = octet
    data[other_place % len(data)] = other_octet
    return bytes(data[: end % len(data)] if kind & 2 else data)
