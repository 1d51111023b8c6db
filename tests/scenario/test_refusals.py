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
        s.yaml:4:7: seed '-1' is not a whole number
         4 | seed: -1
           |       ^^
        s.yaml:5:10: capture 'lnks' is unknown
         5 | capture: lnks
           |          ^^^^
            there are probes, links, all. Did you mean links?
        s.yaml:7:44: every 100 lacks a unit; write 100 ms
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
            there are power-off, link-down, impair
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


def test_a_topology_that_is_not_there(desk: Desk) -> None:
    assert desk.said("version: 1\ntopology: two-azz.yaml\nduration: 1 s\n") == answer(
        """
        s.yaml:2:11: no file 'two-azz.yaml'
         2 | topology: two-azz.yaml
           |           ^^^^^^^^^^^^
            dcsim comes with az-outage.yaml, two-az.yaml. Did you mean two-az.yaml?
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
