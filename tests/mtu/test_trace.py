"""What a trace says of sizes, and that it is what happens."""

import json
from pathlib import Path
from typing import Any

import pytest
from gateway.lab import PUBLIC, REGION, World
from gateway.test_nat import PRIVATE
from gateway.test_transit import HUB
from journeys.lab import HEAD
from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.trace import Traced, trace
from dcsim.traffic_spec import TrafficSpec
from netvirt.address import parse_ip
from netvirt.journey import Outcome
from netvirt.vpc.traffic import ICMP, UDP

from .test_internet_gateway import QUIET

ADMIN = "198.51.100.7"


def traced(region: World, source: str, target: str, size: int = 0, protocol: int = UDP) -> Traced:
    spec = TrafficSpec(protocol, 9 if protocol == UDP else None, 4000 if protocol == UDP else None, size)
    return trace(region.world, region[source], parse_ip(target), spec)


@pytest.mark.parametrize(
    ("what", "source", "target", "mtu", "component"),
    [
        (REGION, "web-a", ADMIN, 1500, ("igw", "igw")),
        (REGION, "customer", PUBLIC["web-a"], 1500, ("igw", "internet")),
        (REGION, "web-a", "10.0.1.4", 9001, None),
        (REGION, "web-a", "10.1.0.4", 9001, None),
        (PRIVATE, "app-a", ADMIN, 1500, ("igw", "igw")),
        (PRIVATE, "walled", "10.0.10.4", 8500, ("nat", "inner")),
        (HUB, "shop-a", "data-a", 8500, ("tgw", "core")),
    ],
)
def test_the_narrowest_hop_decides(what: str, source: str, target: str, mtu: int, component: Any) -> None:
    """And a packet as large gets there, one byte more does not."""
    region = World(what)
    address = region[target].ip if target[0].isalpha() else target
    found = traced(region, source, address)
    assert found.path_mtu == mtu
    assert (found.limit and (found.limit.kind, found.limit.name)) == component
    fits = traced(region, source, address, mtu)
    assert [hop.outcome for hop in fits.forward.hops].count(Outcome.OVERSIZE) == 0
    live = region.fate(source, address, size=mtu, flags="DF")
    assert live.outcome is fits.forward.outcome
    if mtu == 9001:
        return
    assert traced(region, source, address, mtu + 1).forward.outcome is Outcome.OVERSIZE
    assert region.fate(source, address, size=mtu + 1, flags="DF").outcome is Outcome.OVERSIZE


def test_it_says_who_is_told_and_who_is_not() -> None:
    region = World(QUIET)
    (told,) = traced(region, "shut", ADMIN, 1501).notes
    assert told == '10.0.0.1 tells shut "fragmentation needed", 1500 bytes'
    (told,) = traced(region, "untracked", ADMIN, 1501).notes
    assert told.endswith("1500 bytes, but sg udp-only does not let it in")
    assert traced(region, "untracked", ADMIN, 1500).notes == ()


def test_the_latency_is_that_of_the_size() -> None:
    region = World()
    for size in (100, 1400):
        before = region.now
        live = region.fate("customer", PUBLIC["web-a"], size=size)
        assert live.time - before == traced(region, "customer", PUBLIC["web-a"], size).latency_ns


def test_the_answer_to_a_large_ping_may_be_cut() -> None:
    found = traced(World(), "web-a", "10.0.1.4", 9001, ICMP)
    assert found.reachable


def run(file: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["trace", str(file), *words])
    return result.exit_code, result.output


def test_the_command_line_shows_it(tmp_path: Path) -> None:
    file = tmp_path / "region.yaml"
    file.write_text(HEAD + REGION)
    code, output = run(file, "web-a", "admin", "udp", "9", "--size", "1501")
    assert code == 1
    assert "igw igw (forward): 1501 bytes and the largest is 1500: is dropped, and the sender is told" in output
    assert "would take: packets of 1500 bytes, or without DF" in output
    assert "path MTU 1500 bytes, at igw igw" in " ".join(output.split())
    code, output = run(file, "web-a", "admin", "udp", "9", "--json")
    assert code == 0
    document = json.loads(output)
    assert (document["pathMtu"], document["pathMtuComponent"]) == (1500, "igw igw")
    assert "path MTU" not in run(file, "web-a", "web-b", "icmp")[1]
