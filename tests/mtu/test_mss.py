"""The MSS of handshakes that pass through, read and summed again by scapy."""

from random import Random
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from netvirt.mss import clamped

V4 = IP(src="10.0.0.4", dst="10.1.0.4")
V6 = IPv6(src="2001:db8::4", dst="2001:db8::5")
USUAL = [("MSS", 8961), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]


def octets(network: Any, **fields: Any) -> bytes:
    return bytes(Ether() / network / TCP(**{"flags": "S", "options": USUAL, **fields}) / Raw(b"data"))


def mss(frame: bytes) -> Any:
    return dict(Ether(frame)[TCP].options).get("MSS")


def is_right(frame: bytes) -> bool:
    """The checksum, made again."""
    packet = Ether(frame)
    packet[TCP].chksum = None
    return bytes(packet) == frame


@pytest.mark.parametrize(
    ("network", "fixed"), [(V4, 40), (V6, 60), (IP(dst="10.1.0.4", options=[IPOption_NOP()] * 4), 40)]
)
@pytest.mark.parametrize("flags", ["S", "SA"])
def test_a_handshake_promises_what_the_way_carries(network: Any, fixed: int, flags: str) -> None:
    frame = clamped(octets(network.copy(), flags=flags), 8500)
    assert mss(frame) == 8500 - fixed
    assert is_right(frame)


@pytest.mark.parametrize("before", range(5))
def test_the_option_may_begin_anywhere(before: int) -> None:
    """On an odd octet, the checksum's words are not its own."""
    options = [("NOP", None)] * before + [("MSS", 8961), ("NOP", None)]
    frame = clamped(octets(V4, options=options), 1446)
    assert mss(frame) == 1406
    assert is_right(frame)


def test_damage_stays_damage() -> None:
    damaged = bytearray(octets(V4))
    damaged[-1] ^= 1
    assert not is_right(clamped(bytes(damaged), 8500))


@pytest.mark.parametrize(
    "frame",
    [
        octets(V4, options=[("MSS", 1460)]), octets(V4, options=[("MSS", 8460)]), octets(V4, options=[]),
        octets(V4, flags="A"), octets(V4, options=[("WScale", 7)]), bytes(Ether() / V4 / UDP() / Raw(b"\2\4\xff\xff")),
        bytes(Ether() / IP(frag=3, proto=6) / Raw(octets(V4)[34:])), octets(V4)[:50], octets(V4)[:30], b"", bytes(60),
    ],
    ids=[
        "smaller", "as much", "none", "no handshake", "another option", "no TCP", "later fragment", "cut options",
        "cut header", "nothing", "zeros",
    ],
)  # fmt: skip
def test_all_else_is_let_alone(frame: bytes) -> None:
    assert clamped(frame, 8500) == frame


def test_any_options_at_all() -> None:
    """Whatever stands there, only two octets of an option that promises too much change, and the checksum with them."""
    random, changed = Random(7), 0
    for _ in range(3000):
        noise = bytearray(random.choice((0, 1, 2, 3, 4, random.randrange(256))) for _ in range(random.randrange(41)))
        header = bytearray(octets(V4, options=[])[:54])
        header[46] = random.randrange(16) << 4
        frame = bytes(header + noise)
        now = clamped(frame, 600)
        different = [at for at, (a, b) in enumerate(zip(frame, now, strict=True)) if a != b]
        changed += bool(different)
        assert len(different) <= 4 and all(at in (50, 51) or at >= 54 for at in different)
    assert changed > 20
