"""From a file to a scenario: probes, timeline, expectations."""

import hashlib

import pytest

from dcsim.problem import Mark
from dcsim.scenario.expectation import Expectation, Window
from dcsim.scenario.load import kind_of, load_scenario
from dcsim.scenario.scenario import Entry, GuestRef, HostOf, Impair, LinkDown, Place, PowerOff, Probe
from dcsim.topology.load import load
from dcsim.topology.plan import Impairment, Link

from .desk import Desk

NOWHERE = Mark("", 1, 1, 2)
S = 1_000_000_000
MIN = 60 * S


def test_az_outage() -> None:
    scenario = load_scenario("az-outage.yaml")
    assert scenario.name == "az-outage"
    assert scenario.topology == load("two-az.yaml")
    assert (scenario.duration_ns, scenario.seed, scenario.capture, scenario.warnings) == (3 * MIN, 7, "links", ())
    left, right = GuestRef("main", "left"), GuestRef("main", "right")
    assert scenario.probes == (Probe("across", left, right, S // 10, S, 56, mark=NOWHERE),)
    assert scenario.timeline == (Entry("outage", MIN, 2 * MIN, PowerOff(Place("zone", "b")), mark=NOWHERE),)
    before, during = Window("before", "outage"), Window("during", "outage")
    texts = [
        "across.loss == 0 % before outage",
        "across.loss == 100 % during outage",
        "across.rto <= 90 s",
    ]
    assert scenario.expectations == (
        Expectation("across", "loss", "==", 0, "ppb", before, None, texts[0], mark=NOWHERE),
        Expectation("across", "loss", "==", 1_000_000_000, "ppb", during, None, texts[1], mark=NOWHERE),
        Expectation("across", "rto", "<=", 90 * S, "ns", None, None, texts[2], mark=NOWHERE),
    )
    assert str(scenario.expectations[2].mark).endswith("az-outage.yaml:16:5")
    assert [file.path.rpartition("/")[2] for file in scenario.files] == ["az-outage.yaml", "two-az.yaml"]
    digest = hashlib.sha256(scenario.files[1].data).hexdigest()
    assert digest == hashlib.sha256(load("two-az.yaml").files[0].data).hexdigest()


def test_every_action_and_every_place(desk: Desk) -> None:
    scenario = desk.scenario("""\
        timeline:
          zone: {at: 0 s, duration: 1 s, action: power-off, target: zone a}
          hall: {at: 1 s, duration: 1 s, action: power-off, target: datacenter a/d1}
          feed: {at: 1 s, duration: 1 s, action: power-off, target: power domain a/p1}
          rack: {at: 1 s, duration: 1 s, action: power-off, target: rack b/r2}
          host: {at: 1 s, duration: 1 s, action: power-off, target: host b/r2/h4}
          mine: {at: 1 s, duration: 1 s, action: power-off, target: host of left}
          cut: {at: 2.5 s, action: link-down, target: a <-> b}
          slow: {at: 1 min, action: impair, target: b -> a, loss: 15 %, delay: 3 ms}
          calm: {after: slow-end, duration: 30 s}
          slow-end: {at: 10 s, duration: 5 s}
        """)
    actions = [entry.action for entry in scenario.timeline]
    assert actions == [
        PowerOff(Place("zone", "a")),
        PowerOff(Place("datacenter", "a/d1")),
        PowerOff(Place("power domain", "a/p1")),
        PowerOff(Place("rack", "b/r2")),
        PowerOff(Place("host", "b/r2/h4")),
        PowerOff(HostOf(GuestRef("main", "left"))),
        LinkDown(Link("a", "b", True)),
        Impair(Link("b", "a", False), Impairment(loss_ppb=150_000_000, delay_ns=3_000_000)),
        None,
        None,
    ]
    spans = {entry.name: (entry.start_ns, entry.end_ns) for entry in scenario.timeline}
    assert spans["zone"] == (0, S)
    assert spans["cut"] == (2_500_000_000, 3 * MIN)
    assert spans["calm"] == (15 * S, 45 * S)
    places = [str(action.target) for action in actions if isinstance(action, PowerOff)]
    assert places[2:] == ["power domain a/p1", "rack b/r2", "host b/r2/h4", "host of left"]


def test_what_is_cut_short_by_the_end_is_warned_of(desk: Desk) -> None:
    scenario = desk.scenario("timeline: {outage: {at: 2 min, duration: 90 s, action: power-off, target: zone b}}")
    assert scenario.timeline[0].end_ns == 3 * MIN
    assert [str(warning) for warning in scenario.warnings] == [
        "s.yaml:4:42: outage ends at 210 s; the run ends at 3 min (warning)"
    ]


def test_defaults_keep_files_short(desk: Desk) -> None:
    scenario = desk.scenario("probes: {across: {ping: right, from: left}}")
    probe = scenario.probes[0]
    assert (scenario.seed, scenario.capture) == (0, "probes")
    assert (probe.every_ns, probe.timeout_ns, probe.size_bytes) == (S, S, 56)


def test_the_topology_lies_beside_the_scenario_or_ships(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("two-az.yaml", "version: 1\nregion: mine\nzones: a\n")
    assert desk.scenario("").topology.region == "mine"
    monkeypatch.chdir("..")
    scenario = load_scenario(f"{desk.path.name}/s.yaml")
    assert scenario.topology.region == "mine"
    assert scenario.topology.files[0].path == f"{desk.path.name}/two-az.yaml"


def test_guests_of_the_same_name_are_told_apart_by_their_vpc(desk: Desk) -> None:
    guests = "{x: {subnet: n}, y: {subnet: n}}"
    vpc = f"{{cidr_block: 10.0.0.0/16, subnets: {{n: {{cidr_block: 10.0.0.0/24}}}}, instances: {guests}}}"
    desk.write("two-az.yaml", f"version: 1\nregion: r\nzones: a\nvpcs: {{v: {vpc}, w: {vpc}}}\n")
    assert desk.scenario("probes: {p: {ping: w/x, from: v/y}}").probes[0].target == GuestRef("w", "x")
    assert desk.said_of("probes: {p: {ping: x, from: v/y}}") == (
        "s.yaml:4:20: x is in several VPCs: v/x, w/x. Name one of these\n"
        " 4 | probes: {p: {ping: x, from: v/y}}\n"
        "   |                    ^"
    )


def test_files_say_what_they_are(desk: Desk) -> None:
    assert kind_of("az-outage.yaml") == "scenario"
    assert kind_of("two-az.yaml") == "topology"
    assert kind_of(desk.write("x.yaml", "[]")) == "topology"
