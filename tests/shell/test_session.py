"""What happens in the world when somebody types."""

from pathlib import Path

import pytest

from dcsim.shell.commands import PingAll
from dcsim.shell.interpret import execute
from dcsim.shell.session import Interrupted

from .seat import IDLE, refused, say, sit

SECOND = 1_000_000_000


def test_time_passes_only_while_a_command_needs_it() -> None:
    session = sit()
    say(session, "nodes", "links", "left", "drops", "console left", "seed", "time", "help", "link a <-> b down")
    assert session.world.clock.now == 0
    say(session, "link a <-> b up", "left ping -c1 right")
    assert 1_000_000 < session.world.clock.now < 2_000_000
    before = session.world.clock.now
    say(session, "sleep 10 s")
    assert session.world.clock.now == before + 10 * SECOND


def test_pings_are_a_second_apart_and_end_with_the_last_answer() -> None:
    session = sit()
    assert say(session, "left ping -c3 right", "ping -c 3 left right") == [
        "3 received, 1.067 ms to 1.09 ms",
        "3 received, 1.067 ms",
    ]
    assert 4 * SECOND < session.world.clock.now < 4 * SECOND + 4_000_000


def test_a_ping_across_a_cut_link_waits_out_its_timeout() -> None:
    session = sit()
    assert say(session, "link a <-> b down", "left ping -c2 right") == ["0 of 2 received"]
    assert 2 * SECOND < session.world.clock.now < 2 * SECOND + 4_000_000


def test_a_link_that_is_cut_one_way_comes_back_one_way() -> None:
    session = sit()
    assert say(session, "link a <-> b down", "link a -> b up", "link a -> b up") == ["a -> b was not taken down"]
    there, back = session.world.fabric.links("a <-> b")
    assert (there.up, back.up) == (True, False)
    assert say(session, "link a <-> b down", "link a <-> b down") == ["a <-> b is down already"]
    say(session, "link a <-> b up")
    assert (there.up, back.up) == (True, True)


def test_what_is_imposed_on_a_link_lies_on_top_until_it_is_cleared() -> None:
    session = sit()
    say(session, "link a -> b loss 10 %", "link a -> b delay 2 ms loss 20 %")
    assert say(session, "links")[:2] == [
        "a -> b                up  100 Gbit  2.5 ms  loss 28 %",
        "b -> a                up  100 Gbit  500 us",
    ]
    assert say(session, "link a -> b clear", "link a <-> b clear") == ["a <-> b was not impaired"]
    assert say(session, "links")[0] == "a <-> b               up  100 Gbit  500 us"


def test_a_zone_without_power_answers_nothing_and_boots_when_power_comes() -> None:
    session = sit()
    assert say(session, "zone b power-off", "zone b power-off") == ["zone b is switched off already"]
    assert say(session, "right")[0] == "guest   right, no power"
    assert say(session, "right ping left") == ["0 of 4 received: right has no power"]
    assert say(session, "left ping -c1 right", "pingall") == [
        "0 of 1 received",
        "left -> X   right -> X                 2 of 2 lost",
    ]
    assert say(session, "zone b power-on", "right") == [
        "guest   right, booting",
        "address 10.0.2.4 in net-b, eu-west-1b",
        "groups  friends",
        "host    b/r1/h1",
    ]
    before = session.world.clock.now
    assert say(session, "right ping -c1 left")[0].startswith("1 received")
    assert session.world.clock.now - before > SECOND, "it boots first"
    assert say(session, "zone b power-on") == ["zone b was not switched off"]


def test_a_host_goes_down_by_its_own_name_or_its_guests() -> None:
    session = sit()
    say(session, "host of right power-off")
    assert not session.world["right"].host.up
    assert say(session, "host b/r1/h1 power-off", "host right power-on", "rack b/r1 power-off") == [
        "host b/r1/h1 is switched off already"
    ]
    assert not session.world["right"].host.up
    say(session, "rack b/r1 power-on")
    assert session.world["right"].host.up


def test_overlapping_faults_end_one_by_one() -> None:
    session = sit()
    say(session, "zone b power-off", "rack b/r1 power-off", "zone b power-on")
    assert not session.world["right"].host.up
    say(session, "rack b/r1 power-on")
    assert session.world["right"].host.up


def test_everybody_asks_everybody(tmp_path: Path) -> None:
    (tmp_path / "idle.yaml").write_text(IDLE, "utf-8")
    session = sit(tmp_path / "idle.yaml")
    say(session, "link a <-> b down", "sleep 1 s", "rack c/r1 power-off")
    assert say(session, "pingall") == ["x-a -> x-b X", "x-b -> x-a X", "x-c -> X   X", "4 of 6 lost"]


def test_after_convergence_packets_take_the_way_round(tmp_path: Path) -> None:
    (tmp_path / "idle.yaml").write_text(IDLE, "utf-8")
    session = sit(tmp_path / "idle.yaml")
    say(session, "link a <-> b down")
    assert say(session, "ping -c1 x-a x-b") == ["0 of 1 received"]
    assert say(session, "ping -c1 x-a x-b")[0].startswith("1 received, 2.0")


def test_sniffing_tells_what_a_guest_sends_and_gets_while_time_passes() -> None:
    session = sit()
    told = say(session, "sniff left", "left ping -c1 right", "sniff off", "left ping -c1 right")
    pings = [line for line in told if "ICMP" in line]
    assert [line.split(" ", 2)[2] for line in pings] == [
        "left sends Ether / IP / ICMP 10.0.1.4 > 10.0.2.4 echo-request 0 / Raw",
        "left gets Ether / IP / ICMP 10.0.2.4 > 10.0.1.4 echo-reply 0 / Raw",
    ]
    assert pings[0].startswith("0.000")
    assert told[-2:] == ["1 received, 1.09 ms", "1 received, 1.067 ms"]


def test_sniffing_stops_after_so_many_frames() -> None:
    session = sit()
    told = say(session, "sniff right 3", "left ping -c4 right", "left ping -c4 right")
    assert sum(" right " in line for line in told) == 3
    assert session.world["right"].nic.taps == ()


def test_sniffing_changes_nothing() -> None:
    quiet, loud = sit(), sit()
    lines = ["link a -> b loss 30 %", "left ping -c20 right", "console left"]
    told = say(loud, "sniff left", "sniff right", *lines)
    assert [line for line in told if "Ether" not in line] == say(quiet, *lines)


def test_drops_and_consoles_tell_what_was() -> None:
    session = sit()
    assert say(session, "drops", "console left") == ["no drops", "left wrote nothing yet"]
    say(session, "link a -> b down", "left ping -c1 right")
    assert say(session, "drops") == [
        "place             reason     packets",
        "core-a -> core-b  link down  1",
    ]
    written = [line.split(" s ")[1] for line in say(session, "console left")]
    assert written[0] == "ready 10.0.1.4"
    assert written[1].startswith("r 1 1 ") and written[1].endswith(" -")


def test_a_trace_is_that_of_this_moment() -> None:
    session = sit()
    assert "9 right        DELIVERED after 530.4 us" in say(session, "trace left right icmp")
    say(session, "link a <-> b down")
    assert any("BLOCKED link down" in line for line in say(session, "trace left right icmp"))


def test_inspect_is_that_of_the_command_line() -> None:
    session = sit()
    assert say(session, "inspect net-b")[0] == "subnet  net-b 10.0.2.0/24 in eu-west-1b, 250 addresses free"
    assert refused(session, "inspect net-x") == "nothing is called 'net-x'. Did you mean net-b?"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lft", "no command or guest 'lft'. Did you mean left?"),
        ("nods", "no command or guest 'nods'. Did you mean nodes?"),
        ("xyz", "no command or guest 'xyz'; help lists the commands, nodes the guests"),
        ("lft ping right", "no guest 'lft'; there are left, right. Did you mean left?"),
        ("left ping rihgt", "no guest 'rihgt'; there are left, right. Did you mean right?"),
        ("left ping left", "left would ask itself; name another guest"),
        ("left ping 10.0.2.400", "'10.0.2.400' is not an IPv4 address; write it like 10.0.0.4"),
        ("link a <-> c down", "no place is called 'c'; the zones are a, b"),
        ("link a/r1/h1 <-> b/r1/h1 down", "no wire runs between a/r1/h1 and b/r1/h1; a/r1/h1 is wired to a/r1/tor"),
        ("zone c power-off", "no place is called 'c'; the zones are a, b"),
        ("rack b/r9 power-off", "zone b has no rack 9; it has b/r1 to b/r2"),
        ("zone b/r1 power-off", "b/r1 is a rack, not a zone; write b/r1"),
        ("host of lft power-off", "no guest 'lft'; there are left, right. Did you mean left?"),
        ("console lft", "no guest 'lft'; there are left, right. Did you mean left?"),
        ("help pign", "no command 'pign'; there are"),
    ],
)
def test_what_is_said_of_names_that_mean_nothing_here(line: str, said: str) -> None:
    session = sit()
    assert refused(session, line).startswith(said)
    assert session.journal.deeds == []


def test_names_in_several_vpcs_say_which(tmp_path: Path) -> None:
    vpc = "    cidr_block: 10.{}.0.0/16\n    subnets: {{s: {{availability_zone: a, cidr_block: 10.{}.1.0/24}}}}\n"
    guest = "    instances: {web: {subnet: s}}\n"
    text = "version: 1\nregion: eu-west-1\nzones: [a]\nvpcs:\n"
    for number, name in enumerate(("m", "n")):
        text += f"  {name}:\n" + vpc.format(number, number) + guest
    (tmp_path / "two.yaml").write_text(text, "utf-8")
    session = sit(tmp_path / "two.yaml")
    assert say(session, "nodes") == ["m/web n/web"]
    assert refused(session, "web ping n/web") == "several guests are called web; write m/web or n/web"
    assert say(session, "m/web")[0] == "guest   web, running" or say(session, "m/web")[0] == "guest   web, booting"
    assert say(session, "host of n/web power-off", "n/web")[0] == "guest   web, no power"


def test_an_interrupted_command_stops_at_the_next_step_and_leaves_nothing_behind() -> None:
    session = sit()
    lines = execute(session, PingAll())
    session.interrupted = True
    with pytest.raises(Interrupted):
        list(lines)
    session.interrupted = False
    assert session.world.clock.now == 0
    assert session.listeners == []
    assert say(session, "pingall") == ["left -> right   right -> left          0 of 2 lost"]


def test_guests_are_told_to_stop_when_a_ping_is_interrupted() -> None:
    session = sit()
    say(session, "link a -> b loss 100 %")
    told = execute(session, PingAll())
    session.world["left"].on_console.append(lambda line: setattr(session, "interrupted", True) or False)
    with pytest.raises(Interrupted):
        list(told)
    session.interrupted = False
    session.world["left"].on_console.pop()
    say(session, "link a -> b clear", "sleep 5 s")
    sent = session.world["left"].nic.sent
    say(session, "sleep 5 s")
    assert session.world["left"].nic.sent == sent
