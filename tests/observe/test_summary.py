"""summary.json: the keys of the contract, integers, and the figures of the run itself."""

import json
from dataclasses import replace
from typing import Any

import pytest

from dcsim.observe.summary import Result, place_of, summary, written
from dcsim.observe.verdict import judge, verdict, windows_of
from dcsim.problem import Mark
from dcsim.scenario.expectation import parse_sentence

from .story import SCENARIO, TOPOLOGY, Told, scenario, tell

S = 1_000_000_000
AGENTS = TOPOLOGY.replace("right: {subnet: net-b, security_groups: friends}", "right: {subnet: net-b, image: agent}")


def summed_up(told: Told) -> dict[str, Any]:
    story = told.play.scenario
    judged = [judge(each, told.records, story.timeline, story.duration_ns) for each in story.expectations]
    result = Result(
        inputs_sha256="3f9a1c",
        simulated_ns=story.duration_ns,
        events=told.events.count(b"\n"),
        verdict=verdict(judged),
        judged=judged,
        timeline=story.timeline,
        probes=list(told.records.values()),
        targets={"outage": ["right", "left"]},
    )
    whole: dict[str, Any] = json.loads(written(summary(told.play.world, result)))
    return whole


@pytest.fixture(scope="module")
def told() -> Told:
    return tell(scenario(), "probes")


@pytest.fixture(scope="module")
def whole(told: Told) -> dict[str, Any]:
    return summed_up(told)


def test_the_keys_are_the_contract(whole: dict[str, Any]) -> None:
    assert list(whole) == [
        "format",
        "dcsim",
        "seed",
        "inputs_sha256",
        "simulated_ns",
        "events",
        "verdict",
        "expectations",
        "windows",
        "calls",
        "probes",
        "stores",
        "drops",
        "links",
        "guests",
    ]
    assert [list(each) for each in whole["expectations"]] == [["text", "at", "holds", "measured", "unit"]] * 3
    (window,) = whole["windows"].values()
    assert list(window) == [
        "start_ns",
        "end_ns",
        "targets",
        "mttd_ns",
        "mttr_ns",
        "detected_by",
        "blast_radius_ppm",
    ]
    figures = ["sent", "lost", "availability_ppm", "p50_ns", "p99_ns", "max_ns"]
    across = whole["probes"]["across"]
    assert list(across) == ["windows", "rto_ns"]
    assert {tuple(each) for each in across["windows"].values()} == {tuple(figures)}
    assert {tuple(each) for each in whole["drops"]} == {("place", "reason", "packets", "bytes")}
    assert {tuple(each) for each in whole["links"].values()} == {("tx_bytes", "queue_max_bytes", "lost_packets")}
    assert {tuple(each) for each in whole["guests"].values()} == {("cpu_ns", "instructions", "exits", "boots")}


def test_there_is_no_number_but_integers(whole: dict[str, Any]) -> None:
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for inner in value.values() for leaf in leaves(inner)]
        return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]

    assert not [leaf for leaf in leaves(whole) if isinstance(leaf, float)]


def test_an_outage_in_figures(whole: dict[str, Any]) -> None:
    across = whole["probes"]["across"]
    assert list(across["windows"]) == ["run", "before outage", "during outage", "after outage"]
    sent = {name: figures["sent"] for name, figures in across["windows"].items()}
    assert sent == {"run": 120, "before outage": 40, "during outage": 30, "after outage": 50}
    during = across["windows"]["during outage"]
    assert during == {
        "sent": 30,
        "lost": 30,
        "availability_ppm": 0,
        "p50_ns": None,
        "p99_ns": None,
        "max_ns": None,
    }
    assert across["rto_ns"] is None, "5 s without loss is all that the run has left"
    assert whole["verdict"] == "fail"
    assert [each["holds"] for each in whole["expectations"]] == [True, True, False]
    assert whole["expectations"][0]["at"] == "story.yaml:10", "directories differ, summaries do not"
    assert whole["windows"]["outage"]["targets"] == ["left", "right"]


def test_every_lost_packet_is_accounted_for(told: Told, whole: dict[str, Any]) -> None:
    assert sum(each["packets"] for each in whole["drops"]) == told.play.world.ledger.dropped > 0
    places = [(each["place"], each["reason"]) for each in whole["drops"]]
    assert places == sorted(places)


def test_links_that_carried_something_are_there(whole: dict[str, Any]) -> None:
    assert whole["links"]["core-a -> core-b"]["tx_bytes"] > 0
    assert all(link["tx_bytes"] or link["lost_packets"] for link in whole["links"].values())


def test_idle_guests_execute_nothing_and_machines_do() -> None:
    guests = summed_up(tell(scenario(SCENARIO, AGENTS), None))["guests"]
    assert guests["left"] == {"cpu_ns": 0, "instructions": 0, "exits": {}, "boots": 1}
    right = guests["right"]
    assert right["boots"] == 2 and right["instructions"] > 1_000 and right["cpu_ns"] > 0
    assert right["exits"]["halt"] > 0 and list(right["exits"]) == sorted(right["exits"])


def test_equal_runs_are_summed_up_in_equal_bytes() -> None:
    assert summed_up(tell(scenario(), None)) == summed_up(tell(scenario(), "all"))


def test_windows_without_time_are_left_out() -> None:
    entry = scenario().timeline[0]
    whole_run = replace(entry, start_ns=0, end_ns=12 * S)
    assert list(windows_of([whole_run], 12 * S)) == ["run", "during outage"]


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("across.sent >= 1", 120),
        ("across.sent >= 1 before outage", 40),
        ("across.loss == 100 % during outage", 1_000_000_000),
        ("across.p99 <= 1 ms during outage", None),
        ("across.rto <= 1 s", None),
    ],
)
def test_expectations_are_measured_in_their_window(told: Told, text: str, measured: int | None) -> None:
    story = told.play.scenario
    judged = judge(parse_sentence(text).at(Mark("s.yaml", 1, 1, 2)), told.records, story.timeline, story.duration_ns)
    assert judged.measured == measured


def test_a_run_that_expects_nothing_passes() -> None:
    assert verdict([]) == "pass"


def test_a_place_is_a_file_and_a_line() -> None:
    assert place_of(Mark("/home/me/stories/s.yaml", 3, 1, 2)) == "s.yaml:3"
