"""What is saved is valid, and does the same again."""

from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.observe.event import Event, PowerChanged, RoutingChanged
from dcsim.scenario.load import load_scenario
from dcsim.scenario.play import stage
from dcsim.shell.session import Session
from dcsim.world import World

from .seat import IDLE, TWO_AZ, refused, say, sit

NS = 1_000_000_000


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def timeline(path: str = "story.yaml") -> list[str]:
    lines = Path(path).read_text("utf-8").splitlines()
    return [line.strip() for line in lines[lines.index("timeline:") + 1 :]] if "timeline:" in lines else []


def test_save_check_run() -> None:
    session = sit()
    say(session, "sleep 5 s", "zone b power-off", "sleep 10 s", "zone b power-on", "sleep 5 s", "save story.yaml")
    assert timeline() == ["off-zone-b: {at: 5 s, duration: 10 s, action: power-off, target: zone b}"]
    checked = CliRunner().invoke(app, ["check", "story.yaml"])
    assert (checked.exit_code, checked.stderr) == (0, "")
    ran = CliRunner().invoke(app, ["run", "story.yaml", "--quiet", "--out", "run"])
    assert ran.exit_code == 0, ran.output
    assert b'"off-zone-b"' in Path("run/events.jsonl").read_bytes()


def test_directions_that_part_ways_are_two_entries() -> None:
    session = sit()
    say(session, "link a <-> b down", "sleep 1 s", "link b -> a up", "sleep 1 s", "link a -> b up", "sleep 1 s")
    say(session, "save story.yaml")
    assert timeline() == [
        "cut-a-b: {at: 0 s, duration: 2 s, action: link-down, target: a -> b}",
        "cut-a-b-back: {at: 0 s, duration: 1 s, action: link-down, target: b -> a}",
    ]


def test_what_is_done_again_has_a_name_of_its_own() -> None:
    session = sit()
    for _ in range(2):
        say(session, "link a -> b loss 12.5 % rate 1.5 Gbit limit 100 jitter 1.5 us", "sleep 1 s", "link a -> b clear")
    say(session, "host of left power-off", "save story.yaml")
    imposed = "action: impair, target: a -> b, rate: 1.5 Gbit, jitter: 1.5 us, loss: 12.5 %, limit: 151.4 KB"
    assert timeline() == [
        f"impair-a-b: {{at: 0 s, duration: 1 s, {imposed}}}",
        f"impair-a-b-2: {{at: 1 s, duration: 1 s, {imposed}}}",
        "off-host-of-left: {at: 2 s, action: power-off, target: host of left}",
    ]
    assert load_scenario("story.yaml").duration_ns == 3 * NS


def test_nothing_done_is_a_scenario_too() -> None:
    say(sit(seed=9), "save story.yaml")
    scenario = load_scenario("story.yaml")
    assert (scenario.duration_ns, scenario.seed, scenario.timeline) == (NS, 9, ())


def test_the_topology_is_found_from_where_the_story_stands() -> None:
    Path("my topologies").mkdir()
    Path("my topologies/net, two.yaml").write_text(IDLE, "utf-8")
    Path("stories").mkdir()
    say(sit(Path("my topologies/net, two.yaml")), "save stories/s.yaml")
    assert load_scenario("stories/s.yaml").topology.name == "net, two"


def test_a_shipped_topology_is_named_alone_unless_another_has_its_name() -> None:
    say(sit(), "save story.yaml")
    assert "topology: two-az.yaml\n" in Path("story.yaml").read_text("utf-8")
    Path("two-az.yaml").write_text(IDLE, "utf-8")
    say(sit(), "save story.yaml")
    assert load_scenario("story.yaml").topology.zones == ("a", "b")


def test_only_a_story_is_written_over() -> None:
    Path("mine.yaml").write_text("version: 1\n", "utf-8")
    session = sit()
    assert refused(session, "save mine.yaml") == "'mine.yaml' is there already; choose another name"
    assert refused(session, f"save {TWO_AZ}").endswith("is there already; choose another name")
    assert refused(session, "save no/where.yaml") == "cannot write 'no/where.yaml': no such file or directory"
    assert refused(session, "save .").startswith("cannot write '.': ")
    assert refused(session, "save a\0b").startswith("cannot write ")
    say(session, "save story.yaml", "zone b power-off", "save story.yaml")
    assert len(timeline()) == 1


def test_what_took_no_time_is_the_shortest_there_is() -> None:
    session = sit()
    say(session, "sleep 1 s", "link a -> b down", "link a -> b up", "sleep 1 s", "save story.yaml")
    assert timeline() == ["cut-a-b: {at: 1 s, duration: 1 ns, action: link-down, target: a -> b}"]
    load_scenario("story.yaml")


def test_guests_with_namesakes_are_named_with_their_vpc() -> None:
    text = "version: 1\nregion: eu-west-1\nzones: [a]\nvpcs:\n"
    for number, name in enumerate(("m", "n")):
        text += f"  {name}:\n    cidr_block: 10.{number}.0.0/16\n    instances: {{web: {{subnet: s}}}}\n"
        text += f"    subnets: {{s: {{availability_zone: a, cidr_block: 10.{number}.1.0/24}}}}\n"
    Path("two.yaml").write_text(text, "utf-8")
    say(sit(Path("two.yaml")), "host of n/web power-off", "save story.yaml")
    assert timeline() == ["off-host-of-web: {at: 0 s, action: power-off, target: host of n/web}"]
    load_scenario("story.yaml")


# Whatever is done


ENDS = ("a <-> b", "b <-> c", "a -> c", "c -> b", "a/r1 <-> spine-a1", "b/r1/h1 -> b/r1/tor", "spine-c2 -> core-c")
PLACES = ("zone a", "zone b", "rack a/r1", "rack c/r1", "host b/r1/h1", "host of x-a", "host x-c")
VERBS = ("down", "up", "down", "up", "clear", "loss 20 %", "delay 3 ms jitter 50 us", "rate 1 Gbit", "duplicate 5 %")


def a_deed(random: Random) -> str:
    match random.randrange(4):
        case 0:
            return f"link {random.choice(ENDS)} {random.choice(VERBS)}"
        case 1:
            return f"{random.choice(PLACES)} power-{random.choice(('off', 'off', 'on'))}"
        case 2:
            return random.choice(("ping -c2 x-a x-b", "ping -c1 x-b x-c", "pingall"))
        case _:
            return f"sleep {random.choice(('1 ns', '70 ms', '1.5 s', '3 s'))}"


class Notes:
    """When power and routing changed."""

    def __init__(self, world: World) -> None:
        self.seen: list[tuple[int, Event]] = []
        world.listeners.append(self._note)

    def _note(self, now: int, event: Event) -> None:
        if isinstance(event, PowerChanged | RoutingChanged):
            self.seen.append((now, event))


def happened(session: Session, lines: list[str]) -> list[tuple[int, Event]]:
    notes = Notes(session.world)
    say(session, *lines)
    return notes.seen


@pytest.mark.parametrize("seed", range(25))
def test_a_saved_session_happens_again(seed: int) -> None:
    Path("idle.yaml").write_text(IDLE, "utf-8")
    random = Random(seed)
    lines = [a_deed(random) for _ in range(random.randint(3, 25))]
    session = sit(Path("idle.yaml"))
    # Nothing takes no time: a timeline has no shorter than 1 ns.
    seen = happened(session, [each for line in lines for each in (line, "sleep 1 ms")])
    say(session, "save story.yaml")
    assert load_scenario("story.yaml").warnings == ()
    play = stage(load_scenario("story.yaml"), 0)
    notes = Notes(play.world)
    play.run(lambda now, what: None)
    # Who asks and who does not makes no difference to power, and to what switches believe.
    until = session.world.clock.now
    assert [each for each in notes.seen if each[0] < until] == [each for each in seen if each[0] < until]
