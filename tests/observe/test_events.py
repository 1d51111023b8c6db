"""events.jsonl: a line an event, in order, equal for equal runs."""

import json
from io import BytesIO

import pytest

from dcsim.observe.event import Event, GuestSaid, PowerChanged, ProbeStateChanged, RoutingChanged
from dcsim.observe.events import EventLog
from netvirt.address import Ns

from .story import scenario, tell


def logged(*events: tuple[int, Event]) -> bytes:
    file = BytesIO()
    log = EventLog(file)
    for now, event in events:
        log(Ns(now), event)
    assert log.count == len(events)
    return file.getvalue()


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (GuestSaid("left", 'hello "you"'), rb'{"t_ns":5,"event":"guest_said","guest":"left","line":"hello \"you\""}'),
        (
            PowerChanged("b/r1/h1", False, ("right",)),
            b'{"t_ns":5,"event":"power_changed","host":"b/r1/h1","up":false,"guests":["right"]}',
        ),
        (
            RoutingChanged("core-a", "stops using zone b"),
            b'{"t_ns":5,"event":"routing_changed","switch":"core-a","change":"stops using zone b"}',
        ),
        (
            ProbeStateChanged("across", True),
            b'{"t_ns":5,"event":"probe_state_changed","probe":"across","answered":true}',
        ),
    ],
)
def test_a_record_is_a_line(event: Event, line: bytes) -> None:
    assert logged((5, event)) == line + b"\n"


def test_what_is_no_text_is_noted_all_the_same() -> None:
    event = PowerChanged("h\udc00", False, ("caf\udce9",))
    assert json.loads(logged((0, event))) == {
        "t_ns": 0,
        "event": "power_changed",
        "host": "h?",
        "up": False,
        "guests": ["caf?"],
    }


def test_a_run_tells_its_story_in_order() -> None:
    told = tell(scenario(), None)
    events = [json.loads(line) for line in told.events.splitlines()]
    times = [event["t_ns"] for event in events]
    assert times == sorted(times)
    story = [event["event"] for event in events if event["event"] in ("action_began", "power_changed", "action_ended")]
    assert story == ["action_began", "power_changed", "power_changed", "power_changed", "power_changed", "action_ended"]
    assert tell(scenario(), None).events == told.events
