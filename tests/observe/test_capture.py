"""What is captured is what was sent: where, when, and how it ended."""

from io import BytesIO
from itertools import pairwise

import pytest
from pytest import MonkeyPatch

from dcsim.observe import capture
from dcsim.pinging import Payload, Pinger
from dcsim.scenario.play import stage
from dcsim.scenario.scenario import Capture as Mode
from netvirt.overlay import OVERHEAD_BYTES

from .reader import Packet, read
from .shark import bad_packets, needs_tshark, shark
from .story import SCENARIO, TOPOLOGY, Told, scenario, tell

START_NS = 1_735_689_600_000_000_000
MS = 1_000_000
ECHO_REQUEST, ECHO_REPLY = 8, 0

IMPAIRED = """
version: 1
topology: region.yaml
duration: 8 s
probes:
  across: {ping: right, from: left, every: 20 ms, timeout: 300 ms}
timeline:
  gray: {at: 2 s, action: impair, target: a -> b, loss: 10 %, corrupt: 10 %, duplicate: 10 %}
"""


@pytest.fixture(scope="module")
def outage() -> Told:
    return tell(scenario(), "links")


@pytest.fixture(scope="module")
def gray() -> Told:
    return tell(scenario(IMPAIRED), "links")


def echo(packet: Packet) -> int | None:
    """The ICMP type, inside the tunnel if there is one."""
    inner = packet.data[OVERHEAD_BYTES:] if packet.data[:2] == b"\x02\xdc" else packet.data
    return inner[34] if inner[12:14] == b"\x08\x00" else None


def test_an_answered_question_is_seen_on_its_whole_way(outage: Told) -> None:
    """The same frame at each place, later at each; the answer the same way back."""
    question, *_ = [packet for packet in outage.section.at("left") if echo(packet) == ECHO_REQUEST]
    inner = question.data[14:]
    way = [packet for packet in outage.section.packets if packet.data.endswith(inner)]
    assert way[0] is question or way[0].data == question.data
    places = [packet.place for packet in way]
    assert places[0] == "left" and places[-1] == "right"
    assert [place.split(" -> ")[0] for place in places[2:-1]] == [place.split(" -> ")[1] for place in places[1:-2]]
    assert "core-a -> core-b" in places
    times = [packet.unix_ns for packet in way]
    assert times == sorted(times) and len(set(times)) == len(times)
    assert times[-1] - times[0] == pytest.approx(500_000 + 6 * 5_000, rel=0.01)


def test_directions_are_the_guests(outage: Told) -> None:
    ways = {(packet.place, echo(packet), packet.way) for packet in outage.section.packets if not packet.comments}
    assert {way for way in ways if way[0] in ("left", "right") and way[1] is not None} == {
        ("left", ECHO_REQUEST, 2),
        ("left", ECHO_REPLY, 1),
        ("right", ECHO_REQUEST, 1),
        ("right", ECHO_REPLY, 2),
    }


def test_interfaces_say_what_they_are(outage: Told) -> None:
    described = {interface.name: interface.options[3][0].decode() for interface in outage.section.interfaces}
    assert described["left"] == "vNIC of left on host a/r1/h1, 10.0.1.4, 0a:01:00:00:00:01"
    assert described["a/r1/tor"] == "switch of the physical network", "no way to zone b: packets died here"
    assert described["core-a -> core-b"] == "physical link, 100 Gbit/s, 500 us"
    assert "third" not in described, "it takes no part in a probe"


def test_time_is_the_plans(outage: Told) -> None:
    sent = [packet.unix_ns - START_NS for packet in outage.section.at("left") if echo(packet) == ECHO_REQUEST]
    samples = outage.records["across"].samples
    assert sent[1:] == [sample.sent_ns for sample in samples][1:]
    assert 0 < sent[0] - samples[0].sent_ns < 1_000, "the first one waited for an ARP answer"


@pytest.mark.parametrize("mode", ["probes", "links", "all"])
def test_every_lost_packet_is_there_once(mode: Mode) -> None:
    told = tell(scenario(IMPAIRED), mode)
    lost: dict[str, int] = {}
    for packet in told.section.packets:
        for comment in packet.comments:
            lost[comment] = lost.get(comment, 0) + 1
            assert comment.endswith(f" at {packet.place}"), "where it died is where it is shown"
    drops = told.play.world.ledger.drops
    assert lost == {f"dropped: {reason.value} at {place}": drop.frames for (place, reason), drop in drops.items()}
    assert sum(drop.frames for drop in drops.values()) > 50


def test_a_packet_lost_where_it_was_seen_is_one_packet(gray: Told) -> None:
    """core-a -> core-b: every request, lost or not, is there exactly once, however it ends."""
    sent = len([packet for packet in gray.section.at("left") if echo(packet) == ECHO_REQUEST])
    assert len(gray.section.at("core-a -> core-b")) == sent


def test_windows_are_limited_but_losses_are_not(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "PACKETS_PER_WINDOW", 5)
    told = tell(scenario())
    boundaries = (0, 4_000 * MS, 7_000 * MS, 13_000 * MS)
    for place in ("left", "right"):
        kept = [packet for packet in told.section.at(place) if not packet.comments]
        for start, end in pairwise(boundaries):
            inside = [packet for packet in kept if start <= packet.unix_ns - START_NS < end]
            assert len(inside) == (0 if place == "right" and start == 4_000 * MS else 5)
    lost = sum(drop.frames for drop in told.play.world.ledger.drops.values())
    assert sum(bool(packet.comments) for packet in told.section.packets) == lost > 30


def test_only_the_probes_packets_are_taken_from_links() -> None:
    """`third` asks `left` too, without being a probe."""
    probes = {"10.0.1.4 10.0.2.4", "10.0.2.4 10.0.1.4"}
    assert set(_with_a_stranger("links")) == probes
    assert set(_with_a_stranger("all")) == probes | {"10.0.2.5 10.0.1.4", "10.0.1.4 10.0.2.5"}


def _with_a_stranger(mode: Mode) -> list[str]:
    """The ends of each packet that was seen on a link."""
    world = stage(scenario(), 7).world
    third, left = world["third"], world["left"]
    Pinger(world, third, left.placed.interface.address, 100 * MS, 300 * MS, Payload()).start(50 * MS, 10)
    file = BytesIO()
    taps = capture.Capture(world, file, mode, [(world["left"], world["right"])])
    world.clock.run(until=2_000 * MS)
    taps.close()
    tunnelled = [packet.data[OVERHEAD_BYTES:] for packet in read(file.getvalue()).packets if " -> " in packet.place]
    return [f"{'.'.join(map(str, data[26:30]))} {'.'.join(map(str, data[30:34]))}" for data in tunnelled]


def test_namesakes_are_told_apart() -> None:
    other = TOPOLOGY.split("vpcs:\n")[1].replace("main:", "other:")
    told = tell(scenario(SCENARIO.replace("right, from: left", "main/right, from: main/left"), TOPOLOGY + other))
    assert told.section.names[:2] == ["main/left", "main/right"]


def test_watching_changes_nothing() -> None:
    silent, *watched = [tell(scenario(IMPAIRED), mode) for mode in (None, "probes", "links", "all")]
    for told in watched:
        assert told.records["across"].samples == silent.records["across"].samples
        assert told.events == silent.events
        assert told.play.world.clock.events == silent.play.world.clock.events


def test_equal_runs_write_equal_bytes() -> None:
    first, second = tell(scenario(IMPAIRED), "all"), tell(scenario(IMPAIRED), "all")
    assert first.capture == second.capture
    assert first.events == second.events
    assert tell(scenario(IMPAIRED), "all", seed=8).capture != first.capture


@needs_tshark
def test_wireshark_finds_nothing_wrong(outage: Told) -> None:
    assert bad_packets(outage.capture) == []
    protocols = {tuple(row) for row in shark(outage.capture, "frame.interface_name", "frame.protocols")}
    on_links = {protocol for name, protocol in protocols if " -> " in name}
    assert on_links == {"eth:ethertype:ip:udp:geneve:eth:ethertype:ip:icmp:data"}


@needs_tshark
def test_only_flipped_bits_are_wrong_in_an_impaired_run(gray: Told) -> None:
    """Frames are good until the link that corrupts; those that are bad beyond it are no more than it hit."""
    bad = bad_packets(gray.capture)
    assert bad, "with 10 % corrupted, some are seen"
    # `links into zone b` corrupts what arrives there; the answers of those that survive are good again.
    assert {place for _, place, *_ in bad}.isdisjoint({"left", "core-a -> core-b", "a/r1/h1 -> a/r1/tor"})


@needs_tshark
def test_wireshark_agrees_about_machine_code() -> None:
    agents = TOPOLOGY.replace("friends}", "friends, image: agent}")
    told = tell(scenario(topology=agents), "all")
    assert bad_packets(told.capture) == []
    assert len(told.section.packets) > 1_000
