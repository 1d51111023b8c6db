"""Another address in a packet, against scapy building the packet with that address from the start."""

from collections.abc import Callable
from typing import Any

import pytest
import wire.conftest  # noqa: F401  registers the profile
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Packet, Raw
from wire.oracle import chosen, ip_text, take
from wire.protocols import IPV4_OPTIONS, aligned

from netvirt.address import Ip
from netvirt.rewrite import with_destination, with_source
from netvirt.wire.checksum import internet_checksum

two_thousand = settings(settings.get_profile("wire"), max_examples=2_000)
"""Of each kind of packet; each example is built twice by scapy, and rewritten there and back."""
seeds = st.binary(min_size=50, max_size=90)
"""Octets for any packet's fields; what is left over becomes the payload."""

ETHERNET = bytes.fromhex("0a0100000001 0a0000000000 0800")
ERRORS = (3, 4, 5, 11, 12)

Ends = tuple[str, str]
"""Source and destination."""
Build = Callable[[Ends, bytes], bytes]
"""An IPv4 packet between these ends, its other fields from the seed; scapy computes every checksum."""


def header(ends: Ends, choice: int, **fields: Any) -> Packet:
    """With up to three IP options."""
    options = aligned(b"".join(chosen(choice, IPV4_OPTIONS, 3)))
    return IP(src=ends[0], dst=ends[1], options=[options] if options else [], **fields)


def udp(ends: Ends, seed: bytes) -> bytes:
    """One in four without a checksum."""
    sport, dport, choice, payload = take("HHB", seed)
    unsummed: dict[str, Any] = {} if dport & 3 else {"chksum": 0}
    return bytes(header(ends, choice) / UDP(sport=sport, dport=dport, **unsummed) / Raw(payload))


def tcp(ends: Ends, seed: bytes) -> bytes:
    sport, dport, sequence, flags, choice, payload = take("HHIBB", seed)
    return bytes(header(ends, choice) / TCP(sport=sport, dport=dport, seq=sequence, flags=flags) / Raw(payload))


def echo(ends: Ends, seed: bytes) -> bytes:
    kind, number, choice, payload = take("BHB", seed)
    return bytes(header(ends, choice) / ICMP(type=kind & 8, id=number, seq=number ^ 0xFFFF) / Raw(payload))


def other_protocol(ends: Ends, seed: bytes) -> bytes:
    protocol, choice, payload = take("BB", seed)
    return bytes(header(ends, choice, proto=47 if protocol in (1, 6, 17) else protocol) / Raw(payload))


def first_fragment(ends: Ends, seed: bytes) -> bytes:
    """As much of a datagram as holds its headers, an error's quoted ones included; the checksum counts the rest too."""
    kind, cut, choice, rest = take("BBB", seed)
    whole, least = ((udp, 24), (tcp, 24), (echo, 24), (error, 88))[kind % 4]
    packet = IP(whole(ends, rest))
    payload = bytes(packet.payload)
    return bytes(header(ends, choice, proto=packet.proto, flags="MF") / Raw(payload[: least + cut % 3 * 8]))


def later_fragment(ends: Ends, seed: bytes) -> bytes:
    """Its payload looks like nothing."""
    protocol, offset, choice, payload = take("BHB", seed)
    fields = {"proto": (1, 6, 17)[protocol % 3], "frag": 1 + offset % 0x1FFF, "flags": "MF" if offset & 1 else 0}
    return bytes(header(ends, choice, **fields) / Raw(payload))


QUOTED = (udp, tcp, echo, other_protocol, later_fragment)


def error(ends: Ends, seed: bytes) -> bytes:
    """About a packet that came the other way: cut short after 8 octets of its payload, or later."""
    about, kind, code, more, choice, rest = take("BBBBB", seed)
    quote = QUOTED[about % len(QUOTED)]((ends[1], ends[0]), rest)
    end = (quote[0] & 15) * 4 + 8 + more % 10 * 4
    return bytes(header(ends, choice) / ICMP(type=ERRORS[kind % len(ERRORS)], code=code) / Raw(quote[:end]))


BUILDS: tuple[Build, ...] = (udp, tcp, echo, error, first_fragment, later_fragment)
every_kind = pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)


def three(seed: bytes) -> tuple[Ip, Ip, Ip, bytes]:
    """Source, destination and a new address, and what is left of the seed. Only an error's two ends must differ."""
    source, destination, new, rest = take("III", seed)
    return Ip(source), Ip(destination if destination != source else source ^ 1), Ip(new), rest


@every_kind
@two_thousand
@given(seed=seeds)
def test_another_source_or_destination_and_back(build: Build, seed: bytes) -> None:
    source, destination, new, rest = three(seed)
    ends, others = (source, destination), ((new, destination) if rest[0] & 1 else (source, new))
    rewrite, old = (with_source, source) if rest[0] & 1 else (with_destination, destination)
    before, after = (ETHERNET + build((ip_text(a), ip_text(b)), rest[1:]) for a, b in (ends, others))
    assert rewrite(before, new) == after
    assert rewrite(after, old) == before


# What nobody meant.


@two_thousand
@given(seed=seeds, damage=st.binary(min_size=7, max_size=7))
def test_damaged_packets_never_raise_and_stay_as_long(seed: bytes, damage: bytes) -> None:
    """After the IPv4 header, which nobody hands on before it is right: octets changed, and an end too early."""
    source, destination, new, rest = three(seed)
    kind, place, octet, other_place, other_octet, end, _ = take("BBBBBH", damage)
    packet = bytearray(ETHERNET + BUILDS[kind % len(BUILDS)]((ip_text(source), ip_text(destination)), rest))
    body = len(ETHERNET) + (packet[14] & 15) * 4
    for at, value in ((place, octet), (other_place, other_octet)):
        if body < len(packet):
            packet[body + at % (len(packet) - body)] = value
    data = bytes(packet[: body + end % (len(packet) - body + 1)])
    for rewritten in (with_source(data, new), with_destination(data, new)):
        assert len(rewritten) == len(data)
        assert rewritten[:24] == data[:24]


@pytest.mark.parametrize("octets", [b"", b"\x45", b"\x45" + bytes(19), b"\x40" + bytes(19), b"\x4f" + bytes(30)])
@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_that_quotes_too_little_or_nonsense(octets: bytes, kind: int) -> None:
    packet = ETHERNET + bytes(IP(src="10.0.0.4", dst="198.51.100.7") / ICMP(type=kind) / Raw(octets))
    expected = ETHERNET + bytes(IP(src="198.18.0.1", dst="198.51.100.7") / ICMP(type=kind) / Raw(octets))
    assert with_source(packet, Ip(0xC6120001)) == expected


def test_an_error_about_somebody_elses_packet_keeps_its_quote() -> None:
    """As a guest may forge: its own address is nowhere in the quote."""

    def build(source: str) -> bytes:
        quote = bytes(IP(src="198.51.100.7", dst="10.0.0.5") / UDP(sport=1, dport=2))
        return ETHERNET + bytes(IP(src=source, dst="198.51.100.7") / ICMP(type=3) / Raw(quote))

    assert with_source(build("10.0.0.4"), Ip(0xC6120001)) == build("198.18.0.1")


@pytest.mark.parametrize("build", [udp, tcp, echo, error], ids=lambda build: build.__name__)
def test_what_was_wrong_before_is_wrong_after(build: Build) -> None:
    """A gateway that computed checksums anew would bless damaged packets."""
    data = bytearray(ETHERNET + build(("198.51.100.7", "198.18.0.1"), b"\x03\x00\x20\x00" + bytes(range(1, 90))))
    data[-1] ^= 0xFF
    there = with_destination(bytes(data), Ip(0x0A000004))
    assert with_destination(there, Ip(0xC6120001)) == data
    packet = IP(there[14:])
    body = packet.payload
    if packet.proto == 1:
        assert internet_checksum(bytes(body)) != 0
    else:
        carried = body.chksum
        del body.chksum
        assert IP(bytes(packet)).payload.chksum != carried


@pytest.mark.parametrize("padding", [b"\x00", b"\xaa\xbb\xcc", bytes(range(18))])
@pytest.mark.parametrize("build", [udp, tcp, echo, error], ids=lambda build: build.__name__)
def test_ethernets_padding_counts_for_nothing(build: Build, padding: bytes) -> None:
    seed = b"\x03\x00\x00\x00" + bytes(60)
    before, after = (ETHERNET + build((source, "198.51.100.7"), seed) for source in ("10.0.0.4", "198.18.0.1"))
    assert with_source(before + padding, Ip(0xC6120001)) == after + padding
