"""What a guest does is what its machine code does, at its CPU's speed, while its host has power."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from scapy.layers.inet import ICMP
from scapy.layers.l2 import Ether

import hypervisor.firmware
from dcsim.observe.event import GuestSaid, PowerChanged
from dcsim.world import Guest
from hypervisor.machine.exits import ExitCosts
from hypervisor.machine.machine import Machine
from hypervisor.machine.runloop import RunLoop
from netvirt.journey import Outcome

from .lab import AGENTS, MS, PAIR, Region, S, lost_ticks

# Speed: the way of one ping, in instructions, exits and nanoseconds.


class Reading(NamedTuple):
    """A guest reads its clock, `instructions` after power-on."""

    loop: RunLoop
    instructions: int
    time: int


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Reading]]:
    """Every RDTSC of every machine, as its CPU executes it."""
    read: list[Reading] = []
    original = RunLoop._tsc

    def spy(loop: RunLoop) -> int:
        time = original(loop)
        read.append(Reading(loop, loop._cpu.instructions, time))
        return time

    monkeypatch.setattr(RunLoop, "_tsc", spy)
    yield read


@dataclass
class Lap:
    """One ping from clock reading to clock reading, and the instructions that it had to wait for."""

    round_trip: int
    instructions: dict[str, int]
    on_the_wire: int


def machine(guest: Guest) -> Machine:
    assert isinstance(guest.instance.guest, Machine)
    return guest.instance.guest


def last_lap(speed: str, readings: list[Reading]) -> Lap:
    """The third ping between two agents at that speed: both know each other by then, and nothing else goes on."""
    readings.clear()
    region = Region(AGENTS.replace("image: agent}", f"image: agent, frequency: {speed}}}"))
    pinger = region.ping("left", "right", 100 * MS, 2)
    region.wait(150 * MS)
    begun = {guest.name: machine(guest).instructions for guest in region.world}
    steps = follow(region)
    answers: list[str] = []
    region["left"].on_console.append(lambda line: bool(line.startswith("r last") and not answers.append(line)))
    machine(region["left"]).order(f"ping last {region['right'].ip} 1 1000000 50000000 56")
    region.wait(100 * MS)
    assert len(pinger.answers) == 2
    _, _, _, sent, round_trip = answers[0].split()
    return lap(region, steps, readings, int(sent), int(round_trip), begun)


class Step(NamedTuple):
    """A frame passes a vNIC; both machines' counts at that moment."""

    time: int
    guest: str
    leaving: bool
    instructions: int


def follow(region: Region) -> list[Step]:
    steps: list[Step] = []
    for guest in region.world:

        def see(_: object, __: object, leaving: bool, guest: Guest = guest) -> None:
            steps.append(Step(region.now, guest.name, leaving, machine(guest).instructions))

        guest.nic.taps = (*guest.nic.taps, see)
    return steps


def lap(
    region: Region, steps: list[Step], readings: list[Reading], sent: int, round_trip: int, begun: dict[str, int]
) -> Lap:
    out, there, back, home = steps
    assert [step.guest for step in steps] == ["left", "right", "right", "left"]
    start = next(each for each in readings if each.time == sent)
    stop = next(each for each in readings if each.time == sent + round_trip)
    assert start.instructions > begun["left"]
    return Lap(
        round_trip,
        {
            "asking": out.instructions - start.instructions,
            "answering": back.instructions - there.instructions,
            "hearing": stop.instructions - home.instructions,
        },
        (there.time - out.time) + (home.time - back.time),
    )


def test_half_the_frequency_costs_exactly_the_instructions(readings: list[Reading]) -> None:
    """At 1 GHz an instruction takes 1 ns, at 500 MHz 2 ns; wires and exits do not care."""
    fast, slow = last_lap("1 GHz", readings), last_lap("500 MHz", readings)
    assert fast.instructions == slow.instructions
    assert all(count > 50 for count in fast.instructions.values()), "each part is work"
    assert slow.round_trip - fast.round_trip == sum(fast.instructions.values())
    assert slow.on_the_wire == fast.on_the_wire


@pytest.mark.parametrize(("speed", "ns"), [("1 GHz", 1), ("500 MHz", 2), ("250 MHz", 4)])
def test_a_round_trip_is_instructions_and_exits_and_wire(speed: str, ns: int, readings: list[Reading]) -> None:
    """The asker leaves by a kick; the answerer wakes, answers and kicks; the asker wakes and reads its clock."""
    measured, costs = last_lap(speed, readings), ExitCosts()
    exits = costs.kick_ns + (costs.wake_ns + costs.kick_ns) + costs.wake_ns + costs.tsc_ns
    work = sum(measured.instructions.values()) * ns
    assert measured.round_trip == work + exits + measured.on_the_wire


# Code.


def test_another_byte_in_the_firmware_is_another_byte_on_the_wire(tmp_path: Path) -> None:
    """The payload's first octet is data of the image, in the sender and in what checks the echo."""
    data = Path(hypervisor.firmware.__file__ or "", "..", "agent.elf").resolve().read_bytes()
    pattern = bytes(range(8))
    assert data.count(pattern) == 2
    (tmp_path / "patched.elf").write_bytes(data.replace(pattern, b"\x40" + pattern[1:]))
    sent = [requests(AGENTS.replace("agent", image)) for image in ("agent", f"{tmp_path / 'patched.elf'}")]
    (original, patched) = sent
    assert len(original) == len(patched) == 3
    for before, after in zip(original, patched):
        places = [place for place, (one, other) in enumerate(zip(before, after)) if one != other]
        # The message checksum, and every eighth octet of the payload behind 42 octets of headers.
        assert places[-7:] == list(range(42, 98, 8))
        assert set(places[:-7]) <= {36, 37}
        assert {after[place] - before[place] for place in places[-7:]} <= {0x40}


def requests(text: str) -> list[bytes]:
    """The echo requests of three pings, all answered."""
    region = Region(text)
    pinger = region.ping("left", "right", 100 * MS, 3)
    region.wait(S)
    assert lost_ticks(pinger.answers) == []
    found = [each.data for each in region.seen if each.guest == "left" and each.leaving]
    return [data for data in found if ICMP in Ether(data)]


# Power.

EVERY, TICKS = 10 * MS, 600


def outage(text: str, target: str, source: str = "left", span: int = 2 * S) -> tuple[Region, list[int]]:
    """The target is dark from 1.5 s on; which of the pings every 10 ms from 1.005 s on are lost."""
    region = Region(text, until=1005 * MS)
    pinger = region.ping(source, "right", EVERY, TICKS)
    region.at(1500 * MS, region.hold, target)
    region.at(1500 * MS + span, region.release, target)
    region.run(8 * S)
    assert len(pinger.answers) == TICKS
    return region, lost_ticks(pinger.answers)


def test_a_host_or_its_whole_zone_without_power_is_the_same_to_the_probe() -> None:
    host, of_host = outage(AGENTS, "b/r1/h1")
    zone, of_zone = outage(AGENTS, "zone b")
    assert host["right"].host.name == zone["right"].host.name == "b/r1/h1"
    # Lost from the cut at 1.5 s until the guest has booted for 1 s, at 4.5 s.
    assert of_host == of_zone == list(range(51, 351))
    assert at_left(host) == at_left(zone)
    # What differs is who notices, and that everybody routes around a zone.
    assert [(time, *rest) for time, *rest in host.routing] == [
        (1550 * MS, "b/r1/tor", "stops using b/r1/h1"),
        (3550 * MS, "b/r1/tor", "uses b/r1/h1 again"),
    ]
    assert [(time, *rest) for time, *rest in zone.routing] == [
        (1550 * MS, "core-a", "stops using zone b"),
        (1750 * MS, "fabric", "routes around zone b"),
        (3550 * MS, "core-a", "uses zone b again"),
        (3750 * MS, "fabric", "routes through zone b again"),
    ]


def at_left(region: Region) -> list[tuple[int, bytes]]:
    """Every frame at left's vNIC and its time."""
    return [(each.time, each.data) for each in region.seen if each.guest == "left"]


def test_a_guest_that_boots_faster_than_routing_converges_waits_for_it() -> None:
    """Without a boot time, what is lost after power is back is what the switches have not yet heard."""
    instant = PAIR.replace("friends}", "friends, boot: 0 s}")
    host, of_host = outage(instant, "b/r1/h1")
    zone, of_zone = outage(instant, "zone b")
    # Power is back at 3.5 s, between ticks 250 and 251.
    assert of_host == list(range(51, 256)), "its rack's switch needs 50 ms"
    assert of_zone == list(range(51, 276)), "zone a needs 250 ms"
    assert ends(host) == [("b/r1/tor -> b/r1/h1", Outcome.LINK_DOWN), ("b/r1/tor", Outcome.UNREACHABLE)]
    assert ends(zone) == [
        ("core-a -> core-b", Outcome.LINK_DOWN),
        ("core-a", Outcome.UNREACHABLE),
        ("a/r1/tor", Outcome.UNREACHABLE),
    ]


def ends(region: Region) -> list[tuple[str, Outcome]]:
    """Where and why frames were lost, in the order of first losses."""
    return list(dict.fromkeys((each.place, each.reason) for each in region.lost))


OVERLAPPING = """
plant: {racks: 2, hosts: 2}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24}
    instances:
      left: {subnet: net-a, image: agent}
      first: {subnet: net-b, image: agent}
      second: {subnet: net-b, image: agent, boot: 7 s}
"""


def test_overlapping_faults_end_when_the_last_one_ends() -> None:
    """Zone off 60-180 s, rack off 120-240 s: who is in the rack waits for both, who is not for the zone alone."""
    region = Region(OVERLAPPING, until=1100 * MS)
    assert (region["first"].host.name, region["second"].host.name) == ("b/r1/h1", "b/r2/h1")
    for moment, change, target in (
        (60, region.hold, "zone b"),
        (120, region.hold, "rack b/r1"),
        (180, region.release, "zone b"),
        (240, region.release, "rack b/r1"),
    ):
        region.at(moment * S, change, target, f"{target} off")
    first = region.ping("left", "first", S, 299)
    region.wait(5 * MS)
    second = region.ping("left", "second", S, 299)
    region.run(305 * S)
    power = [(time, each.host, each.up) for time, each in region.events if isinstance(each, PowerChanged)]
    assert power == [
        (60 * S, "b/r1/h1", False),
        (60 * S, "b/r2/h1", False),
        (180 * S, "b/r2/h1", True),
        (240 * S, "b/r1/h1", True),
    ]
    ready = {
        each.guest: time for time, each in region.events if isinstance(each, GuestSaid) and each.line[:6] == "ready "
    }
    assert 241 * S < ready["first"] < 241 * S + MS
    assert 187 * S < ready["second"] < 187 * S + MS
    # Tick n is sent 100 ms after n seconds; both have booted by 241 s and 187 s.
    assert lost_ticks(first.answers) == list(range(60, 241))
    assert lost_ticks(second.answers) == list(range(60, 187))
    assert [region[name].instance.boots for name in ("left", "first", "second")] == [1, 2, 2]
