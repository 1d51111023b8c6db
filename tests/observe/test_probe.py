"""Figures of a probe against a naive oracle, and what `rto` means, case by case."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsim.observe.probe import Figures, ProbeRecord, percentile
from dcsim.problem import Mark
from dcsim.scenario.expectation import Expectation, parse_sentence

S = 1_000_000_000
MS = 1_000_000
RTT = MS


def record(*lost: range, until: int = 60, unsent: range = range(0)) -> ProbeRecord:
    """A question at half past every second; `lost` and `unsent` are ranges of seconds."""
    probe = ProbeRecord("across", S)
    for second in range(until):
        if second not in unsent:
            gone = any(second in each for each in lost)
            probe.add(second, second * S + S // 2, None if gone else RTT)
    return probe


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100))
def test_percentiles_are_values_that_enough_do_not_exceed(values: list[int], percent: int) -> None:
    fits = [
        value
        for value in values
        if Fraction(sum(other <= value for other in values), len(values)) >= Fraction(percent, 100)
    ]
    assert percentile(sorted(values), percent) == min(fits)


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 50) is None


SAMPLES = st.lists(st.tuples(st.integers(0, 100), st.none() | st.integers(0, 1000)))


@given(SAMPLES, st.integers(0, 100), st.integers(0, 100))
def test_figures_are_what_a_naive_count_says(samples: list[tuple[int, int | None]], start: int, end: int) -> None:
    probe = ProbeRecord("across", 10)
    for sequence, (sent, rtt) in enumerate(samples):
        probe.add(sequence, sent, rtt)
    inside = [rtt for sent, rtt in samples if start <= sent < end]
    answered = sorted(rtt for rtt in inside if rtt is not None)
    figures = probe.figures(start, end)
    assert (figures.sent, figures.lost) == (len(inside), inside.count(None))
    assert figures.max_ns == max(answered, default=None)
    assert figures.p50_ns == percentile(answered, 50) and figures.p99_ns == percentile(answered, 99)


def test_samples_may_be_reported_late_and_in_any_order() -> None:
    probe = ProbeRecord("across", S)
    for sequence, sent, rtt in [(2, 2 * S, RTT), (1, 1 * S, None), (0, 0, RTT)]:
        probe.add(sequence, sent, rtt)
    assert [sample.sequence for sample in probe.samples] == [0, 1, 2]
    probe.add(3, S // 2, RTT)
    assert probe.figures(0, S).sent == 2


def test_windows_are_half_open() -> None:
    probe = ProbeRecord("across", S)
    for sequence in range(3):
        probe.add(sequence, sequence * S, RTT)
    assert probe.figures(S, 2 * S).sent == 1


@pytest.mark.parametrize(
    ("sent", "lost", "loss_ppb", "availability_ppb", "availability_ppm"),
    [
        (600, 0, 0, S, 1_000_000),
        (600, 600, S, 0, 0),
        (3, 1, 333_333_334, 666_666_666, 666_666),
        (10**10, 1, 1, S - 1, 999_999),
        (0, 0, None, None, None),
    ],
)
def test_ratios_are_rounded_away_from_the_perfect(
    sent: int, lost: int, loss_ppb: int | None, availability_ppb: int | None, availability_ppm: int | None
) -> None:
    figures = Figures(sent, lost, None, None, None)
    assert (figures.loss_ppb, figures.availability_ppb, figures.availability_ppm) == (
        loss_ppb,
        availability_ppb,
        availability_ppm,
    )


def expectation(text: str) -> Expectation:
    return parse_sentence(text).at(Mark("s.yaml", 1, 1, 2))


def test_every_measure_of_an_expectation_has_its_figure() -> None:
    figures = record(range(10, 20)).figures(0, 40 * S)
    measured = {name: figures.measure(expectation(f"across.{name} {rest}").measure) for name, rest in MEASURED}
    assert measured == {
        "sent": 40,
        "loss": S // 4,
        "availability": 3 * S // 4,
        "p50": RTT,
        "p99": RTT,
        "max": RTT,
    }


MEASURED = [("sent", ">= 1"), ("loss", "<= 1 %"), ("availability", ">= 1 %"), ("p50", "<= 1 s"), ("p99", "<= 1 s")]
MEASURED += [("max", "<= 1 s")]


class TestRto:
    """The fault begins at 20 s, questions are sent at every half second past; the run is a minute long."""

    def rto(self, probe: ProbeRecord, end: int = 60, steady_ns: int = 10 * S) -> int | None:
        return probe.rto_ns(20 * S, end * S, steady_ns)

    def test_nothing_lost_is_no_time_at_all(self) -> None:
        assert self.rto(record()) == 0

    def test_losses_before_the_fault_are_not_its_doing(self) -> None:
        assert self.rto(record(range(20))) == 0

    def test_it_ends_with_the_first_answered_question(self) -> None:
        assert self.rto(record(range(20, 30))) == 10 * S + S // 2

    def test_a_fault_that_bites_late_has_not_been_recovered_from_before(self) -> None:
        assert self.rto(record(range(35, 40))) == 20 * S + S // 2

    def test_a_short_calm_does_not_count(self) -> None:
        """Ten answers, but from the first of them to the next loss are 9 s."""
        assert self.rto(record(range(20, 25), range(34, 36))) == 16 * S + S // 2

    def test_a_calm_of_exactly_the_time_counts(self) -> None:
        """From 25.5 s to 35.5 s."""
        assert self.rto(record(range(20, 25), range(35, 36))) == 5 * S + S // 2

    def test_never_recovered(self) -> None:
        assert self.rto(record(range(20, 60))) is None

    def test_recovered_too_late_to_know(self) -> None:
        """The first answered question is sent at 50.5 s; until the end are 9.5 s."""
        assert self.rto(record(range(20, 50))) is None

    def test_recovered_just_early_enough(self) -> None:
        assert self.rto(record(range(20, 49))) == 29 * S + S // 2

    def test_it_never_settles(self) -> None:
        assert self.rto(record(*(range(second, second + 1) for second in range(20, 60, 3)))) is None

    def test_steadiness_is_the_callers_choice(self) -> None:
        probe = record(range(20, 50))
        assert self.rto(probe, steady_ns=9 * S) == 30 * S + S // 2

    def test_who_does_not_ask_gets_no_answer(self) -> None:
        """The asker lost its power: nothing was lost, but for 10 s nothing was asked."""
        assert self.rto(record(unsent=range(20, 30))) == 10 * S + S // 2

    def test_an_asker_that_never_returns_has_not_recovered(self) -> None:
        assert self.rto(record(unsent=range(20, 60))) is None
        assert self.rto(record(unsent=range(25, 60))) is None

    def test_a_calm_is_not_made_of_silence(self) -> None:
        """One answer, 20 s nothing, then answers again."""
        assert self.rto(record(range(20, 24), unsent=range(25, 45))) == 25 * S + S // 2

    def test_no_samples_at_all(self) -> None:
        assert self.rto(ProbeRecord("across", S)) is None


class TestWorstRto:
    def test_the_longest_of_several_faults(self) -> None:
        probe = record(range(10, 12), range(40, 45), until=90)
        assert probe.worst_rto_ns([10 * S, 40 * S], 90 * S) == 5 * S + S // 2

    def test_a_loss_is_the_doing_of_the_last_fault_before_it(self) -> None:
        probe = record(range(40, 45), until=90)
        assert probe.worst_rto_ns([10 * S, 40 * S], 90 * S) == 5 * S + S // 2

    def test_a_recovery_may_take_until_after_the_next_fault(self) -> None:
        probe = record(range(10, 45), until=90)
        assert probe.worst_rto_ns([10 * S, 40 * S], 90 * S) == 35 * S + S // 2

    def test_one_that_is_never_recovered_from_is_the_worst(self) -> None:
        probe = record(range(10, 12), range(40, 90), until=90)
        assert probe.worst_rto_ns([10 * S, 40 * S], 90 * S) is None

    def test_without_a_fault_there_is_nothing_to_recover_from(self) -> None:
        assert record().worst_rto_ns([], 60 * S) is None
