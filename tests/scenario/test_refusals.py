"""What is said of bad scenarios: exactly this, exactly there."""

import pytest

from .desk import Desk, answer

REFUSALS = [
    (
        """\
        seed: -1
        capture: lnks
        probes:
          across: {ping: right, from: left, every: 100, timeout: 1 sec}
          web: {http: x, from: left}
        steady_state: []
        expct: []
        """,
        """
        s.yaml:4:7: seed -1 is out of range; it goes from 0
         4 | seed: -1
           |       ^^
        s.yaml:5:10: capture 'lnks' is unknown
         5 | capture: lnks
           |          ^^^^
            there are probes, links, all. Did you mean links?
        s.yaml:7:44: every 100 lacks a unit; write 100 s
         7 |   across: {ping: right, from: left, every: 100, timeout: 1 sec}
           |                                            ^^^
        s.yaml:7:58: timeout 1 sec has an unknown unit
         7 |   across: {ping: right, from: left, every: 100, timeout: 1 sec}
           |                                                          ^^^^^
            units are ns, us, ms, s, min, h, day
        s.yaml:8:9: probe: http is not simulated yet
         8 |   web: {http: x, from: left}
           |         ^^^^
        s.yaml:9:1: scenario: steady_state is not simulated yet
         9 | steady_state: []
           | ^^^^^^^^^^^^
        s.yaml:10:1: scenario has no 'expct'. Did you mean expect?
         10 | expct: []
            | ^^^^^
        """,
    ),
    (
        """\
        probes:
          across: {ping: rihgt, from: left, every: 0 s, size: 10 KB}
          self: {ping: left, from: left}
          none: {from: left}
          lost: {ping: left}
        """,
        """
        s.yaml:5:18: no instance 'rihgt'; two-az has left, right. Did you mean right?
         5 |   across: {ping: rihgt, from: left, every: 0 s, size: 10 KB}
           |                  ^^^^^
        s.yaml:5:44: every must be more than nothing
         5 |   across: {ping: rihgt, from: left, every: 0 s, size: 10 KB}
           |                                            ^^^
        s.yaml:5:55: size 10 KB is too much; the most is 8973 B
         5 |   across: {ping: rihgt, from: left, every: 0 s, size: 10 KB}
           |                                                       ^^^^^
        s.yaml:6:16: left would ask itself
         6 |   self: {ping: left, from: left}
           |                ^^^^
        s.yaml:7:3: probe none asks nothing; write ping: NAME
         7 |   none: {from: left}
           |   ^^^^
        s.yaml:8:3: probe lost lacks from
         8 |   lost: {ping: left}
           |   ^^^^
        """,
    ),
    (
        """\
        timeline:
          typo: {at: 1 min, action: power-of, target: zone b}
          cut: {at: 1 min, duration: 0 s, action: cut, target: a <-> b}
          fis: {at: 3 min, action: "aws:ecs:stop-task", target: x}
          zone: {at: 1 s, action: power-off, target: zone c, loss: 3 %}
          bare: {at: 1 s, action: power-off, target: b}
          left: {at: 1 s, action: power-off, target: host left}
          rack: {at: 1 s, action: power-off, target: rack b}
          guest: {at: 1 s, action: power-off, target: host of rihgt}
          link: {at: 1 s, action: link-down, target: a <-> c}
          calm: {at: 1 s, action: impair, target: a <-> b}
          aimless: {at: 1 s, action: power-off}
          idle: {at: 1 s, target: zone b}
        """,
        """
        s.yaml:5:29: no action 'power-of'
         5 |   typo: {at: 1 min, action: power-of, target: zone b}
           |                             ^^^^^^^^
            there are power-off, link-down, impair. Did you mean power-off?
        s.yaml:6:30: cut lasts no time; leave duration out for until the end
         6 |   cut: {at: 1 min, duration: 0 s, action: cut, target: a <-> b}
           |                              ^^^
        s.yaml:6:43: no action 'cut'
         6 |   cut: {at: 1 min, duration: 0 s, action: cut, target: a <-> b}
           |                                           ^^^
            there are power-off, link-down, impair. Did you mean link-down?
        s.yaml:7:13: fis starts at 3 min; the run ends at 3 min
         7 |   fis: {at: 3 min, action: "aws:ecs:stop-task", target: x}
           |             ^^^^^
        s.yaml:7:28: aws:ecs:stop-task is not simulated yet
         7 |   fis: {at: 3 min, action: "aws:ecs:stop-task", target: x}
           |                            ^^^^^^^^^^^^^^^^^^^
            there are power-off, link-down, impair and EC2's verbs, like ec2:ReplaceRoute
        s.yaml:8:46: no zone 'c'; there are a, b
         8 |   zone: {at: 1 s, action: power-off, target: zone c, loss: 3 %}
           |                                              ^^^^^^
        s.yaml:8:54: power-off takes no loss. Write action: impair
         8 |   zone: {at: 1 s, action: power-off, target: zone c, loss: 3 %}
           |                                                      ^^^^
        s.yaml:9:46: 'b' is no place. Did you mean zone b?
         9 |   bare: {at: 1 s, action: power-off, target: b}
           |                                              ^
        s.yaml:10:46: 'host left' is no place. Did you mean host of left?
         10 |   left: {at: 1 s, action: power-off, target: host left}
            |                                              ^^^^^^^^^
        s.yaml:11:46: 'b' is no rack; write it like rack b/r1
         11 |   rack: {at: 1 s, action: power-off, target: rack b}
            |                                              ^^^^^^
        s.yaml:12:47: no instance 'rihgt'; two-az has left, right. Did you mean right?
         12 |   guest: {at: 1 s, action: power-off, target: host of rihgt}
            |                                               ^^^^^^^^^^^^^
        s.yaml:13:46: no zone 'c'; there are a, b
         13 |   link: {at: 1 s, action: link-down, target: a <-> c}
            |                                              ^^^^^^^
        s.yaml:14:27: calm impairs nothing. Add loss, delay, jitter, rate, limit, ...
         14 |   calm: {at: 1 s, action: impair, target: a <-> b}
            |                           ^^^^^^
        s.yaml:15:3: timeline entry aimless lacks target
         15 |   aimless: {at: 1 s, action: power-off}
            |   ^^^^^^^
        s.yaml:16:3: idle lacks action; there are power-off, link-down, impair
         16 |   idle: {at: 1 s, target: zone b}
            |   ^^^^
        """,
    ),
    (
        """\
        timeline:
          never: {action: power-off, target: zone b}
          twice: {at: 1 s, after: late}
          one: {after: two, duration: 1 s}
          two: {after: one, duration: 1 s}
          late: {after: endless}
          endless: {at: 1 s}
          lost: {after: lat}
          over: {at: 2 min, duration: 5 min}
          beyond: {after: over}
        """,
        """
        s.yaml:5:3: timeline entry never lacks at; write at: 1 min
         5 |   never: {action: power-off, target: zone b}
           |   ^^^^^
        s.yaml:6:20: twice has both at and after; leave one out
         6 |   twice: {at: 1 s, after: late}
           |                    ^^^^^
        s.yaml:7:16: one starts after itself
         7 |   one: {after: two, duration: 1 s}
           |                ^^^
        s.yaml:9:17: endless lasts until the end; nothing comes after it
         9 |   late: {after: endless}
           |                 ^^^^^^^
            Give endless a duration
        s.yaml:11:17: no timeline entry 'lat'
         11 |   lost: {after: lat}
            |                 ^^^
            there are never, twice, one, two, late, endless, over, beyond. Did you mean late?
        s.yaml:13:19: beyond starts at 3 min; the run ends at 3 min
         13 |   beyond: {after: over}
            |                   ^^^^
        """,
    ),
    (
        """\
        expect: [across.loss == 0 during outage, across.p99 <= 5, "", [x]]
        """,
        """
        s.yaml:4:25: loss 0 lacks a unit; write 0 %
         4 | expect: [across.loss == 0 during outage, across.p99 <= 5, "", [x]]
           |                         ^
        s.yaml:4:56: p99 5 lacks a unit; write 5 ms
         4 | expect: [across.loss == 0 during outage, across.p99 <= 5, "", [x]]
           |                                                        ^
        s.yaml:4:59: the expectation is empty
         4 | expect: [across.loss == 0 during outage, across.p99 <= 5, "", [x]]
           |                                                           ^^
            write it like across.loss == 0 % before outage
        s.yaml:4:63: expect needs one value, not a list
         4 | expect: [across.loss == 0 during outage, across.p99 <= 5, "", [x]]
           |                                                               ^^^
        """,
    ),
    (
        """\
        timeline: {outage: {at: 1 min}, recovery: {at: 2 min}}
        probes: {across: {ping: right, from: left}, outage: {ping: right, from: left}}
        expect:
          - across.loss == 0 % before outgae
          - acros.loss == 0 % before outage
          - "across.p99 <= 5 s for 1 min"
        """,
        """
        s.yaml:4:12: outage is a probe already. Choose another name
         4 | timeline: {outage: {at: 1 min}, recovery: {at: 2 min}}
           |            ^^^^^^
        s.yaml:7:31: no window 'outgae'
         7 |   - across.loss == 0 % before outgae
           |                               ^^^^^^
            there are outage, recovery. Did you mean outage?
        s.yaml:8:5: no probe 'acros'; there are across, outage. Did you mean across?
         8 |   - acros.loss == 0 % before outage
           |     ^^^^^
        s.yaml:9:24: an expectation lasting for some time is not measured yet
         9 |   - "across.p99 <= 5 s for 1 min"
           |                        ^^^^^^^^^
            leave it out
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), REFUSALS)
def test_refusals(desk: Desk, text: str, expected: str) -> None:
    assert desk.said_of(text) == answer(expected)


COPIES = """\
version: 1
region: r
zones: [a, b]
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24}}
    instances: {app: {per_zone: true, count: 2, subnet: net}, one: {subnet: net-a}}
"""


def test_a_name_that_has_copies_is_not_taken_for_a_typo(desk: Desk) -> None:
    desk.write("two-az.yaml", COPIES)
    text = """\
        probes: {p: {ping: app-b, from: m/app}}
        timeline: {off: {at: 1 s, action: power-off, target: host of app}}
        """
    assert desk.said_of(text) == answer(
        """
        s.yaml:4:20: app-b is two (app-b-1, app-b-2). Name one
         4 | probes: {p: {ping: app-b, from: m/app}}
           |                    ^^^^^
        s.yaml:4:33: m/app is four (m/app-a-1, m/app-a-2, m/app-b-1, m/app-b-2)
         4 | probes: {p: {ping: app-b, from: m/app}}
           |                                 ^^^^^
            Name one
        s.yaml:5:54: app is four (app-a-1, app-a-2, app-b-1, app-b-2). Name one
         5 | timeline: {off: {at: 1 s, action: power-off, target: host of app}}
           |                                                      ^^^^^^^^^^^
        """
    )


def test_what_is_no_link_says_what_is(desk: Desk) -> None:
    text = """\
        timeline:
          one: {at: 1 s, action: impair, loss: 1 %, target: zone b}
          two: {at: 1 s, action: link-down, target: everything}
          three: {at: 1 s, action: link-down, target: links into zone z}
          four: {at: 1 s, action: impair, loss: 1 %, scope: all, target: links out of b/r9}
        """
    assert desk.said_of(text.replace("scope: all, ", "")) == answer(
        """
        s.yaml:5:53: 'zone b' is no link. Did you mean links into zone b?
         5 |   one: {at: 1 s, action: impair, loss: 1 %, target: zone b}
           |                                                     ^^^^^^
        s.yaml:6:45: 'everything' is no link
         6 |   two: {at: 1 s, action: link-down, target: everything}
           |                                             ^^^^^^^^^^
            write it like a <-> b, core-a -> spine-a1 or links into zone b
        s.yaml:7:47: no place is called 'z'; the zones are a, b
         7 |   three: {at: 1 s, action: link-down, target: links into zone z}
           |                                               ^^^^^^^^^^^^^^^^^
        s.yaml:8:54: zone b has no rack 9; it has b/r1 to b/r2
         8 |   four: {at: 1 s, action: impair, loss: 1 %, target: links out of b/r9}
           |                                                      ^^^^^^^^^^^^^^^^^
        """
    )
    assert desk.said_of(text).splitlines()[0] == "s.yaml:8:46: timeline entry: scope is not simulated yet"


def test_usual_units_are_suggested(desk: Desk) -> None:
    text = """\
        probes: {p: {ping: right, from: left, every: 1, timeout: 2, size: 64}}
        timeline: {t: {at: 1, duration: 2, action: impair, target: a -> b, delay: 3, jitter: 4, rate: 5}}
        expect: [p.rto <= 9, p.p99 <= 9]
        """
    said = [line.partition(": ")[2] for line in desk.said_of(text).splitlines() if line.startswith("s.yaml")]
    assert said == [
        "every 1 lacks a unit; write 1 s",
        "timeout 2 lacks a unit; write 2 s",
        "size 64 lacks a unit; write 64 B",
        "at 1 lacks a unit; write 1 min",
        "duration 2 lacks a unit; write 2 min",
        "delay 3 lacks a unit; write 3 ms",
        "jitter 4 lacks a unit; write 4 ms",
        "rate 5 lacks a unit; write 5 Gbit",
        "rto 9 lacks a unit; write 9 s",
        "p99 9 lacks a unit; write 9 ms",
    ]


def test_a_measure_without_its_probe_is_shown_with_one(desk: Desk) -> None:
    assert desk.said_of("probes: {ab: {ping: right, from: left}}\nexpect: p99 <= 90 s\n") == answer(
        """
        s.yaml:5:9: p99 is measured by a probe; write it like ab.p99
         5 | expect: p99 <= 90 s
           |         ^^^
        """
    )


def test_another_kind_of_file_says_what_takes_it(desk: Desk) -> None:
    assert desk.said("version: 1\nregion: r\nzones: a\n") == (
        "s.yaml: this is a topology, not a scenario\n"
        "    dcsim check, inspect, trace, ping, reach and shell take it. "
        "A scenario names it: topology: s.yaml"
    )
    assert desk.said("- left reaches right on icmp\n") == (
        "s.yaml: this is a list of assertions, not a scenario\n    dcsim reach TOPOLOGY --assert s.yaml takes it"
    )
    assert desk.said("version: 1\ntopology: az-outage.yaml\nduration: 1 s\n") == answer(
        """
        s.yaml:2:11: az-outage.yaml is a scenario, not a topology
         2 | topology: az-outage.yaml
           |           ^^^^^^^^^^^^^^
            Did you mean two-az.yaml, which it plays in?
        """
    )


def test_a_topology_that_is_not_there(desk: Desk) -> None:
    assert desk.said("version: 1\ntopology: two-azz.yaml\nduration: 1 s\n") == answer(
        """
        s.yaml:2:11: no file 'two-azz.yaml'
         2 | topology: two-azz.yaml
           |           ^^^^^^^^^^^^
            dcsim comes with az-outage.yaml, dual-stack.yaml, failover.yaml, internet-outage.yaml, middlebox.yaml, peering.yaml, public-private-nat.yaml, public.yaml, standby.yaml, transit-gateway.yaml, two-az.yaml, web-server.yaml. Did you mean two-az.yaml?
        """
    )


def test_a_bad_topology_speaks_for_itself(desk: Desk) -> None:
    desk.write("two-az.yaml", "version: 1\nregion: r\nzones: [a, a]\n")
    assert desk.said_of("") == answer(
        """
        two-az.yaml:3:12: zone a is here twice
         3 | zones: [a, a]
           |            ^
        """
    )


def test_a_run_takes_time(desk: Desk) -> None:
    assert desk.said("version: 1\ntopology: two-az.yaml\nduration: 0 s\n") == answer(
        """
        s.yaml:3:11: a run of no time shows nothing; write duration: 3 min
         3 | duration: 0 s
           |           ^^^
        """
    )
    assert desk.said("topology: two-az.yaml\n") == answer(
        """
        s.yaml:1:1: scenario lacks version
         1 | topology: two-az.yaml
           | ^
        s.yaml:1:1: scenario lacks duration
         1 | topology: two-az.yaml
           | ^
        """
    )
