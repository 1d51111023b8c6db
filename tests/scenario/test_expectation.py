"""Expectations: what holds, and how it is said."""

import pytest

from dcsim.problem import Mark, Mistake
from dcsim.scenario.expectation import Expectation, Window, format_measured, parse_sentence

MARK = Mark("s.yaml", 1, 1, 2)


def expectation(text: str) -> Expectation:
    return parse_sentence(text).at(MARK)


@pytest.mark.parametrize(
    ("text", "measured", "holds"),
    [
        ("across.loss == 0 %", 0, True),
        ("across.loss == 0 %", 1, False),
        ("across.loss != 0 %", 1, True),
        ("across.rto <= 90 s", 61_300_000_000, True),
        ("across.rto <= 90 s", 90_000_000_000, True),
        ("across.rto < 90 s", 90_000_000_000, False),
        ("web.availability >= 99.9 %", 998_999_999, False),
        ("web.availability > 99.9 %", 999_000_001, True),
        ("across.sent == 600", 600, True),
        ("across.rto <= 90 s", None, False),
        ("across.rto != 90 s", None, False),
    ],
)
def test_an_expectation_holds_or_not(text: str, measured: int | None, holds: bool) -> None:
    assert expectation(text).holds(measured) is holds


def test_a_sentence_may_look_at_a_window_or_for_a_time() -> None:
    during = expectation("web.p99  <=  300 ms during recovery")
    assert (during.window, during.for_ns) == (Window("during", "recovery"), None)
    assert during.text == "web.p99 <= 300 ms during recovery"
    lasting = expectation("web.availability < 50 % for 5 min")
    assert (lasting.window, lasting.for_ns) == (None, 300_000_000_000)


def test_measured_values_are_said_as_people_write_them() -> None:
    assert expectation("across.rto <= 90 s").shown(61_312_345_678) == "61.3 s"
    assert expectation("across.loss == 0 %").shown(0) == "0 %"
    assert expectation("across.loss == 0 %").shown(22_222_222) == "2.22 %"
    assert expectation("across.sent > 0").shown(600) == "600"
    assert format_measured(None, "ns") == "-"


@pytest.mark.parametrize(
    ("text", "culprit", "message", "advice"),
    [
        ("across", "across", "'across' is no measure", "write it like across.loss"),
        ("across.los == 0 %", "los", "no measure 'los'",
         "there are sent, loss, availability, p50, p99, max, rto. Did you mean loss?"),
        ("outage.mttd <= 5 s", "mttd", "mttd is not measured yet", ""),
        ("across.loss = 0 %", "=", "'=' where a comparison belongs", "write one of == != <= >= < >"),
        ("across.loss == 0", "0", "loss 0 lacks a unit", "write 0 %"),
        ("across.loss == 0 ms", "0 ms", "loss 0 ms has an unknown unit", "units are %"),
        ("across.p99 <= 5 % during x", "5 %", "p99 5 % has an unknown unit", "units are ns, us, ms, s, min, h, day"),
        ("across.sent == 6.5", "6.5", "sent '6.5' is not a whole number", ""),
        ("across.p50 <= 5 ms after x y", "y", "the sentence goes on after its end: 'y'", ""),
        ("across.p50 <= 5 ms for 5", "5", "for 5 lacks a unit", "write 5 min"),
        ("across.rto <= 90", "90", "rto 90 lacks a unit", "write 90 s"),
        ("across.rto <= 90 s during outage", "during outage", "rto looks at the whole run", "leave during outage out"),
    ],
)  # fmt: skip
def test_a_bad_word_is_pointed_at(text: str, culprit: str, message: str, advice: str) -> None:
    mistake = refused(text)
    assert (mistake.message, mistake.advice) == (message, advice)
    assert mistake.span is not None
    assert text[slice(*mistake.span)] == culprit


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the expectation is empty"),
        ("across.loss", "the sentence ends where a comparison belongs"),
        ("across.loss ==", "the sentence ends where a value belongs"),
        ("across.loss == 0 % before", "the sentence ends where the name of a timeline entry belongs after before"),
        ("across.loss == 0 % for", "the sentence ends where a duration belongs"),
    ],
)
def test_a_sentence_that_stops_short_says_what_is_missing(text: str, message: str) -> None:
    assert refused(text).message == message


def refused(text: str) -> Mistake:
    with pytest.raises(Mistake) as raised:
        parse_sentence(text)
    return raised.value
