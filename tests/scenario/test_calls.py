"""Calls in a timeline: checked when the file is read, made when their time comes, told in the run."""

from pathlib import Path

import orjson
import pytest

from dcsim.observe.rundir import EVENTS, SUMMARY
from dcsim.problem import Refused
from dcsim.request import AssociateAddress, DeleteRoute
from dcsim.run import run
from dcsim.scenario.load import load_scenario
from dcsim.scenario.scenario import ApiCall
from netvirt.address import parse_cidr, parse_ip

S = 1_000_000_000
TOPOLOGY = """
version: 1
region: eu-west-1
zones: [a, b]
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets: {public: {per_zone: true, cidr_block: 10.0.0.0/24, route_table: public}}
    route_tables: {public: {routes: {0.0.0.0/0: igw}}}
    security_groups: {web: {ingress: icmp from 0.0.0.0/0}}
    instances:
      web: {per_zone: {a: {elastic_ip: 198.18.0.10}, b: {}}, subnet: public, security_groups: web}
internet: {instances: customer}
"""
HEAD = """
version: 1
topology: region.yaml
duration: 30 s
probes: {shop: {ping: web-a, from: customer, every: 100 ms, timeout: 300 ms}}
"""
STORY = """
timeline:
  outage: {at: 5 s, action: power-off, target: zone a}
  failover: {at: 10 s, action: ec2:AssociateAddress, instance: web-b, public_ip: 198.18.0.10}
  gone: {after: failover, action: ec2:DeleteRoute, route_table: public, destination: 10.9.0.0/16}
expect: [shop.loss == 0 % before outage, shop.rto <= 5.5 s, shop.loss <= 1 % after failover]
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "region.yaml").write_text(TOPOLOGY.lstrip())
    return tmp_path


def scenario(files: Path, text: str) -> Path:
    path = files / "story.yaml"
    path.write_text((HEAD + text).lstrip())
    return path


def said(files: Path, text: str) -> list[str]:
    """All that is said of a bad file, without where it lies."""
    with pytest.raises(Refused) as refused:
        load_scenario(scenario(files, text))
    return [str(problem).replace(f"{files}/", "") for problem in refused.value.problems]


def test_a_call_becomes_a_request_with_its_place_in_the_file(files: Path) -> None:
    loaded = load_scenario(scenario(files, STORY))
    _, failover, gone = loaded.timeline
    assert isinstance(failover.action, ApiCall) and isinstance(gone.action, ApiCall)
    mark = failover.mark
    assert failover.action.request == AssociateAddress("shop", "web-b", parse_ip("198.18.0.10"), None, True, mark=mark)
    assert gone.action.request == DeleteRoute("shop", "public", parse_cidr("10.9.0.0/16"), mark=mark)
    assert (failover.start_ns, failover.end_ns, gone.start_ns) == (10 * S, 10 * S, 10 * S)
    (warning,) = loaded.warnings
    assert (warning.code, warning.warning) == ("InvalidRoute.NotFound", True)
    assert warning.mark.line == 9


def test_a_run_tells_what_was_called_and_what_was_refused(files: Path, tmp_path: Path) -> None:
    ran = run(load_scenario(scenario(files, STORY)), 7, tmp_path / "run", lambda *_: None)
    assert ran.verdict == "pass"
    summary = orjson.loads((ran.directory / SUMMARY).read_bytes())
    called = [(each["entry"], each["t_ns"], each["verb"], each["error"]) for each in summary["calls"]]
    assert called == [
        ("failover", 10 * S, "AssociateAddress", None),
        ("gone", 10 * S, "DeleteRoute", "InvalidRoute.NotFound"),
    ]
    assert summary["calls"][0]["what"] == "instance: web-b, public_ip: 198.18.0.10"
    assert "after failover" in summary["probes"]["shop"]["windows"]
    events = [orjson.loads(line) for line in (ran.directory / EVENTS).read_bytes().splitlines()]
    api = [(each["verb"], each["error"]) for each in events if each["event"] == "api_called"]
    assert api == [("AssociateAddress", None), ("DeleteRoute", "InvalidRoute.NotFound")]
    assert [called.entry.name for called in ran.refused] == ["gone"]


def test_later_calls_know_what_earlier_ones_made(files: Path) -> None:
    made = """
timeline:
  use: {after: make, action: ec2:ReplaceRouteTableAssociation, subnet: public-b, route_table: detour}
  make: {at: 2 s, action: ec2:CreateRouteTable, vpc: shop, name: detour}
"""
    loaded = load_scenario(scenario(files, made))
    assert loaded.warnings == ()
    unknown = made.replace("after: make", "at: 1 s")
    assert said(files, unknown) == [
        "story.yaml:7:91: InvalidRouteTableID.NotFound: no route table 'detour'; there are main, public"
    ]


WRONG = [
    ("{at: 1 s, action: ec2:AssociateAdress, instance: web-b}", "6:24: no verb 'AssociateAdress'; there are"),
    ("{at: 1 s, action: ec2:AssociateAddress, instnce: web-b}", "6:3: AssociateAddress x lacks instance"),
    ("{at: 1 s, action: ec2:AllocateAddress, pubic_ip: 198.18.0.9}", "6:45: AllocateAddress has no 'pubic_ip'. Did you mean public_ip?"),
    ("{at: 1 s, action: ec2:AssociateAddress}", "6:3: AssociateAddress x lacks instance"),
    ("{at: 1 s, action: ec2:AssociateAddress, instance: web}", "6:56: InvalidInstanceID.NotFound: no instance 'web'; there are web-a, web-b. Did you mean web-b?"),
    ("{at: 1 s, duration: 2 s, action: ec2:AssociateAddress, instance: web-a}", "6:16: AssociateAddress is done in a moment; leave duration out; another entry can take it back"),
    ("{action: ec2:AssociateAddress, instance: web-a}", "6:3: timeline entry x lacks at; write at: 1 min"),
    ("{at: 1 s, action: ec2:AssociateAddress, instance: web-a, loss: 3 %}", "6:63: AssociateAddress has no 'loss'; it has instance, public_ip, private_ip_address, allow_reassociation"),
    ("{at: 1 s, action: ec2:AssociateAddress, instance: [web-a]}", "6:56: instance needs one value, not a list"),
    ("{at: 1 s, action: 'ec2:', instance: web-a}", "6:24: no verb ''; there are"),
    ("{at: 1 s, action: ec3:AssociateAddress, target: web-a}", "6:24: ec3:AssociateAddress is not simulated yet; there are power-off, link-down, impair and EC2's verbs, like ec2:ReplaceRoute"),
]  # fmt: skip


@pytest.mark.parametrize("entry, wrong", WRONG)
def test_what_is_wrong_is_told_when_the_file_is_read(files: Path, entry: str, wrong: str) -> None:
    told = said(files, f"timeline:\n  x: {entry}\n")
    assert told[0].startswith(f"story.yaml:{wrong}")


def test_a_moment_is_no_window(files: Path) -> None:
    text = "timeline: {x: {at: 1 s, action: ec2:AllocateAddress}}\nexpect: shop.loss == 0 % during x\n"
    assert said(files, text) == ["story.yaml:6:33: x takes no time; write before x or after x"]


def test_an_instance_that_is_run_later_can_take_over(files: Path, tmp_path: Path) -> None:
    text = """
timeline:
  outage: {at: 5 s, action: power-off, target: zone a}
  spare: {at: 8 s, action: ec2:RunInstances, name: spare, subnet: public-b, security_groups: web, boot: 2 s}
  takeover: {after: spare, action: ec2:AssociateAddress, instance: spare, public_ip: 198.18.0.10}
expect: [shop.rto <= 5.2 s]
"""
    loaded = load_scenario(scenario(files, text))
    assert loaded.warnings == ()
    ran = run(loaded, 7, tmp_path / "run", lambda *_: None)
    assert (ran.verdict, ran.refused) == ("pass", ())
