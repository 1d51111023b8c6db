"""The textbook's web server, its security group, its network ACL and its subnet, as `topologies/web-server.yaml` has them."""

from pathlib import Path

import pytest
from gateway.lab import ABROAD
from journeys.lab import MS, Region
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import Ether
from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.pinging import Payload, Pinger
from dcsim.problem import Refused
from dcsim.topology.load import load, plan_of, shipped_directory
from dcsim.trace import Traced, trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import build
from netvirt.address import format_ip, format_mac, parse_ip
from netvirt.journey import Outcome
from netvirt.vpc.traffic import TCP as TCP_NUMBER
from netvirt.vpc.traffic import UDP as UDP_NUMBER

FILE, MIDDLEBOX = shipped_directory() / "web-server.yaml", shipped_directory() / "middlebox.yaml"
OUT = "          - 115 allow tcp {port} to 172.16.2.0/24\n"


@pytest.mark.parametrize("file", [FILE, MIDDLEBOX])
def test_its_assertions_hold(file: Path) -> None:
    assertions = file.with_suffix(".reach.yaml")
    said = CliRunner().invoke(app, ["reach", str(file), "--assert", str(assertions)])
    assert said.exit_code == 0, said.output
    sentences = assertions.read_text("utf-8").count("\n- ")
    assert said.output.splitlines()[-1] == f"{sentences} of {sentences} hold"


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(load(FILE))


def asked(region: Region, source: str, target: str, port: int, source_port: int | None = None) -> Traced:
    there = region.world.address_for(region[source], region[target])
    return trace(region.world, region[source], there, TrafficSpec(TCP_NUMBER, port, source_port))


@pytest.mark.parametrize(("port", "answered"), [(1024, False), (32767, False), (32768, True), (65535, True)])
def test_a_visitor_with_a_low_source_port_never_sees_the_answer(region: Region, port: int, answered: bool) -> None:
    """The group lets the answer out by its state; the ACL has none."""
    traced = asked(region, "visitor", "web", 80, port)
    assert traced.forward.outcome is Outcome.DELIVERED and traced.reply is not None
    assert traced.reply.outcome is (Outcome.DELIVERED if answered else Outcome.NETWORK_ACL)
    assert "tracked flow" in [hop.rule for hop in traced.reply.hops]


def test_nothing_here_is_untracked(region: Region) -> None:
    visitor, web = region["visitor"], region["web"]
    public = format_ip(region.world.address_for(visitor, web))
    frame = Ether(src=format_mac(visitor.mac), dst=format_mac(visitor.router_mac))
    visitor.send(frame / IP(src=visitor.ip, dst=public) / TCP(sport=40000, dport=443))
    region.wait(ABROAD)
    assert len(web.nic.port.tracker.table) == 2, "one track, under both its keys"


@pytest.mark.parametrize(("target", "port"), [("sql-server", 1433), ("mysql", 3306)])
def test_the_acl_keeps_databases_away_that_the_group_allows(region: Region, target: str, port: int) -> None:
    traced = asked(region, "web", target, port)
    assert [(hop.kind, hop.name) for hop in traced.forward.blockers] == [("acl", "web")]
    rule = "          - 120 allow tcp 32768-65535 to"
    text = FILE.read_text("utf-8")
    assert rule in text
    mended = Region(plan_of(text.replace(rule, OUT.format(port=port) + rule).encode(), "w.yaml", "w"))
    assert asked(mended, "web", target, port).reachable


def test_dns_works_all_the_same(region: Region) -> None:
    """At the VPC's base + 2, and not at the subnet's."""
    web = region["web"]
    at = {
        to: trace(region.world, web, parse_ip(to), TrafficSpec(UDP_NUMBER, 53)) for to in ("172.16.0.2", "172.16.1.2")
    }
    assert at["172.16.0.2"].forward.outcome is Outcome.CONSUMED
    assert at["172.16.1.2"].forward.outcome is Outcome.UNANSWERED


def test_the_first_guest_is_the_fifth_address(region: Region) -> None:
    assert region["web"].ip == "172.16.1.4"


@pytest.mark.parametrize("last", [0, 1, 2, 3, 255])
def test_five_addresses_are_nobodys(last: int) -> None:
    text = FILE.read_text("utf-8").replace("{subnet: web,", f"{{subnet: web, private_ip_address: 172.16.1.{last},")
    with pytest.raises(Refused, match=r"InvalidParameterValue: 172.16.1.[0-9]+ is reserved in web 172.16.1.0/24"):
        build(plan_of(text.encode(), "w.yaml", "w"))


def test_the_firewall_sees_both_directions() -> None:
    """Of a ping from the Internet, and nothing of what has its own address."""
    region = Region(load(MIDDLEBOX))
    pinger = Pinger(region.world, region["customer"], parse_ip("198.18.0.10"), 10 * MS, ABROAD, Payload())
    pinger.start(region.now, 1)
    region.wait(2 * ABROAD)
    (answer,) = pinger.answers
    assert answer.rtt_ns is not None
    through = [Ether(each.data) for each in region.seen if each.guest == "firewall" and each.leaving]
    ways = [(each[IP].src, each[IP].dst) for each in through if ICMP in each]
    assert ways == [("198.51.100.10", "10.0.1.4"), ("10.0.1.4", "198.51.100.10")]
