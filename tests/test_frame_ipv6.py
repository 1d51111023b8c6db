"""The flow key of an IPv6 frame, fast and in words, behind whatever extension headers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from netvirt.address import Cidr, format_ip, is_multicast, parse_address, parse_block, parse_cidr, parse_ip, parse_ipv6
from netvirt.frame import Flow, flow_of, parse, quoted_flow
from netvirt.vpc.traffic import ICMPV6
from netvirt.wire.ipv6 import MIN_MTU_BYTES, Ipv6
from netvirt.wire.malformed import Malformed

A, B = parse_ipv6("2001:db8::a"), parse_ipv6("2001:db8::b")
ENDS = bytes.fromhex("20010db8 00000000 00000000 0000000a 20010db8 00000000 00000000 0000000b 04d2 0050")
LINK = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
HEADER = IPv6(src="2001:db8::a", dst="2001:db8::b")
DATAGRAM = UDP(sport=1234, dport=80) / Raw(bytes(20))


def frame(*layers: Packet) -> bytes:
    packet = LINK / HEADER
    for layer in layers:
        packet = packet / layer
    return bytes(packet)


def patched(data: bytes, at: int, octets: bytes) -> bytes:
    return data[:at] + octets + data[at + len(octets) :]


@pytest.mark.parametrize("size", [0, 1, 5, 6, 7, 1400])
@pytest.mark.parametrize("padding", [0, 18])
def test_udp_is_plain(size: int, padding: int) -> None:
    plain = parse(frame(UDP(sport=1234, dport=80) / Raw(bytes(size))) + bytes(padding))
    assert (plain.key, plain.odd) == (b"\x11" + ENDS, False)


@pytest.mark.parametrize(
    ("flags", "odd"), [("A", False), ("PA", False), ("S", True), ("SA", True), ("F", True), ("R", True)]
)
def test_tcp_is_plain_inside_a_connection(flags: str, odd: bool) -> None:
    segment = parse(frame(TCP(sport=1234, dport=80, flags=flags, options=[("MSS", 1440)])))
    assert (segment.key, segment.odd) == (b"\x06" + ENDS, odd)


@pytest.mark.parametrize(
    "data",
    [
        frame(DATAGRAM)[:-1],
        frame(UDP(sport=1234, dport=80))[:-1],
        patched(frame(DATAGRAM), 14, b"\x50"),
        patched(frame(DATAGRAM), 58, b"\x00\x1d"),
        patched(frame(TCP(sport=1234, dport=80, flags="A")), 66, b"\x60"),
        frame(IPv6ExtHdrHopByHop(), DATAGRAM),
        frame(ICMPv6EchoRequest(id=7, seq=1)),
        frame()[:40],
    ],
)
def test_anything_else_is_for_the_slow_path(data: bytes) -> None:
    odd = parse(data)
    assert (odd.key, odd.odd) == (b"", True)


CHAINS = {
    "none": (),
    "options": (IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()),
    "routing": (IPv6ExtHdrDestOpt(), IPv6ExtHdrRouting(segleft=0), IPv6ExtHdrDestOpt()),
    "one fragment": (IPv6ExtHdrFragment(id=1),),
    "long": (IPv6ExtHdrHopByHop(), *[IPv6ExtHdrDestOpt()] * 100),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_chain_is_walked(name: str) -> None:
    chain = CHAINS[name]
    assert flow_of(frame(*chain, DATAGRAM)) == Flow(17, A, B, 1234, 80)
    assert flow_of(frame(*chain, TCP(sport=1234, dport=80, flags="S"))) == Flow(6, A, B, 1234, 80, tcp_flags=2)
    echo = flow_of(frame(*chain, ICMPv6EchoRequest(id=7, seq=1)))
    assert echo == Flow(ICMPV6, A, B, icmp_type=128, icmp_code=0, icmp_id=7)


def test_fragments_but_the_first_have_no_ports() -> None:
    first = flow_of(frame(IPv6ExtHdrFragment(m=1, id=1), DATAGRAM))
    later = flow_of(frame(IPv6ExtHdrFragment(nh=17, offset=5, id=1), Raw(b"x" * 16)))
    assert first == Flow(17, A, B, 1234, 80, more_fragments=True)
    assert later == Flow(17, A, B, fragment_offset=5)
    assert later.key != first.key


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame()[:50], "IPv6 header cut short"),
        (patched(frame(DATAGRAM), 14, b"\x40"), "IP version 4 where 6 was promised"),
        (patched(frame(IPv6ExtHdrHopByHop(), DATAGRAM), 18, b"\x00\x00"), "IPv6 jumbo payload"),
        (frame(DATAGRAM)[:-1], "IPv6 payload length is more than what arrived"),
        (
            frame(IPv6ExtHdrDestOpt(nh=0), IPv6ExtHdrHopByHop(), DATAGRAM),
            "IPv6 hop-by-hop options are not the first extension header",
        ),
        (patched(frame(IPv6ExtHdrDestOpt(), DATAGRAM), 55, b"\xff"), "IPv6 extension header cut short"),
        (frame(IPv6ExtHdrFragment(nh=44, id=1)), "IPv6 extension header cut short"),
        (frame(IPv6ExtHdrFragment(m=1, id=1), TCP())[:-13] + b"", "IPv6 payload length is more than what arrived"),
        # A first fragment that hides the transport's header (RFC 7112).
        (frame(IPv6ExtHdrFragment(nh=6, m=1, id=1), Raw(b"\0" * 8)), "TCP header cut short"),
        (frame(IPv6ExtHdrFragment(nh=60, m=1, id=1)), "IPv6 extension header cut short"),
    ],
)
def test_what_lies_is_malformed(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        flow_of(data)


def test_families_never_meet() -> None:
    """ICMP of the other family is a protocol like any other; so are the keys of equal numbers."""
    assert flow_of(frame(Raw(b"\x08\0\0\0\0\0\0\0"))[:20] + b"\x01" + frame(Raw(bytes(8)))[21:]) == Flow(1, A, B)
    assert not parse_cidr("0.0.0.0/0").holds(A)
    assert not parse_block("::/0").holds(parse_ip("10.0.0.1"))
    assert not parse_block("::/0").overlaps(parse_cidr("0.0.0.0/0"))
    assert parse_ipv6("::a00:1") != parse_ip("10.0.0.1")


def test_questions_and_answers() -> None:
    asked = flow_of(frame(ICMPv6EchoRequest(id=7, seq=1)))
    answered = flow_of(bytes(LINK / IPv6(src="2001:db8::b", dst="2001:db8::a") / ICMPv6EchoReply(id=7, seq=1)))
    assert asked.reply() == answered
    assert asked.key == answered.reply().key
    assert (asked.is_icmp_answer, answered.is_icmp_answer) == (False, True)


def test_an_error_tells_of_what_it_quotes() -> None:
    quote = bytes(IPv6(src="2001:db8::a", dst="2001:db8::c") / IPv6ExtHdrDestOpt() / DATAGRAM)
    data = frame(ICMPv6PacketTooBig(mtu=MIN_MTU_BYTES), Raw(quote[:-5]))
    flow = flow_of(data)
    assert flow.is_icmp_error
    assert quoted_flow(data, flow) == Flow(17, A, parse_ipv6("2001:db8::c"), 1234, 80)
    assert quoted_flow(frame(ICMPv6PacketTooBig()), flow) is None


CHAINED = {name: frame(*chain, DATAGRAM) for name, chain in CHAINS.items()}
BARE = frame()[:20]


@settings(max_examples=1_000, derandomize=True, deadline=None, database=None)
@given(
    octets=st.binary(max_size=80),
    chain=st.sampled_from(sorted(CHAINS)),
    at=st.integers(0, 200),
    value=st.integers(0, 255),
)
def test_any_bytes_have_one_meaning(octets: bytes, chain: str, at: int, value: int) -> None:
    """Fast and slow agree, and nothing breaks."""
    for data in (BARE + octets, patched(CHAINED[chain], at, bytes([value]))):
        if data[12:14] != b"\x86\xdd":
            continue
        fast = parse(data)
        try:
            slow = flow_of(data)
        except Malformed:
            assert not fast.key
        else:
            assert fast.key in (b"", slow.key)
            quoted_flow(data, slow)


@settings(max_examples=1_000, derandomize=True, deadline=None, database=None)
@given(number=st.integers(0, (1 << 128) - 1), cut=st.integers(0, 255), prefix=st.integers(0, 128))
def test_text_is_what_rfc_5952_says(number: int, cut: int, prefix: int) -> None:
    for field in range(8):
        if cut >> field & 1:
            number &= ~(0xFFFF << 16 * field)
    address = parse_ipv6(":".join(f"{number >> shift & 0xFFFF:04X}" for shift in range(112, -1, -16)))
    text = format_ip(address)
    assert parse_address(text) == address
    assert text == text.lower()
    if "::" not in text:
        assert ":0:0" not in f":{text}:"
    block = parse_block(f"{text}/{prefix}")
    assert block.holds(address)
    assert block.last == block.network + (1 << 128 - prefix) - 1
    assert parse_block(str(block)) == block


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("::", "::"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:0:0:2:0:0:3:4", "1::2:0:0:3:4"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("::ffff:10.0.0.1", "::ffff:a00:1"),
    ],
)
def test_one_text_for_each_address(written: str, text: str) -> None:
    assert format_ip(parse_ipv6(written)) == text


@pytest.mark.parametrize("text", ["10.0.0.1", "fe80::1%eth0", "1::2::3", "12345::", ":", ""])
def test_what_is_no_ipv6_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not an IPv6 address"):
        parse_ipv6(text)


@pytest.mark.parametrize("text", ["2001:db8::/129", "2001:db8::", "2001:db8::/-1", "2001:db8::/٣", "x::/64"])
def test_what_is_no_ipv6_block(text: str) -> None:
    with pytest.raises(ValueError, match="is not an IPv6"):
        parse_block(text)


def test_ipv4_is_asked_for_by_name() -> None:
    with pytest.raises(ValueError, match="is not an IPv4 address"):
        parse_ip("2001:db8::1")
    with pytest.raises(ValueError, match="is not an IPv4 block"):
        parse_cidr("2001:db8::/64")


def test_groups() -> None:
    assert is_multicast(parse_ipv6("ff02::1"))
    assert is_multicast(parse_ip("224.0.0.1"))
    assert not is_multicast(A)
    assert not is_multicast(parse_ip("223.255.255.255"))


def test_a_block_of_either_family_knows_its_size() -> None:
    assert Cidr(A, 128).size == 1
    assert parse_block("2001:db8::/64").mask == (1 << 64) - 1 << 64


def test_padding_is_not_payload() -> None:
    packet = Ipv6(A, B, 59, b"ab").emit()
    assert Ipv6.parse(packet + bytes(9)).payload == b"ab"
