"""Pings of any size, live: over the Internet, past groups and NAT gateways, from the shell and the command line."""

from pathlib import Path

import pytest
from gateway.lab import MS, PUBLIC, REGION, S, World
from journeys.lab import HEAD
from scapy.layers.inet import ICMP, IP
from shell.seat import refused, say, sit
from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.pinging import Payload, Pinger
from netvirt.address import parse_ip

ADMIN = "198.51.100.7"


def answered(region: World, source: str, target: str, payload: Payload, count: int = 3) -> list[bool]:
    """A second apart."""
    pinger = Pinger(region.world, region[source], parse_ip(target), S, 900 * MS, payload)
    pinger.start(region.now, count)
    region.wait(count * S + S)
    return [answer.rtt_ns is not None for answer in sorted(pinger.answers, key=lambda each: each.sequence)]


@pytest.mark.parametrize("size", [1472, 1473, 8973, 20_000])
def test_a_ping_of_any_size_is_answered_over_the_internet(size: int) -> None:
    """In fragments that routers made, and, of a larger one than a frame, the guests themselves."""
    region = World()
    assert answered(region, "web-a", ADMIN, Payload(size)) == [True] * 3
    assert all(len(packet[IP]) <= 1500 for guest in ("admin", "web-a") for _, packet in region.packets(guest))


def test_inside_a_vpc_nothing_is_cut_up_to_9001() -> None:
    region = World()
    assert answered(region, "web-a", "10.0.1.4", Payload(8973, dont_fragment=True)) == [True] * 3
    assert all(not packet[IP].flags.MF for _, packet in region.packets("web-b"))


def test_who_forbids_fragments_hears_of_it_once() -> None:
    region = World()
    assert answered(region, "web-a", ADMIN, Payload(1473, dont_fragment=True)) == [False] * 3
    assert [packet[ICMP].nexthopmtu for _, packet in region.packets("web-a")] == [1500]
    assert answered(region, "web-a", ADMIN, Payload(1472, dont_fragment=True)) == [True] * 3
    assert answered(region, "web-a", "10.0.1.4", Payload(1473, dont_fragment=True)) == [True] * 3, "the way decides"


def test_from_outside_it_is_the_same() -> None:
    region = World()
    assert answered(region, "customer", PUBLIC["web-a"], Payload(1473, dont_fragment=True)) == [False] * 3
    assert answered(region, "customer", PUBLIC["web-a"], Payload(3000)) == [True] * 3


def test_fragments_come_in_only_where_the_whole_protocol_may() -> None:
    """Later ones carry no type: a rule for echo requests is none for them."""
    region = World()
    assert answered(region, "shy", ADMIN, Payload(1472)) == [True] * 3
    assert answered(region, "shy", ADMIN, Payload(1473)) == [False] * 3


def run(file: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["ping", str(file), *words])
    return result.exit_code, f"{result.output} {result.exception}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """`agent` runs machine code."""
    path = tmp_path / "region.yaml"
    path.write_text(
        HEAD + REGION.replace("shy: {subnet", "agent: {subnet: public-a, image: agent}\n      shy: {subnet")
    )
    return path


def test_the_command_line_asks_as_linux_does(file: Path) -> None:
    assert run(file, "web-a", "customer", "-s", "1472", "-M", "do", "-c", "1")[0] == 0
    code, output = run(file, "web-a", "customer", "-s", "1473", "-M", "do", "-c", "2")
    assert code == 1
    assert "larger than the MTU" in output
    assert run(file, "web-a", "customer", "-s", "3000", "-c", "1")[0] == 0
    assert "write do or dont" in run(file, "web-a", "customer", "-M", "want")[1]
    assert "which cannot forbid fragments" in run(file, "agent", "web-b", "-M", "do")[1]
    assert "8973 bytes at most" in run(file, "agent", "web-b", "-s", "8974")[1]


def test_the_shell_asks_as_linux_does(file: Path) -> None:
    session = sit(file)
    assert say(session, "web-a ping -c1 -s 3000 admin")[0].startswith("1 received")
    assert say(session, "web-a ping -c1 -s 3000 -M do admin") == ["0 of 1 received"]
    assert "Ask from a guest without an image" in refused(session, "agent ping -M do web-b")
