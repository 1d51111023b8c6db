"""Why there is nothing to measure, in words for people."""

from collections.abc import Iterable

import pytest

from dcsim.observe.probe import ProbeRecord
from dcsim.observe.verdict import judge
from dcsim.problem import Mark
from dcsim.scenario.expectation import parse_sentence
from dcsim.scenario.scenario import Entry, LinkDown
from dcsim.topology.plan import Link

S = 1_000_000_000
MARK = Mark("s.yaml", 1, 1, 2)
CUT = Entry("cut", 20 * S, 40 * S, LinkDown(Link("a", "b", True)), MARK)


def record(lost: Iterable[int], sent: Iterable[int] = range(60)) -> ProbeRecord:
    """A question in the middle of each second."""
    probe, gone = ProbeRecord("across", S), list(lost)
    for second in sent:
        probe.add(second, second * S + S // 2, None if second in gone else 1_000_000)
    return probe


def why(text: str, probe: ProbeRecord, timeline: tuple[Entry, ...] = (CUT,)) -> str:
    judged = judge(parse_sentence(text).at(MARK), {"across": probe}, timeline, 60 * S)
    assert judged.measured is None and not judged.holds
    return judged.why


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (range(20, 60), "never"),
        (range(20, 50), "not known: 9.5 s of 10 s without loss"),
        (range(20, 59), "not known: 0.5 s of 10 s without loss"),
        ((*range(20, 25), *range(33, 52)), "not known: 7.5 s of 10 s without loss"),
    ],
)
def test_who_was_steady_too_short_to_tell(lost: Iterable[int], said: str) -> None:
    assert why("across.rto <= 90 s", record(lost)).replace("500 ms", "0.5 s") == said


def test_nothing_to_recover_from() -> None:
    assert why("across.rto <= 90 s", record(()), ()) == "no action to recover from"


def test_nothing_sent_is_no_loss() -> None:
    assert why("across.loss == 0 % during cut", record((), range(20))) == "nothing sent"
    assert why("across.p99 <= 1 s during cut", record(range(20, 40))) == "no answer"
