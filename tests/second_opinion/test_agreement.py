"""The evaluator, the trace and the live packet say the same, over random worlds and stories."""

from collections import Counter

import pytest

from .comparison import Comparison, random_case, shrink

WORLDS = 20
"""In one test."""
STOPPED = 0.6
"""At most so many stories may end at a known fault, or they would hide the rest."""


def compare(first_seed: int) -> None:
    asked: Counter[str] = Counter()
    stopped: Counter[str] = Counter()
    for seed in range(first_seed, first_seed + WORLDS):
        case = random_case(seed)
        comparison = Comparison(case)
        found = comparison.play()
        asked += comparison.asked
        if found is None:
            continue
        if found.reported is None:
            case, found = shrink(case, found)
            pytest.fail(f"{found}\n{case}")
        stopped[found.reported] += 1
    assert stopped.total() <= STOPPED * WORLDS, stopped
    assert asked["live"] >= 20 * WORLDS and asked["trace reply"] >= 5 * WORLDS, asked


@pytest.mark.parametrize("first_seed", range(0, 600, WORLDS))
def test_everyone_agrees(first_seed: int) -> None:
    compare(first_seed)


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", range(10_000, 11_400, WORLDS))
def test_everyone_agrees_for_long(first_seed: int) -> None:
    compare(first_seed)
