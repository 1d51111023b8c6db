"""Quantities: exact both ways."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.problem import Mistake
from dcsim.topology.quantity import (
    duration_ns,
    format_duration,
    format_frequency,
    format_percent,
    format_rate,
    format_size,
    frequency_hz,
    rate_bps,
    ratio_ppb,
    size_bytes,
)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("5 ms", 5_000_000),
        ("0.3 ms", 300_000),
        ("5ms", 5_000_000),
        ("1.094 ms", 1_094_000),
        ("20 us", 20_000),
        ("1 ns", 1),
        ("90 s", 90_000_000_000),
        ("1.5 min", 90_000_000_000),
        ("2 h", 7_200_000_000_000),
        ("1 day", 86_400_000_000_000),
        ("0 s", 0),
    ],
)
def test_a_duration_is_a_number_of_nanoseconds(text: str, ns: int) -> None:
    assert duration_ns(text) == ns


def test_other_quantities_have_their_smallest_unit() -> None:
    assert rate_bps("25 Gbit") == rate_bps("25 Gbit/s") == 25_000_000_000
    assert ratio_ppb("0.001 %") == 10_000
    assert ratio_ppb("100 %") == 1_000_000_000
    assert size_bytes("1.5 MB") == 1_500_000
    assert frequency_hz("3.2 GHz") == 3_200_000_000


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("5", "5 lacks a unit", "write 5 ms"),
        ("5 Ms", "5 Ms has an unknown unit", "write 5 ms"),
        ("5 sec", "5 sec has an unknown unit", "units are ns, us, ms, s, min, h, day"),
        ("0.5 ns", "0.5 ns is finer than 1 ns", ""),
        ("-1 s", "-1 s is negative", ""),
        ("5e3 ms", "'5e3 ms' is no quantity", "write it like 5 ms"),
        ("1 000 ms", "'1 000 ms' is no quantity", "write it like 5 ms"),
        ("", "'' is no quantity", "write it like 5 ms"),
        ("soon", "'soon' is no quantity", "write it like 5 ms"),
        ("999999 day", "999999 day is too much", "the most is 36500 day"),
    ],
)
def test_what_is_no_duration_says_why(text: str, message: str, advice: str) -> None:
    with pytest.raises(Mistake) as raised:
        duration_ns(text)
    assert (raised.value.message, raised.value.advice) == (message, advice)


def test_more_than_everything_cannot_be_lost() -> None:
    with pytest.raises(Mistake, match="101 % is too much"):
        ratio_ppb("101 %")
    with pytest.raises(Mistake, match=r"finer than 0\.0000001 %"):
        ratio_ppb("0.00000001 %")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (1_094_000, "1.09 ms"),
        (61_312_345_678, "61.3 s"),
        (331_000, "331 us"),
        (0, "0 s"),
        (180_000_000_000, "3 min"),
        (90_000_000_000, "90 s"),
        (3_661_500_000_000, "3662 s"),
        (1, "1 ns"),
    ],
)
def test_people_read_three_digits(ns: int, text: str) -> None:
    assert format_duration(ns, 3) == text


def test_rounding_never_makes_a_percentage_whole() -> None:
    assert format_percent(22_222_222, 3) == "2.22 %"
    assert format_percent(999_999_999, 3) == "99.9999999 %"
    assert format_percent(1, 3) == "0.0000001 %"
    assert format_percent(1_000_000_000, 3) == "100 %"
    assert format_percent(0, 3) == "0 %"


@settings(deadline=None)
@given(st.integers(0, 36_500 * 86_400 * 10**9))
def test_a_duration_survives_being_written(ns: int) -> None:
    assert duration_ns(format_duration(ns)) == ns


@settings(deadline=None)
@given(st.integers(1, 10**15))
def test_other_quantities_survive_being_written(value: int) -> None:
    assert rate_bps(format_rate(value)) == value
    assert size_bytes(format_size(value)) == value
    assert frequency_hz(format_frequency(value % 10**12 + 1)) == value % 10**12 + 1
    assert ratio_ppb(format_percent(value % (10**9 + 1))) == value % (10**9 + 1)
