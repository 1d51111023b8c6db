"""The writer against the draft, a second reader, scapy and tshark."""

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from dcsim.observe.pcapng import PcapngWriter, Way

from .reader import read
from .shark import needs_tshark, shark

MOMENT_NS = 1_735_689_600_123_456_789
FRAME = bytes.fromhex("020100000002020100000001") + b"\x08\x00" + bytes(47)


def written(*, comment: str = "") -> BytesIO:
    file = BytesIO()
    writer = PcapngWriter(file, application="dcsim 0", comment=comment)
    left = writer.interface("left", "vNIC of left")
    link = writer.interface("a -> b")
    writer.packet(left, MOMENT_NS, FRAME, Way.OUTBOUND)
    writer.packet(link, MOMENT_NS + 1, FRAME[:-1], comments=["dropped: queue full at a -> b", "Größe 1"])
    return file


def test_what_is_written_is_read() -> None:
    section = read(written(comment="az-outage, seed 7").getvalue())
    assert section.options == {1: [b"az-outage, seed 7"], 4: [b"dcsim 0"]}
    assert [interface.options for interface in section.interfaces] == [
        {2: [b"left"], 3: [b"vNIC of left"], 9: [b"\x09"]},
        {2: [b"a -> b"], 9: [b"\x09"]},
    ]
    assert {(interface.link_type, interface.snap_length) for interface in section.interfaces} == {(1, 0)}
    first, second = section.packets
    assert (first.place, first.unix_ns, first.data, first.way, first.comments) == ("left", MOMENT_NS, FRAME, 2, [])
    assert (second.place, second.unix_ns, second.way) == ("a -> b", MOMENT_NS + 1, 0)
    assert second.comments == ["dropped: queue full at a -> b", "Größe 1"]


def test_two_writings_are_equal() -> None:
    assert written().getvalue() == written().getvalue()


def test_a_name_that_is_no_text_is_written_all_the_same() -> None:
    file = BytesIO()
    PcapngWriter(file, application="dcsim 0", comment="caf\udce9.yaml")
    assert read(file.getvalue()).options[1] == [b"caf?.yaml"]


@given(st.lists(st.tuples(st.integers(0, (1 << 64) - 1), st.binary(max_size=80), st.text(max_size=9))))
def test_any_packets_survive(packets: list[tuple[int, bytes, str]]) -> None:
    file = BytesIO()
    writer = PcapngWriter(file, application="dcsim 0")
    number = writer.interface("left")
    for moment, data, comment in packets:
        writer.packet(number, moment, data, comments=[comment])
    section = read(file.getvalue())
    assert [(packet.unix_ns, packet.data) for packet in section.packets] == [(t, data) for t, data, _ in packets]
    comments = [[comment.encode("utf-8", "replace").decode()] if comment else [] for *_, comment in packets]
    assert [packet.comments for packet in section.packets] == comments


def test_scapy_reads_it() -> None:
    from scapy.utils import rdpcap

    file = written()
    file.seek(0)
    packets = rdpcap(file)
    assert [bytes(packet) for packet in packets] == [FRAME, FRAME[:-1]]
    assert [packet.sniffed_on for packet in packets] == ["left", "a -> b"]


@needs_tshark
def test_tshark_reads_names_nanoseconds_directions_and_comments() -> None:
    fields = ("frame.interface_name", "frame.time_epoch", "frame.packet_flags_direction", "frame.comment")
    assert shark(written().getvalue(), *fields) == [
        ["left", "1735689600.123456789", "0x00000002", ""],
        ["a -> b", "1735689600.123456790", "", "dropped: queue full at a -> b,Größe 1"],
    ]
