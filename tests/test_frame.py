"""The flow key of a frame, fast and in words."""

import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from netvirt.address import Ip, Mac
from netvirt.frame import Flow, Frame, flow_of, parse, quoted_flow
from netvirt.wire import icmp
from netvirt.wire.checksum import internet_checksum
from netvirt.wire.ethernet import ETHERTYPE_IPV4, Ethernet
from netvirt.wire.icmp import Icmp
from netvirt.wire.ipv4 import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4, header_checksum_ok
from netvirt.wire.malformed import Malformed
from netvirt.wire.tcp import ACK, FIN, PSH, RST, SYN, Tcp
from netvirt.wire.udp import Udp

A, B = Ip(0x0A000001), Ip(0x0A000002)
KEY_ENDS = bytes.fromhex("0a000001 0a000002 04d2 0050")
"""A:1234 to B:80."""

ten_thousand = settings(max_examples=10_000, derandomize=True, deadline=None, database=None)


def frame_of(packet: Ipv4) -> bytes:
    return Ethernet(Mac(1), Mac(2), ETHERTYPE_IPV4, packet.emit()).emit()


def udp_frame(payload: bytes = b"", options: bytes = b"", more: bool = False, offset: int = 0) -> bytes:
    datagram = Udp(1234, 80, payload).emit(A, B)
    return frame_of(Ipv4(A, B, PROTOCOL_UDP, datagram, options=options, more_fragments=more, fragment_offset=offset))


def tcp_frame(flags: int, options: bytes = b"", payload: bytes = b"") -> bytes:
    segment = Tcp(1234, 80, 1, 2, flags, 3, options=options, payload=payload).emit(A, B)
    return frame_of(Ipv4(A, B, PROTOCOL_TCP, segment, dont_fragment=True))


def icmp_frame(message: Icmp) -> bytes:
    return frame_of(Ipv4(A, B, PROTOCOL_ICMP, message.emit()))


def patched(data: bytes, at: int, octets: bytes) -> bytes:
    return data[:at] + octets + data[at + len(octets) :]


def resummed(data: bytes) -> bytes:
    """The same frame with the right checksum for its first 20 octets of IPv4, so that only its lie is wrong."""
    header = patched(data[14:34], 10, b"\0\0")
    return patched(data, 24, internet_checksum(header).to_bytes(2)) if len(data) >= 34 else data


# parse


@pytest.mark.parametrize("size", [0, 1, 5, 6, 7, 1472])
@pytest.mark.parametrize("padding", [0, 18])
def test_udp_is_plain(size: int, padding: int) -> None:
    data = udp_frame(bytes(size)) + bytes(padding)
    frame = parse(data)
    assert (frame.data, frame.size) == (data, len(data))
    assert (frame.key, frame.odd) == (b"\x11" + KEY_ENDS, False)


@pytest.mark.parametrize("options", [b"", b"\x01" * 40])
@pytest.mark.parametrize("flags", [ACK, ACK | PSH, 0])
def test_tcp_in_a_connection_is_plain(flags: int, options: bytes) -> None:
    frame = parse(tcp_frame(flags, options))
    assert (frame.key, frame.odd) == (b"\x06" + KEY_ENDS, False)


@pytest.mark.parametrize("flags", [SYN, SYN | ACK, FIN | ACK, RST, RST | ACK])
def test_tcp_that_opens_or_ends_is_odd_with_a_key(flags: int) -> None:
    frame = parse(tcp_frame(flags))
    assert (frame.key, frame.odd) == (b"\x06" + KEY_ENDS, True)


ODD_FRAMES = {
    "nothing": b"",
    "arp": bytes(Ether() / ARP()),
    "icmp": icmp_frame(icmp.echo_request(1, 2)),
    "ipv6": patched(udp_frame(bytes(20)), 12, b"\x86\xdd"),
    "version": patched(udp_frame(bytes(20)), 14, b"\x55"),
    "options": udp_frame(bytes(20), options=b"\x01" * 4),
    "first fragment": udp_frame(bytes(20), more=True),
    "later fragment": udp_frame(bytes(20), offset=1),
    "farthest fragment": udp_frame(bytes(20), offset=0x1000),
    "cut short": udp_frame(bytes(20))[:-1],
    "little cut short": udp_frame()[:-1],
    "total length beyond": patched(udp_frame(bytes(20)), 16, b"\x00\x31"),
    "total length below UDP": patched(patched(udp_frame(bytes(20)), 16, b"\x00\x1b"), 38, b"\x00\x07"),
    "total length below TCP": patched(tcp_frame(ACK), 16, b"\x00\x27"),
    "UDP length beyond": patched(udp_frame(bytes(20)), 38, b"\x00\x1d"),
    "UDP length below": patched(udp_frame(bytes(20)), 38, b"\x00\x1b"),
    "data offset below": patched(tcp_frame(ACK), 46, b"\x40"),
    "data offset beyond": patched(tcp_frame(ACK), 46, b"\x60"),
    "other protocol": patched(udp_frame(bytes(20)), 23, b"\x2f"),
}


ODD_FRAMES = {name: data if "options" in name else resummed(data) for name, data in ODD_FRAMES.items()}
ODD_FRAMES["header checksum"] = patched(udp_frame(bytes(20)), 24, b"\x12\x34")


@pytest.mark.parametrize("data", ODD_FRAMES.values(), ids=ODD_FRAMES.keys())
def test_all_else_is_odd_without_a_key(data: bytes) -> None:
    frame = parse(data)
    assert (frame.key, frame.odd, frame.data, frame.size) == (b"", True, data, len(data))


def key_in_words(data: bytes) -> tuple[bytes, bool]:
    """What `parse` promises, said slowly."""
    try:
        ethernet = Ethernet.parse(data)
        packet = Ipv4.parse(ethernet.payload)
        if ethernet.ethertype != ETHERTYPE_IPV4 or packet.options or packet.is_fragment:
            return b"", True
        if not header_checksum_ok(ethernet.payload):
            return b"", True
        key = bytes((packet.protocol,)) + struct.pack("!II", packet.src, packet.dst) + packet.payload[:4]
        if packet.protocol == PROTOCOL_UDP:
            datagram = Udp.parse(packet.payload)
            return (key, False) if len(datagram.payload) + 8 == len(packet.payload) else (b"", True)
        if packet.protocol == PROTOCOL_TCP:
            return key, bool(Tcp.parse(packet.payload).flags & (SYN | FIN | RST))
    except Malformed:
        pass
    return b"", True


BASES = (
    udp_frame(),
    udp_frame(b"four"),
    udp_frame(bytes(20)),
    tcp_frame(ACK),
    tcp_frame(SYN, b"\x02\x04\x05\xb4"),
    tcp_frame(ACK, payload=bytes(20)),
    icmp_frame(icmp.echo_request(7, 1)),
    icmp_frame(icmp.unreachable(icmp.PORT_UNREACHABLE, udp_frame()[14:])),
    udp_frame(bytes(20), options=b"\x01" * 4),
    udp_frame(bytes(20), more=True),
)
PLACES = (12, 13, 14, 16, 17, 20, 21, 23, 38, 39, 46, 47)
"""The octets that decide: ethertype, version, lengths, fragment, protocol, offset, flags."""
damages = st.binary(min_size=7, max_size=7)


def damaged(damage: bytes) -> bytes:
    """One of the bases with nothing, one octet or two changed, some of them one step only; then cut or padded.

    Most have their header checksum mended, or nothing else would ever be what is wrong with them.
    """
    data = bytearray(BASES[damage[0] % len(BASES)])
    for place, octet in (damage[1:3], damage[3:5])[: damage[5] % 3]:
        at = (PLACES[place % len(PLACES)] if place & 0x80 else place) % len(data)
        data[at] = octet if octet & 1 else (data[at] + (octet & 4) - 2) & 0xFF
    if damage[6] & 0x60:
        data = bytearray(resummed(bytes(data)))
    if damage[5] & 0x80:
        return bytes(data[: damage[6] % (len(data) + 1)])
    return bytes(data) + bytes(damage[6] & 15)


@ten_thousand
@given(damage=damages)
def test_parse_keeps_its_promise(damage: bytes) -> None:
    data = damaged(damage)
    frame = parse(data)
    assert (frame.key, frame.odd) == key_in_words(data)


@ten_thousand
@given(damage=damages)
def test_both_ways_agree_on_the_key(damage: bytes) -> None:
    """A plain frame is one that the slow path reads too, and with that key."""
    frame = parse(damaged(damage))
    try:
        flow = flow_of(frame.data)
    except Malformed:
        assert not frame.key
    else:
        assert frame.key in (b"", flow.key)
        assert flow.reply().reply() == flow
        assert quoted_flow(frame.data, flow) is None or flow.icmp_type in icmp.ERRORS


@given(data=st.binary(max_size=80))
def test_random_octets(data: bytes) -> None:
    frame = parse(data)
    assert (frame.key, frame.odd) == key_in_words(data)


# corruption


@pytest.mark.parametrize("bit", range(8 * len(udp_frame())))
def test_a_flipped_bit_is_counted_as_on_the_wire(bit: int) -> None:
    data = udp_frame()
    bits = f"{int.from_bytes(data):0{8 * len(data)}b}"
    other = "10"[int(bits[bit])]
    expected = int(bits[:bit] + other + bits[bit + 1 :], 2).to_bytes(len(data))
    frame = parse(data).corrupted(bit)
    assert frame.data == expected
    assert (frame.key, frame.odd) == key_in_words(expected)


# scapy


def test_a_frame_of_a_scapy_packet_and_back() -> None:
    packet = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(dst="10.0.0.2") / UDP(dport=80)
    frame = Frame.of(packet)
    assert frame.data == bytes(packet)
    assert frame.packet[UDP].dport == 80
    assert bytes(frame.packet) == frame.data


def test_scapy_is_imported_only_when_somebody_looks() -> None:
    code = (
        "import sys; from netvirt.frame import parse; frame = parse(b'~' * 60); assert 'scapy' not in sys.modules;"
        "packet = frame.packet; assert 'scapy' in sys.modules; print(type(packet).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Ether"


# flow_of


@pytest.mark.parametrize(
    ("layers", "flow"),
    [
        (UDP(sport=1234, dport=80), Flow(17, A, B, 1234, 80)),
        (TCP(sport=1234, dport=80, flags="SA"), Flow(6, A, B, 1234, 80, tcp_flags=SYN | ACK)),
        (ICMP(type=8, id=7), Flow(1, A, B, icmp_type=8, icmp_code=0, icmp_id=7)),
        (ICMP(type=3, code=4, nexthopmtu=1300), Flow(1, A, B, icmp_type=3, icmp_code=4)),
        (Raw(b"esp"), Flow(50, A, B)),
    ],
    ids=["udp", "tcp", "echo", "unreachable", "other"],
)
def test_flow_of_what_scapy_builds(layers: Packet, flow: Flow) -> None:
    packet = Ether() / IP(src="10.0.0.1", dst="10.0.0.2", proto=flow.protocol) / layers
    assert flow_of(bytes(packet)) == flow


def test_flow_of_fragments() -> None:
    assert flow_of(udp_frame(bytes(24), more=True)) == Flow(17, A, B, 1234, 80, more_fragments=True)
    assert flow_of(udp_frame(bytes(24), more=True, offset=3)) == Flow(17, A, B, fragment_offset=3, more_fragments=True)
    assert flow_of(udp_frame(bytes(24), offset=6)) == Flow(17, A, B, fragment_offset=6)


def test_first_fragment_is_shorter_than_its_datagram() -> None:
    datagram = Udp(1234, 80, bytes(100)).emit(A, B)
    packet = Ipv4(A, B, PROTOCOL_UDP, datagram[:64], more_fragments=True)
    assert flow_of(frame_of(packet)).dst_port == 80


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "IPv4 header cut short"),
        (udp_frame()[:33], "IPv4 header cut short"),
        (patched(udp_frame(), 22, b"\x01"), "IPv4 header checksum"),
        (frame_of(Ipv4(A, B, PROTOCOL_UDP, bytes(7))), "UDP header cut short"),
        (frame_of(Ipv4(A, B, PROTOCOL_UDP, b"\0\1\0\2\0\x09\0\0")), "UDP length is more than what arrived"),
        (frame_of(Ipv4(A, B, PROTOCOL_TCP, bytes(8), more_fragments=True)), "TCP header cut short"),
        (frame_of(Ipv4(A, B, PROTOCOL_ICMP, bytes(7))), "ICMP header cut short"),
    ],
)
def test_flow_of_refuses(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        flow_of(data)
    assert str(refused.value) == reason


def test_the_transports_own_checksum_is_not_looked_at() -> None:
    assert flow_of(patched(udp_frame(), 40, b"\x12\x34")).dst_port == 80


# Flow


def test_reply_exchanges_the_ends() -> None:
    assert Flow(17, A, B, 1234, 80).reply() == Flow(17, B, A, 80, 1234)


def test_reply_to_an_echo_is_the_other_echo() -> None:
    request, reply = flow_of(icmp_frame(icmp.echo_request(7, 1))), flow_of(icmp_frame(Icmp(0, 0, 7 << 16)))
    assert request.reply() == Flow(1, B, A, icmp_type=0, icmp_code=0, icmp_id=7)
    assert (reply.icmp_type, reply.reply().icmp_type) == (0, 8)


@pytest.mark.parametrize(
    ("flow", "key"),
    [
        (Flow(17, A, B, 1234, 80), b"\x11" + KEY_ENDS),
        (Flow(1, A, B, icmp_type=8, icmp_code=0, icmp_id=7), b"\x01" + KEY_ENDS[:8] + b"\0\7\10\0"),
        (Flow(1, A, B, icmp_type=3, icmp_code=1), b"\x01" + KEY_ENDS[:8] + b"\0\0\3\1"),
        (Flow(17, A, B, fragment_offset=3), b"\x11" + KEY_ENDS[:8] + bytes(4) + b"+"),
    ],
    ids=["ports", "echo", "error", "fragment"],
)
def test_key(flow: Flow, key: bytes) -> None:
    assert flow.key == key


# quoted_flow


def quoted(about: bytes, cut: int | None = None) -> Flow | None:
    """What an error about the packet in this frame quotes; `cut` octets of it."""
    data = icmp_frame(icmp.unreachable(icmp.HOST_UNREACHABLE, about[14:][:cut]))
    return quoted_flow(data, flow_of(data))


def test_an_error_quotes_the_flow_it_is_about() -> None:
    assert quoted(udp_frame(bytes(100))) == Flow(17, A, B, 1234, 80)
    assert quoted(icmp_frame(icmp.echo_request(7, 1))) == Flow(1, A, B, icmp_type=8, icmp_code=0, icmp_id=7)
    assert quoted(udp_frame(bytes(24), offset=3)) == Flow(17, A, B, fragment_offset=3)


def test_eight_octets_after_the_header_are_enough() -> None:
    assert quoted(udp_frame(bytes(100)), cut=28) == Flow(17, A, B, 1234, 80)
    assert quoted(tcp_frame(ACK, payload=bytes(100)), cut=28) == Flow(6, A, B, 1234, 80)


def test_an_error_that_quotes_too_little_tells_of_no_flow() -> None:
    assert quoted(udp_frame(bytes(100)), cut=27) is None
    assert quoted(udp_frame(bytes(100)), cut=19) is None


@pytest.mark.parametrize("data", [icmp_frame(icmp.echo_request(7, 1, udp_frame()[14:])), udp_frame(bytes(20))])
def test_what_is_no_error_quotes_nothing(data: bytes) -> None:
    assert quoted_flow(data, flow_of(data)) is None
