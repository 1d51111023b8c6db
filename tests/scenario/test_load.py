"""From a file to a scenario: probes, timeline, expectations."""

import hashlib

import pytest

from dcsim.faults.fault import Fault
from dcsim.observe import probe
from dcsim.problem import Mark
from dcsim.scenario.doubts import STEADY_NS
from dcsim.scenario.expectation import Expectation, Window
from dcsim.scenario.load import kind_of, load_scenario
from dcsim.scenario.play import stage
from dcsim.scenario.scenario import (
    Crossing,
    Disturbance,
    Entry,
    GuestRef,
    HostOf,
    Impair,
    LinkDown,
    Place,
    PowerOff,
    Probe,
)
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


def test_links_into_and_out_of_a_place_are_targets(desk: Desk) -> None:
    scenario = desk.scenario("""\
        timeline:
          gray: {at: 1 s, action: impair, target: links into  zone b, loss: 15 %, delay: 5 ms}
          cut: {at: 1 s, duration: 1 s, action: link-down, target: links out of rack b/r1}
          one: {at: 1 s, action: link-down, target: core-a -> spine-a1}
        """)
    impairment = Impairment(loss_ppb=150_000_000, delay_ns=5_000_000)
    assert [entry.action for entry in scenario.timeline] == [
        Impair(Crossing(True, "zone b"), impairment),
        LinkDown(Crossing(False, "rack b/r1")),
        LinkDown(Link("core-a", "spine-a1", False)),
    ]
    play = stage(scenario, 0)
    assert play.targets["gray"] == ["core-b -> spine-b1", "core-b -> spine-b2"]
    assert play.targets["cut"] == ["b/r1/tor -> spine-b1", "b/r1/tor -> spine-b2"]
    disturbed = [(entry, entry.action) for entry in scenario.timeline if isinstance(entry.action, Disturbance)]
    texts = [Fault(play.world, entry.name, action, entry.mark).text for entry, action in disturbed]
    assert texts == [
        "links into zone b loss 15 %, delay 5 ms",
        "links out of rack b/r1 down",
        "core-a -> spine-a1 down",
    ]


PROBES = "probes: {p: {ping: right, from: left}, q: {ping: left, from: right}}\n"


def warnings(desk: Desk, text: str) -> list[str]:
    return [str(warning) for warning in desk.scenario(PROBES + text).warnings]


def test_an_rto_that_nobody_can_know_is_warned_of(desk: Desk) -> None:
    outage = "timeline: {outage: {at: 1 min, DURATION action: link-down, target: a <-> b}}\nexpect: p.rto <= 9 s\n"
    assert warnings(desk, outage.replace("DURATION", "duration: 111 s,")) == [
        "s.yaml:6:9: p.rto waits for 10 s without loss; the run ends 9 s after outage ends (warning). "
        "Write duration: 181 s, or more"
    ]
    assert warnings(desk, outage.replace("DURATION", "duration: 110 s,")) == []
    assert warnings(desk, outage.replace("DURATION", "")) == []
    assert warnings(desk, outage.replace("1 min, DURATION", "171 s,")) == [
        "s.yaml:6:9: p.rto waits for 10 s without loss; the run ends 9 s after outage begins (warning). "
        "Write duration: 181 s, or more"
    ]
    assert STEADY_NS == probe.STEADY_NS


@pytest.mark.parametrize("target", ["zone b", "host of right", "rack b/r1", "host b/r1/h1", "datacenter b/d1"])
def test_a_guest_without_power_that_should_ask_is_warned_of(desk: Desk, target: str) -> None:
    outage = f"timeline: {{outage: {{at: 1 min, duration: 1 min, action: power-off, target: {target}}}}}\n"
    said = "q is asked by right, which is without power during outage (warning). Let a guest elsewhere ask"
    during = outage + "expect: [p.loss == 0 % during outage, q.loss == 0 % during outage, q.p99 < 1 s during outage]\n"
    assert warnings(desk, during) == [f"s.yaml:6:39: {said}"]
    assert warnings(desk, outage + "expect: q.rto < 90 s\n") == [f"s.yaml:6:9: {said}"]
    assert warnings(desk, outage + "expect: [q.loss == 0 % before outage, q.loss == 0 % after outage]\n") == []


def test_a_guest_beside_the_outage_may_ask(desk: Desk) -> None:
    outage = "timeline: {outage: {at: 1 min, duration: 1 min, action: power-off, target: rack b/r2}}\n"
    assert warnings(desk, outage + "expect: q.loss == 0 % during outage\n") == []


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
