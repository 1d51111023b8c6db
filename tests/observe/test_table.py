"""The terminal's view, to the letter."""

from dataclasses import replace

from dcsim.observe.probe import ProbeRecord
from dcsim.observe.verdict import Judged
from dcsim.problem import Mark
from dcsim.report.table import coloured, columns, expectation_lines, probe_table, report, tally
from dcsim.scenario.expectation import parse_sentence
from dcsim.scenario.scenario import Entry

S = 1_000_000_000
MARK = Mark("s.yaml", 1, 1, 2)
OUTAGE = Entry("outage", 60 * S, 120 * S, None, MARK)


def across() -> ProbeRecord:
    """A question every 100 ms of three minutes; none answered in the second, 13 lost in the third."""
    record = ProbeRecord("across", S // 10)
    for tick in range(1800):
        rtt = 1_090_000 if tick % 100 >= 98 else 1_070_000
        record.add(tick, tick * S // 10, None if 600 <= tick < 1213 else rtt)
    return record


def judged() -> list[Judged]:
    return [
        Judged(parse_sentence(text).at(MARK), measured)
        for text, measured in [
            ("across.loss == 0 % before outage", 0),
            ("across.loss == 100 % during outage", S),
            ("across.rto <= 90 s", 61_300_000_000),
        ]
    ]


RESULT = """\
across           before     during      after
sent                600        600        600
loss                0 %      100 %     2.17 %
p50             1.07 ms          -    1.07 ms
p99             1.09 ms          -    1.09 ms

ok  across.loss == 0 % before outage           0 %
ok  across.loss == 100 % during outage       100 %
ok  across.rto <= 90 s                      61.3 s
"""


def test_a_run_ends_like_this() -> None:
    assert report([across()], columns([OUTAGE], 180 * S), judged()) == RESULT
    assert tally(judged()) == "3 of 3 hold"


def test_what_does_not_hold() -> None:
    failed = [replace(judged()[0], measured=1), replace(judged()[2], measured=None, why="never")]
    assert expectation_lines(failed) == [
        "no  across.loss == 0 % before outage  0.0000001 %",
        "no  across.rto <= 90 s                      never",
    ]
    assert tally(failed) == "0 of 2 hold"


def test_several_entries_cut_the_run_into_spans() -> None:
    gray, shift = Entry("gray", 300 * S, 900 * S, None, MARK), Entry("shift", 600 * S, 1200 * S, None, MARK)
    late = Entry("late", 1500 * S, 1800 * S, None, MARK)
    spans = columns([gray, shift, late], 2000 * S)
    assert [span.name for span in spans] == ["before", "gray", "gray+shift", "shift", "between", "late", "after"]
    assert [span.start_ns // S for span in spans] == [0, 300, 600, 900, 1200, 1500, 1800]
    assert spans[-1].end_ns == 2000 * S


def test_spans_that_no_time_is_in_are_no_columns() -> None:
    assert [span.name for span in columns([replace(OUTAGE, start_ns=0)], 120 * S)] == ["during"]
    assert [span.name for span in columns([], 120 * S)] == ["all"]


def test_long_names_widen_their_column() -> None:
    record = ProbeRecord("from-left-to-right", S)
    entry = replace(OUTAGE, name="a-very-long-outage")
    table = probe_table(record, columns([entry, replace(OUTAGE, name="b")], 180 * S))
    first, second, *_ = table.splitlines()
    assert first == "from-left-to-right       before  a-very-long-outage+b      after"
    assert second == "sent                          0                     0          0"


def test_nothing_to_say() -> None:
    assert report([], [], []) == ""


def test_colours_change_no_letter() -> None:
    shown = coloured(RESULT)
    assert shown.plain == RESULT
    assert [RESULT[span.start : span.end] for span in shown.spans] == ["ok", "ok", "ok"]


MANY = [replace(OUTAGE, name=f"outage-{number}", start_ns=number * 10 * S, end_ns=160 * S) for number in range(1, 5)]


def test_what_does_not_fit_beside_stands_below() -> None:
    spans = columns(MANY, 180 * S)
    assert len(spans) == 6
    narrow = probe_table(across(), spans, 44)
    assert max(map(len, narrow.splitlines())) <= 44
    blocks = [block.splitlines() for block in narrow.split("\n\n")]
    assert all([line.split()[0] for line in block] == ["across", "sent", "loss", "p50", "p99"] for block in blocks)
    assert " ".join(block[0].removeprefix("across") for block in blocks).split() == [
        "before",
        "outage-1",
        "outage-1+outage-2",
        "outage-1+outage-2+outage-3",
        "outage-1+outage-2+outage-3+1",
        "after",
    ]
    sent = [int(cell) for block in blocks for cell in block[1].split()[1:]]
    assert sent == [100, 100, 100, 100, 1200, 200]


def test_a_name_that_is_too_long_for_any_line_is_cut() -> None:
    table = probe_table(across(), columns([replace(OUTAGE, name="x" * 60), replace(OUTAGE, start_ns=0)], 180 * S), 40)
    assert table.splitlines()[6] == f"across        {'x' * 23}..."
    assert max(map(len, table.splitlines())) <= 40
